package purl_test

import (
	"testing"

	"github.com/asepsis/asepsis/internal/purl"
)

func TestForeignVendor(t *testing.T) {
	for _, tt := range []struct {
		distro, vendor string
		want           bool
	}{
		{"almalinux-9.4", "AlmaLinux", false},
		{"almalinux-9.4", "Fedora Project", true},
		{"rocky-8", "Rocky Enterprise Software Foundation", false},
		{"rhel-9.2", "Red Hat, Inc.", false},
		{"rhel-9.2", "Docker", true},
		{"sles-15.5", "SUSE LLC <https://www.suse.com/>", false},
		{"sles-15.5", "openSUSE", true},
		{"opensuse-leap-15.6", "SUSE LLC <https://www.suse.com/>", false},
		{"fedora-40", "Fedora Project", false},
		{"almalinux-9", "", false},
		{"almalinux-9", "(none)", false},
		{"almalinux-9", "NOASSERTION", false},
		{"", "Fedora Project", false},
		{"hospital-os-3", "Somebody", false},
	} {
		if got := purl.ForeignVendor(tt.distro, tt.vendor); got != tt.want {
			t.Errorf("%q on %q: %v", tt.vendor, tt.distro, got)
		}
	}
}

func TestWithVendor(t *testing.T) {
	for u, want := range map[string]string{
		"pkg:rpm/almalinux/htop@3.2.1-1.el9?arch=x86_64": "pkg:rpm/almalinux/htop@3.2.1-1.el9?arch=x86_64&vendor=Fedora%20Project",
		"pkg:rpm/almalinux/htop@3.2.1-1.el9#a/b":         "pkg:rpm/almalinux/htop@3.2.1-1.el9?vendor=Fedora%20Project#a/b",
		"pkg:rpm/almalinux/htop@3.2.1?vendor=X":          "pkg:rpm/almalinux/htop@3.2.1?vendor=X",
		"no url":                                         "no url",
	} {
		got := purl.WithVendor(u, " Fedora Project")
		if got != want {
			t.Errorf("%s became %s, want %s", u, got, want)
		}
		if p, err := purl.Parse(got); err == nil && p.Qualifier("vendor") == "" {
			t.Errorf("%s has no vendor", got)
		}
	}
}
