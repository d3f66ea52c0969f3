package cell

import (
	"errors"
	"slices"
	"testing"
	"time"
)

func TestParseDate(t *testing.T) {
	chicago := time.FixedZone("CST", -6*3600)
	for _, tt := range []struct {
		in   string
		d    Dates
		want string // RFC 3339; "" for no date; "!" for a fault
	}{
		{in: "2026-11-03", want: "2026-11-03T00:00:00Z"},
		{in: "2026-1-3", want: "2026-01-03T00:00:00Z"},
		{in: "2026/11/03 15:15:08", want: "2026-11-03T15:15:08Z"},
		{in: "2026-11-03T04:05:06Z", want: "2026-11-03T04:05:06Z"},
		{in: "2026-11-03T04:05:06.789+02:00", want: "2026-11-03T02:05:06.789Z"},
		{in: "2026-11-03 04:05:06 UTC", want: "2026-11-03T04:05:06Z"},
		{in: "2026-11-03 04:05", d: Dates{Zone: chicago}, want: "2026-11-03T10:05:00Z"},
		{in: "2026-11-03", d: Dates{Zone: chicago}, want: "2026-11-03T06:00:00Z"},
		{in: "11/03/2026", want: "2026-11-03T00:00:00Z"},
		{in: "11/03/2026", d: Dates{Order: DayFirst}, want: "2026-03-11T00:00:00Z"},
		{in: "11/3/26 4:05 PM", want: "2026-11-03T16:05:00Z"},
		{in: "11/3/2026 12:00:00 AM", want: "2026-11-03T00:00:00Z"},
		{in: "11/3/2026 12:30 p.m.", want: "2026-11-03T12:30:00Z"},
		{in: "11/3/2026 4:05 PM EST", want: "2026-11-03T21:05:00Z"},
		{in: "25/12/2026", want: "!"},
		{in: "12/25/2026", d: Dates{Order: DayFirst}, want: "!"},
		{in: "3 Nov 2026", want: "2026-11-03T00:00:00Z"},
		{in: "03-Nov-26", want: "2026-11-03T00:00:00Z"},
		{in: "Nov 3, 2026", want: "2026-11-03T00:00:00Z"},
		{in: "November 3rd, 2026 4:05 am", want: "2026-11-03T04:05:00Z"},
		{in: "Tuesday, November 3, 2026 4:05:06 PM", want: "2026-11-03T16:05:06Z"},
		{in: "20261103", want: "2026-11-03T00:00:00Z"},
		{in: "20261103040506.0Z", want: "2026-11-03T04:05:06Z"},
		{in: "46329", want: "2026-11-03T00:00:00Z"},
		{in: "46329.5", want: "2026-11-03T12:00:00Z"},
		{in: "44867", d: Dates{Base1904: true}, want: "2026-11-03T00:00:00Z"},
		{in: "1793678706", want: "2026-11-03T04:05:06Z"},
		{in: "1793678706000", want: "2026-11-03T04:05:06Z"},
		{in: "134381523060000000", want: "2026-11-03T04:05:06Z"},
		{in: "0", want: ""},
		{in: "9223372036854775807", want: ""},
		{in: "Never logged in", want: ""},
		{in: "1/1/1601 12:00:00 AM", want: ""},
		{in: "12/31/9999", want: ""},
		{in: "", want: ""},
		{in: "02/30/2026", want: "!"},
		{in: "2026-13-01", want: "!"},
		{in: "13/13/2026", want: "!"},
		{in: "2026-11-03 25:00", want: "!"},
		{in: "2026-11-03 13:00 PM", want: "!"},
		{in: "tomorrow", want: "!"},
		{in: "11/03", want: "!"},
		{in: "1/2/3/4", want: "!"},
		{in: "0226-11-03", want: "!"},
		{in: "=TODAY()", want: "!"},
	} {
		got, err := tt.d.Parse(tt.in)
		s := ""
		switch {
		case err != nil:
			s = "!"
		case !got.IsZero():
			s = got.Format(time.RFC3339Nano)
		}
		if s != tt.want {
			t.Errorf("Parse(%q, %v) = %q (%v), want %q", tt.in, tt.d.Order, s, err, tt.want)
		}
	}
	if _, err := (Dates{}).Parse("25/12/2026"); !errors.Is(err, ErrOrder) {
		t.Errorf("a date of the other order says so, got %v", err)
	}
}

func TestOrderIsDecidedByTheColumn(t *testing.T) {
	for _, tt := range []struct {
		rows    []string
		want    Order
		decided bool
	}{
		{[]string{"03/04/2026", "05/06/2026"}, MonthFirst, false},
		{[]string{"03/04/2026", "25/12/2026", ""}, DayFirst, true},
		{[]string{"03/04/2026", "12/25/2026 4:00 PM"}, MonthFirst, true},
		{[]string{"25/12/2026", "26/12/2026", "12/25/2026"}, DayFirst, true},
		{[]string{"2026-12-25", "46329", "25 Dec 2026", "05/05/2026"}, MonthFirst, false},
	} {
		var e Evidence
		for _, r := range tt.rows {
			e.Add(r)
		}
		if got, decided := e.Order(); got != tt.want || decided != tt.decided {
			t.Errorf("%q: %v decided %v, want %v decided %v", tt.rows, got, decided, tt.want, tt.decided)
		}
	}
}

func TestBool(t *testing.T) {
	for _, s := range []string{"Yes", "y", "TRUE", "1", "x", " Enabled ", "registered", "Enforced"} {
		if v, err := Bool(s); !v || err != nil {
			t.Errorf("Bool(%q) = %v, %v; want true", s, v, err)
		}
	}
	for _, s := range []string{"No", "n", "False", "0", "disabled", "Not registered"} {
		if v, err := Bool(s); v || err != nil {
			t.Errorf("Bool(%q) = %v, %v; want false", s, v, err)
		}
	}
	for _, s := range []string{"", "maybe", "2", "=TRUE()"} {
		if _, err := Bool(s); err == nil {
			t.Errorf("Bool(%q): want a fault", s)
		}
	}
}

func TestNumbersAndSpans(t *testing.T) {
	for s, want := range map[string]int64{"12": 12, "1,234": 1234, "1 234 567": 1234567, "12.0": 12, "-1,234": -1234, "1e3": 1000} {
		if got, err := Int(s); got != want || err != nil {
			t.Errorf("Int(%q) = %d, %v; want %d", s, got, err, want)
		}
	}
	for _, s := range []string{"", "1.5", "12,34", "0x10", "NaN", "1e400", "1,23,456"} {
		if got, err := Int(s); err == nil {
			t.Errorf("Int(%q) = %d; want a fault", s, got)
		}
	}
	for s, want := range map[string]int64{
		"72": 72, "72 hours": 72, "3 days": 72, "24h": 24, "1 week": 168, "within 60 days": 1440, "90 min": 2, "10 business days": 336, "1.5 days": 36,
	} {
		if got, err := Hours(s); got != want || err != nil {
			t.Errorf("Hours(%q) = %d, %v; want %d", s, got, err, want)
		}
	}
	for _, s := range []string{"", "soon", "3 fortnights", "-3 days", "1e9 days"} {
		if got, err := Hours(s); err == nil {
			t.Errorf("Hours(%q) = %d; want a fault", s, got)
		}
	}
}

func TestList(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want []string
	}{
		{"a, b ,a", []string{"a", "b"}},
		{"CN=Smith, J;CN=Doe", []string{"CN=Smith, J", "CN=Doe"}},
		{`["fido2","sms"]`, []string{"fido2", "sms"}},
		{"none", nil},
		{"a|b", []string{"a", "b"}},
	} {
		if got := List(tt.in); !slices.Equal(got, tt.want) {
			t.Errorf("List(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func FuzzDate(f *testing.F) {
	for _, s := range []string{"2026-11-03T04:05:06Z", "11/03/2026 4:05 PM", "3 Nov 2026", "46329.5", "133751523060000000", "Nov 3rd, 26 (UTC)", "20261103040506.0Z", "1/1/1 0:", "+", "T12:00"} {
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, s string, dayFirst bool) {
		var e Evidence
		e.Add(s)
		d := Dates{}
		if dayFirst {
			d.Order = DayFirst
		}
		got, err := d.Parse(s)
		if err != nil && !got.IsZero() {
			t.Fatalf("%q: a fault and a date: %v, %v", s, got, err)
		}
		if got.IsZero() {
			return
		}
		again, err := d.Parse(got.Format(time.RFC3339Nano))
		if got.Year() > 1901 && got.Year() < 2999 && (err != nil || !again.Equal(got)) {
			t.Fatalf("%q: %v reads back as %v, %v", s, got, again, err)
		}
	})
}
