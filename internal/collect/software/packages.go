package software

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"

	"github.com/asepsis/asepsis/internal/collect/lines"
	"github.com/asepsis/asepsis/internal/collect/pkgdb"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/collect/safe"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/lazy"
)

const again = "copy or export the file again"

// firstFields returns the names of the fields of the first paragraph.
func firstFields(head []byte) map[string]bool {
	names := make(map[string]bool)
	lines.First(head, func(b []byte) bool {
		if len(b) == 0 {
			return len(names) == 0
		}
		if i := bytes.IndexByte(b, ':'); i > 0 && b[0] != ' ' && len(names) < 100 {
			names[string(b[:min(i, 40)])] = true
		}
		return true
	})
	return names
}

func isDpkgStatus(head []byte) bool {
	f := firstFields(head)
	return f["Package"] && f["Status"] && !f["SPDXID"]
}

// dpkgStatus reads /var/lib/dpkg/status.
func (p *parser) dpkgStatus(ctx context.Context) error {
	p.progs = true
	return p.paragraphs(ctx, func(line int, s []byte) error {
		q, there := pkgdb.DpkgStanza(s)
		switch {
		case !there && firstFields(s)["Package"]:
			return nil // removed, its settings left behind
		case !there || q.Name == "" || q.Version == "":
			return p.faults.Add(line, "", "the paragraph has no package, state or version", again)
		}
		p.keep("deb", q)
		return nil
	})
}

func isApk(head []byte) bool {
	f := firstFields(head)
	return f["P"] && f["V"] && (f["A"] || f["C"])
}

// apk reads /lib/apk/db/installed.
func (p *parser) apk(ctx context.Context) error {
	p.progs = true
	return p.paragraphs(ctx, func(line int, s []byte) error {
		q := pkgdb.ApkStanza(s)
		if q.Name == "" || q.Version == "" {
			return p.faults.Add(line, "", "the paragraph has no package or no version", again)
		}
		p.keep("apk", q)
		return nil
	})
}

// paragraphs calls f with each paragraph and its first line.
func (p *parser) paragraphs(ctx context.Context, f func(line int, s []byte) error) error {
	r, err := lines.Open(ctx, p.in, maxLine)
	if err != nil {
		return err
	}
	var s []byte
	at := 0
	flush := func() error {
		if len(s) == 0 {
			return nil
		}
		if err := p.row(at); err != nil {
			return err
		}
		err := f(at, s)
		s = s[:0]
		return err
	}
	for {
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			return flush()
		}
		if err != nil {
			return err
		}
		if !r.Ended() {
			return p.faults.Add(r.Line(), "", "the last line is cut off", again)
		}
		if len(b) == 0 {
			if err := flush(); err != nil {
				return err
			}
			continue
		}
		if len(s) == 0 {
			at = r.Line()
		}
		if len(s)+len(b) > maxLine {
			return &safe.Fault{Line: at, Reason: "a paragraph is larger than 4 MB", Mend: "no such list has paragraphs like this; " + again}
		}
		s = append(append(s, b...), '\n')
	}
}

func (p *parser) keep(ecosystem string, q pkgdb.Package) {
	n := len(p.parts)
	p.add(p.host(""), fact.Component{Ecosystem: ecosystem, Name: q.Name, Version: q.Version, Arch: q.Arch, Source: q.Source, SourceVersion: q.SourceVersion})
	if len(p.parts) > n {
		p.parts[n].vendor = reports.Shorten(q.Vendor, 100)
	}
}

var dpkgRow = lazy.Regexp(`^[uihrp][ncHUFWti][ R] +(\S+) +(\S+) +(\S+)( |$)`)

func isDpkgList(head []byte) bool {
	found := false
	lines.First(head, func(b []byte) bool {
		found = found || bytes.HasPrefix(b, []byte("||/ Name"))
		return !found
	})
	return found
}

// dpkgList reads the output of dpkg -l.
func (p *parser) dpkgList(ctx context.Context) error {
	p.progs = true
	below := false
	return p.each(ctx, true, func(r *lines.Reader, b []byte) error {
		if !below {
			below = bytes.HasPrefix(b, []byte("+++-"))
			return nil
		}
		m := dpkgRow().FindSubmatch(b)
		if m == nil {
			return p.faults.Add(r.Line(), "", "the line is none of dpkg -l", "run dpkg -l > FILE and bring that file unchanged")
		}
		if err := p.row(r.Line()); err != nil {
			return err
		}
		if b[1] == 'n' || b[1] == 'c' { // not there, or its settings only
			return nil
		}
		name, _, _ := strings.Cut(string(m[1]), ":")
		p.keep("deb", pkgdb.Package{Name: name, Version: string(m[2]), Arch: string(m[3])})
		return nil
	})
}

// everyLine reports whether the first lines, up to twenty, all fit.
func everyLine(head []byte, fits func(line string) bool) bool {
	n, all := 0, true
	lines.First(head, func(b []byte) bool {
		if len(bytes.TrimSpace(b)) == 0 {
			return true
		}
		n++
		all = len(b) < 1000 && fits(string(b))
		return all && n < 20
	})
	return n > 0 && all
}

var debVersion = lazy.Regexp(`^(\d+:)?\d[A-Za-z0-9.+~:-]*$`)

var debName = lazy.Regexp(`^[a-z0-9][a-z0-9+.-]+(:[a-z0-9-]+)?$`)

func isDpkgQuery(head []byte) bool {
	return everyLine(head, func(s string) bool { _, ok := dpkgQueryLine(s); return ok })
}

// dpkgQueryLine reads a line of dpkg-query -W: name and version, or with
// -f='${Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}\n'.
func dpkgQueryLine(s string) (pkgdb.Package, bool) {
	f := strings.Split(s, "\t")
	if len(f) != 2 && len(f) != 3 && len(f) != 5 || !debName().MatchString(f[0]) {
		return pkgdb.Package{}, false
	}
	name, arch, _ := strings.Cut(f[0], ":")
	q := pkgdb.Package{Name: name, Version: f[1], Arch: arch}
	if f[1] != "" && !debVersion().MatchString(f[1]) {
		return q, false
	}
	if len(f) > 2 {
		q.Arch = f[2]
	}
	if len(f) == 5 {
		if f[3] != q.Name {
			q.Source = f[3]
		}
		if f[4] != q.Version {
			q.Source, q.SourceVersion = f[3], f[4]
		}
	}
	return q, true
}

func (p *parser) dpkgQuery(ctx context.Context) error {
	p.progs = true
	return p.each(ctx, true, func(r *lines.Reader, b []byte) error {
		q, ok := dpkgQueryLine(string(b))
		if !ok {
			return p.faults.Add(r.Line(), "", "the line is none of dpkg-query -W", "run the command that the documentation gives and bring its output unchanged")
		}
		if err := p.row(r.Line()); err != nil || q.Version == "" { // no version: not installed
			return err
		}
		p.keep("deb", q)
		return nil
	})
}

func isRPMQuery(head []byte) bool {
	return everyLine(head, func(s string) bool { _, ok := rpmQueryLine(s); return ok })
}

var epoch = lazy.Regexp(`^(\d+|\(none\))?$`)

func rpmQueryLine(s string) (pkgdb.Package, bool) {
	f := strings.Split(s, "\t")
	if len(f) < 6 || len(f) > 7 || !epoch().MatchString(f[1]) || f[3] == "" || f[4] == "" || f[5] != "(none)" && !strings.HasSuffix(f[5], "src.rpm") {
		return pkgdb.Package{}, false
	}
	return pkgdb.RPMLine(s)
}

// rpmQuery reads the output of rpm -qa --qf with pkgdb.RPMFormat.
func (p *parser) rpmQuery(ctx context.Context) error {
	p.progs = true
	return p.each(ctx, true, func(r *lines.Reader, b []byte) error {
		q, ok := rpmQueryLine(string(b))
		if !ok {
			return p.faults.Add(r.Line(), "", "the line does not have the fields of the query", "run the command that the documentation gives and bring its output unchanged")
		}
		if err := p.row(r.Line()); err != nil || q.Name == "gpg-pubkey" {
			return err
		}
		p.keep("rpm", q)
		return nil
	})
}

// rpmName is name-version-release.arch, as rpm -qa gives it.
var rpmName = lazy.Regexp(`^([A-Za-z0-9_][A-Za-z0-9_.+-]*)-([A-Za-z0-9_.+~^]+)-([A-Za-z0-9_.+~^]+)\.(x86_64|noarch|i[3-6]86|aarch64|ppc64le|s390x|armv7hl)$`)

const pubkey = "gpg-pubkey-"

func isRPMNames(head []byte) bool {
	return everyLine(head, func(s string) bool { return rpmName().MatchString(s) || strings.HasPrefix(s, pubkey) })
}

func (p *parser) rpmNames(ctx context.Context) error {
	p.progs, p.noEpoch = true, true
	return p.each(ctx, true, func(r *lines.Reader, b []byte) error {
		s := strings.TrimSpace(string(b))
		m := rpmName().FindStringSubmatch(s)
		if m == nil && !strings.HasPrefix(s, pubkey) {
			return p.faults.Add(r.Line(), "", "the line is no name-version-release.architecture", "run rpm -qa > FILE and bring that file unchanged")
		}
		if err := p.row(r.Line()); err != nil || m == nil {
			return err
		}
		p.keep("rpm", pkgdb.Package{Name: m[1], Version: m[2] + "-" + m[3], Arch: m[4]})
		return nil
	})
}
