package eol

import (
	"testing"
	"time"
)

func TestTheTableLoads(t *testing.T) {
	ends, err := load()
	if err != nil {
		t.Fatal(err)
	}
	if len(ends) < 200 {
		t.Errorf("%d releases: the table was cut", len(ends))
	}
	for release := range builds {
		if _, ok := find("windows", builds[release]+"-w"); !ok {
			if _, ok := find("windows", builds[release]); !ok {
				t.Errorf("build %d is release %s, which the table does not have", release, builds[release])
			}
		}
	}
	for _, release := range serverBuilds {
		if _, ok := find("windows-server", release); !ok {
			t.Errorf("the table has no Windows Server %s", release)
		}
	}
}

func TestLinux(t *testing.T) {
	for _, tt := range []struct{ id, version, name, want string }{
		{"debian", "12", "Debian GNU/Linux", "2028-06-30"},
		{"debian", "", "Debian GNU/Linux", ""},
		{"ubuntu", "22.04", "Ubuntu", "2027-04-01"},
		{"rhel", "9.4", "Red Hat Enterprise Linux", "2032-05-31"},
		{"centos", "9", "CentOS Stream", "2027-05-31"},
		{"centos", "7", "CentOS Linux", "2024-06-30"},
		{"sles", "15.5", "SLES", "2024-12-31"},
		{"alpine", "3.20.3", "Alpine Linux", "2026-04-01"},
		{"amzn", "2", "Amazon Linux", "2026-06-30"},
		{"homegrown", "1", "Homegrown", ""},
	} {
		got := ""
		if at, ok := Linux(tt.id, tt.version, tt.name); ok {
			got = at.Format(time.DateOnly)
		}
		if got != tt.want {
			t.Errorf("Linux(%q, %q, %q) = %q, want %q", tt.id, tt.version, tt.name, got, tt.want)
		}
	}
}

func TestWindowsAndMacOS(t *testing.T) {
	for _, tt := range []struct{ build, edition, want string }{
		{"19045", "Professional", "2025-10-14"},
		{"26100", "Professional", "2026-10-13"},
		{"26100", "Enterprise", "2027-10-12"},
		{"17763", "EnterpriseS", "2029-01-09"},
		{"17763", "ServerStandard", "2029-01-09"},
		{"19044", "IoTEnterpriseS", "2032-01-13"},
		{"7601", "Ultimate", "2020-01-14"},
		{"99999", "Professional", ""},
		{"x", "Professional", ""},
	} {
		got := ""
		if at, ok := Windows(tt.build, tt.edition); ok {
			got = at.Format(time.DateOnly)
		}
		if got != tt.want {
			t.Errorf("Windows(%q, %q) = %q, want %q", tt.build, tt.edition, got, tt.want)
		}
	}
	if at, ok := MacOS("12.7.6"); !ok || at.Format(time.DateOnly) != "2024-09-16" {
		t.Errorf("macOS 12 = %v, %v", at, ok)
	}
	if _, ok := MacOS("26.1"); ok {
		t.Error("macOS 26 has no end yet")
	}
}
