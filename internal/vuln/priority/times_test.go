package priority

import (
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/content"
	"github.com/asepsis/asepsis/internal/errs"
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
			"open ones count", []Span{span(10, 9), span(20, 18), {From: ago(3)}, {From: ago(30)}},
			Durations{Fixed: 2, Open: 2, Median: days(2), MedianKnown: true, OpenMedian: days(3), OpenOldest: days(30)},
		},
		{"most are open", []Span{span(10, 9), {From: ago(5)}, {From: ago(6)}}, Durations{Fixed: 1, Open: 2, OpenMedian: days(5), OpenOldest: days(6)}},
		{
			// Kaplan and Meier by hand: 5 at risk, one mended after 2: 0.8; one seen open at 3;
			// 3 at risk, one mended after 4: 0.5333; 2 at risk, one mended after 6: 0.2667.
			"by hand", []Span{span(10, 8), {From: ago(3)}, span(10, 6), span(10, 4), {From: ago(9)}},
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

func TestCompensations(t *testing.T) {
	now := day("2026-11-25")
	good := Compensation{
		Control: Isolation, Asset: "as_1", Flaw: "CVE-2026-1", What: "own network without a way out", By: "Ann Lee", Since: day("2026-11-01"), Until: day("2027-05-01"),
	}
	r := Risk{Flaw: "CVE-2026-1", Component: "pump"}
	yes := func(check, asset string) bool { return check == Isolation.Check() && asset == "as_1" }
	for name, tt := range map[string]struct {
		change func(*Compensation)
		asset  string
		now    time.Time
		passed func(check, asset string) bool
		want   State
	}{
		"holds":                 {want: Compensated},
		"another asset":         {asset: "as_2", want: Open},
		"past its end":          {now: day("2027-05-02"), want: Open},
		"before its beginning":  {now: day("2026-10-02"), want: Open},
		"its check fails":       {passed: func(string, string) bool { return false }, want: Open},
		"another flaw":          {change: func(c *Compensation) { c.Flaw = "CVE-2026-2" }, want: Open},
		"all of a component":    {change: func(c *Compensation) { c.Flaw, c.Component = "", "pump" }, want: Compensated},
		"another component":     {change: func(c *Compensation) { c.Component = "ventilator" }, want: Open},
		"a record that is none": {change: func(c *Compensation) { c.By = "" }, want: Open},
		"the other control":     {change: func(c *Compensation) { c.Control = VirtualPatch }, want: Open},
	} {
		c := good
		if tt.change != nil {
			tt.change(&c)
		}
		if tt.asset == "" {
			tt.asset = "as_1"
		}
		if tt.now.IsZero() {
			tt.now = now
		}
		if tt.passed == nil {
			tt.passed = yes
		}
		got, by := StateOf(tt.asset, r, false, []Compensation{c}, tt.now, tt.passed)
		if got != tt.want || (by != nil) != (got == Compensated) {
			t.Errorf("%s: %s by %v, want %s", name, got, by, tt.want)
		}
		if got, _ := StateOf(tt.asset, r, true, []Compensation{c}, tt.now, tt.passed); got != Fixed {
			t.Errorf("%s: what is fixed is %s", name, got)
		}
	}
	for name, change := range map[string]func(*Compensation){
		"control": func(c *Compensation) { c.Control = "hope" }, "asset": func(c *Compensation) { c.Asset = "" }, "flaw": func(c *Compensation) { c.Flaw = "" },
		"what": func(c *Compensation) { c.What = "" }, "author": func(c *Compensation) { c.By = "" }, "end": func(c *Compensation) { c.Until = time.Time{} },
		"year": func(c *Compensation) { c.Until = c.Since.AddDate(2, 0, 0) },
	} {
		c := good
		change(&c)
		err := c.Validate()
		if !errs.Is(err, errs.Invalid) || errs.HintOf(err) == "" || strings.Contains(errs.HintOf(err), "%") {
			t.Errorf("%s: %v (%s), want a refusal that says what to do", name, err, errs.HintOf(err))
		}
	}
	if err := good.Validate(); err != nil {
		t.Error(err)
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
