package asset

import (
	"strings"
	"testing"
)

// FuzzNewKey makes keys of any text: the normal form is its own normal form,
// whatever the type, or devices would part from themselves.
func FuzzNewKey(f *testing.F) {
	for i, v := range []string{
		" 4C4C4544-0042 ", "To be filled by O.E.M.", "00:1B:44:11:3A:B7", "10.20.0.5", "::ffff:10.0.0.1", "fe80::1%eth0", "EHR.example.org.", "ehr..",
		"ffffffffffff", "n/a", "0", "(01)00844588003288(21)10", "\u2028", "İ", "a\x00b", ".",
	} {
		f.Add(uint8(i), v)
	}
	f.Fuzz(func(t *testing.T, n uint8, v string) {
		typ := types[int(n)%len(types)]
		k, ok := NewKey(typ, v)
		if !ok {
			if k != (Key{}) {
				t.Errorf("%q is refused and gives %q", v, k)
			}
			return
		}
		if k.Type != typ || k.Value == "" || strings.TrimSpace(k.Value) != k.Value {
			t.Errorf("%q gives %q", v, k)
		}
		if again, ok := NewKey(typ, k.Value); !ok || again != k {
			t.Errorf("%q gives %q, and that %q, %v", v, k, again, ok)
		}
	})
}
