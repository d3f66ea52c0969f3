package dmarcreport

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/collecttest"
	"github.com/asepsis/asepsis/internal/fact"
)

// old is a report in the form of RFC 7489, new one in that of RFC 9990.
const old = `<?xml version="1.0" encoding="UTF-8" ?>
<feedback>
  <version>1.0</version>
  <report_metadata>
    <org_name>receiver.example</org_name>
    <email>noreply@receiver.example</email>
    <report_id>4711</report_id>
    <date_range><begin>1795219200</begin><end>1795305599</end></date_range>
  </report_metadata>
  <policy_published>
    <domain>Example.org</domain><adkim>r</adkim><aspf>s</aspf><p>quarantine</p><sp>none</sp><pct>100</pct>
  </policy_published>
  <record>
    <row>
      <source_ip>192.0.2.1</source_ip><count>12</count>
      <policy_evaluated><disposition>none</disposition><dkim>pass</dkim><spf>pass</spf></policy_evaluated>
    </row>
    <identifiers><header_from>example.org</header_from></identifiers>
    <auth_results>
      <dkim><domain>example.org</domain><selector>s1</selector><result>pass</result></dkim>
      <spf><domain>example.org</domain><result>pass</result></spf>
    </auth_results>
  </record>
  <record>
    <row>
      <source_ip>2001:db8::99</source_ip><count>100</count>
      <policy_evaluated><disposition>quarantine</disposition><dkim>fail</dkim><spf>fail</spf></policy_evaluated>
    </row>
    <identifiers><header_from>example.org</header_from></identifiers>
    <auth_results><spf><domain>&lt;&gt;</domain><scope>helo</scope><result>none</result></spf></auth_results>
  </record>
  <record>
    <row>
      <source_ip>198.51.100.7</source_ip><count>3</count>
      <policy_evaluated>
        <disposition>none</disposition><dkim>fail</dkim><spf>fail</spf>
        <reason><type>forwarded</type><comment>a list</comment></reason>
      </policy_evaluated>
    </row>
    <identifiers><envelope_from>lists.example</envelope_from><header_from>example.org</header_from></identifiers>
    <auth_results><spf><domain>lists.example</domain><result>pass</result></spf></auth_results>
  </record>
</feedback>
`

const newer = `<?xml version="1.0"?>
<feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0"><version>1.0</version><report_metadata><org_name>other.example</org_name><email>a@other.example</email><extra_contact_info/>
<report_id>x@y</report_id><date_range><begin>1795305600</begin><end>1795391999</end></date_range><generator>G 1</generator></report_metadata>
<policy_published><domain>example.org</domain><p>reject</p><np>reject</np><testing>y</testing><discovery_method>treewalk</discovery_method></policy_published>
<record><row><source_ip>203.0.113.5</source_ip><count>7</count><policy_evaluated><disposition>pass</disposition><dkim>pass</dkim><spf>fail</spf></policy_evaluated></row>
<identifiers><envelope_from>bounce.service.example</envelope_from><header_from>news.example.org</header_from></identifiers>
<auth_results><dkim><domain>example.org</domain><selector>svc</selector><result>pass</result><human_result lang="en">ok</human_result></dkim><spf><domain>bounce.service.example</domain><scope>mfrom</scope><result>pass</result></spf></auth_results></record>
</feedback>`

func gz(t testing.TB, s string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zipped(t testing.TB, files ...string) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		f, err := w.Create(files[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(files[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestConformance(t *testing.T) {
	collecttest.Run(t, collecttest.Suite{
		Importer: Importer{}, Samples: []collecttest.Sample{{Name: "receiver.example!example.org!1795219200!1795305599.xml", Data: []byte(old)}, {Name: "new.xml", Data: []byte(newer)}},
		Text: true, XMLRoot: "feedback", Open: "<feedback><version>", Nest: "<a>",
		Floods: map[string]collecttest.Generated{
			"rows": {Head: strings.SplitAfter(old, "</policy_published>")[0], Unit: "<record><row><source_ip>10.0.0.1</source_ip><count>1</count></row></record>", Tail: "</feedback>"},
			"results": {
				Head: strings.SplitAfter(old, "</policy_published>")[0] + "<record><auth_results>", Unit: "<dkim><domain>d########.example</domain><result>pass</result></dkim>",
				Tail: "</auth_results></record></feedback>",
			},
		},
	})
}

func TestConformancePacked(t *testing.T) {
	collecttest.Run(t, collecttest.Suite{Importer: Importer{}, Samples: []collecttest.Sample{
		{Name: "r.xml.gz", Data: gz(t, old)}, {Name: "new.gz", Data: gz(t, newer)},
	}})
	collecttest.Run(t, collecttest.Suite{Importer: Importer{}, Samples: []collecttest.Sample{
		{Name: "r.zip", Data: zipped(t, "receiver.example!example.org!1!2.xml", old)},
		{Name: "month.zip", Data: zipped(t, "reports/", "", "reports/readme.txt", "x", "reports/a.xml", old, "__MACOSX/._a.xml", "junk", "b.xml.gz", string(gz(t, newer)))},
	}})
}

func read(t testing.TB, name string, data []byte) *File {
	t.Helper()
	f, err := Read(context.Background(), collecttest.Input(name, data))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestMonth reads both reports, and one of them a second time.
func TestMonth(t *testing.T) {
	data := zipped(t, "a.xml", old, "again.xml", old, "b.xml.gz", string(gz(t, newer)))
	f := read(t, "month.zip", data)
	if f.Rows != 7 || f.Twice != 1 || f.Tally.Reports() != 2 || strings.Join(f.Receivers, " ") != "receiver.example other.example" {
		t.Errorf("got %d rows, %d twice, of %v", f.Rows, f.Twice, f.Receivers)
	}
	if got := strings.Join(f.Tally.Selectors("example.org"), " "); got != "s1 svc" {
		t.Errorf("selectors %q", got)
	}
	var senders []string
	for _, s := range f.Tally.Senders() {
		senders = append(senders, fmt.Sprintf("%s %s %s %d/%d %d %d", s.Domain, s.Name, s.Known, s.Passed, s.Messages, s.Stopped, s.Forwarded))
	}
	want := []string{
		"example.org 2001:db8::99 address 0/100 100 0",
		"example.org lists.example spf 0/3 0 3",
		"example.org example.org spf 12/12 0 0",
		"news.example.org service.example spf 7/7 0 0",
	}
	if d := cmp.Diff(want, senders); d != "" {
		t.Errorf("senders (-want +got):\n%s", d)
	}

	in := collecttest.Input("month.zip", data)
	p, err := Importer{}.Parse(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	collecttest.CheckBatch(t, p, in)
	b := p.Batch
	if b.Stream.ID != "import/dmarc/several-receivers" || b.Stream.Snapshot || b.Assurance != fact.Imported || len(b.Notes) != 1 {
		t.Errorf("got %+v", b)
	}
	end := time.Unix(1795391999, 0).UTC()
	if !b.ObservedAt.Equal(in.Now) && !b.ObservedAt.Equal(end) {
		t.Errorf("observed at %s", b.ObservedAt)
	}
	got := map[string]fact.Fact{}
	for _, x := range b.Facts {
		if x.Kind == fact.KindDomain {
			got[x.Key] = x
		}
	}
	if v := got["example.org"].Values; v["dmarc_policy"] != "quarantine" || v["dmarc_reporting"] != true || v["dkim"] != true {
		t.Errorf("example.org: %v; the newest report found reject, for testing", v)
	}
	if v := got["news.example.org"].Values; v["dmarc_policy"] != nil || v["dkim"] != true {
		t.Errorf("news.example.org: %v; nobody said what policy it has", v)
	}
}

// TestMadeUp has mail of names that somebody made up: they are no domains of ours.
func TestMadeUp(t *testing.T) {
	i := strings.LastIndex(old[:strings.Index(old, "<scope>helo")], "<header_from>")
	forged := old[:i] + "<header_from>xk7.billing.example.org</header_from>" + old[i+len("<header_from>example.org</header_from>"):]
	in := collecttest.Input("r.xml", []byte(forged))
	p, err := Importer{}.Parse(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range p.Batch.Facts {
		if f.Kind == fact.KindDomain && f.Key != "example.org" {
			t.Errorf("%s became a domain", f.Key)
		}
	}
	s := read(t, "r.xml", []byte(forged)).Tally.Senders()
	if s[0].Domain != "xk7.billing.example.org" || s[0].Messages != 100 {
		t.Errorf("the sender is %+v", s[0])
	}
}

// TestValues states all that is known, the words proposed for the vocabulary too.
func TestValues(t *testing.T) {
	f := read(t, "r.xml", []byte(old))
	ds, senders := f.Tally.Domains(), f.Tally.Senders()
	values, missing := domainValues(&ds[0], senders)
	begin, end := time.Unix(1795219200, 0).UTC(), time.Unix(1795305599, 0).UTC()
	want := fact.Values{
		"name": "example.org", "dmarc_policy": "quarantine", "dmarc_reporting": true, "dkim": true, "dmarc_messages": int64(115), "dmarc_passed": int64(12), "dmarc_failed": int64(100),
		"dmarc_forwarded": int64(3), "dmarc_stopped": int64(100), "dmarc_receivers": int64(1), "dmarc_reported_at": end, "dmarc_failing_senders": []string{"2001:db8::99: 100 messages"},
	}
	if d := cmp.Diff(want, values); d != "" || len(missing) != 0 {
		t.Errorf("(-want +got), missing %v:\n%s", missing, d)
	}
	want = fact.Values{
		"domain": "example.org", "name": "2001:db8::99", "known_by": "address", "messages": int64(100), "passed": int64(0), "dkim_passed": int64(0), "spf_passed": int64(0),
		"failed": int64(100), "stopped": int64(100), "forwarded": int64(0), "addresses": []string{"2001:db8::99"}, "more_addresses": false, "selectors": []string{},
		"first_seen_at": begin, "last_seen_at": end,
	}
	if d := cmp.Diff(want, senderValues(&senders[0])); d != "" {
		t.Errorf("sender (-want +got):\n%s", d)
	}
	unsigned := strings.ReplaceAll(old, "<dkim>pass</dkim>", "<dkim>fail</dkim>")
	f = read(t, "r.xml", []byte(unsigned))
	ds = f.Tally.Domains()
	if values, missing = domainValues(&ds[0], nil); values["dkim"] != nil || missing["dkim"] == "" {
		t.Errorf("no signature in a report is no proof that mail is not signed: %v", values)
	}
}

func TestRefuses(t *testing.T) {
	swap := func(a, b string) []byte {
		if !strings.Contains(old, a) {
			t.Fatalf("%q is not in the sample", a)
		}
		return []byte(strings.Replace(old, a, b, 1))
	}
	bomb := zipped(t, "a.xml", "<feedback><version>"+strings.Repeat(" ", 50<<20))
	for name, tt := range map[string]struct {
		data []byte
		line int
		want string
	}{
		"another document":  {[]byte("<report/>"), 1, "first element is <report>"},
		"a word":            {gz(t, "unused"), 0, "not well-formed"},
		"no domain":         {swap("<domain>Example.org</domain>", ""), 2, "which domain"},
		"odd domain":        {swap("<domain>Example.org</domain>", "<domain>a b</domain>"), 10, "no mail domain"},
		"no time":           {swap("<begin>1795219200</begin>", ""), 2, "which time"},
		"odd time":          {swap("<begin>1795219200</begin>", "<begin>yesterday</begin>"), 8, "yesterday"},
		"backwards":         {swap("<begin>1795219200</begin>", "<begin>1795319200</begin>"), 2, "ends before"},
		"no address":        {swap("192.0.2.1<", "192.0.2.x<"), 13, "no address"},
		"no count":          {swap("<count>12</count>", ""), 13, "how many"},
		"a negative count":  {swap("<count>12</count>", "<count>-1</count>"), 13, "how many"},
		"an enormous count": {swap("<count>12</count>", "<count>9999999999999</count>"), 13, "how many"},
		"an empty ZIP":      {zipped(t, "readme.txt", "x"), 0, "no DMARC report"},
		"one bad of two":    {zipped(t, "a.xml", old, "b.xml", "<report/>"), 1, "b.xml: this is no DMARC report"},
		"a bomb":            {bomb, 0, "unpacks to more than"},
		"a bomb packed":     {gz(t, "<feedback><version>"+strings.Repeat(" ", 50<<20)), 0, "unpacks to more than"},
	} {
		t.Run(name, func(t *testing.T) {
			in := collecttest.Input("r", tt.data)
			in.Limits.Bytes = 40 << 20
			_, err := Importer{}.Parse(context.Background(), in)
			var r *collect.Refusal
			if !errors.As(err, &r) || !strings.Contains(r.Faults[0].Reason, tt.want) || r.Faults[0].Mend == "" || tt.line > 0 && r.Faults[0].Line != tt.line {
				t.Errorf("got %v, want line %d: %s", err, tt.line, tt.want)
			}
		})
	}
}

// TestLeavesOut reads what is right where the person chose so.
func TestLeavesOut(t *testing.T) {
	for name, data := range map[string][]byte{
		"a row":    []byte(strings.Replace(old, "2001:db8::99<", "nobody<", 1)),
		"a report": zipped(t, "bad.xml", "<feedback>", "good.xml", strings.Replace(old, "2001:db8::99<", "192.0.2.1<", 1), "worse.gz", "\x1f\x8bxx"),
	} {
		in := collecttest.Input("r", data)
		in.OnFault = collect.SkipRows
		p, err := Importer{}.Parse(context.Background(), in)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		collecttest.CheckBatch(t, p, in)
		if want := map[string]int{"a row": 1, "a report": 2}[name]; len(p.Skipped) != want {
			t.Errorf("%s: left out %v", name, p.Skipped)
		}
	}
}

// TestQuirks are things that receivers send although no standard has them.
func TestQuirks(t *testing.T) {
	for name, change := range map[string]func(string) string{
		"an older name space": func(s string) string {
			return strings.Replace(s, "<feedback>", `<feedback xmlns="http://dmarc.org/dmarc-xml/0.1" xmlns:x="y">`, 1)
		},
		"a byte order mark": func(s string) string { return "\xef\xbb\xbf" + s },
		"one line":          func(s string) string { return strings.ReplaceAll(s, "\n", "") },
		"Windows lines":     func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") },
		"blanks in values":  func(s string) string { return strings.ReplaceAll(s, "<count>", "<count>\n  ") },
		"capital results":   func(s string) string { return strings.ReplaceAll(s, ">pass<", ">PASS<") },
		"parts of a second": func(s string) string { return strings.Replace(s, "1795219200<", "1795219200.0<", 1) },
		"no name":           func(s string) string { return strings.Replace(s, "<org_name>receiver.example</org_name>", "", 1) },
		"mapped address":    func(s string) string { return strings.Replace(s, ">192.0.2.1<", ">::ffff:192.0.2.1<", 1) },
		"Latin": func(s string) string {
			return strings.Replace(strings.Replace(s, "UTF-8", "windows-1252", 1), "a list", "caf\xe9 \x91x\x92", 1)
		},
		"rows before policy": func(s string) string {
			i, j := strings.Index(s, "  <policy_published>"), strings.Index(s, "  <record>")
			return s[:i] + strings.TrimSuffix(strings.TrimSpace(s[j:]), "</feedback>") + s[i:j] + "</feedback>"
		},
	} {
		f := read(t, "r.xml", []byte(change(old)))
		d := f.Tally.Domains()
		if len(d) != 1 || d[0].Messages != 115 || d[0].Passed != 12 || d[0].Published.P != "quarantine" {
			t.Errorf("%s: got %+v", name, d)
		}
		if s := f.Tally.Senders(); len(s) != 3 || s[2].Addresses[0] != netip.MustParseAddr("192.0.2.1") {
			t.Errorf("%s: got %+v", name, s)
		}
	}
}

// FuzzReport gives any bytes as a file of reports.
func FuzzReport(f *testing.F) {
	f.Add([]byte(old))
	f.Add([]byte(newer))
	f.Add(gz(f, newer))
	f.Add(zipped(f, "a.xml", newer, "b.xml.gz", string(gz(f, old))))
	f.Fuzz(func(t *testing.T, data []byte) { collecttest.Fuzz(t, Importer{}, "report", data) })
}

// BenchmarkRead reads reports of 20,000 rows, as the largest receivers send them.
func BenchmarkRead(b *testing.B) {
	head, rest, _ := strings.Cut(old, "  <record>")
	row := "  <record>" + strings.Split(rest, "</record>")[0] + "</record>\n"
	var s strings.Builder
	s.WriteString(head)
	const rows = 20_000
	for i := range rows {
		s.WriteString(strings.Replace(row, "192.0.2.1", fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255), 1))
	}
	s.WriteString("</feedback>")
	data := gz(b, s.String())
	b.SetBytes(int64(s.Len()))
	for b.Loop() {
		if f := read(b, "r.xml.gz", data); f.Rows != rows {
			b.Fatal(f.Rows)
		}
	}
}
