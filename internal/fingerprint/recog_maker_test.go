package fingerprint

import (
	"strings"
	"testing"
)

// sameMaker reports whether two names are of one company: spelled alike, one the
// beginning of the other, or one bought by the other.
func sameMaker(ours, theirs string) bool {
	a, b := plain(ours), plain(theirs)
	if bought[b] != "" {
		b = bought[b]
	}
	return a == b || strings.HasPrefix(a, b+" ") || strings.HasPrefix(b, a+" ")
}

// bought maps names that Recog uses to ours, where a company or a line was sold
// or goes by another name.
var bought = map[string]string{
	"polycom": "poly", "shoretel": "mitel", "aastra": "mitel", "hewlett packard": "hp", "hewlett packard enterprise": "hp", "hpe": "hp",
	"linksys": "cisco", "foundry": "brocade", "toshiba": "toshiba tec", "american power conversion": "apc", "emerson": "vertiv",
	"wyse": "dell", "netscreen": "juniper networks", "meraki": "cisco meraki", "colubris": "hp", "3com": "3com", "routerboard": "mikrotik",
}

// TestRecogMakers holds the maker we state against the one Recog gives for its
// own examples: of those we state, 95 in a hundred must agree.
func TestRecogMakers(t *testing.T) {
	examples, right, wrong := 0, 0, 0
	eachRecog(t, recogFiles, func(src Source, p *recogPrint) {
		want := ""
		for _, q := range p.Params {
			if q.Name == "hw.vendor" && !strings.Contains(q.Value, "{") {
				want = q.Value
			}
		}
		if want == "" {
			return
		}
		for _, v := range p.plainExamples(src) {
			examples++
			switch said := stated(Default().Identify(Device{Signals: []Signal{{Source: src, Value: v}}}).Manufacturer); {
			case said == "":
			case sameMaker(said, want):
				right++
			default:
				wrong++
				t.Logf("%s %.70q: %s, Recog says %s", src, v, said, want)
			}
		}
	})
	t.Logf("%d examples with a maker; we state one for %d and agree on %d", examples, right+wrong, right)
	if right*100 < (right+wrong)*95 || right*2 < examples {
		t.Errorf("of %d examples we state a maker for %d and agree on %d", examples, right+wrong, right)
	}
}
