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

// field returns a one-line field of a paragraph. Continuation lines begin with
// a space, so they never match a name.
func field(paragraph []byte, name string) string {
	for len(paragraph) > 0 {
		line := paragraph
		if i := bytes.IndexByte(paragraph, '\n'); i >= 0 {
			line, paragraph = paragraph[:i], paragraph[i+1:]
		} else {
			paragraph = nil
		}
		if len(line) > len(name) && line[len(name)] == ':' && strings.EqualFold(string(line[:len(name)]), name) {
			v := bytes.TrimSpace(line[len(name)+1:])
			return string(v[:min(len(v), maxField)])
		}
	}
	return ""
}

// ParseDpkg reads /var/lib/dpkg/status and returns the packages whose files
// are on disk: installed ones, and those a failed run left half done.
func ParseDpkg(b []byte) []Package {
	var ps []Package
	stanzas(b, func(s []byte) {
		status := strings.Fields(field(s, "Status"))
		if len(status) != 3 {
			return
		}
		switch status[2] {
		case "installed", "unpacked", "half-configured", "half-installed", "triggers-awaited", "triggers-pending":
		default:
			return
		}
		p := Package{Name: field(s, "Package"), Version: field(s, "Version"), Arch: field(s, "Architecture"), Held: status[0] == "hold"}
		if p.Name == "" || p.Version == "" {
			return
		}
		p.Source, p.SourceVersion = dpkgSource(field(s, "Source"), p)
		ps = append(ps, p)
	})
	return ps
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
		if p.Name == "" || p.Version == "" {
			return
		}
		if p.Source == p.Name {
			p.Source = ""
		}
		ps = append(ps, p)
	})
	return ps
}

// RPMFormat is the query that ParseRPM reads, for rpm's --qf.
const RPMFormat = `%{NAME}\t%{EPOCHNUM}\t%{VERSION}\t%{RELEASE}\t%{ARCH}\t%{SOURCERPM}\n`

// ParseRPM reads the output of rpm -qa --qf RPMFormat.
func ParseRPM(b []byte) []Package {
	var ps []Package
	for line := range bytes.Lines(b) {
		f := strings.Split(strings.TrimRight(string(line), "\r\n"), "\t")
		if len(f) != 6 || f[0] == "" || f[2] == "" || f[0] == "gpg-pubkey" {
			continue
		}
		p := Package{Name: f[0], Version: f[2] + "-" + f[3], Arch: f[4]}
		if f[1] != "0" && f[1] != "" && f[1] != "(none)" {
			p.Version = f[1] + ":" + p.Version
		}
		if p.Arch == "(none)" {
			p.Arch = ""
		}
		p.Source, p.SourceVersion = rpmSource(f[5])
		if p.Source == p.Name && strings.HasSuffix(p.Version, p.SourceVersion) {
			p.Source, p.SourceVersion = "", ""
		}
		ps = append(ps, p)
	}
	return ps
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
