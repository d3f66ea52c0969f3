package software

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/jsonsafe"
	"github.com/asepsis/asepsis/internal/collect/lines"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/lazy"
)

// entry is a row of a list of Windows: a program, or an update.
type entry struct{ name, version, kb, host, provider string }

// entryColumns are the headers of an entry's fields, in their order: the registry's
// list of programs, Get-Package, Win32_Product, Get-HotFix.
var entryColumns = []string{
	"DisplayName|Name|Caption|Display Name|Program|Application|Software|ProductName", "DisplayVersion|Version|ProductVersion|Display Version",
	"HotFixID|KBArticleID|KB|HotFix", "PSComputerName|ComputerName|CSName|Node|Computer|HostName|MachineName", "ProviderName",
}

const (
	colName = iota
	colVersion
	colKB
	colHost
	colProvider
)

// windowsHeaders reports whether headers are those of a list of Windows. A name
// and a version alone may be of anything.
func windowsHeaders(headers []string) bool {
	c := lines.Columns(headers, append(slices.Clone(entryColumns), "UninstallString|IdentifyingNumber|InstallDate|InstalledOn|InstallSource|PSChildName|Publisher|Vendor|PackageName|QuietUninstallString|EstimatedSize")...)
	display := lines.Columns(headers, "DisplayName", "DisplayVersion")
	switch {
	case lines.Columns(headers, "HotFixID")[0] >= 0:
		return true
	case display[0] >= 0 && display[1] >= 0:
		return true
	}
	return c[colName] >= 0 && c[colVersion] >= 0 && (c[colProvider] >= 0 || c[len(entryColumns)] >= 0) && !medical(headers)
}

// medical headers are those of an inventory of devices.
func medical(headers []string) bool {
	c := lines.Columns(headers, "serial|serialnumber|assettag|tag|udi", "mac|macaddress", "ip|ipaddress", "model|manufacturer")
	return slices.ContainsFunc(c, func(i int) bool { return i >= 0 })
}

// windowsHeader finds the line of headers: PowerShell may write the type of its
// objects above them.
func windowsHeader(head []byte) (line []byte, ok bool) {
	n := 0
	lines.First(head, func(b []byte) bool {
		n++
		if bytes.HasPrefix(b, []byte("#TYPE ")) || len(bytes.TrimSpace(b)) == 0 {
			return n < 5
		}
		line, ok = b, len(b) < 4096
		return false
	})
	return line, ok
}

func isWindowsCSV(head []byte) bool {
	line, ok := windowsHeader(head)
	if !ok || !bytes.ContainsAny(line, ",;\t") {
		return false
	}
	cells, ok := lines.Cells(line, lines.Separator(line))
	return ok && windowsHeaders(cells)
}

func (p *parser) windowsCSV(ctx context.Context) error {
	var headers []string
	var cols []int
	var sep byte
	source := -1
	return p.each(ctx, false, func(r *lines.Reader, b []byte) error {
		if headers == nil {
			if bytes.HasPrefix(b, []byte("#TYPE ")) {
				return nil
			}
			sep = lines.Separator(b)
			cells, ok := lines.Cells(b, sep)
			if !ok || !windowsHeaders(cells) {
				return r.Fault("the first line does not hold the headers of a list of programs", "export the list as the documentation gives it")
			}
			headers, cols = cells, lines.Columns(cells, entryColumns...)
			// Get-HotFix calls the machine its source.
			if cols[colKB] >= 0 {
				source = lines.Columns(cells, "Source|CSName")[0]
			}
			return nil
		}
		cells, ok := lines.Cells(b, sep)
		if !ok || len(cells) != len(headers) {
			return p.faults.Add(r.Line(), "", fmt.Sprintf("the line has not the %d cells of the headers", len(headers)), "the file may be cut off, or was edited; export it again")
		}
		e := entry{lines.At(cells, cols[colName]), lines.At(cells, cols[colVersion]), lines.At(cells, cols[colKB]), lines.At(cells, cols[colHost]), lines.At(cells, cols[colProvider])}
		if e.host == "" {
			e.host = lines.At(cells, source)
		}
		return p.entry(r.Line(), e)
	})
}

var kbNumber = lazy.Regexp(`(?i)\bKB(\d{6,8})\b`)

// entry takes a program or an update.
func (p *parser) entry(line int, e entry) error {
	if err := p.row(line); err != nil {
		return err
	}
	h := p.host(reports.Shorten(e.host, 253))
	h.Set("os_family", "windows")
	// The registry lists updates of programs beside the programs, and
	// Get-Package those of Windows by the provider msu.
	kbs := kbNumber().FindAllStringSubmatch(e.kb+" "+e.name, 10)
	if len(kbs) > 0 && (e.kb != "" || e.provider == "msu" || strings.Contains(e.name, "Update")) {
		for _, m := range kbs {
			h.Append("windows_updates", "KB"+m[1])
		}
		return nil
	}
	if e.kb != "" { // a hot fix without a number, of very old systems
		return nil
	}
	p.progs = true
	p.add(h, fact.Component{Ecosystem: "generic", Name: reports.Shorten(e.name, 300), Version: reports.Shorten(e.version, 120)})
	return nil
}

func isWindowsJSON(head []byte) bool {
	h := bytes.TrimSpace(head)
	if len(h) == 0 || h[0] != '[' && h[0] != '{' {
		return false
	}
	return windowsHeaders(firstObject(h))
}

// firstObject returns the keys of the first object of a document: the document
// itself, or the first of a list.
func firstObject(head []byte) (keys []string) {
	r := jsonsafe.New(bytes.NewReader(head), collect.DefaultLimits())
	object := func() error {
		return r.Object(func(key string) error {
			keys = append(keys, key)
			return nil
		})
	}
	first := true
	k, err := r.Kind()
	switch {
	case err != nil:
		return nil
	case k == jsonsafe.Array:
		// The head may end anywhere, so an error is no news.
		_ = r.Array(func() error {
			if !first {
				return nil
			}
			first = false
			if k, err := r.Kind(); err != nil || k != jsonsafe.Object {
				return err
			}
			return object()
		})
	default:
		_ = object()
	}
	return keys
}

func (p *parser) windowsJSON(ctx context.Context) error {
	r, err := jsonsafe.Open(ctx, p.in)
	if err != nil {
		return err
	}
	one := func() error {
		line := r.Line()
		var e [5]string
		err := r.Object(func(key string) error {
			for i, aliases := range entryColumns {
				for a := range strings.SplitSeq(aliases, "|") {
					if e[i] == "" && lines.Fold(key) == lines.Fold(a) {
						s, err := r.Brief(400)
						e[i] = s
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if e[colName] == "" && e[colKB] == "" {
			p.rows++
			p.unnamed++
			return nil
		}
		return p.entry(line, entry{e[colName], e[colVersion], e[colKB], e[colHost], e[colProvider]})
	}
	k, err := r.Kind()
	if err != nil {
		return err
	}
	if k == jsonsafe.Array {
		err = r.Array(one)
	} else {
		err = one()
	}
	if err != nil {
		return err
	}
	return r.End()
}

func isWingetExport(head []byte) bool {
	h := bytes.TrimSpace(head)
	return len(h) > 0 && h[0] == '{' && bytes.Contains(h, []byte("winget-packages.schema"))
}

// wingetExport reads winget export --include-versions.
func (p *parser) wingetExport(ctx context.Context) error {
	r, err := jsonsafe.Open(ctx, p.in)
	if err != nil {
		return err
	}
	p.progs = true
	h := p.host("")
	h.Set("os_family", "windows")
	err = r.Object(func(key string) error {
		if key != "Sources" {
			return nil
		}
		return r.Array(func() error {
			return r.Object(func(key string) error {
				if key != "Packages" {
					return nil
				}
				return r.Array(func() error {
					line := r.Line()
					var id, version string
					err := r.Object(func(key string) (err error) {
						switch key {
						case "PackageIdentifier":
							id, err = r.Brief(200)
						case "Version":
							version, err = r.Brief(120)
						}
						return err
					})
					if err != nil {
						return err
					}
					if err := p.row(line); err != nil {
						return err
					}
					p.add(h, fact.Component{Ecosystem: "generic", Name: id, Version: version})
					return nil
				})
			})
		})
	})
	if err != nil {
		return err
	}
	return r.End()
}

var wingetHeader = lazy.Regexp(`^Name +Id +Version( +Available)?( +Source)? *$`)

// wingetLine leaves out what the progress bar wrote before the first line.
func wingetLine(b []byte) []byte {
	if i := bytes.LastIndexByte(b, '\r'); i >= 0 {
		b = b[i+1:]
	}
	return bytes.TrimRight(b, " \r")
}

func isWingetList(head []byte) bool {
	found := false
	lines.First(head, func(b []byte) bool {
		found = wingetHeader().Match(wingetLine(b))
		return !found && len(b) < 2000
	})
	return found
}

// wingetList reads the table that winget list prints. Its columns are as wide as
// their longest value, and a value that was cut ends in an ellipsis.
func (p *parser) wingetList(ctx context.Context) error {
	p.progs = true
	h := p.host("")
	h.Set("os_family", "windows")
	var id, version, behind int
	below := false
	return p.each(ctx, false, func(r *lines.Reader, b []byte) error {
		b = wingetLine(b)
		if id == 0 {
			if wingetHeader().Match(b) {
				s := string(b)
				id, version = strings.Index(s, "Id"), strings.Index(s, "Version")
				behind = len(s)
				for _, next := range []string{"Available", "Source"} {
					if i := strings.Index(s, next); i > 0 {
						behind = min(behind, i)
					}
				}
				if behind == len(s) {
					behind = 1 << 20
				}
			}
			return nil
		}
		if !below {
			below = bytes.HasPrefix(b, []byte("---"))
			return nil
		}
		s := []rune(string(b))
		if len(s) <= version || !utf8.Valid(b) {
			if strings.Contains(string(b), "upgrades available") || strings.HasSuffix(string(b), ".") {
				return nil // the sentence below the table
			}
			return p.faults.Add(r.Line(), "", "the line has not the columns of the table", "run winget list > FILE and bring that file unchanged")
		}
		if err := p.row(r.Line()); err != nil {
			return err
		}
		name := strings.TrimSpace(string(s[:id]))
		ident := strings.TrimSpace(string(s[id:version]))
		v := strings.TrimLeft(strings.TrimSpace(string(s[version:min(behind, len(s))])), "<> ")
		if strings.HasSuffix(name, "…") && ident != "" && !strings.HasSuffix(ident, "…") {
			name = ident
		}
		p.add(h, fact.Component{Ecosystem: "generic", Name: name, Version: v})
		return nil
	})
}
