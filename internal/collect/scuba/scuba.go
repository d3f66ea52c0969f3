// Package scuba reads the reports of CISA's ScubaGear, which judges a Microsoft
// 365 tenant by CISA's secure configuration baselines: ScubaResults_*.json, the
// older TestResults.json, the reports of single products, and the whole folder
// as a ZIP file.
//
// Each control becomes a setting without an asset; its key begins with the
// tenant's name. What a report says of single people, such as the names of
// administrators, is left where it is.
package scuba

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"path"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/jsonsafe"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/collect/safe"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/lazy"
)

// Importer reads ScubaGear's reports. The option "tenant" names the tenant
// where the file does not.
type Importer struct{}

var _ collect.Importer = Importer{}

const format = "scuba"

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: format, Title: "ScubaGear report (Microsoft 365)", Extensions: []string{".json", ".zip"},
		Gives:  "whether Microsoft 365 is set up as CISA's baselines ask: multifactor sign-in, e-mail, logging, sharing",
		Stream: "import/scuba/<tenant>",
	}
}

var (
	toolName  = lazy.Regexp(`"Tool"\s*:\s*"ScubaGear"`)
	policyID  = lazy.Regexp(`"PolicyId"\s*:\s*"MS\.[A-Z]+\.`)
	controlID = lazy.Regexp(`^MS\.([A-Z]+)\.(\d+)\.\d+v\d+$`)
)

// Recognize looks for words that only ScubaGear writes, and in a ZIP file for
// the names of its files.
func (Importer) Recognize(_ string, head []byte) int {
	if bytes.HasPrefix(head, []byte("PK\x03\x04")) {
		for _, name := range []string{"ScubaResults", "IndividualReports/", `IndividualReports\`, "ProviderSettingsExport.json"} {
			if bytes.Contains(head, []byte(name)) {
				return 90
			}
		}
		return 0
	}
	h := bytes.TrimSpace(safe.Head(head))
	switch {
	case len(h) == 0 || h[0] != '{' && h[0] != '[':
		return 0
	case toolName().Match(h):
		return 95
	case policyID().Match(h) && bytes.Contains(h, []byte(`"RequirementMet"`)):
		return 92
	case bytes.Contains(h, []byte(`"ReportSummary"`)) && bytes.Contains(h, []byte(`"MS.`)) || bytes.Contains(h, []byte(`"Control ID"`)) && bytes.Contains(h, []byte(`"MS.`)):
		return 85
	}
	return 0
}

// Parse reads a report.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	p := &parser{in: in, faults: safe.NewFaults(in, format), seen: map[string]int{}, counts: map[string]int{}}
	if err := p.open(ctx); err != nil {
		return nil, safe.Refuse(in, format, err)
	}
	skipped, err := p.faults.Done()
	if err != nil {
		return nil, err
	}
	if len(p.controls) == 0 {
		return nil, collect.Refuse(in, format, 0, "the file holds no results of ScubaGear", "bring ScubaResults_….json from the folder ScubaGear made")
	}
	return &collect.Parsed{Batch: p.batch(), Rows: p.rows, Skipped: skipped}, nil
}

type parser struct {
	in     collect.Input
	r      *jsonsafe.Reader
	faults *safe.Faults

	tenantID, tenant, tool string
	stamp                  time.Time
	product                string // of a report of one product
	single                 bool
	rows                   int
	controls               []control
	seen                   map[string]int // control id → index in controls
	counts                 map[string]int // by outcome
}

func (p *parser) open(ctx context.Context) error {
	src, err := safe.Bytes(ctx, p.in)
	if err != nil {
		return err
	}
	head := make([]byte, min(p.in.Size, 4))
	if _, err := p.in.R.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if bytes.Equal(head, []byte("PK\x03\x04")) {
		f, err := p.unzip()
		if err != nil {
			return err
		}
		defer f.Close() //nolint:errcheck // it was read to its end, or its content was refused
		src = safe.Unpacked(ctx, damaged{f}, p.in.Size, p.in.Limits.Bytes)
	}
	buffered := bufio.NewReader(src)
	head, err = buffered.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	text, err := safe.Text(buffered, head, "")
	if err != nil {
		return err
	}
	p.r = jsonsafe.New(text, p.in.Limits)
	return p.read()
}

// directoryMax is the most that the list of files in a ZIP may take. A report
// has some 30 files.
const directoryMax = 1 << 20

var badZIP = &safe.Fault{Reason: "the ZIP file is damaged", Mend: "make it again, or bring ScubaResults_….json alone"}

// unzip finds the results in a ZIP file of ScubaGear's folder. It looks at the
// end record first, because the directory that it points to is read whole.
func (p *parser) unzip() (io.ReadCloser, error) {
	const record = 22
	tail := make([]byte, min(p.in.Size, record+1<<16))
	if _, err := p.in.R.ReadAt(tail, p.in.Size-int64(len(tail))); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	i := bytes.LastIndex(tail, []byte("PK\x05\x06"))
	if i < 0 || len(tail)-i < record {
		return nil, badZIP
	}
	if start := int64(binary.LittleEndian.Uint32(tail[i+16:])); p.in.Size-start > directoryMax+1<<16 {
		return nil, &safe.Fault{Reason: "the ZIP file holds too many files", Mend: "bring ScubaResults_….json alone"}
	}
	z, err := zip.NewReader(p.in.R, p.in.Size)
	if err != nil {
		return nil, badZIP
	}
	var best *zip.File
	for _, f := range z.File {
		base := path.Base(strings.ReplaceAll(f.Name, `\`, "/"))
		if strings.HasPrefix(base, "ScubaResults") && strings.HasSuffix(base, ".json") {
			if best != nil && strings.HasPrefix(path.Base(strings.ReplaceAll(best.Name, `\`, "/")), "ScubaResults") {
				return nil, &safe.Fault{Reason: "the ZIP file holds the results of several runs", Mend: "bring one ScubaResults_….json at a time"}
			}
			best = f
		}
		if base == "TestResults.json" && best == nil {
			best = f
		}
	}
	if best == nil {
		return nil, &safe.Fault{Reason: "there is no ScubaResults_….json in the ZIP file", Mend: "zip the folder that ScubaGear made, or bring that file alone"}
	}
	f, err := best.Open()
	if err != nil {
		return nil, badZIP
	}
	return f, nil
}

// damaged makes the errors of a compressed file a fault of the file.
type damaged struct{ r io.Reader }

func (d damaged) Read(p []byte) (int, error) {
	n, err := d.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		return n, badZIP
	}
	return n, err
}

func (p *parser) batch() *fact.Batch {
	name := p.tenant
	if p.in.Options["tenant"] != "" {
		name = p.in.Options["tenant"]
	}
	named := name != ""
	if !named {
		name = "Microsoft 365"
	}
	subject := p.tenantID
	if subject == "" {
		subject = name
	}
	b := &fact.Batch{
		Stream: fact.Stream{
			ID: "import/scuba/" + reports.Slug(subject), Title: "ScubaGear report on " + name, Snapshot: true,
		},
		Assurance: fact.Imported, ObservedAt: p.in.Observed(p.stamp),
	}
	if p.single {
		b.Stream.ID += "/" + reports.Slug(p.product)
	}
	for i := range p.controls {
		f := p.controls[i].fact()
		f.Key = reports.Slug(name) + ":" + f.Key
		b.Facts = append(b.Facts, f)
	}
	if !named {
		b.Notes = append(b.Notes, fact.Note{What: "name of the tenant", Why: "this file does not give it; bring ScubaResults_….json instead if you have it"})
	}
	for _, c := range []struct{ outcome, why string }{
		{"n/a", "ScubaGear cannot check this; a person has to look"},
		{"error", "ScubaGear met an error"},
		{"omitted", "left out by the configuration of ScubaGear"},
		{"incorrect result", "somebody marked ScubaGear's result as wrong"},
	} {
		if n := p.counts[c.outcome]; n > 0 {
			b.Notes = append(b.Notes, fact.Note{What: reports.Count(n, "control") + " not measured", Why: c.why})
		}
	}
	return b
}
