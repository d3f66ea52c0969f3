package host

import (
	"compress/bzip2"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/asepsis/asepsis/internal/collect/host/login"
	"github.com/asepsis/asepsis/internal/collect/host/proc"
	"github.com/asepsis/asepsis/internal/collect/pkgdb"
)

// updates reads which updates are on offer, by what the machine has fetched
// already: nothing is asked over the network.
func updates(_ context.Context, m *machine, s *section) {
	ps, err := m.dpkg()
	switch {
	case err == nil && len(ps) > 0:
		aptUpdates(m, s, ps)
	case hasRPM(m.tree):
		s.miss("dnf writes to its cache and log even when it only looks, so it is not run; bring a scanner's report",
			"pending_updates", "pending_security_updates", "updates_checked_at")
	case m.tree.Exists("/lib/apk/db/installed"):
		s.miss("apk's index of updates is not read yet; bring a scanner's report", "pending_updates", "pending_security_updates", "updates_checked_at")
	default:
		s.miss("no package manager we know", "pending_updates", "pending_security_updates", "updates_checked_at")
	}
	autoUpdates(m, s, ps)
	rebootRequired(m, s)
}

func aptUpdates(m *machine, s *section, ps []pkgdb.Package) {
	const dir = "/var/lib/apt/lists"
	attrs := []string{"pending_updates", "pending_security_updates"}
	for _, name := range []string{"/var/lib/apt/periodic/update-success-stamp", dir + "/partial"} {
		if fi, err := m.tree.Stat(name); err == nil {
			at := fi.ModTime().UTC()
			if have, ok := s.values["updates_checked_at"]; !ok || have != nil && at.After(timeOf(have)) {
				s.set("updates_checked_at", at)
			}
		}
	}
	names, err := m.tree.Dir(dir)
	if err != nil {
		s.miss("apt's lists of packages: "+why(err), append(attrs, "updates_checked_at")...)
		return
	}
	native := ""
	for _, p := range ps {
		if p.Name == "dpkg" {
			native = p.Arch
		}
	}
	releases := map[string]pkgdb.Release{} // by the beginning of the names of its lists
	for _, n := range names {
		for _, end := range []string{"InRelease", "Release"} {
			if prefix, ok := strings.CutSuffix(n, end); ok {
				if b, err := m.tree.Read(path.Join(dir, n)); err == nil {
					releases[prefix] = pkgdb.ParseRelease(b)
				}
			}
		}
	}
	up := pkgdb.NewUpgrades(ps, native)
	lists, security := 0, false
	for _, n := range names {
		base, _, _ := strings.Cut(n, "_Packages")
		if !strings.Contains(n, "_Packages") || strings.HasSuffix(n, ".diff_Index") || base == n {
			continue
		}
		rel := releaseOf(n, releases)
		if err := addList(m.tree, path.Join(dir, n), up, rel); err != nil {
			s.miss(n+": "+why(err), attrs...)
			s.note("pending updates", "the list "+n+" cannot be read: "+why(err))
			return
		}
		lists++
		security = security || rel.Security()
	}
	if lists == 0 {
		s.miss("apt has fetched no lists of packages; run apt update", append(attrs, "updates_checked_at")...)
		return
	}
	all, sec, held := up.Pending()
	s.set("pending_updates", int64(all))
	switch rel := osRelease(m.tree); {
	case security:
		s.set("pending_security_updates", int64(sec))
	case strings.EqualFold(rel["ID"], "debian") || strings.EqualFold(rel["ID"], "ubuntu"):
		s.miss("apt has no list of a security archive: security updates are not set up", "pending_security_updates")
		s.note("pending security updates", "apt has no list of a security archive; add it to its sources")
	default:
		s.miss("no archive of this distribution is named as one of security updates", "pending_security_updates")
	}
	if held > 0 {
		s.note("pending updates", fmt.Sprintf("%d of them are held back by the administrator", held))
	}
	if pinned(m.tree) {
		s.note("pending updates", "apt's preferences pin packages, which is not taken into account: apt may offer fewer updates than counted")
	}
}

func releaseOf(list string, releases map[string]pkgdb.Release) pkgdb.Release {
	best := ""
	for prefix := range releases {
		if strings.HasPrefix(list, prefix) && len(prefix) > len(best) {
			best = prefix
		}
	}
	return releases[best]
}

func pinned(t Tree) bool {
	for _, f := range append([]string{"/etc/apt/preferences"}, t.Glob("/etc/apt/preferences.d/*")...) {
		b, err := t.Read(f)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(b)) {
			if strings.HasPrefix(strings.TrimSpace(line), "Pin:") {
				return true
			}
		}
	}
	return false
}

// maxList bounds a list of packages once decompressed. Debian's is 50 MB.
const maxList = 1 << 30

func addList(t Tree, name string, up *pkgdb.Upgrades, rel pkgdb.Release) error {
	f, err := t.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	var r io.Reader = f
	switch path.Ext(name) {
	case ".lz4":
		r = pkgdb.NewLZ4Reader(f)
	case ".gz":
		if r, err = gzip.NewReader(f); err != nil {
			return err
		}
	case ".bz2":
		r = bzip2.NewReader(f)
	case ".zst":
		z, err := zstd.NewReader(f, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(256<<20))
		if err != nil {
			return err
		}
		defer z.Close()
		r = z
	case ".xz", ".lzma":
		return errors.New("it is kept in a compression we do not read")
	}
	return up.Add(io.LimitReader(r, maxList), rel)
}

// autoUpdates reads whether security updates install themselves.
func autoUpdates(m *machine, s *section, ps []pkgdb.Package) {
	t := m.tree
	switch {
	case len(ps) > 0:
		installed := false
		for _, p := range ps {
			installed = installed || p.Name == "unattended-upgrades"
		}
		conf := pkgdb.ParseAptConf(readAll(t, append(t.Glob("/etc/apt/apt.conf.d/*"), "/etc/apt/apt.conf")))
		v := conf["apt::periodic::unattended-upgrade"]
		off := conf["apt::periodic::enable"] == "0" || masked(t, "apt-daily-upgrade.timer")
		s.set("auto_updates", installed && v != "" && v != "0" && !off)
	case hasRPM(t):
		on := false
		for _, file := range []string{"/etc/dnf/automatic.conf", "/etc/dnf/dnf5-plugins/automatic.conf", "/etc/yum/yum-cron.conf"} {
			if b, err := t.Read(file); err == nil {
				switch strings.ToLower(login.ParseOptions(b)["apply_updates"]) {
				case "yes", "true", "1":
					on = true
				}
			}
		}
		wanted := len(t.Glob("/etc/systemd/system/timers.target.wants/dnf*automatic*.timer")) > 0 || linked(t, "/etc/systemd/system/timers.target.wants", "dnf") ||
			linked(t, "/etc/systemd/system/multi-user.target.wants", "yum-cron")
		// The install variant of the timer applies updates whatever the file says.
		always := linked(t, "/etc/systemd/system/timers.target.wants", "dnf-automatic-install.timer")
		aou := false
		if b, err := t.Read("/etc/sysconfig/automatic_online_update"); err == nil {
			aou = proc.ParseAssignments(b)["AOU_ENABLE_CRONJOB"] == "true"
		}
		s.set("auto_updates", on && wanted || always || aou)
	default:
		s.miss("no means of automatic updates that we know", "auto_updates")
	}
}

// masked reports whether a unit of systemd was turned off for good.
func masked(t Tree, unit string) bool {
	to, err := t.Link("/etc/systemd/system/" + unit)
	return err == nil && to == "/dev/null"
}

// linked reports whether a folder of wanted units has one whose name begins so.
// The link's target need not be in the tree.
func linked(t Tree, dir, prefix string) bool {
	names, _ := t.Dir(dir)
	for _, n := range names {
		if strings.HasPrefix(n, prefix) {
			return true
		}
	}
	return false
}

// rebootRequired looks for the mark that packages leave, and for a kernel
// newer than the one that runs.
func rebootRequired(m *machine, s *section) {
	if slices.ContainsFunc([]string{"/run/reboot-required", "/var/run/reboot-required"}, m.tree.Exists) {
		s.set("reboot_required", true)
		return
	}
	if _, how := virtualMachine(m, "", ""); how == "container" {
		s.miss("a container runs on its host's kernel", "reboot_required")
		return
	}
	running := m.tree.Line("/proc/sys/kernel/osrelease")
	flavor := running[strings.LastIndexAny(running, "-.")+1:]
	same, newer := false, false
	names, err := m.tree.Dir("/boot")
	for _, n := range names {
		v, ok := strings.CutPrefix(n, "vmlinuz-")
		if !ok || !strings.HasSuffix(v, flavor) || strings.Contains(v, "rescue") {
			continue
		}
		same = same || v == running
		newer = newer || pkgdb.CompareDeb(v, running) > 0
	}
	switch {
	case running == "" || err != nil && !errors.Is(err, os.ErrNotExist):
		s.miss("the kernels that are installed cannot be listed", "reboot_required")
	case newer:
		s.set("reboot_required", true)
	case same:
		s.set("reboot_required", false)
	default:
		s.miss("the kernel that runs was not installed by a package", "reboot_required")
	}
}
