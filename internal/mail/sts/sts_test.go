package sts_test

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/mail"
	"github.com/asepsis/asepsis/internal/mail/mailtest"
	"github.com/asepsis/asepsis/internal/mail/sts"
)

func TestParsePolicy(t *testing.T) {
	for _, tt := range []struct {
		text, fault string
		want        *sts.Policy
	}{
		{"version: STSv1\r\nmode: enforce\r\nmx: Mail.example.org\r\nmx: *.example.net\r\nmax_age: 604800\r\n", "", &sts.Policy{Mode: sts.Enforce, MX: []string{"mail.example.org", "*.example.net"}, MaxAge: 7 * 24 * time.Hour}},
		{"mode:testing\nmax_age:0\nmx:a.example\nversion:STSv1\nother: x", "", &sts.Policy{Mode: sts.Testing, MX: []string{"a.example"}}},
		{"version: STSv1\nmode: none\nmax_age: 86400", "", &sts.Policy{Mode: sts.Off, MaxAge: 24 * time.Hour}},
		{"version: STSv1\nmode: testing\nmode: enforce\nmax_age: 1\nmx: a.example", "", &sts.Policy{Mode: sts.Testing, MX: []string{"a.example"}, MaxAge: time.Second}},
		{"", "no version", nil},
		{"version: STSv2\nmode: enforce", "STSv2", nil},
		{"version: STSv1\nmode: strict", `"strict"`, nil},
		{"version: STSv1\nmax_age: 1\nmx: a.example", "no mode", nil},
		{"version: STSv1\nmode: enforce\nmx: a.example", "no max_age", nil},
		{"version: STSv1\nmode: enforce\nmx: a.example\nmax_age: 99999999", "not between", nil},
		{"version: STSv1\nmode: enforce\nmax_age: 1", "no mail server", nil},
		{"version: STSv1\nmode: enforce\nmax_age: 1\nmx: a.*.example", "no name", nil},
		{"<html>", "no key", nil},
		{strings.Repeat("a:\n", 3000), "lines", nil},
		{strings.Repeat("x", 70<<10), "64 KiB", nil},
	} {
		got, err := sts.ParsePolicy([]byte(tt.text))
		if (err == nil) != (tt.fault == "") || err != nil && !strings.Contains(err.Error(), tt.fault) {
			t.Errorf("%.40q: got %v, want %q", tt.text, err, tt.fault)
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%.40q (-want +got):\n%s", tt.text, d)
		}
	}
	p := &sts.Policy{MX: []string{"mail.example.org", "*.example.net"}}
	for host, want := range map[string]bool{"MAIL.example.org.": true, "a.example.net": true, "a.b.example.net": false, "example.net": false, "example.org": false} {
		if p.Lets(host) != want {
			t.Errorf("lets %s: want %t", host, want)
		}
	}
}

func TestRecords(t *testing.T) {
	z := &mailtest.Zone{
		Text: map[string][]string{
			"_mta-sts.good.example": {"v=STSv1; id=20261101T1;"}, "_smtp._tls.good.example": {"v=TLSRPTv1;rua=mailto:t@good.example, https://r.example/x"},
			"_mta-sts.other.example": {"v=STSv10; id=1", "verification=1"}, "_smtp._tls.other.example": {"v=TLSRPTv1; rua=t@other.example"},
			"_mta-sts.two.example": {"v=STSv1; id=1", "v=STSv1; id=2"}, "_smtp._tls.two.example": {"v=TLSRPTv1; rua=mailto:a@b", "v=TLSRPTv1; rua=mailto:a@b"},
			"_mta-sts.odd.example": {"v=STSv1; id=no-dashes"}, "_smtp._tls.odd.example": {"v=TLSRPTv1"},
		},
		Dead: map[string]bool{"_mta-sts.dead.example": true, "_smtp._tls.dead.example": true},
	}
	for domain, want := range map[string]struct {
		id, fault, reports, reportFault string
	}{
		"good.example":  {"20261101T1", "", "mailto:t@good.example https://r.example/x", ""},
		"other.example": {"none", "", "", "no address"},
		"two.example":   {"", "more than one", "", "more than one"},
		"odd.example":   {"no-dashes", "letters", "", "no address"},
		"nowhere.test":  {"none", "", "none", ""},
	} {
		r, err := sts.ReadRecord(context.Background(), z, domain)
		switch {
		case err != nil:
			t.Error(err)
		case (r == nil) != (want.id == "none") || r != nil && (r.ID != want.id || !strings.Contains(r.Fault, want.fault) || (r.Fault == "") != (want.fault == "")):
			t.Errorf("%s: got %+v, want %+v", domain, r, want)
		}
		tr, err := sts.ReadReports(context.Background(), z, domain)
		switch {
		case err != nil:
			t.Error(err)
		case (tr == nil) != (want.reports == "none") || tr != nil && (strings.Join(tr.To, " ") != want.reports || !strings.Contains(tr.Fault, want.reportFault) || (tr.Fault == "") != (want.reportFault == "")):
			t.Errorf("%s: got %+v, want %+v", domain, tr, want)
		}
	}
	var u *mail.Unanswered
	if _, err := sts.ReadRecord(context.Background(), z, "dead.example"); !errors.As(err, &u) {
		t.Errorf("no answer: got %v", err)
	}
	if _, err := sts.ReadReports(context.Background(), z, "dead.example"); !errors.As(err, &u) {
		t.Errorf("no answer: got %v", err)
	}
}

func TestExchangers(t *testing.T) {
	a := []netip.Addr{netip.MustParseAddr("192.0.2.1")}
	z := &mailtest.Zone{
		Hosts: map[string][]mail.MX{
			"good.example": {{Preference: 10, Host: "MX1.good.example"}, {Preference: 20, Host: "mx2.good.example"}, {Preference: 30, Host: "mx1.good.example"}},
			"null.example": {{Host: ""}}, "half.example": {{Host: ""}, {Preference: 10, Host: "mx.half.example"}},
		},
		Addrs: map[string][]netip.Addr{"plain.example": a, "six.example": {netip.MustParseAddr("2001:db8::1")}},
		Text:  map[string][]string{"text.example": {"x"}},
		Dead:  map[string]bool{"dead.example": true, "half-dead.example AAAA": true},
	}
	for domain, want := range map[string]sts.Exchange{
		"good.example":  {Hosts: []mail.MX{{Preference: 10, Host: "mx1.good.example"}, {Preference: 20, Host: "mx2.good.example"}}},
		"null.example":  {Null: true},
		"half.example":  {Hosts: []mail.MX{{Preference: 10, Host: "mx.half.example"}}},
		"plain.example": {Implicit: true, Hosts: []mail.MX{{Host: "plain.example"}}},
		"six.example":   {Implicit: true, Hosts: []mail.MX{{Host: "six.example"}}},
		"text.example":  {},
		"nowhere.test":  {},
	} {
		got, err := sts.Exchangers(context.Background(), z, domain)
		if err != nil {
			t.Error(err)
			continue
		}
		if d := cmp.Diff(want, *got); d != "" || got.TakesMail() != (len(want.Hosts) > 0) {
			t.Errorf("%s (-want +got):\n%s", domain, d)
		}
	}
	var u *mail.Unanswered
	for _, domain := range []string{"dead.example", "half-dead.example"} {
		if _, err := sts.Exchangers(context.Background(), z, domain); !errors.As(err, &u) {
			t.Errorf("%s: got %v", domain, err)
		}
	}
}

// FuzzPolicy gives any bytes as a policy.
func FuzzPolicy(f *testing.F) {
	f.Add([]byte("version: STSv1\nmode: enforce\nmx: *.example.org\nmax_age: 1\n"))
	f.Add([]byte("mx:*.\nmode::\n:\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := sts.ParsePolicy(b)
		if (p == nil) == (err == nil) || err != nil && err.Error() == "" {
			t.Fatalf("got %v and %v", p, err)
		}
		if p != nil && (p.Mode == "" || p.Mode != sts.Off && len(p.MX) == 0 || p.MaxAge < 0) {
			t.Errorf("%q is taken as %+v", b, p)
		}
	})
}
