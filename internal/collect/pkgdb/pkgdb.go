// Package pkgdb reads what package managers keep on disk: the packages that
// are installed, the updates that are on offer, and the checksums files should
// have. Every function is a pure function of bytes; nothing is run and nothing
// is fetched.
package pkgdb

import (
	"bytes"
	"strings"
)

// Package is an installed package.
type Package struct {
	Name          string
	Version       string
	Arch          string
	Source        string // source package, where it differs from Name
	SourceVersion string // where it differs from Version
	Held          bool   // kept back by the administrator
	Vendor        string // who made it, as an RPM says
}

// maxField bounds the value that is kept of one field.
const maxField = 4096

// stanzas calls f with each paragraph of a control file. Lines of other fields
// are not copied, so a file of 50 MB costs one pass.
func stanzas(b []byte, f func(paragraph []byte)) {
	for len(b) > 0 {
		end := bytes.Index(b, []byte("\n\n"))
		if end < 0 {
			f(b)
			return
		}
		if end > 0 {
			f(b[:end+1])
		}
		b = b[end+2:]
	}
}

// fields calls f with each one-line field of a paragraph. Continuation lines
// begin with a blank, so they are none. A value is cut at maxField bytes.
func fields(paragraph []byte, f func(name, value []byte)) {
	for len(paragraph) > 0 {
		line := paragraph
		if i := bytes.IndexByte(paragraph, '\n'); i >= 0 {
			line, paragraph = paragraph[:i], paragraph[i+1:]
		} else {
			paragraph = nil
		}
		if len(line) == 0 || line[0] == ' ' || line[0] == '\t' {
			continue
		}
		if i := bytes.IndexByte(line, ':'); i > 0 {
			v := bytes.TrimSpace(line[i+1:])
			f(line[:i], v[:min(len(v), maxField)])
		}
	}
}

// dpkgFields are the fields of a paragraph that are read, in lower case.
var dpkgFields = [...]string{"package", "status", "version", "architecture", "source"}

// ParseDpkg reads /var/lib/dpkg/status and returns the packages whose files
// are on disk: installed ones, and those a failed run left half done.
func ParseDpkg(b []byte) []Package {
	ps := make([]Package, 0, min(len(b)/1024+1, 1<<16))
	stanzas(b, func(s []byte) {
		if p, there := DpkgStanza(s); there && p.Name != "" && p.Version != "" {
			ps = append(ps, p)
		}
	})
	if len(ps) == 0 {
		return nil
	}
	return ps
}

// DpkgStanza reads one paragraph of the status file and reports whether the
// package's files are on disk. A damaged paragraph leaves the name or the
// version empty.
func DpkgStanza(s []byte) (p Package, there bool) {
	var v [len(dpkgFields)][]byte
	fields(s, func(name, value []byte) {
		if len(name) < 6 || len(name) > 12 { // of the names above, the shortest and the longest
			return
		}
		for i, n := range dpkgFields {
			if len(n) == len(name) && v[i] == nil && equalFold(name, n) {
				v[i] = value
				return
			}
		}
	})
	want, state, ok := dpkgStatus(v[1])
	if !ok {
		return Package{}, false
	}
	switch state {
	case "installed", "unpacked", "half-configured", "half-installed", "triggers-awaited", "triggers-pending":
	default:
		return Package{}, false
	}
	p = Package{Name: string(v[0]), Version: string(v[2]), Arch: string(v[3]), Held: want == "hold"}
	p.Source, p.SourceVersion = dpkgSource(string(v[4]), p)
	return p, true
}

// dpkgStatus splits "install ok installed".
func dpkgStatus(b []byte) (want, state string, ok bool) {
	if string(b) == "install ok installed" { // nearly all of them
		return "install", "installed", true
	}
	f := strings.Fields(string(b))
	if len(f) != 3 {
		return "", "", false
	}
	return f[0], f[2], true
}

// equalFold compares ASCII letters without regard to case; lower is in lower case.
func equalFold(b []byte, lower string) bool {
	for i := range b {
		c := b[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// dpkgSource splits "glibc (2.36-9)". The source version is given only where
// it is not the binary's own.
func dpkgSource(source string, p Package) (name, version string) {
	name, rest, _ := strings.Cut(source, " ")
	version = strings.Trim(strings.TrimSpace(rest), "()")
	if name == p.Name && (version == "" || version == p.Version) {
		return "", ""
	}
	return name, version
}

// ParseApk reads /lib/apk/db/installed of Alpine.
func ParseApk(b []byte) []Package {
	var ps []Package
	stanzas(b, func(s []byte) {
		if p := ApkStanza(s); p.Name != "" && p.Version != "" {
			ps = append(ps, p)
		}
	})
	return ps
}

// ApkStanza reads one paragraph of the list. A damaged one leaves the name or
// the version empty.
func ApkStanza(s []byte) Package {
	var p Package
	for line := range bytes.Lines(s) {
		if len(line) < 3 || line[1] != ':' {
			continue
		}
		v := string(bytes.TrimSpace(line[2:min(len(line), maxField)]))
		switch line[0] {
		case 'P':
			p.Name = v
		case 'V':
			p.Version = v
		case 'A':
			p.Arch = v
		case 'o':
			p.Source = v
		}
	}
	if p.Source == p.Name {
		p.Source = ""
	}
	return p
}

// RPMFormat is the query that ParseRPM reads, for rpm's --qf.
const RPMFormat = `%{NAME}\t%{EPOCHNUM}\t%{VERSION}\t%{RELEASE}\t%{ARCH}\t%{SOURCERPM}\t%{VENDOR}\n`

// ParseRPM reads the output of rpm -qa --qf RPMFormat.
func ParseRPM(b []byte) []Package {
	var ps []Package
	for line := range bytes.Lines(b) {
		if p, ok := RPMLine(strings.TrimRight(string(line), "\r\n")); ok && p.Name != "gpg-pubkey" {
			ps = append(ps, p)
		}
	}
	return ps
}

// RPMLine reads one line of it. The vendor may be left out.
func RPMLine(line string) (Package, bool) {
	f := strings.Split(line, "\t")
	if len(f) < 6 || len(f) > 7 || f[0] == "" || f[2] == "" {
		return Package{}, false
	}
	p := Package{Name: f[0], Version: f[2] + "-" + f[3], Arch: f[4]}
	if f[1] != "0" && f[1] != "" && f[1] != "(none)" {
		p.Version = f[1] + ":" + p.Version
	}
	if p.Arch == "(none)" {
		p.Arch = ""
	}
	if len(f) == 7 && f[6] != "(none)" {
		p.Vendor = strings.TrimSpace(f[6])
	}
	p.Source, p.SourceVersion = rpmSource(f[5])
	if p.Source == p.Name && strings.HasSuffix(p.Version, p.SourceVersion) {
		p.Source, p.SourceVersion = "", ""
	}
	return p, true
}

// rpmSource splits "glibc-2.34-60.el9.src.rpm".
func rpmSource(file string) (name, version string) {
	s := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(file, ".rpm"), ".src"), ".nosrc")
	if s == file {
		return "", ""
	}
	release := strings.LastIndexByte(s, '-')
	if release <= 0 {
		return "", ""
	}
	at := strings.LastIndexByte(s[:release], '-')
	if at <= 0 {
		return "", ""
	}
	return s[:at], s[at+1:]
}
