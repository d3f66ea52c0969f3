package fact

import "testing"

func TestDoubtSources(t *testing.T) {
	list := func(asset, ecosystem string, sources ...string) (out []Component) {
		for _, s := range sources {
			out = append(out, Component{Asset: asset, Ecosystem: ecosystem, Name: "x", Source: s})
		}
		return out
	}
	for _, tt := range []struct {
		name string
		list []Component
		want int // marked
	}{
		{"a list that tells of none", list("a", "deb", "", "", "", ""), 4},
		{"a list that tells of one", list("a", "deb", "", "", "", "", "glibc"), 0},
		{"too few to say", list("a", "deb", "", "", ""), 0},
		{"programs have no source", list("a", "npm", "", "", "", "", ""), 0},
		{"two assets", append(list("a", "rpm", "", "", "", "glibc"), list("b", "rpm", "", "", "", "")...), 4},
		{"two kinds", append(list("a", "rpm", "", "", "", "glibc"), list("a", "deb", "", "", "", "")...), 4},
	} {
		for range 2 { // the second time changes nothing
			DoubtSources(tt.list)
			got := 0
			for _, c := range tt.list {
				if c.Source == UnknownSource {
					got++
				}
			}
			if got != tt.want {
				t.Errorf("%s: %d marked, want %d", tt.name, got, tt.want)
			}
		}
	}
}
