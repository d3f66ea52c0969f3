package known

import (
	"slices"
	"strings"
	"testing"
)

func TestTablesAreWellFormed(t *testing.T) {
	if n := len(read[[]Port]("ports.yaml", portsFile)); n != len(ports()) {
		t.Errorf("%d rows but %d ports: one is listed twice", n, len(ports()))
	}
	for key, p := range ports() {
		if p.Service == "" || p.Transport != "tcp" && p.Transport != "udp" || p.Number < 1 || p.Number > 65535 {
			t.Errorf("port %s: %+v", key, p)
		}
		if !slices.Contains([]string{"", "yes", "no"}, p.Clear) || !slices.Contains([]string{"", "no"}, p.Probe) || !slices.Contains([]string{"", "server", "client"}, p.First) {
			t.Errorf("port %s has an unknown word: %+v", key, p)
		}
	}
	seen := map[string]bool{}
	for _, tool := range Tools() {
		if seen[tool.Name] || len(tool.Packages)+len(tool.Paths)+len(tool.Processes) == 0 {
			t.Errorf("tool %q: listed twice, or nothing tells that it is installed", tool.Name)
		}
		seen[tool.Name] = true
		if !slices.Contains([]string{"endpoint", "malware", "integrity", "audit", "query", "ban"}, tool.Kind) {
			t.Errorf("tool %q: kind %q", tool.Name, tool.Kind)
		}
	}
	for _, s := range Unneeded() {
		if s.Name == "" || s.Why == "" {
			t.Errorf("unneeded service %+v: no name or no reason", s)
		}
		for _, c := range s.Classes {
			if !slices.Contains([]string{"server", "workstation", "laptop"}, c) {
				t.Errorf("%s: class %q", s.Name, c)
			}
		}
		for _, p := range s.Ports {
			if !strings.HasSuffix(p, "/tcp") && !strings.HasSuffix(p, "/udp") {
				t.Errorf("%s: port %q", s.Name, p)
			}
		}
	}
	if !slices.Contains(Verify(), "sudo") {
		t.Error("sudo is not verified")
	}
}
