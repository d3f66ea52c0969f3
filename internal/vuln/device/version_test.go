package device

import (
	"testing"
	"time"
)

func TestLocate(t *testing.T) {
	made := time.Date(2018, 3, 1, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		statement, version string
		made               time.Time
		want               where
	}{
		{"vers:all/*", "", time.Time{}, inside},
		{"*", "1", time.Time{}, inside},
		{"* (end-of-life 2011)", "1", time.Time{}, inside},
		{"* running on old, unsupported systems", "1", time.Time{}, unclear},
		{"vers:all/1", "1", time.Time{}, unclear},
		{"vers:generic/>=1|<2", "1.5", time.Time{}, inside},
		{"vers:generic/>=1|<2", "2", time.Time{}, outside},

		{"<= 9.33", "9.33", time.Time{}, inside},
		{"<= 9.33", "9.33.1", time.Time{}, outside},
		{"<= 9.33", "9.5", time.Time{}, inside},
		{"<= 9.33", "", time.Time{}, unclear},
		{"<2.3.5", "2.3.5", time.Time{}, outside},
		{"< B.06.18", "B.06.17", time.Time{}, inside},
		{"< B.06.18", "B.06.18", time.Time{}, outside},
		{"< B.06.18", "A.10", time.Time{}, inside},
		{"9.7", "9.7", time.Time{}, inside},
		{"9.7", "9.8", time.Time{}, outside},
		{"1.1.7.333 | 2.1.1.3069", "2.1.1.3069", time.Time{}, inside},
		{"1.1.7.333 | 2.1.1.3069", "2.0", time.Time{}, outside},
		{"5.0|5.1", "5.1", time.Time{}, inside},
		{">= 1.1 | <= 1.3.2", "1.2", time.Time{}, inside},
		{">= 1.1 | <= 1.3.2", "1.4", time.Time{}, outside},
		{">= 1.1 | <= 1.3.2", "1.0", time.Time{}, outside},
		{"<= 1.0 | >= 2.0", "1.5", time.Time{}, outside},
		{">= 2.0", "3", time.Time{}, inside},
		{"2.3.6 and below", "2.3.5", time.Time{}, inside},
		{"versions prior to 3.1", "3.0", time.Time{}, inside},

		{"14.1.x", "14.1.3", time.Time{}, inside},
		{"14.1.x", "14.10", time.Time{}, outside},
		{"2.X", "2", time.Time{}, inside},
		{"2.X", "20.1", time.Time{}, outside},
		{"<= 12.2.x.x", "12.2.8.400", time.Time{}, inside},
		{"<= 12.2.x.x", "12.3", time.Time{}, outside},

		// Letters that lead into a number are another kind of thing, not a step.
		{"<= U61 |<= L81", "U60", time.Time{}, inside},
		{"<= U61", "L50", time.Time{}, unclear},
		{"<= R4.1L1", "4.1", time.Time{}, inside},
		{"<= R8.0.3", "v8.0.2", time.Time{}, inside},

		{"distributed  < april 1, 2018", "", made, inside},
		{"distributed  < april 1, 2018", "", made.AddDate(0, 2, 0), outside},
		{"distributed  < april 1, 2018", "1.0", time.Time{}, unclear},
		{"<  july 1 2017", "", made, outside},
		{"<8/30/2024", "", made, inside},
		{"<May 2018", "", made, inside},
		{"< august 28", "", made, unclear},

		{"MMT-1715 | MMT-1754", "4.1", time.Time{}, unclear},
		{"Rev B-M", "C", time.Time{}, unclear},
		{"8.x (Wireless Battery Modules v17", "8.1", time.Time{}, unclear},
		{"4.20 | 4.20 SR1 | 4.30", "4.25", time.Time{}, outside},
		{"1.0 | some words", "2.0", time.Time{}, unclear},
		{"1.0 | some words", "1.0", time.Time{}, inside},
		{"< 2.0", "a version of words", time.Time{}, unclear},
		{"< 2.0", "2026-13-45 unknown", time.Time{}, unclear},
	} {
		v := ParseVersions(tt.statement)
		got, why := v.locate(tt.version, tt.made)
		if got != tt.want || why == "" {
			t.Errorf("%q, version %q made %s: %d (%s), want %d", tt.statement, tt.version, tt.made.Format(time.DateOnly), got, why, tt.want)
		}
	}
}

// FuzzVersions looks for statements that panic, and for those that clear a device without
// having compared anything.
func FuzzVersions(f *testing.F) {
	for _, s := range []string{"vers:all/*", "<= 9.33", ">= 1.1 | <= 1.3.2", "distributed < april 1, 2018", "14.1.x", "A10 < A11", "<8/30/2024", "≤ 3", "= = <", "||", "<99/99/9999"} {
		f.Add(s, "1.2")
	}
	f.Fuzz(func(t *testing.T, statement, version string) {
		v := ParseVersions(statement)
		if at, why := v.locate(version, time.Time{}); why == "" {
			t.Errorf("%q says nothing", statement)
		} else if at == outside && (v.words || len(v.Models) > 0) {
			t.Errorf("%q clears %q, though part of it is words", statement, version)
		}
		if at, _ := v.locate("", time.Time{}); at == outside {
			t.Errorf("%q clears a device without a version", statement)
		}
	})
}
