package dmarc_test

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/asepsis/asepsis/internal/mail/dmarc"
)

var day = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)

func report(id string, from time.Time, rows ...dmarc.Row) *dmarc.Report {
	return &dmarc.Report{Reporter: "receiver.example", ID: id, Begin: from, End: from.Add(24*time.Hour - time.Second), Published: dmarc.Published{Domain: "example.org", P: "none", Percent: 100}, Rows: rows}
}

func TestTally(t *testing.T) {
	ip := netip.MustParseAddr
	pass := func(method, domain, selector string) dmarc.Checked {
		return dmarc.Checked{Method: method, Domain: domain, Selector: selector, Result: "pass"}
	}
	own := dmarc.Row{Source: ip("192.0.2.1"), Count: 10, HeaderFrom: "example.org", DKIM: true, SPF: true, Disposition: "none", Checked: []dmarc.Checked{pass("spf", "mail.example.org", ""), pass("dkim", "example.org", "s1")}}
	// A service that signs with our key and bounces to itself.
	service := dmarc.Row{Source: ip("198.51.100.1"), Count: 5, HeaderFrom: "example.org", DKIM: true, Disposition: "none", Checked: []dmarc.Checked{pass("dkim", "example.org", "svc"), pass("spf", "bounce.service.example", "")}}
	// The same service, not set up for us: it passes in its own name alone.
	bare := dmarc.Row{Source: ip("198.51.100.2"), Count: 3, HeaderFrom: "example.org", Disposition: "quarantine", Checked: []dmarc.Checked{pass("dkim", "service.example", "x"), {Method: "spf", Domain: "example.org", Result: "fail"}}}
	forged := dmarc.Row{Source: ip("203.0.113.9"), Count: 100, HeaderFrom: "example.org", Disposition: "reject"}
	list := dmarc.Row{Source: ip("203.0.113.50"), Count: 2, HeaderFrom: "example.org", Disposition: "none", Overrides: []string{"mailing_list"}}
	sub := dmarc.Row{Source: ip("192.0.2.2"), Count: 1, HeaderFrom: "news.example.org", DKIM: true, Checked: []dmarc.Checked{pass("dkim", "example.org", "s2")}}

	var tally dmarc.Tally
	if !tally.Add(report("1", day, own, service, forged)) || !tally.Add(report("2", day.Add(24*time.Hour), bare, list, sub)) || tally.Add(report("1", day, own)) {
		t.Error("a report that comes twice counts once")
	}
	end := day.Add(48*time.Hour - time.Second)
	want := []dmarc.Sender{
		{Domain: "example.org", Name: "203.0.113.9", Known: "address", Messages: 100, Stopped: 100, Addresses: []netip.Addr{forged.Source}, Begin: day, End: day.Add(24*time.Hour - time.Second)},
		{Domain: "example.org", Name: "service.example", Known: "spf", Messages: 8, Passed: 5, DKIM: 5, Stopped: 3, Addresses: []netip.Addr{service.Source, bare.Source}, Selectors: []string{"svc"}, Begin: day, End: end},
		{Domain: "example.org", Name: "203.0.113.50", Known: "address", Messages: 2, Forwarded: 2, Addresses: []netip.Addr{list.Source}, Begin: day.Add(24 * time.Hour), End: end},
		{Domain: "example.org", Name: "example.org", Known: "spf", Messages: 10, Passed: 10, DKIM: 10, SPF: 10, Addresses: []netip.Addr{own.Source}, Selectors: []string{"s1"}, Begin: day, End: day.Add(24*time.Hour - time.Second)},
		{Domain: "news.example.org", Name: "192.0.2.2", Known: "address", Messages: 1, Passed: 1, DKIM: 1, Addresses: []netip.Addr{sub.Source}, Selectors: []string{"s2"}, Begin: day.Add(24 * time.Hour), End: end},
	}
	if d := cmp.Diff(want, tally.Senders(), cmpopts.EquateComparable(netip.Addr{})); d != "" {
		t.Errorf("senders (-want +got):\n%s", d)
	}
	ds := tally.Domains()
	if len(ds) != 2 || ds[0].Name != "example.org" || ds[0].Messages != 120 || ds[0].Passed != 15 || ds[0].DKIM != 15 || ds[0].SPF != 10 || ds[0].Stopped != 103 || ds[0].Forwarded != 2 || !ds[0].Begin.Equal(day) || !ds[0].End.Equal(end) {
		t.Errorf("domains: %+v", ds)
	}
	if got := tally.Selectors("example.org"); !slices.Equal(got, []string{"s1", "s2", "svc"}) {
		t.Errorf("selectors: %v", got)
	}
	if tally.Reports() != 2 {
		t.Errorf("%d reports", tally.Reports())
	}
}

func TestTallyBounds(t *testing.T) {
	var tally dmarc.Tally
	rows := make([]dmarc.Row, 200)
	for i := range rows {
		rows[i] = dmarc.Row{Source: netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}), Count: 1, Checked: []dmarc.Checked{{Method: "spf", Domain: "service.example", Result: "pass"}}}
	}
	tally.Add(report("1", day, rows...))
	s := tally.Senders()
	if len(s) != 1 || len(s[0].Addresses) != dmarc.MaxAddresses || !s[0].More || s[0].Messages != 200 {
		t.Errorf("got %+v", s)
	}
	rows = make([]dmarc.Row, dmarc.MaxSenders+1000)
	for i := range rows {
		rows[i] = dmarc.Row{Source: netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), Count: 1, HeaderFrom: fmt.Sprintf("x%d.example.org", i)}
	}
	tally = dmarc.Tally{}
	tally.Add(report("2", day, rows...))
	s = tally.Senders()
	var sum int64
	for i := range s {
		sum += s[i].Messages
	}
	if n := len(tally.Domains()); len(s) > dmarc.MaxSenders+10_001 || n > 10_000 || sum != int64(len(rows)) {
		t.Errorf("%d senders, %d domains, %d messages", len(s), n, sum)
	}
}

func TestApplied(t *testing.T) {
	for want, p := range map[dmarc.Policy]dmarc.Published{
		dmarc.Reject: {P: "Reject", Percent: 100}, dmarc.Quarantine: {P: "reject", Percent: 100, Testing: true}, dmarc.None: {P: "quarantine", Percent: 99}, dmarc.Missing: {P: "", Percent: 100},
	} {
		if got := p.Applied(); got != want {
			t.Errorf("%+v: got %s", p, got)
		}
	}
}
