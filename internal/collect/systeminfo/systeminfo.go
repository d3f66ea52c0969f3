// Package systeminfo reads what Windows prints about itself: systeminfo, as a list
// or as CSV, and the tables of installed updates of wmic qfe and Get-HotFix as they
// stand on the screen. From the name, build, architecture and updates follows which
// of Microsoft's updates the machine lacks.
//
// Seen: systeminfo of Windows XP to 11 and Server 2003 to 2019, wmic qfe of XP to
// Server 2012 R2. Exports of updates as CSV or JSON are read by package software.
// Only English labels are read; a listing in another language is refused by its name.
package systeminfo

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/lines"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/collect/safe"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/lazy"
)

// Importer reads listings. It knows the option "asset", a host name or another key
// ("serial:4711") of the machine, where the listing does not name it.
type Importer struct{}

var _ collect.Importer = Importer{}

const (
	format  = "systeminfo"
	maxLine = 64 << 10
	most    = 20_000 // updates of a machine that are kept
)

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: format, Title: "Windows systeminfo, and installed updates as wmic qfe and Get-HotFix print them", Extensions: []string{".txt", ".csv", ".log"},
		Gives:  "version, build and installed updates of Windows machines, and so which of Microsoft's updates they lack",
		Stream: "import/systeminfo/<machine>",
	}
}

// Recognize looks at the first lines.
func (Importer) Recognize(_ string, head []byte) int {
	switch kindOf(tidy(head)) {
	case list, table:
		return 95
	case csvList:
		return 96
	case foreign:
		return 88
	case none:
	}
	return 0
}

// kind is a form of listing.
type kind uint8

const (
	none kind = iota
	list
	csvList
	table
	foreign // systeminfo in another language
)

// busy is what wmic writes before its own output on old systems, in another encoding.
var busy = []byte("Please wait while WMIC is being installed.")

// tidy returns the head of a file as text, without what wmic says before it begins.
func tidy(head []byte) []byte {
	rest, _ := bytes.CutPrefix(bytes.TrimLeft(head, "\r\n\f "), busy)
	return lines.Head(rest)
}

var (
	label       = lazy.Regexp(`(?m)^(Host Name|OS Name|OS Version|OS Manufacturer|System Manufacturer|System Model|System [Tt]ype|Hotfix\(s\)):[ \t]`)
	csvHead     = lazy.Regexp(`(?m)^"?Host Name"?,"?OS Name"?,"?OS Version"?,`)
	tableHead   = lazy.Regexp(`(?m)^ ?(?:Caption|Description|Source|CSName)\b.* HotFixID {2,}.*\bInstalledBy\b.* InstalledOn\b`)
	foreignMark = lazy.Regexp(`(?m):\s+[0-9]{1,2}\.[0-9]\.[0-9]{4,5} .*[0-9]{4,5}\s*$`)
	foreignPC   = lazy.Regexp(`(?m):\s+(?:x64|X86|x86|ARM64)-based PC\s*$`)
)

func kindOf(head []byte) kind {
	switch {
	case csvHead().Match(head):
		return csvList
	case tableHead().Match(head):
		return table
	}
	seen := make(map[string]bool)
	for _, m := range label().FindAllSubmatch(head, 100) {
		seen[string(m[1])] = true
	}
	switch {
	case len(seen) >= 4 && seen["OS Name"]:
		return list
	case len(seen) == 0 && foreignMark().Match(head) && foreignPC().Match(head):
		return foreign
	}
	return none
}

// Parse reads a listing.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	head, err := in.Head()
	if err != nil {
		return nil, err
	}
	p := &parser{in: in}
	if err := p.read(ctx, head); err != nil {
		return nil, safe.Refuse(in, format, err)
	}
	b, err := p.batch()
	if err != nil {
		return nil, safe.Refuse(in, format, err)
	}
	return &collect.Parsed{Batch: b, Rows: p.rows}, nil
}

type parser struct {
	in    collect.Input
	hosts reports.Hosts
	rows  int
	qfe   bool // updates alone
	notes []fact.Note
}

func (p *parser) read(ctx context.Context, head []byte) error {
	if _, err := safe.Bytes(ctx, p.in); err != nil {
		return err
	}
	k := kindOf(tidy(head))
	switch k {
	case list:
		return p.list(ctx)
	case csvList:
		return p.csv(ctx)
	case table:
		p.qfe = true
		return p.table(ctx, head)
	case foreign:
		return &safe.Fault{
			Line: 1, Reason: "this is systeminfo in " + language(tidy(head)) + "; it is read in English alone",
			Mend: "sign in with English as display language and run it again, or bring the machine by osquery or Wazuh",
		}
	case none:
	}
	return &safe.Fault{Line: 1, Reason: "this is neither systeminfo nor a table of updates", Mend: "run systeminfo > FILE on the machine and bring that file unchanged"}
}

// languages are those of locales, by the letters before the dash.
var languages = map[string]string{
	"ar": "Arabic", "bg": "Bulgarian", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "es": "Spanish", "et": "Estonian", "fi": "Finnish", "fr": "French", "he": "Hebrew", "hr": "Croatian",
	"hu": "Hungarian", "it": "Italian", "ja": "Japanese", "ko": "Korean", "lt": "Lithuanian", "lv": "Latvian", "nb": "Norwegian", "nl": "Dutch", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian",
	"ru": "Russian", "sk": "Slovak", "sl": "Slovenian", "sr": "Serbian", "sv": "Swedish", "th": "Thai", "tr": "Turkish", "uk": "Ukrainian", "zh": "Chinese",
}

var locale = lazy.Regexp(`:\s+([a-z]{2})(?:-[a-z]{2,4})?;`)

// language names the language of a listing by the locale that it states.
func language(head []byte) string {
	if m := locale().FindSubmatch(head); m != nil {
		if l := languages[string(m[1])]; l != "" {
			return l
		}
	}
	return "another language than English"
}

// each calls f with every line.
func (p *parser) each(ctx context.Context, in collect.Input, f func(r *lines.Reader, line string) error) error {
	r, err := lines.Open(ctx, in, maxLine)
	if err != nil {
		return err
	}
	for {
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if p.rows++; p.rows > p.in.Limits.Items {
			return r.Fault("there are too many lines", "bring the listings of fewer machines at a time")
		}
		if err := f(r, strings.TrimRight(strings.TrimLeft(string(b), "\f"), " \t\r")); err != nil {
			return err
		}
	}
}

func (p *parser) batch() (*fact.Batch, error) {
	b := &fact.Batch{Assurance: fact.Imported, ObservedAt: p.in.Observed(p.in.ObservedAt)}
	hosts := p.hosts.All()
	if len(hosts) == 0 {
		return nil, &safe.Fault{Reason: "the listing is empty", Mend: "make it again"}
	}
	if named := p.in.Options["asset"]; named != "" {
		if len(hosts) > 1 {
			return nil, &safe.Fault{Reason: "the file is of " + reports.Count(len(hosts), "machine") + ", and one was named", Mend: "leave out the option asset; the listings name their machines"}
		}
		if !hosts[0].Named(named) {
			return nil, &safe.Fault{Reason: "the option asset names no asset", Mend: "give a host name, or a key such as serial:4711"}
		}
	} else if slices.ContainsFunc(hosts, func(h *reports.Host) bool { return h.Ref == "" }) {
		return nil, &safe.Fault{Reason: "the listing does not say which machine it is of", Mend: "name the machine when you bring it: --option asset=HOSTNAME"}
	}
	what := "systeminfo"
	if p.qfe {
		what = "updates"
	}
	id := "many"
	if len(hosts) == 1 {
		id = reports.Slug(hosts[0].Ref)
		if k, ok := reports.AssetKey(p.in.Options["asset"]); ok {
			id = reports.Slug(k.Value)
		}
		b.Stream = fact.Stream{ID: "import/systeminfo/" + id + "/" + what, Title: what + " of " + id, Snapshot: true}
	} else {
		b.Stream = fact.Stream{ID: "import/systeminfo/" + id + "/" + what, Title: what + " of several machines", PerAsset: true}
	}
	for _, h := range hosts {
		if h.Ref == "" {
			h.Ref = "machine"
		}
		h.Set("os_family", "windows")
		if l, ok := h.Values["windows_updates"].([]string); ok {
			slices.Sort(l)
			h.Values["windows_updates"] = slices.Compact(l)
		}
	}
	p.hosts.Deliver(b)
	b.Notes = append(b.Notes, p.notes...)
	return b, nil
}

func (p *parser) note(what, why string) {
	if len(p.notes) < 100 {
		p.notes = append(p.notes, fact.Note{What: what, Why: why})
	}
}

var (
	kbNumber = lazy.Regexp(`(?i)\b(?:KB|Q)([0-9]{5,8})(?:v[0-9]+|_[a-z0-9]+)?\b`)
	bare     = lazy.Regexp(`^[0-9]{6,7}$`)
)

// update reads the number of an update, "" where there is none: an entry may be a
// file of an update ("File 1") or the id of a package.
func update(s string) string {
	s = strings.TrimSpace(s)
	if m := kbNumber().FindStringSubmatch(s); m != nil {
		return "KB" + m[1]
	}
	if bare().MatchString(s) {
		return "KB" + s
	}
	return ""
}
