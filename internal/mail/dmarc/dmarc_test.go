package dmarc_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/asepsis/asepsis/internal/mail"
	"github.com/asepsis/asepsis/internal/mail/dmarc"
	"github.com/asepsis/asepsis/internal/mail/mailtest"
)

func TestParse(t *testing.T) {
	uri := func(host string) []dmarc.URI { return []dmarc.URI{{Text: "mailto:d@" + host, Domain: host}} }
	for _, tt := range []struct {
		text string
		want dmarc.Record
	}{
		{"v=DMARC1; p=reject", dmarc.Record{P: dmarc.Reject, Percent: 100, PSD: "u"}},
		{"v = DMARC1 ;p= Quarantine ; sp=none;np=reject;adkim=s; aspf=r;pct=20;t=y;psd=n;fo=1:d;rua=mailto:d@example.org;x=y;", dmarc.Record{
			P: dmarc.Quarantine, SP: dmarc.None, NP: dmarc.Reject, StrictDKIM: true, Percent: 20, Testing: true, PSD: "n", RUA: uri("example.org"),
		}},
		{"v=DMARC1;rua=mailto:d@example.org!10m", dmarc.Record{Percent: 100, PSD: "u", RUA: []dmarc.URI{{Text: "mailto:d@example.org!10m", Domain: "example.org"}}}},
		{"v=DMARC1; p=none; rua=https://example.org/d, d@example.org", dmarc.Record{
			P: dmarc.None, Percent: 100, PSD: "u", RUA: []dmarc.URI{{Text: "https://example.org/d"}},
			Faults: []string{`rua: "d@example.org" is no address; it needs mailto: before it`},
		}},
		{"v=DMARC1; p=deny; pct=101; adkim=x; t=maybe; psd=q; stray", dmarc.Record{Percent: 100, PSD: "u", Faults: []string{
			"p=deny: want none, quarantine or reject", "pct=101: want a number from 0 to 100", "adkim=x: want s or r", "t=maybe: want y or n", "psd=q: want y, n or u", `" stray" has no value`,
		}}},
		{"v=DMARC1; p=reject; p=none", dmarc.Record{P: dmarc.Reject, Percent: 100, PSD: "u", Faults: []string{"the tag p stands twice, which makes the record invalid"}}},
	} {
		got, ok := dmarc.Parse(tt.text)
		if !ok {
			t.Errorf("%q is none", tt.text)
			continue
		}
		tt.want.Text = tt.text
		if d := cmp.Diff(tt.want, *got, cmpopts.IgnoreUnexported(dmarc.Record{})); d != "" {
			t.Errorf("%q (-want +got):\n%s", tt.text, d)
		}
	}
	for _, s := range []string{"", "v=DMARC1x; p=none", "v=dmarc1; p=none", "p=none; v=DMARC1", "v=DMARC2", "V=DMARC1", "v=spf1 -all", "v=DMARC1; p=none" + strings.Repeat(" ", 1<<15)} {
		if _, ok := dmarc.Parse(s); ok {
			t.Errorf("%.30q is taken for a record", s)
		}
	}
}

func read(t *testing.T, domain string, records map[string]string) (*dmarc.Reading, *mailtest.Zone) {
	t.Helper()
	z := &mailtest.Zone{Text: map[string][]string{}, Dead: map[string]bool{"_dmarc.dead.example": true, "example.org._report._dmarc.dead.example": true, "_dmarc.example": true}}
	for name, s := range records {
		z.Text[name] = strings.Split(s, "\n")
	}
	r, err := dmarc.Read(context.Background(), z, domain)
	if err != nil {
		t.Fatal(err)
	}
	return r, z
}

func TestRead(t *testing.T) {
	const m, n, q, j = dmarc.Missing, dmarc.None, dmarc.Quarantine, dmarc.Reject
	for _, tt := range []struct {
		name, domain            string
		records                 map[string]string
		policy, below, invented dmarc.Policy
		reporting               bool
		codes                   string
	}{
		{"nothing", "example.org", nil, m, m, m, false, ""},
		{"other text", "example.org", map[string]string{"_dmarc.example.org": "v=spf1 -all"}, m, m, m, false, ""},
		{"strict", "example.org", map[string]string{"_dmarc.example.org": "v=DMARC1; p=reject; rua=mailto:d@mail.example.org"}, j, j, j, true, ""},
		{"watching", "example.org", map[string]string{"_dmarc.example.org": "v=DMARC1; p=none; rua=mailto:d@example.org"}, n, n, n, true, "watching"},
		{"no reports", "example.org", map[string]string{"_dmarc.example.org": "v=DMARC1; p=reject"}, j, j, j, false, "no_reports"},
		{"reports by a page", "example.org", map[string]string{"_dmarc.example.org": "v=DMARC1; p=reject; rua=https://example.org/d"}, j, j, j, false, "reports_not_mail"},
		{"a share", "example.org", map[string]string{"_dmarc.example.org": "v=DMARC1; p=reject; pct=50; rua=mailto:d@example.org"}, q, q, q, true, "testing"},
		{"testing", "example.org", map[string]string{"_dmarc.example.org": "v=DMARC1; p=quarantine; t=y; rua=mailto:d@example.org"}, n, n, n, true, "testing"},
		{"weak below", "example.org", map[string]string{"_dmarc.example.org": "v=DMARC1; p=reject; sp=none; rua=mailto:d@example.org"}, j, n, n, true, "weak_below"},
		{"weak made up", "example.org", map[string]string{"_dmarc.example.org": "v=DMARC1; p=reject; np=none; rua=mailto:d@example.org"}, j, j, n, true, "weak_below"},
		{"no policy, reports", "example.org", map[string]string{"_dmarc.example.org": "v=DMARC1; rua=mailto:d@example.org"}, n, n, n, true, "no_policy"},
		{"no policy at all", "example.org", map[string]string{"_dmarc.example.org": "v=DMARC1; sp=reject"}, m, m, m, false, "no_policy no_reports"},
		{"a policy below that is none", "example.org", map[string]string{"_dmarc.example.org": "v=DMARC1; p=reject; sp=deny; rua=mailto:d@example.org"}, n, n, n, true, "syntax no_policy"},
		{"a tag twice", "example.org", map[string]string{"_dmarc.example.org": "v=DMARC1; p=reject; p=reject; rua=mailto:d@example.org"}, m, m, m, false, "syntax"},
		{"two records", "example.org", map[string]string{"_dmarc.example.org": "v=DMARC1; p=reject\nv=DMARC1; p=none"}, m, m, m, false, "several_records"},
		{"two records, a parent", "a.example.org", map[string]string{"_dmarc.a.example.org": "v=DMARC1; p=reject\nv=DMARC1; p=none", "_dmarc.example.org": "v=DMARC1; p=reject; rua=mailto:d@example.org"}, m, m, m, true, "several_records differs"},
		{"from the organization", "a.b.example.org", map[string]string{"_dmarc.example.org": "v=DMARC1; p=reject; sp=quarantine; rua=mailto:d@example.org"}, q, q, q, true, ""},
		{"its own", "a.example.org", map[string]string{"_dmarc.a.example.org": "v=DMARC1; p=reject; sp=none; rua=mailto:d@example.org", "_dmarc.example.org": "v=DMARC1; p=quarantine"}, j, q, q, true, "weak_below"},
		{"between, by the walk alone", "x.b.example.org", map[string]string{"_dmarc.b.example.org": "v=DMARC1; p=reject; psd=n; rua=mailto:d@example.org", "_dmarc.example.org": "v=DMARC1; p=none"}, n, n, n, true, "differs"},
		{"of a public suffix", "hospital.health.org", map[string]string{"_dmarc.org": "v=DMARC1; p=reject; psd=y; np=reject; rua=mailto:d@org.example"}, m, m, m, false, "differs reports_refused"},
		{"reports to others, agreed", "example.org", map[string]string{"_dmarc.example.org": "v=DMARC1; p=reject; rua=mailto:x@reports.example", "example.org._report._dmarc.reports.example": "v=DMARC1"}, j, j, j, true, ""},
		{"reports to others, refused", "example.org", map[string]string{"_dmarc.example.org": "v=DMARC1; p=reject; rua=mailto:x@reports.example"}, j, j, j, false, "reports_refused"},
		{"reports to others, unknown", "example.org", map[string]string{"_dmarc.example.org": "v=DMARC1; p=reject; rua=mailto:x@dead.example"}, j, j, j, false, "reports_unknown"},
		{"reports to others, one agreed", "example.org", map[string]string{"_dmarc.example.org": "v=DMARC1; p=reject; rua=mailto:x@dead.example,mailto:d@example.org"}, j, j, j, true, "reports_unknown"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, _ := read(t, tt.domain, tt.records)
			if r.Policy != tt.policy || r.Below != tt.below || r.Invented != tt.invented || r.Reporting != tt.reporting {
				t.Errorf("got %s, %s, %s, reporting %t; want %s, %s, %s, %t", r.Policy, r.Below, r.Invented, r.Reporting, tt.policy, tt.below, tt.invented, tt.reporting)
			}
			var l []string
			for _, p := range r.Problems {
				l = append(l, string(p.Code))
				if p.Why == "" || p.Domain == "" || strings.Contains(p.Why, "%!") {
					t.Errorf("problem %+v does not say what and where", p)
				}
			}
			if got := strings.Join(l, " "); got != tt.codes {
				t.Errorf("problems %q, want %q: %v", got, tt.codes, r.Problems)
			}
			if (r.ReportingUnknown != nil) != (tt.name == "reports to others, unknown") {
				t.Errorf("reporting is unknown: %v", r.ReportingUnknown)
			}
		})
	}
}

// TestWalk follows the examples of RFC 9989 section 4.10.
func TestWalk(t *testing.T) {
	long := "a.b.c.d.e.f.g.h.i.j.mail.test.org"
	_, z := read(t, long, nil)
	var walked []string
	for _, q := range z.Asked() {
		walked = append(walked, strings.TrimPrefix(q, "TXT _dmarc."))
	}
	want := []string{long, "test.org", "g.h.i.j.mail.test.org", "h.i.j.mail.test.org", "i.j.mail.test.org", "j.mail.test.org", "mail.test.org", "org"}
	if d := cmp.Diff(want, walked); d != "" {
		t.Errorf("asked for (-want +got):\n%s", d)
	}
	for _, tt := range []struct {
		domain  string
		records map[string]string
		org     string
	}{
		{"a.mail.test.org", map[string]string{"_dmarc.mail.test.org": "v=DMARC1; p=none", "_dmarc.test.org": "v=DMARC1; p=none"}, "test.org"},
		{"a.mail.test.org", map[string]string{"_dmarc.mail.test.org": "v=DMARC1; p=none; psd=n", "_dmarc.test.org": "v=DMARC1; p=none"}, "mail.test.org"},
		{"a.mail.test.org", map[string]string{"_dmarc.org": "v=DMARC1; p=none; psd=y"}, "test.org"},
		{"a.mail.test.org", map[string]string{"_dmarc.test.org": "v=DMARC1; p=none; psd=y"}, "mail.test.org"},
		{"test.org", map[string]string{"_dmarc.test.org": "v=DMARC1; p=none; psd=y"}, "test.org"},
		{"a.mail.test.org", nil, "a.mail.test.org"},
	} {
		if r, _ := read(t, tt.domain, tt.records); r.New.Org != tt.org {
			t.Errorf("%s with %v: organization %s, want %s", tt.domain, tt.records, r.New.Org, tt.org)
		}
	}
}

func TestNoAnswerIsNotNone(t *testing.T) {
	z := &mailtest.Zone{Text: map[string][]string{"_dmarc.live.dead.example": {"v=DMARC1; p=reject; rua=mailto:d@live.dead.example"}}, Dead: map[string]bool{"_dmarc.dead.example": true}}
	var u *mail.Unanswered
	for _, domain := range []string{"dead.example", "sub.dead.example"} {
		if r, err := dmarc.Read(context.Background(), z, domain); !errors.As(err, &u) {
			t.Errorf("%s: got %+v, %v", domain, r, err)
		}
	}
	r, err := dmarc.Read(context.Background(), z, "live.dead.example")
	if err != nil || r.Policy != dmarc.Reject || r.New.Org != "" {
		t.Errorf("its own record counts, and the organization is not known: got %+v, %v", r, err)
	}
}

func TestAligned(t *testing.T) {
	for _, tt := range []struct {
		strict    bool
		from, id  string
		want      bool
		otherwise string
	}{
		{false, "mail.example.org", "example.org", true, ""},
		{true, "mail.example.org", "example.org", false, ""},
		{true, "Example.org", "example.ORG", true, ""},
		{false, "a.co.uk", "b.co.uk", false, ""},
		{false, "a.b.co.uk", "b.co.uk", true, ""},
		{false, "example.org", "", false, ""},
	} {
		if got := dmarc.Aligned(tt.strict, tt.from, tt.id, dmarc.Organizational); got != tt.want {
			t.Errorf("Aligned(%t, %s, %s) = %t", tt.strict, tt.from, tt.id, got)
		}
	}
}

// FuzzRecord gives any bytes as a record.
func FuzzRecord(f *testing.F) {
	f.Add("v=DMARC1; p=reject; sp=none; np=quarantine; adkim=s; rua=mailto:a@example.org!1k, https://x; pct=1; t=y; psd=y", "a.example.org")
	f.Add("v=DMARC1;;;p=;=;rua=mailto:@,mailto:a@b", "b")
	f.Fuzz(func(t *testing.T, s, domain string) {
		r, ok := dmarc.Parse(s)
		if ok != (r != nil) || ok && len(r.Faults) > 60 {
			t.Fatalf("%q: %+v", s, r)
		}
		z := &mailtest.Zone{Text: map[string][]string{"_dmarc." + strings.ToLower(domain): {s}, "_dmarc.example.org": {s}}}
		got, err := dmarc.Read(context.Background(), z, strings.ToLower(domain))
		if err != nil || got.Policy == "" || got.Below == "" || got.Invented == "" {
			t.Errorf("%q for %q: %+v, %v", s, domain, got, err)
		}
		if n := len(z.Asked()); n > 40 {
			t.Errorf("%d questions", n)
		}
	})
}
