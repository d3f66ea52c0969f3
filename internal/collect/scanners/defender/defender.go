// Package defender reads the vulnerabilities of machines that Microsoft Defender
// for Endpoint knows, as its interface answers: one page, or a ZIP archive of
// pages in the folders machines and vulnerabilities.
//
// A machine is known by Defender's own id; the answer about the machines adds
// names and addresses, and says which machines have no vulnerability left.
package defender

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/jsonsafe"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/collect/safe"
)

// Importer reads Defender's answers.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "ms-defender", Title: "Microsoft Defender vulnerabilities (JSON, ZIP)", Extensions: []string{".json", ".zip"},
		Gives:  "vulnerabilities in the software of machines that Microsoft Defender for Endpoint watches",
		Stream: "import/ms-defender",
	}
}

// Recognize looks for a CVE of a machine, or for an archive of such answers.
func (Importer) Recognize(_ string, head []byte) int {
	if bytes.HasPrefix(head, []byte("PK\x03\x04")) {
		return reports.Sure(bytes.Contains(head, []byte("vulnerabilities/")) && bytes.Contains(head, []byte("machines/")))
	}
	s := reports.Sniff(head)
	return reports.Sure(s.Has("@odata.context", "value[].cveId", "value[].machineId"))
}

const maxFiles = 10_000

type parser struct {
	*reports.Scan
	pages, more int
	known       map[string]bool // machines that the answer about machines lists
	files       int
}

// Parse reads an answer or an archive.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	p := &parser{Scan: reports.NewScan(in, "ms-defender", "Microsoft Defender"), known: map[string]bool{}}
	p.Inside = true
	return p.Run(func() error {
		head, err := in.Head()
		if err != nil {
			return err
		}
		if bytes.HasPrefix(head, []byte("PK")) {
			err = p.archive(ctx)
		} else {
			err = p.file(ctx)
		}
		if err == nil && p.more > 0 && p.more >= p.pages {
			p.Partial(nil, "the file holds pages of the answer, and the last page is not among them")
		}
		return err
	})
}

func (p *parser) file(ctx context.Context) error {
	r, err := jsonsafe.Open(ctx, p.In)
	if err != nil {
		return err
	}
	return p.page(r, p.vulnerability)
}

func (p *parser) page(r *jsonsafe.Reader, each func(*reports.Node) error) error {
	root, err := reports.Document(r, reports.Entries{"value[]": each})
	if err != nil {
		return err
	}
	if e := root.Str("error", "message"); e != "" {
		return root.Fault("Defender reports an error: "+reports.Shorten(e, 200), "ask it again")
	}
	p.pages++
	if root.Str("@odata.nextLink") != "" {
		p.more++
	}
	return nil
}

// archive reads the machines first, whatever their place in the archive.
func (p *parser) archive(ctx context.Context) error {
	if p.In.Limits.Bytes > 0 && p.In.Size > p.In.Limits.Bytes {
		return &safe.Fault{Reason: "the archive is larger than any that is read", Mend: "export fewer machines at a time"}
	}
	z, err := zip.NewReader(p.In.R, p.In.Size)
	if err != nil {
		return &safe.Fault{Reason: "the archive cannot be read", Mend: "export or copy it again"}
	}
	if len(z.File) > maxFiles {
		return &safe.Fault{Reason: fmt.Sprintf("the archive holds more than %d files", maxFiles), Mend: "export fewer machines at a time"}
	}
	files := slices.Clone(z.File)
	slices.SortStableFunc(files, func(a, b *zip.File) int {
		return cmp.Or(cmp.Compare(path.Base(path.Dir(a.Name)), path.Base(path.Dir(b.Name))), cmp.Compare(a.Name, b.Name))
	})
	left := p.In.Limits.Bytes
	for _, f := range files {
		each := map[string]func(*reports.Node) error{"machines": p.machine, "vulnerabilities": p.vulnerability}[path.Base(path.Dir(f.Name))]
		if each == nil || path.Ext(f.Name) != ".json" {
			continue
		}
		if err := p.entry(ctx, f, each, &left); err != nil {
			return err
		}
	}
	if p.files == 0 {
		return &safe.Fault{Reason: "the archive holds no vulnerabilities", Mend: "put the answers into the folders machines and vulnerabilities"}
	}
	return nil
}

func (p *parser) entry(ctx context.Context, f *zip.File, each func(*reports.Node) error, left *int64) error {
	rc, err := f.Open()
	if err != nil {
		return &safe.Fault{Reason: fmt.Sprintf("%.80s cannot be unpacked", f.Name), Mend: "export or copy the archive again"}
	}
	defer rc.Close()
	limits := p.In.Limits
	src := &counted{r: safe.Unpacked(ctx, rc, int64(f.CompressedSize64), *left)}
	err = p.page(jsonsafe.New(src, limits), each)
	*left = max(1, *left-src.n)
	p.files++
	if err == nil {
		return nil
	}
	if fault, ok := errors.AsType[*safe.Fault](err); ok {
		fault.Reason = fmt.Sprintf("%.80s: %s", f.Name, fault.Reason)
		return fault
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return &safe.Fault{Reason: fmt.Sprintf("%.80s cannot be unpacked", f.Name), Mend: "export or copy the archive again"}
}

// counted counts the bytes that were unpacked.
type counted struct {
	r interface{ Read([]byte) (int, error) }
	n int64
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	return n, err
}

func (p *parser) host(id string) *reports.Host {
	h := p.Ref("defender " + id)
	h.Key(asset.Machine, "defender:"+id)
	return h
}

func (p *parser) machine(n *reports.Node) error {
	id := n.Str("id")
	if id == "" || n.Has("mergedIntoMachineId") && n.Str("mergedIntoMachineId") != "" {
		return nil
	}
	h := p.host(id)
	p.known[id] = true
	h.Name(n.Str("computerDnsName"))
	h.Address(n.Str("lastIpAddress"))
	for _, a := range n.All("ipAddresses") {
		h.Address(a.Str("ipAddress"))
		h.MAC(a.Str("macAddress"))
	}
	if os := n.Str("osPlatform"); os != "" && os != "Other" {
		h.Set("os_name", os)
	}
	p.HostAt(h, n.Time("lastSeen"))
	if s := n.Str("onboardingStatus"); s != "" && s != "Onboarded" {
		p.Partial(h, "the machine is not onboarded to Defender")
	}
	return nil
}

func (p *parser) vulnerability(n *reports.Node) error {
	id := n.Str("machineId")
	if id == "" || n.Str("cveId") == "" {
		return p.Bad(n, "machineId", "an entry names no machine or no CVE", "ask Defender again")
	}
	return p.Find(p.host(id), reports.Found{
		ID: n.Str("cveId"), Title: n.Str("cveId") + " in " + n.Str("productName"), Severity: reports.Severity(n.Str("severity")),
		Component: strings.Trim(n.Str("productVendor")+"/"+n.Str("productName"), "/"), Version: n.Str("productVersion"), Fixed: kb(n.Str("fixingKbId")),
	})
}

// kb names an update by its number.
func kb(id string) string {
	if id == "" || strings.HasPrefix(strings.ToUpper(id), "KB") {
		return id
	}
	return "KB" + id
}
