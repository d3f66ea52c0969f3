package device_test

import (
	_ "embed"
	"slices"
	"strings"
	"testing"

	"github.com/asepsis/asepsis/internal/vuln"
	"github.com/asepsis/asepsis/internal/vuln/device"
)

//go:embed testdata/names.tsv
var labelled string

// TestLabelledNames measures the matcher on names labelled by hand. The figures are
// those of docs/medical-devices.md.
func TestLabelledNames(t *testing.T) {
	ix := index(t, read(t, "icsma-medical.jsonl.zst"))
	devices, right, wrong, missed, sure, sureWrong := 0, 0, 0, 0, 0, 0
	for line := range strings.Lines(labelled) {
		c := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if strings.HasPrefix(line, "#") {
			continue
		}
		if len(c) != 5 {
			t.Fatalf("%q has %d cells", line, len(c))
		}
		devices++
		must, may := strings.Fields(c[3]), strings.Fields(c[4])
		seen := make(map[string]bool)
		for _, m := range ix.Match(device.Asset{Manufacturer: c[0], Model: c[1], ModelNumber: c[2]}, nil, now) {
			seen[m.Advisory] = true
			if slices.Contains(may, m.Advisory) {
				continue
			}
			ok := slices.Contains(must, m.Advisory)
			if ok {
				right++
			} else {
				wrong++
				t.Logf("%s %s: %s about %q (%s): %q", c[0], c[1], m.Advisory, m.Product, m.Grade, m.Reasons)
			}
			if m.Verdict == vuln.Affected {
				sure++
				if !ok {
					sureWrong++
				}
			}
			if m.Verdict == vuln.NotAffected {
				t.Errorf("%s %s is cleared of %s without a version", c[0], c[1], m.Advisory)
			}
		}
		for _, id := range must {
			if !seen[id] {
				missed++
				t.Logf("%s %s: %s is not brought up", c[0], c[1], id)
			}
		}
	}
	precision, recall := float64(right)/float64(right+wrong), float64(right)/float64(right+missed)
	t.Logf("%d devices, %d pairs of device and advisory: precision %.3f (%d of %d), recall %.3f (%d of %d); %d called affected, %d of them wrongly",
		devices, right+missed, precision, right, right+wrong, recall, right, right+missed, sure, sureWrong)
	if precision < 0.93 || recall < 0.99 || sureWrong > 0 {
		t.Errorf("precision %.3f, recall %.3f, %d wrongly affected; want 0.93, 0.99 and none", precision, recall, sureWrong)
	}
}
