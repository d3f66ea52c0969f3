package resolve

import (
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// FuzzUnescape sends any bytes as a TXT record through the library and back.
func FuzzUnescape(f *testing.F) {
	for _, s := range []string{"v=spf1 -all", `quote " backslash \\ \\200`, "\xff\x00\x7f;", strings.Repeat("x", 255)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		_ = unescape(s) // whatever it is, it comes back
		if len(s) > 255 {
			return
		}
		// The wire form of the record: one string of so many bytes.
		m := append([]byte{0, 1, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 16, 0, 1, 0, 0, 0, 60, 0, byte(len(s) + 1), byte(len(s))}, s...)
		m[21], m[22] = byte((len(s)+1)>>8), byte(len(s)+1)
		var msg dns.Msg
		if err := msg.Unpack(m); err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		if got := unescape(strings.Join(msg.Answer[0].(*dns.TXT).Txt, "")); got != s {
			t.Errorf("sent %q, got %q", s, got)
		}
	})
}
