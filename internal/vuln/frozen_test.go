package vuln_test

import (
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/vuln"
	"github.com/asepsis/asepsis/internal/vuln/vulntest"
)

// TestFrozenRelease clears nothing of a release that its distribution stopped writing
// advisories for, while what they say of it still convicts.
func TestFrozenRelease(t *testing.T) {
	now := time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
	of := func(id, release, name string, at time.Time) *advisory.Advisory {
		return &advisory.Advisory{ID: id, Source: "osv/Alpine", Modified: at, Products: []advisory.Product{product("Alpine:v3."+release, name, "0..2.0-r0")}}
	}
	file, _ := vulntest.Compile(t, []*advisory.Advisory{
		of("ALPINE-1", "12", "lamp", now.AddDate(-4, 0, 0)), of("ALPINE-2", "23", "lamp", now), of("ALPINE-3", "22", "lamp", now.AddDate(0, -11, 0)),
	}, vuln.Source{Name: "osv/Alpine", Snapshot: now})
	db := vulntest.Open(t, file)
	for _, c := range []struct {
		release, name, version string
		want                   vuln.Verdict
		reason                 vuln.Reason
	}{
		{"12", "lamp", "1.0-r0", vuln.Affected, vuln.Compared},
		{"12", "lamp", "2.0-r0", vuln.NotAssessed, vuln.ReleaseNotInFeed},
		{"12", "bulb", "1.0-r0", vuln.NotAssessed, vuln.ReleaseNotInFeed},
		{"22", "bulb", "1.0-r0", vuln.NotAffected, vuln.NotNamed},
		{"23", "lamp", "2.0-r0", vuln.NotAffected, vuln.Compared},
	} {
		var a vuln.Answer
		db.Judge(&fact.Component{
			PURL: "pkg:apk/alpine/" + c.name + "@" + c.version + "?distro=alpine-3." + c.release, Ecosystem: "apk", Distro: "alpine-3." + c.release, Name: c.name, Source: c.name, Version: c.version,
		}, &a)
		if a.Verdict != c.want || a.Reason != c.reason {
			t.Errorf("%s %s on 3.%s: %v, %v; want %v, %v", c.name, c.version, c.release, a.Verdict, a.Reason, c.want, c.reason)
		}
	}
}
