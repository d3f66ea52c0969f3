package vuln_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/vuln"
	"github.com/asepsis/asepsis/internal/vuln/vulntest"
)

func TestFile(t *testing.T) {
	b := vuln.NewBuilder(vulntest.BuiltAt)
	for _, s := range []struct{ name, data string }{{"two", "zwei"}, {"empty", ""}, {"one", "eins"}} {
		if err := b.Add(s.name, []byte(s.data)); err != nil {
			t.Fatal(err)
		}
	}
	if b.Add("one", nil) == nil || b.Add("a name that is much too long", nil) == nil || b.Add("", nil) == nil {
		t.Error("a section twice, with a long name, or without one is taken")
	}
	file := b.Bytes()
	f, err := vuln.OpenFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(f.Section("one")) != "eins" || string(f.Section("two")) != "zwei" || f.Section("empty") == nil || f.Section("three") != nil {
		t.Errorf("sections %q %q %v %v", f.Section("one"), f.Section("two"), f.Section("empty"), f.Section("three"))
	}
	if !f.BuiltAt().Equal(vulntest.BuiltAt) || len(f.ID()) != 64 || f.Verify() != nil {
		t.Errorf("built at %s, id %s, verify %v", f.BuiltAt(), f.ID(), f.Verify())
	}
	broken := bytes.Clone(file)
	broken[bytes.LastIndex(broken, []byte("zwei"))] ^= 1
	g, err := vuln.OpenFile(broken)
	if err != nil {
		t.Fatal(err)
	}
	if !errs.Is(g.Verify(), errs.Invalid) || g.ID() != f.ID() {
		t.Error("a changed byte of a section is not told by its sum")
	}
}

func TestOpenRefuses(t *testing.T) {
	list, sources := world()
	file, _ := vulntest.Compile(t, list, sources...)
	change := func(f func([]byte)) []byte {
		b := bytes.Clone(file)
		f(b)
		return b
	}
	bare := vuln.NewBuilder(vulntest.BuiltAt).Bytes()
	for _, tt := range []struct {
		name string
		b    []byte
		kind errs.Kind
		want string
	}{
		{"empty", nil, errs.Invalid, "not a feed file"},
		{"something else", []byte(strings.Repeat("x", 4000)), errs.Invalid, "not a feed file"},
		{"half of it", file[:len(file)/2], errs.Invalid, "not as long as it says"},
		{"a newer version", change(func(b []byte) { b[8] = 99 }), errs.Unsupported, "version 99"},
		{"too many sections", change(func(b []byte) { b[12] = 255 }), errs.Invalid, "cut short"},
		{"a section outside", change(func(b []byte) { binary.LittleEndian.PutUint64(b[32+16+8:], 1<<60) }), errs.Invalid, "outside"},
		{"no sections of ours", bare, errs.Invalid, "no section"},
	} {
		_, err := vuln.Open(tt.b)
		if !errs.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.want) || errs.HintOf(err) == "" {
			t.Errorf("%s: error %v (hint %q), want %q", tt.name, err, errs.HintOf(err), tt.want)
		}
	}
}

func TestSameBytesInAnyOrder(t *testing.T) {
	list, sources := world()
	a, _ := vulntest.Compile(t, list, sources...)
	slices.Reverse(list)
	b, _ := vulntest.Compile(t, list, sources...)
	if !bytes.Equal(a, b) {
		t.Error("the order in which advisories come changes the file")
	}
}

func TestDocumentAndNames(t *testing.T) {
	at := func(day int) time.Time { return time.Date(2024, 2, day, 3, 4, 5, 0, time.UTC) }
	given := &advisory.Advisory{
		ID: "GHSA-aaaa", Source: "osv/npm", Aliases: []string{"CVE-2024-0042", "SNYK-1"}, Title: "A  title\nin two lines",
		Details: "First paragraph.\n\n\n  Second.", Published: at(1), Modified: at(2),
		Scores: []advisory.Score{{Vector: "CVSS:3.1/AV:N", Base: 9.8, Severity: "critical", By: "nvd"}}, CWEs: []string{"CWE-79"},
		References: []string{"https://nvd.nist.gov/vuln/detail/CVE-2024-0042", "https://example.org/fix"},
		Products:   []advisory.Product{product("npm", "x", "0..1")},
	}
	given.Products[0].Remedy = "Update."
	old := &advisory.Advisory{ID: "GHSA-aaaa", Source: "osv/npm", Title: "older", Modified: at(1)}
	file, rep := vulntest.Compile(t, []*advisory.Advisory{old, given, {ID: "GHSA-bbbb", Source: "osv/npm", Withdrawn: at(3), Products: []advisory.Product{product("npm", "y")}}, {ID: "", Source: "x"}})
	if rep.In != 4 || rep.Kept != 2 || rep.Replaced != 1 || len(rep.Refused) != 1 || rep.Rows != 1 {
		t.Errorf("report %+v", rep)
	}
	db := vulntest.Open(t, file)
	for _, name := range []string{"GHSA-aaaa", "CVE-2024-0042", "SNYK-1"} {
		f := db.Flaw(name)
		about := db.About(nil, f)
		if db.Name(f) != name || len(about) != 1 {
			t.Fatalf("%s: name %q, about %v", name, db.Name(f), about)
		}
		got, err := db.Document(about[0])
		if err != nil {
			t.Fatal(err)
		}
		want := vuln.Document{
			ID: "GHSA-aaaa", Source: "osv/npm", Aliases: given.Aliases, Title: "A title in two lines", Details: "First paragraph.\n\nSecond.",
			Published: at(1), Modified: at(2), Scores: given.Scores, CWEs: given.CWEs, References: given.References[1:], Remedies: []string{"Update."},
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("document (-want +got):\n%s", d)
		}
	}
	if db.Flaw("GHSA-zzzz") != 0 || len(db.About(nil, db.Flaw("CVE-1999-0001"))) != 0 {
		t.Error("names that nobody bears lead somewhere")
	}
	d, err := db.Document(db.About(nil, db.Flaw("GHSA-bbbb"))[0])
	if err != nil || !d.Withdrawn.Equal(at(3)) {
		t.Errorf("withdrawn %s, %v", d.Withdrawn, err)
	}
	var a vuln.Answer
	db.Judge(&fact.Component{Ecosystem: "npm", Name: "y", Version: "1"}, &a)
	if a.Verdict != vuln.NotAffected {
		t.Errorf("a withdrawn advisory matches: %s", a.Verdict)
	}
	cover, err := db.Coverage()
	if err != nil || len(cover) != 3 {
		t.Fatalf("coverage %+v, %v", cover, err)
	}
	if c := cover[1]; c.Ecosystem != "" || c.Source != "x" && c.Withdrawn != 1 {
		t.Errorf("coverage %+v", cover)
	}
	if refused, err := db.Refused(); err != nil || len(refused) != 1 || refused[0].Why == "" {
		t.Errorf("refused %+v, %v", refused, err)
	}
}

func TestCVEFlaw(t *testing.T) {
	for _, id := range []string{"CVE-1990-0001", "CVE-2024-0042", "CVE-2024-12345", "CVE-2116-33554431", "CVE-1999-9999"} {
		f := vuln.CVEFlaw(id)
		file, _ := vulntest.Compile(t, nil)
		if got := vulntest.Open(t, file).Name(f); got != id {
			t.Errorf("%s becomes %s", id, got)
		}
	}
	for _, id := range []string{"", "CVE-2024-1", "CVE-2024-00042", "CVE-1989-0001", "CVE-2117-0001", "CVE-2024-33554432", "GHSA-1", "CVE-2024-0000", "cve-2024-0042"} {
		if vuln.CVEFlaw(id) != 0 {
			t.Errorf("%q is taken for a CVE", id)
		}
	}
}

func TestTables(t *testing.T) {
	day := time.Date(2024, 2, 1, 0, 0, 0, 0, time.UTC)
	c := vuln.NewCompiler()
	c.Exploited("kev", []advisory.Exploited{
		{CVE: "CVE-2024-0002", Name: "Two", Vendor: "v", Product: "p", Added: day, Due: day.AddDate(0, 0, 21), Ransomware: true, Action: "Update."},
		{CVE: "CVE-2024-0001", Name: "One", Added: day},
		{CVE: "none"},
	})
	c.Likelihood("epss", []advisory.Likelihood{{CVE: "CVE-2024-0001", Score: 0.00043, Percentile: 0.98765, At: day}, {CVE: "CVE-2024-0001", Score: 0.5, At: day.AddDate(0, 0, -1)}})
	c.Points("ssvc", []advisory.Points{{CVE: "CVE-2024-0003", Exploitation: "active", Automatable: true, TechnicalImpact: "total", At: day}})
	b := vuln.NewBuilder(vulntest.BuiltAt)
	rep, err := c.Finish(b)
	if err != nil || len(rep.Refused) != 1 {
		t.Fatalf("report %+v, %v", rep, err)
	}
	db := vulntest.Open(t, b.Bytes())
	e, ok := db.Exploited(vuln.CVEFlaw("CVE-2024-0002"))
	want := advisory.Exploited{CVE: "CVE-2024-0002", Name: "Two", Vendor: "v", Product: "p", Added: day, Due: day.AddDate(0, 0, 21), Ransomware: true, Action: "Update."}
	if !ok || !db.HasExploited() || cmp.Diff(want, e) != "" {
		t.Errorf("exploited: %s", cmp.Diff(want, e))
	}
	if _, ok := db.Exploited(vuln.CVEFlaw("CVE-2024-0003")); ok {
		t.Error("a flaw that is not listed is exploited")
	}
	if l, ok := db.Likelihood(vuln.CVEFlaw("CVE-2024-0001")); !ok || l.Score != 0.00043 || l.Percentile != 0.98765 || !l.At.Equal(day) {
		t.Errorf("likelihood %+v", l)
	}
	if p, ok := db.Points(vuln.CVEFlaw("CVE-2024-0003")); !ok || p.Exploitation != "active" || !p.Automatable || p.TechnicalImpact != "total" || !p.At.Equal(day) {
		t.Errorf("points %+v", p)
	}
	none, _ := vulntest.Compile(t, nil)
	if vulntest.Open(t, none).HasExploited() {
		t.Error("a file without the catalog claims to have one")
	}
}

func TestChanged(t *testing.T) {
	list, sources := world()
	a, _ := vulntest.Compile(t, list, sources...)
	more := append(slices.Clone(list), about("PYSEC-99", "osv/PyPI", "PyPI", "Brand_New", "0..2"))
	b, _ := vulntest.Compile(t, more, sources...)
	c := vuln.Changed(vulntest.Open(t, a), vulntest.Open(t, b))
	want := vuln.Keys(nil, &fact.Component{Ecosystem: "pypi", Name: "brand.new", Version: "1"})
	if d := cmp.Diff(vuln.Change{Keys: want}, c); d != "" {
		t.Errorf("one advisory more (-want +got):\n%s", d)
	}
	if c := vuln.Changed(vulntest.Open(t, a), vulntest.Open(t, a)); len(c.Keys)+len(c.Ecosystems) != 0 {
		t.Errorf("the same file differs: %+v", c)
	}
	net, _ := vulntest.Compile(t, append(slices.Clone(list), about("GHSA-net", "osv/NuGet", "NuGet", "Newtonsoft.Json", "0..7")), sources...)
	if c := vuln.Changed(vulntest.Open(t, a), vulntest.Open(t, net)); !slices.Equal(c.Ecosystems, []string{"NuGet"}) || len(c.Keys) != 1 {
		t.Errorf("an ecosystem more: %+v", c)
	}
	if c := vuln.Changed(nil, vulntest.Open(t, a)); len(c.Keys) == 0 || len(c.Ecosystems) == 0 {
		t.Errorf("the first file changes nothing: %+v", c)
	}
}

// FuzzOpen changes bytes of a good file: opening may refuse it, asking it may
// give wrong answers, and nothing may panic.
func FuzzOpen(f *testing.F) {
	list, sources := world()
	good, _ := vulntest.Compile(f, list, sources...)
	f.Add([]byte{}, uint32(0))
	f.Add([]byte{255, 255, 255, 255}, uint32(40))
	for at := 32; at < len(good); at += 97 {
		f.Add([]byte{255, 1}, uint32(at))
	}
	f.Fuzz(func(t *testing.T, patch []byte, at uint32) {
		b := bytes.Clone(good)
		copy(b[int(at)%len(b):], patch)
		db, err := vuln.Open(b)
		if err != nil {
			return
		}
		var a vuln.Answer
		for _, c := range []fact.Component{
			{Ecosystem: "deb", Name: "mount", Version: "2.38.1-5", Source: "util-linux", Distro: "debian-12"},
			{Ecosystem: "pypi", Name: "jinja2", Version: "2.11.2"},
			{Ecosystem: "pypi", Name: "listed", Version: "trunk"},
			{Ecosystem: "rpm", Name: "nodejs", Version: "1:18.14.2-3.module_el8.7.0", Distro: "alma-8"},
			{Name: "x", CPE: "cpe:2.3:a:acme:driver:1.0:*:*:*:*:*:*:*"},
		} {
			db.Judge(&c, &a)
			for _, h := range slices.Concat(a.Hits, a.Cleared, a.Open) {
				db.Match(h)
			}
			db.Why("CVE-2024-28085", &c)
		}
		for i := range uint32(min(db.Advisories(), 100)) {
			_, _ = db.Document(i)
			db.Names(nil, i)
			db.Products(i, 5)
		}
		_, _ = db.Coverage()
		db.About(nil, db.Flaw("PYSEC-1"))
		db.Exploited(vuln.CVEFlaw("CVE-2024-0001"))
		vuln.Changed(nil, db)
	})
}
