package judge

import (
	"testing"

	"github.com/asepsis/asepsis/internal/advisory"
)

func TestGravity(t *testing.T) {
	for _, tt := range []struct {
		name   string
		scores []advisory.Score
		word   string
		base   float64
	}{
		{"nobody scored it", nil, "", 0},
		{"version 3.1", []advisory.Score{{Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}}, "critical", 9.8},
		{"version 4.0 comes before 3.1", []advisory.Score{{Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}, {Vector: "CVSS:4.0/AV:L/AC:L/AT:N/PR:L/UI:N/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N"}}, "medium", 4.8},
		{"version 2 knows no critical", []advisory.Score{{Vector: "AV:N/AC:L/Au:N/C:C/I:C/A:C"}}, "high", 10},
		{"the gravest of one version", []advisory.Score{{Vector: "CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:L/I:N/A:N"}, {Vector: "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"}}, "high", 7.5},
		{"a word", []advisory.Score{{Severity: "Important"}}, "high", 0},
		{"a number comes before a word", []advisory.Score{{Severity: "critical"}, {Base: 5.1}}, "medium", 5.1},
		{"a broken vector", []advisory.Score{{Vector: "CVSS:3.1/nonsense", Severity: "low"}}, "low", 0},
		{"an unknown word", []advisory.Score{{Severity: "spicy"}}, "", 0},
	} {
		if word, base, _ := Gravity(tt.scores); word != tt.word || base != tt.base {
			t.Errorf("%s: %q %.1f, want %q %.1f", tt.name, word, base, tt.word, tt.base)
		}
	}
}
