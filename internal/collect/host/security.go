package host

import (
	"context"
	"crypto/md5" //nolint:gosec // dpkg records MD5 alone; it tells a change, which is what is asked
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/collect/host/known"
	"github.com/asepsis/asepsis/internal/collect/pkgdb"
)

// security reads which tools protect the machine, whether they run, and
// whether their files are as their makers shipped them: is something hiding in
// the security tools?
func security(ctx context.Context, m *machine, s *section) {
	runs := m.programs()
	debs, debErr := m.dpkg()
	installed := map[string]bool{}
	for _, p := range debs {
		installed[p.Name] = true
	}
	rpms := false
	if hasRPM(m.tree) {
		if out, err := m.runner.Run(ctx, "rpm", "-qa", "--qf", "%{NAME}\n"); err == nil {
			rpms = true
			for name := range strings.FieldsSeq(string(out)) {
				installed[name] = true
			}
		}
	}
	if b, err := m.tree.ReadMax("/lib/apk/db/installed", maxFile); err == nil {
		for _, p := range pkgdb.ParseApk(b) {
			installed[p.Name] = true
		}
	}
	check := known.Verify()
	var found, up []string
	protector, protects := "", false
	for _, tool := range known.Tools() {
		has := slices.ContainsFunc(tool.Packages, func(p string) bool { return installed[p] }) || slices.ContainsFunc(tool.Paths, m.tree.Exists)
		// A tool without a program of its own works when its schedule says so.
		alive := runs.has(tool.Processes...) || slices.ContainsFunc(tool.Schedules, func(p string) bool { _, err := m.tree.lstat(p); return err == nil })
		if !has && !alive {
			continue
		}
		found = append(found, tool.Name)
		if alive {
			up = append(up, tool.Name)
		}
		check = append(slices.Clone(check), tool.Packages...)
		if tool.Kind == "endpoint" && (protector == "" || alive && !protects) {
			protector, protects = tool.Name, alive
		}
	}
	s.set("security_tools", sorted(found))
	if protector != "" {
		s.set("endpoint_protection", protector)
	} else {
		s.miss("no product that we know is installed", "endpoint_protection")
	}
	if runs.blind != "" {
		s.miss(runs.blind, "security_tools_running", "endpoint_protection_running")
	} else {
		s.set("security_tools_running", sorted(up))
		s.set("endpoint_protection_running", protects)
	}
	switch {
	case debErr == nil && len(debs) > 0:
		verifyDebs(ctx, m, s, debs, check)
	case rpms:
		verifyRPMs(ctx, m, s, installed, check)
	default:
		s.miss("this package manager keeps no checksums that we read", "security_tools_modified")
	}
}

// maxVerify bounds the bytes that are compared, and with them the time.
const maxVerify = 1 << 30

// verifyDebs compares files with the checksums that dpkg keeps. Whoever can
// replace a program can replace its checksum too; what this finds is tampering
// by those who did not think of it, and files that an update left half done.
func verifyDebs(ctx context.Context, m *machine, s *section, debs []pkgdb.Package, check []string) {
	changed, left := []string{}, int64(maxVerify)
	unreadable, unknown, files := 0, 0, 0
	for _, p := range debs {
		if !slices.Contains(check, p.Name) {
			continue
		}
		sums, err := m.tree.Read("/var/lib/dpkg/info/" + p.Name + ".md5sums")
		if err != nil {
			sums, err = m.tree.Read("/var/lib/dpkg/info/" + p.Name + ":" + p.Arch + ".md5sums")
		}
		if err != nil {
			unknown++
			continue
		}
		for _, sum := range pkgdb.ParseSums(sums) {
			if documentation(sum.Path) {
				continue
			}
			if ctx.Err() != nil || left <= 0 {
				s.miss("there was no time to compare them all", "security_tools_modified")
				return
			}
			got, n, err := fileMD5(m.tree, sum.Path)
			left -= n
			files++
			switch {
			case errors.Is(err, os.ErrNotExist):
				if !diverted(m.tree, sum.Path) {
					changed = append(changed, p.Name+": "+sum.Path+" is gone")
				}
			case err != nil:
				unreadable++
			case got != sum.MD5:
				if !diverted(m.tree, sum.Path) {
					changed = append(changed, p.Name+": "+sum.Path)
				}
			}
		}
	}
	if files == 0 {
		s.miss("the checksums of the packages are not here", "security_tools_modified")
		return
	}
	verdict(s, changed, unreadable)
	if unknown > 0 {
		s.note("unmodified security tools", fmt.Sprintf("%d packages came without checksums", unknown))
	}
}

// verdict states what changed. Files that could not be read may have changed
// too, so their presence alone never makes a clean list.
func verdict(s *section, changed []string, unreadable int) {
	if unreadable > 0 {
		reason := fmt.Sprintf("%d of their files need root to be read", unreadable)
		s.note("unmodified security tools", reason)
		if len(changed) == 0 {
			s.miss(reason, "security_tools_modified")
			return
		}
	}
	s.set("security_tools_modified", sorted(changed))
}

// documentation is left out: minimal images delete it on purpose.
func documentation(name string) bool {
	for _, dir := range []string{"/usr/share/doc/", "/usr/share/man/", "/usr/share/locale/", "/usr/share/info/", "/usr/share/lintian/", "/usr/share/bug/"} {
		if strings.HasPrefix(name, dir) {
			return true
		}
	}
	return false
}

// diverted reports whether the administrator or another package took the name
// over by dpkg-divert, which keeps the original beside it.
func diverted(t Tree, name string) bool {
	b, err := t.Read("/var/lib/dpkg/diversions")
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(b)) {
		if strings.TrimSpace(line) == name || "/usr"+strings.TrimSpace(line) == name || strings.TrimSpace(line) == "/usr"+name {
			return true
		}
	}
	return false
}

func fileMD5(t Tree, name string) (sum [16]byte, n int64, err error) {
	f, err := t.Open(name)
	if err != nil {
		return sum, 0, err
	}
	defer f.Close()
	h := md5.New() //nolint:gosec // see the import
	n, err = io.Copy(h, io.LimitReader(f, maxVerify))
	copy(sum[:], h.Sum(nil))
	return sum, n, err
}

// verifyRPMs lets rpm compare; it exits with an error where anything differs.
func verifyRPMs(ctx context.Context, m *machine, s *section, installed map[string]bool, check []string) {
	var names []string
	for _, n := range check {
		if installed[n] && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	if len(names) == 0 {
		s.miss("none of the packages that are compared is installed", "security_tools_modified")
		return
	}
	args := append([]string{"-V", "--noscripts", "--nodeps"}, names...)
	out, err := m.runner.Run(ctx, "rpm", args...)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.miss("rpm gives no answer: "+why(err), "security_tools_modified")
		return
	}
	changes, unreadable := pkgdb.ParseVerify(out)
	changed := []string{}
	for _, c := range changes {
		if c.What == "missing" {
			changed = append(changed, c.Path+" is gone")
		} else {
			changed = append(changed, c.Path)
		}
	}
	verdict(s, changed, unreadable)
}

// publicCommunity is the one entry of the table that a file decides.
const publicCommunity = "SNMP with a public community"

// unneeded names running services that this kind of machine has no use for.
func unneeded(_ context.Context, m *machine, s *section) {
	runs := m.programs()
	ls, lsErr := listeners(m.tree)
	if lsErr != nil && len(runs.all) == 0 {
		s.miss("neither the programs that run nor the ports they open are visible", "unneeded_services")
		return
	}
	open := map[string]bool{}
	for _, l := range ls {
		if l.exposed() {
			open[fmt.Sprintf("%d/%s", l.port, l.transport)] = true
		}
	}
	dmi := func(name string) string { return m.tree.Line("/sys/class/dmi/id/" + name) }
	virtual, _ := virtualMachine(m, dmi("sys_vendor"), dmi("product_name"))
	class := string(classOf(m, dmi("chassis_type"), virtual))
	var found []string
	for _, svc := range known.Unneeded() {
		if !svc.On(class) {
			continue
		}
		alive := runs.has(svc.Processes...)
		listens := slices.ContainsFunc(svc.Ports, func(p string) bool { return open[p] })
		if alive || listens || svc.Name == publicCommunity && runs.has("snmpd") && publicSNMP(m, s) {
			found = append(found, svc.Name)
		}
	}
	if runs.blind != "" && len(found) == 0 {
		s.miss(runs.blind, "unneeded_services")
		return
	}
	s.set("unneeded_services", sorted(found))
}

// publicSNMP reports whether snmpd answers to the community everybody tries first.
func publicSNMP(m *machine, s *section) bool {
	files := append([]string{"/etc/snmp/snmpd.conf"}, m.tree.Glob("/etc/snmp/snmpd.conf.d/*.conf")...)
	for _, name := range files {
		b, err := m.tree.Read(name)
		if err != nil {
			if errors.Is(err, os.ErrPermission) {
				s.note("SNMP communities", path.Base(name)+": "+why(err))
			}
			continue
		}
		for line := range strings.Lines(string(b)) {
			f := strings.Fields(line)
			if len(f) < 2 {
				continue
			}
			switch f[0] {
			case "rocommunity", "rwcommunity", "rocommunity6", "rwcommunity6":
				if f[1] == "public" || f[1] == "private" {
					return true
				}
			case "com2sec", "com2sec6":
				if len(f) >= 4 && (f[3] == "public" || f[3] == "private") {
					return true
				}
			}
		}
	}
	return false
}
