package priority

import (
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/content"
)

func TestTimeToFix(t *testing.T) {
	now := day("2026-11-25")
	ago := func(days int) time.Time { return now.AddDate(0, 0, -days) }
	span := func(from, to int) Span { return Span{From: ago(from), To: ago(to)} }
	days := func(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }
	for _, tt := range []struct {
		name  string
		spans []Span
		want  Durations
	}{
		{"none", nil, Durations{}},
		{"all mended", []Span{span(10, 9), span(20, 18), span(30, 27), span(40, 36)}, Durations{
			Fixed: 4, Median: days(2), MedianKnown: true, P90: days(4), P90Known: true,
		}},
		{
			// Mended after 1 and 2 days; open for 3 and 30. Without the open ones the
			// median would be one day.
			"open ones count",
			[]Span{span(10, 9), span(20, 18), {From: ago(3)}, {From: ago(30)}},
			Durations{Fixed: 2, Open: 2, Median: days(2), MedianKnown: true, OpenMedian: days(3), OpenOldest: days(30)},
		},
		{"most are open", []Span{span(10, 9), {From: ago(5)}, {From: ago(6)}}, Durations{Fixed: 1, Open: 2, OpenMedian: days(5), OpenOldest: days(6)}},
		{
			// Kaplan and Meier by hand: 5 at risk, one mended after 2: 0.8; one seen open at 3;
			// 3 at risk, one mended after 4: 0.5333; 2 at risk, one mended after 6: 0.2667.
			"by hand",
			[]Span{span(10, 8), {From: ago(3)}, span(10, 6), span(10, 4), {From: ago(9)}},
			Durations{Fixed: 3, Open: 2, Median: days(6), MedianKnown: true, OpenMedian: days(3), OpenOldest: days(9)},
		},
		{"a clock that was wrong", []Span{{From: ago(-5)}, span(5, 9)}, Durations{Fixed: 1, Open: 1, Median: 0, MedianKnown: true}},
		{"mended tomorrow is open today", []Span{{From: ago(4), To: ago(-1)}}, Durations{Open: 1, OpenMedian: days(4), OpenOldest: days(4)}},
	} {
		if got := TimeToFix(tt.spans, now); got != tt.want {
			t.Errorf("%s:\n%+v, want\n%+v", tt.name, got, tt.want)
		}
	}
}

func TestHeld(t *testing.T) {
	until := day("2027-05-01")
	act := Risk{Exploited: true, Automatable: Yes, TechnicalImpact: "total", Criticality: "clinical"}
	attend := Risk{Exploitation: "poc", Automatable: Yes, TechnicalImpact: "total", Criticality: "clinical"}
	closely := Risk{Exploitation: "poc", Automatable: Yes, TechnicalImpact: "total", Criticality: "business"}
	for name, tt := range map[string]struct {
		risk Risk
		held Held
		want Decision
		says string
	}{
		"nothing":                         {act, Held{}, Act, ""},
		"isolation that is shown":         {act, Held{Isolation, until, Yes}, Attend, "isolation until 2027-05-01: one step less urgent, and not mended"},
		"a virtual patch":                 {attend, Held{VirtualPatch, until, Yes}, TrackClosely, "a virtual patch until"},
		"never below being watched":       {closely, Held{Isolation, until, Yes}, TrackClosely, "and not mended"},
		"nor raised":                      {Risk{}, Held{Isolation, until, Yes}, Track, "and not mended"},
		"what is not shown":               {act, Held{Isolation, until, Unknown}, Act, "counts for nothing"},
		"what is shown not to hold":       {act, Held{Isolation, until, No}, Act, "says that it does not"},
		"a control that is none of these": {act, Held{"other", until, Yes}, Act, ""},
	} {
		tt.risk.Held = tt.held
		c := Decide(tt.risk)
		last := strings.Join(c.Path[4:], " ")
		if c.Decision != tt.want || !strings.Contains(last, tt.says) || (tt.says == "") != (last == "") {
			t.Errorf("%s: %s, %q; want %s, %q", name, c.Decision, last, tt.want, tt.says)
		}
	}
}

// TestControlsHaveTheirCheck holds the names against the checks that are shipped.
func TestControlsHaveTheirCheck(t *testing.T) {
	b, err := fs.ReadFile(content.FS, "checks/mitigation.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []Control{VirtualPatch, Isolation} {
		if !strings.Contains(string(b), "- id: "+c.Check()+"\n") {
			t.Errorf("control %s has the check %q, which is not shipped", c, c.Check())
		}
	}
}
