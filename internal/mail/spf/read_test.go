package spf_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/asepsis/asepsis/internal/mail"
	"github.com/asepsis/asepsis/internal/mail/mailtest"
	"github.com/asepsis/asepsis/internal/mail/spf"
)

func zone(text map[string]string) *mailtest.Zone {
	z := &mailtest.Zone{
		Text: map[string][]string{}, Dead: map[string]bool{"dead.example": true},
		Addrs: map[string][]netip.Addr{"mx.example": {netip.MustParseAddr("192.0.2.25")}, "six.example": {netip.MustParseAddr("2001:db8::25")}},
		Hosts: map[string][]mail.MX{"mx.example": {{Preference: 10, Host: "mx.example"}}},
	}
	for i := range 11 {
		z.Hosts["many.example"] = append(z.Hosts["many.example"], mail.MX{Host: fmt.Sprintf("m%d.example", i)})
	}
	for name, s := range text {
		z.Text[name] = strings.Split(s, "\n")
	}
	return z
}

func codes(r *spf.Reading) string {
	var l []string
	for _, p := range r.Problems {
		l = append(l, string(p.Code))
	}
	return strings.Join(l, " ")
}

func TestRead(t *testing.T) {
	provider := map[string]string{
		"_spf.service.example":   "v=spf1 include:_net1.service.example include:_net2.service.example ~all",
		"_net1.service.example":  "v=spf1 ip4:198.51.0.0/15 ?all",
		"_net2.service.example":  "v=spf1 ip4:203.0.113.0/24 ip6:2001:db8::/32 ~all",
		"open.service.example":   "v=spf1 +all",
		"two.service.example":    "v=spf1 -all\nv=spf1 ~all",
		"back.service.example":   "v=spf1 include:example.org -all",
		"broken.service.example": "v=spf1 ipv4:192.0.2.1 -all",
		"plain.service.example":  "some other text",
	}
	ten := strings.Repeat("a:mx.example ", 10)
	for _, tt := range []struct {
		name, record   string
		ends           spf.Ending
		lookups, voids int
		codes          string
	}{
		{"strict", "v=spf1 include:_spf.service.example -all", spf.EndFail, 3, 0, ""},
		{"soft", "v=spf1 mx:mx.example ip4:192.0.2.0/24 ~all", spf.EndSoftFail, 1, 0, ""},
		{"sends nothing", "v=spf1 -all", spf.EndFail, 0, 0, ""},
		{"says nothing", "v=spf1 ip4:192.0.2.1", spf.EndNeutral, 0, 0, ""},
		{"neutral", "v=spf1 ?all", spf.EndNeutral, 0, 0, ""},
		{"anybody", "v=spf1 +all", spf.EndPassAll, 0, 0, "everybody"},
		{"anybody, unmarked", "v=spf1 all", spf.EndPassAll, 0, 0, "everybody"},
		{"anybody by a network", "v=spf1 ip4:0.0.0.0/0 -all", spf.EndPassAll, 0, 0, "everybody"},
		{"anybody by an include", "v=spf1 include:open.service.example -all", spf.EndPassAll, 1, 0, "everybody"},
		{"nobody by an include", "v=spf1 -include:open.service.example -all", spf.EndFail, 1, 0, "everybody"},
		{"anybody by an address of a network of all", "v=spf1 a:mx.example/0 -all", spf.EndPassAll, 1, 0, "everybody"},
		{"anybody by what exists", "v=spf1 exists:mx.example -all", spf.EndPassAll, 1, 0, "everybody"},
		{"redirect", "v=spf1 redirect=_spf.service.example", spf.EndSoftFail, 3, 0, ""},
		{"redirect behind all", "v=spf1 -all redirect=_spf.service.example", spf.EndFail, 0, 0, "unreachable"},
		{"terms behind all", "v=spf1 ~all ip4:192.0.2.1", spf.EndSoftFail, 0, 0, "unreachable"},
		{"wide", "v=spf1 ip4:192.0.0.0/12 ip6:2000::/3 -all", spf.EndFail, 0, 0, "wide wide"},
		{"wide around a host", "v=spf1 a:mx.example/8 mx:mx.example//16 -all", spf.EndFail, 2, 0, "wide wide"},
		{"a wide network refused", "v=spf1 -ip4:192.0.0.0/12 ~all", spf.EndSoftFail, 0, 0, ""},
		{"ten look-ups", "v=spf1 " + ten + "-all", spf.EndFail, 10, 0, ""},
		{"eleven look-ups", "v=spf1 " + ten + "mx:mx.example -all", spf.EndBroken, 11, 0, "too_many_lookups"},
		{"two in vain", "v=spf1 a:x.example mx:mx.example a:y.example -all", spf.EndFail, 3, 2, "void_look_up void_look_up"},
		{"three in vain", "v=spf1 a:x.example a:y.example a:z.example -all", spf.EndBroken, 3, 3, "void_look_up void_look_up void_look_up too_many_voids"},
		{"a host with IPv6 alone", "v=spf1 a:six.example -all", spf.EndFail, 1, 0, ""},
		{"too many exchangers", "v=spf1 mx:many.example -all", spf.EndBroken, 1, 0, "too_many_hosts"},
		{"ptr", "v=spf1 ptr -all", spf.EndFail, 1, 0, "ptr"},
		{"include of nothing", "v=spf1 include:nowhere.example -all", spf.EndBroken, 1, 1, "no_record_there"},
		{"include of other text", "v=spf1 include:plain.service.example -all", spf.EndBroken, 1, 0, "no_record_there"},
		{"include of two", "v=spf1 include:two.service.example -all", spf.EndBroken, 1, 0, "several_records"},
		{"include of itself", "v=spf1 include:example.org -all", spf.EndBroken, 1, 0, "loop"},
		{"include that comes back", "v=spf1 include:back.service.example -all", spf.EndBroken, 2, 0, "loop"},
		{"include of what is broken", "v=spf1 include:broken.service.example -all", spf.EndBroken, 1, 0, "syntax"},
		{"misspelt", "v=spf1 ip4:192.0.2.256 -all", spf.EndBroken, 0, 0, "syntax"},
		{"two records", "v=spf1 -all\nv=spf1 ~all", spf.EndBroken, 0, 0, "several_records"},
		{"other text", "google-site-verification=x", spf.EndNone, 0, 0, ""},
		{"by the sender", "v=spf1 exists:%{ir}.list.example -all", spf.EndFail, 1, 0, ""},
		{"by the domain", "v=spf1 include:_spf.%{d} -all", spf.EndBroken, 1, 1, "no_record_there"},
		{"no answer for an include", "v=spf1 include:dead.example -all", spf.EndFail, 1, 0, ""},
		{"long", "v=spf1 " + strings.Repeat("ip4:192.0.2.1 ", 40) + "-all", spf.EndFail, 0, 0, "long"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			z := zone(provider)
			z.Text["example.org"] = strings.Split(tt.record, "\n")
			r, err := spf.Read(context.Background(), z, "example.org")
			if err != nil {
				t.Fatal(err)
			}
			if r.Ends != tt.ends || r.Lookups != tt.lookups || r.Voids != tt.voids || codes(r) != tt.codes {
				t.Errorf("got %s, %d look-ups, %d in vain, %q; want %s, %d, %d, %q", r.Ends, r.Lookups, r.Voids, codes(r), tt.ends, tt.lookups, tt.voids, tt.codes)
			}
			for _, p := range r.Problems {
				if p.Why == "" || p.Domain == "" || strings.Contains(p.Why, "%!") {
					t.Errorf("problem %+v does not say what and where", p)
				}
			}
			if got := strings.HasPrefix(r.Record, "v=spf1 -all"); r.SendsNothing != got {
				t.Errorf("sends nothing: got %t", r.SendsNothing)
			}
			if got := tt.name == "no answer for an include"; (len(r.Unread) > 0) != got {
				t.Errorf("unread: %v", r.Unread)
			}
			if got := strings.HasPrefix(tt.name, "by the sender"); r.Depends != got {
				t.Errorf("depends on the message: got %t", r.Depends)
			}
		})
	}
}

func TestReadNothing(t *testing.T) {
	z := zone(nil)
	r, err := spf.Read(context.Background(), z, "nowhere.example")
	if err != nil || r.Ends != spf.EndNone {
		t.Errorf("no such domain: got %+v, %v", r, err)
	}
	var u *mail.Unanswered
	if _, err := spf.Read(context.Background(), z, "dead.example"); !errors.As(err, &u) {
		t.Errorf("no answer: got %v", err)
	}
}

func TestReadCountsAddresses(t *testing.T) {
	z := zone(map[string]string{"example.org": "v=spf1 ip4:192.0.2.0/24 ip4:192.0.2.7 ip4:198.51.100.0/25 -ip4:203.0.113.0/24 ip6:2001:db8::/64 -all"})
	r, err := spf.Read(context.Background(), z, "example.org")
	if err != nil || r.IPv4() != 256+128 || len(r.Networks) != 4 {
		t.Errorf("got %d addresses in %v, %v", r.IPv4(), r.Networks, err)
	}
	z = zone(map[string]string{"example.org": "v=spf1 ip4:0.0.0.0/0 -all"})
	if r, err = spf.Read(context.Background(), z, "example.org"); err != nil || r.IPv4() != 1<<32 {
		t.Errorf("all of them: got %d, %v", r.IPv4(), err)
	}
}

// TestReadEnds reads a tree of records that never ends.
func TestReadEnds(t *testing.T) {
	text := map[string]string{}
	for i := range 400 {
		text[fmt.Sprintf("n%d.example", i)] = fmt.Sprintf("v=spf1 include:n%d.example include:n%d.example -all", 2*i+1, 2*i+2)
	}
	z := zone(text)
	z.Text["hosts.example"] = []string{"v=spf1 " + strings.Repeat("a:mx.example ", 1000) + "-all"}
	for _, name := range []string{"n0.example", "hosts.example"} {
		r, err := spf.Read(context.Background(), z, name)
		if err != nil || r.Ends != spf.EndBroken || len(r.Problems) == 0 {
			t.Errorf("%s: got %+v, %v", name, r, err)
		}
	}
	if n := len(z.Asked()); n > 400 {
		t.Errorf("asked %d questions", n)
	}
}

// FuzzRecord gives any bytes as a record, to the parser, the reading and a check.
func FuzzRecord(f *testing.F) {
	for _, s := range []string{
		"v=spf1 -all", "v=spf1 include:%{d2r-.}.example a:%{h}/24//64 mx/0 exp=x.example ~all", "v=spf1 ip4:1.2.3.4/8 ip6:::/0 exists:%{ir}.%{v}.example ptr redirect=example.org",
		"v=spf1 a:%{", "v=spf1 redirect=%{d}", "v=spf1 %%=%_%-",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		rec, err := spf.Parse(s)
		if (rec == nil) == (err == nil) {
			t.Fatalf("got %v and %v", rec, err)
		}
		z := zone(nil)
		z.Text["example.org"] = []string{s}
		got := spf.Check(context.Background(), z, spf.Request{IP: netip.MustParseAddr("192.0.2.1"), HELO: s, MailFrom: "a b@example.org"})
		if spf.Is(s) != (got.Result != spf.None) && !strings.Contains(got.Why, "no name") {
			t.Errorf("%q: %+v", s, got)
		}
		if err != nil && spf.Is(s) && got.Result != spf.PermError {
			t.Errorf("%q cannot be read and came to %s", s, got.Result)
		}
		r, err := spf.Read(context.Background(), z, "example.org")
		if err != nil || r.Ends == "" {
			t.Errorf("%q: %+v, %v", s, r, err)
		}
		if n := len(z.Asked()); n > 600 {
			t.Errorf("%d questions for %d bytes", n, len(s))
		}
	})
}

func BenchmarkSuite(b *testing.B) {
	all := mailtest.RFC7208(b)
	type job struct {
		z *mailtest.Zone
		r spf.Request
	}
	var jobs []job
	for i := range all {
		z := all[i].Zone(b)
		for _, tt := range all[i].Tests {
			jobs = append(jobs, job{z, spf.Request{IP: netip.MustParseAddr(tt.Host), HELO: tt.HELO, MailFrom: tt.MailFrom}})
		}
	}
	b.ResetTimer()
	for b.Loop() {
		for _, j := range jobs {
			spf.Check(context.Background(), j.z, j.r)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(jobs)), "ns/check")
}
