package host

import (
	"context"
	"errors"
	"os"
	"strings"

	"github.com/asepsis/asepsis/internal/collect/pkgdb"
	"github.com/asepsis/asepsis/internal/fact"
)

// dpkgPackages reads the packages of Debian and its kin; os.ErrNotExist where there are none.
func dpkgPackages(t Tree) ([]pkgdb.Package, error) {
	b, err := t.ReadMax("/var/lib/dpkg/status", 256<<20)
	if err != nil {
		return nil, err
	}
	ps := pkgdb.ParseDpkg(b)
	// Distroless images keep one file a package.
	for _, name := range t.Glob("/var/lib/dpkg/status.d/*") {
		if strings.HasSuffix(name, ".md5sums") {
			continue
		}
		if b, err := t.Read(name); err == nil {
			ps = append(ps, pkgdb.ParseDpkg(append([]byte("Status: install ok installed\n"), b...))...)
		}
	}
	return ps, nil
}

// packages reads what is installed by the operating system's package manager.
func packages(ctx context.Context, m *machine, s *section) {
	rel := osRelease(m.tree)
	ns := strings.ToLower(rel["ID"])
	add := func(eco string, ps []pkgdb.Package) {
		for _, p := range ps {
			s.components = append(s.components, component(eco, ns, distro(rel), p))
		}
	}
	count, found := 0, false
	if ps, err := m.dpkg(); err == nil {
		add("deb", ps)
		count, found = count+len(ps), true
	} else if !errors.Is(err, os.ErrNotExist) {
		s.note("packages (dpkg)", why(err))
	}
	if b, err := m.tree.ReadMax("/lib/apk/db/installed", 256<<20); err == nil {
		ps := pkgdb.ParseApk(b)
		add("apk", ps)
		count, found = count+len(ps), true
	} else if !errors.Is(err, os.ErrNotExist) {
		s.note("packages (apk)", why(err))
	}
	if hasRPM(m.tree) {
		out, err := m.runner.Run(ctx, "rpm", "-qa", "--qf", pkgdb.RPMFormat)
		if err != nil {
			reason := "the rpm program gives no answer: " + why(err)
			s.note("packages (rpm)", reason)
			if !found {
				s.miss(reason, "packages")
				return
			}
		} else {
			ps := pkgdb.ParseRPM(out)
			add("rpm", ps)
			count, found = count+len(ps), true
		}
	}
	if !found {
		s.miss("no package manager we know: dpkg, rpm and apk have no data here", "packages")
		return
	}
	s.set("packages", int64(count))
}

// hasRPM reports whether rpm's database is that of the system: Debian machines
// may have an empty one.
func hasRPM(t Tree) bool {
	for _, dir := range []string{"/var/lib/rpm/", "/usr/lib/sysimage/rpm/"} {
		for _, file := range []string{"rpmdb.sqlite", "Packages.db", "Packages"} {
			if fi, err := t.Stat(dir + file); err == nil && fi.Size() > 0 {
				return true
			}
		}
	}
	return false
}

func component(eco, ns, distro string, p pkgdb.Package) fact.Component {
	return p.Component(ref, eco, ns, distro)
}

func purl(eco, ns, name, version, arch, distro string) string {
	return pkgdb.PURL(eco, ns, name, version, arch, distro)
}
