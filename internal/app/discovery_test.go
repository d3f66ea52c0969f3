package app

import (
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/collect/network"
	"github.com/asepsis/asepsis/internal/web/api"
)

func scope(name, profile string, nets ...string) api.DiscoveryScope {
	return api.DiscoveryScope{Name: name, Profile: profile, Networks: nets}
}

// TestScopesBesideEachOther permits networks that lie in each other.
func TestScopesBesideEachOther(t *testing.T) {
	others := []api.DiscoveryScope{
		scope("campus", "normal", "10.20.0.0/22"), scope("wards", "cautious", "10.20.1.0/24"), scope("theaters", "never", "10.20.2.0/26"), scope("plant", "never", "10.30.0.0/16"),
	}
	for _, tt := range []struct {
		s    api.DiscoveryScope
		want string // in the refusal; "" means it is accepted
	}{
		{others[0], ""},
		{scope("more", "normal", "10.20.4.0/24"), ""},
		{scope("ward 3", "cautious", "10.20.1.64/26"), ""},
		{scope("again", "normal", "10.20.1.0/24"), `permitted already, as "wards"`},
		{scope("boiler", "cautious", "10.30.7.0/24"), `lies in 10.30.0.0/16, which "plant" says is never to be searched`},
		{scope("theater 2", "normal", "10.20.2.0/28"), `which "theaters" says`},
		{scope("all plants", "never", "10.30.0.0/16"), ""},
		{scope("typo", "normal", "10.20.0/22"), "cannot be read"},
		{scope("world", "normal", "0.0.0.0/0"), "every address there is"},
	} {
		n, err := beside(tt.s, others)
		switch {
		case tt.want == "" && err != nil, tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: %v, want %q", tt.s.Name, err, tt.want)
		case tt.s.Name == "campus":
			p, err := network.NewPlan(network.Job{Scope: n, Guard: network.NewDoNotTouch(nil, nil, nil)})
			if err != nil {
				t.Fatal(err)
			}
			if o := p.Outline(); o.Addresses != 1022-256-64 || len(o.Networks) != 1 || len(o.Notes) != 2 {
				t.Errorf("of the campus, without the wards and theaters, %d addresses are asked: %+v", o.Addresses, o.Notes)
			}
		}
	}
}

func TestSearchesAreDueInTheirHours(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.ParseInLocation("2006-01-02 15:04", s, time.Local)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	night := api.DiscoveryScope{Profile: "cautious", Every: "24h", From: "22:00", To: "05:00"}
	for _, tt := range []struct {
		name      string
		s         api.DiscoveryScope
		now, last string
		cut       bool
		want      bool
		until     string
	}{
		{"before", night, "2026-11-25 21:59", "2026-11-24 22:00", false, false, ""},
		{"at the beginning", night, "2026-11-25 22:00", "2026-11-24 22:00", false, true, "2026-11-26 05:00"},
		{"past midnight", night, "2026-11-26 04:59", "2026-11-24 22:00", false, true, "2026-11-26 05:00"},
		{"after", night, "2026-11-26 05:00", "2026-11-24 22:00", false, false, ""},
		{"ran today", night, "2026-11-25 23:00", "2026-11-25 22:00", false, false, ""},
		{"cut off yesterday, weekly", api.DiscoveryScope{Profile: "normal", Every: "168h", From: "01:00", To: "05:00"}, "2026-11-25 01:00", "2026-11-24 01:00", true, true, "2026-11-25 05:00"},
		{"never", api.DiscoveryScope{Profile: "never", Every: "24h"}, "2026-11-25 01:00", "2026-11-20 01:00", false, false, ""},
		{"only when asked", api.DiscoveryScope{Profile: "normal"}, "2026-11-25 01:00", "2026-11-20 01:00", false, false, ""},
	} {
		if got := due(tt.s, at(tt.last), tt.cut, at(tt.now)); got != tt.want {
			t.Errorf("%s: due %t, want %t", tt.name, got, tt.want)
		}
		if tt.until == "" {
			continue
		}
		if until, open := hours(tt.s, at(tt.now)); !open || !until.Equal(at(tt.until)) {
			t.Errorf("%s: open %t until %s, want %s", tt.name, open, until, tt.until)
		}
	}
}
