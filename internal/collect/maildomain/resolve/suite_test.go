package resolve_test

import (
	"context"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/collect/maildomain/dnstest"
	"github.com/asepsis/asepsis/internal/mail/mailtest"
	"github.com/asepsis/asepsis/internal/mail/spf"
)

// TestRFC7208OverDNS runs the public suite of RFC 7208 with its records behind a real
// DNS server: odd names, odd bytes and large answers on the wire.
func TestRFC7208OverDNS(t *testing.T) {
	for _, s := range mailtest.RFC7208(t) {
		c := patient(t, 3*time.Second, dnstest.Serve(t, dnstest.Zone(s.Zone(t))))
		for name, tt := range s.Tests {
			got := spf.Check(context.Background(), c, spf.Request{
				IP: netip.MustParseAddr(tt.Host), HELO: tt.HELO, MailFrom: tt.MailFrom, Receiver: "receiver.example", Now: time.Unix(1_700_000_000, 0),
			})
			if !slices.Contains(tt.Wanted(), string(got.Result)) {
				t.Errorf("%s: %s: got %s (%s), want %v", s.Description, name, got.Result, got.Why, tt.Result)
			}
			if tt.Explanation != "" && tt.Explanation != "DEFAULT" && tt.Explanation != got.Explanation {
				t.Errorf("%s: %s: explanation %q, want %q", s.Description, name, got.Explanation, tt.Explanation)
			}
		}
	}
}
