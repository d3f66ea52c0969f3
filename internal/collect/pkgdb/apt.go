package pkgdb

import (
	"bufio"
	"bytes"
	"io"
	"strings"
	"time"
)

// Release is what the head of an InRelease file says about an archive.
type Release struct {
	Origin, Label, Suite, Codename string
	Date                           time.Time
	NotAutomatic                   bool // never chosen by itself (experimental)
	ButAutomaticUpgrades           bool // chosen only for what came from it (backports)
}

// ParseRelease reads an InRelease or Release file.
func ParseRelease(b []byte) Release {
	var r Release
	for line := range bytes.Lines(b) {
		name, value, ok := strings.Cut(strings.TrimRight(string(line[:min(len(line), maxField)]), "\r\n"), ":")
		if !ok || strings.HasPrefix(name, " ") {
			continue
		}
		value = strings.TrimSpace(value)
		switch name {
		case "Origin":
			r.Origin = value
		case "Label":
			r.Label = value
		case "Suite":
			r.Suite = value
		case "Codename":
			r.Codename = value
		case "Date":
			if at, err := time.Parse(time.RFC1123, value); err == nil {
				r.Date = at.UTC()
			}
		case "NotAutomatic":
			r.NotAutomatic = value == "yes"
		case "ButAutomaticUpgrades":
			r.ButAutomaticUpgrades = value == "yes"
		case "MD5Sum", "SHA1", "SHA256", "SHA512":
			return r // the long lists of files come last
		}
	}
	return r
}

// Security reports whether the archive carries security updates alone:
// Debian's bookworm-security, Ubuntu's jammy-security and jammy-apps-security.
func (r Release) Security() bool {
	for _, s := range []string{r.Suite, r.Codename, r.Label} {
		if strings.HasSuffix(strings.ToLower(s), "-security") {
			return true
		}
	}
	return false
}

// priority is apt's default pin for versions of the archive (apt_preferences(5)).
func (r Release) priority() int {
	switch {
	case r.NotAutomatic && r.ButAutomaticUpgrades:
		return 100
	case r.NotAutomatic:
		return 1
	}
	return 500
}

// Upgrades finds the updates on offer for installed packages. Feed it every
// list of packages with Add, then ask Pending.
type Upgrades struct {
	native    string
	installed map[string][]*candidate
}

type candidate struct {
	pkg      Package
	version  string
	priority int
	security bool
}

// NewUpgrades starts from the installed packages and the machine's own architecture.
func NewUpgrades(installed []Package, native string) *Upgrades {
	u := &Upgrades{native: native, installed: make(map[string][]*candidate, len(installed))}
	for _, p := range installed {
		u.installed[p.Name] = append(u.installed[p.Name], &candidate{pkg: p})
	}
	return u
}

// Add reads one list of packages (a Packages file of apt) from an archive.
func (u *Upgrades) Add(r io.Reader, from Release) error {
	br := bufio.NewReaderSize(r, 256<<10)
	var have []*candidate
	var version, arch string
	flush := func() {
		for _, c := range have {
			u.offer(c, version, arch, from)
		}
		have, version, arch = nil, "", ""
	}
	for {
		line, err := br.ReadSlice('\n')
		switch {
		case err == bufio.ErrBufferFull:
			// No field we read is longer than the buffer; the rest of this line is skipped.
			for err == bufio.ErrBufferFull {
				_, err = br.ReadSlice('\n')
			}
		case len(line) <= 1 && err == nil:
			flush()
		case bytes.HasPrefix(line, []byte("Package: ")):
			have = u.installed[string(bytes.TrimSpace(line[9:]))]
		case have == nil: // most lines end here
		case bytes.HasPrefix(line, []byte("Version: ")):
			version = string(bytes.TrimSpace(line[9:]))
		case bytes.HasPrefix(line, []byte("Architecture: ")):
			arch = string(bytes.TrimSpace(line[14:]))
		}
		if err != nil {
			flush()
			if err == io.EOF {
				return nil
			}
			return err
		}
	}
}

// offer weighs one version as apt does: nothing older than what is installed,
// the highest priority first, then the highest version. Security is kept if
// any newer version comes from a security archive, whichever is chosen.
func (u *Upgrades) offer(c *candidate, version, arch string, from Release) {
	if version == "" || !u.fits(c.pkg.Arch, arch) || from.priority() < 100 || CompareDeb(version, c.pkg.Version) <= 0 {
		return
	}
	c.security = c.security || from.Security()
	p := from.priority()
	if p > c.priority || p == c.priority && CompareDeb(version, c.version) > 0 {
		c.priority, c.version = p, version
	}
}

// fits reports whether an offered architecture can take the place of an
// installed one; packages move between "all" and the machine's own.
func (u *Upgrades) fits(installed, offered string) bool {
	if installed == "all" {
		installed = u.native
	}
	if offered == "all" {
		offered = u.native
	}
	return installed == offered
}

// Pending counts the updates on offer, those of them that are security
// updates, and those the administrator holds back.
func (u *Upgrades) Pending() (all, security, held int) {
	for _, cs := range u.installed {
		for _, c := range cs {
			if c.version == "" {
				continue
			}
			all++
			if c.security {
				security++
			}
			if c.pkg.Held {
				held++
			}
		}
	}
	return all, security, held
}

// Each calls f with every update on offer, in no order.
func (u *Upgrades) Each(f func(p Package, version string, security bool)) {
	for _, cs := range u.installed {
		for _, c := range cs {
			if c.version != "" {
				f(c.pkg, c.version, c.security)
			}
		}
	}
}
