package spf_test

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/mail/mailtest"
	"github.com/asepsis/asepsis/internal/mail/spf"
)

// TestRFC7208 is the public suite of RFC 7208, all of it.
func TestRFC7208(t *testing.T) {
	n := 0
	for _, s := range mailtest.RFC7208(t) {
		z := s.Zone(t)
		for name, tt := range s.Tests {
			n++
			t.Run(strings.ReplaceAll(s.Description, " ", "-")+"/"+name, func(t *testing.T) {
				got := spf.Check(context.Background(), z, spf.Request{
					IP: netip.MustParseAddr(tt.Host), HELO: tt.HELO, MailFrom: tt.MailFrom, Receiver: "receiver.example", Now: time.Unix(1_700_000_000, 0),
				})
				if !slices.Contains(tt.Wanted(), string(got.Result)) {
					t.Errorf("%s from %s: got %s (%s), want %v", tt.MailFrom, tt.Host, got.Result, got.Why, tt.Result)
				}
				if tt.Explanation != "" && strings.TrimPrefix(tt.Explanation, "DEFAULT") != got.Explanation {
					t.Errorf("explanation %q, want %q", got.Explanation, tt.Explanation)
				}
				if got.Why == "" {
					t.Errorf("%s does not say why", got.Result)
				}
				if got.Lookups > spf.MaxLookups || got.Voids > spf.MaxVoids+1 {
					t.Errorf("%d look-ups, %d of them in vain", got.Lookups, got.Voids)
				}
			})
		}
	}
	if n < 203 {
		t.Errorf("the suite has %d tests, want all 203 or more", n)
	}
}
