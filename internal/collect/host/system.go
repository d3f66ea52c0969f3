package host

import (
	"context"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/collect/host/eol"
	"github.com/asepsis/asepsis/internal/collect/host/proc"
)

// osRelease reads os-release(5) from where it may lie.
func osRelease(t Tree) map[string]string {
	for _, name := range []string{"/etc/os-release", "/usr/lib/os-release"} {
		if b, err := t.Read(name); err == nil {
			return proc.ParseAssignments(b)
		}
	}
	return nil
}

// distro names the distribution as packages are known by: "debian-12".
func distro(rel map[string]string) string {
	if rel["ID"] == "" {
		return ""
	}
	id := strings.ToLower(rel["ID"])
	version := rel["VERSION_ID"]
	if id == "alpine" {
		if p := strings.SplitN(version, ".", 3); len(p) > 1 {
			version = p[0] + "." + p[1]
		}
	}
	if version == "" {
		return id
	}
	return id + "-" + version
}

// system reads what operating system runs, and for how long its maker mends it.
func system(_ context.Context, m *machine, s *section) {
	s.set("os_family", "linux")
	s.setText("os_build", m.tree.Line("/proc/sys/kernel/osrelease"))
	rel := osRelease(m.tree)
	if rel == nil {
		s.miss("the machine has no os-release file", "os_name", "os_version", "os_support_ends_at")
	} else {
		name := rel["PRETTY_NAME"]
		if name == "" {
			name = strings.TrimSpace(rel["NAME"] + " " + rel["VERSION"])
		}
		s.setText("os_name", name)
		version := rel["VERSION_ID"]
		if v := m.tree.Line("/etc/debian_version"); rel["ID"] == "debian" && version == "" {
			version = v // testing and unstable have no number
		}
		s.setText("os_version", version)
		if at, ok := eol.Linux(rel["ID"], rel["VERSION_ID"], rel["NAME"]); ok {
			s.set("os_support_ends_at", at)
		} else {
			s.miss("our table of support dates does not have this release", "os_support_ends_at")
		}
	}
	if b, err := m.tree.Read("/proc/stat"); err == nil {
		if boot, ok := proc.BootTime(b); ok {
			if up := m.now.Sub(time.Unix(boot, 0)); up >= 0 {
				s.set("uptime_days", int64(up/(24*time.Hour)))
			}
		}
	}
}
