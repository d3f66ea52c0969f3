package feed

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/vuln"
)

func TestBuild(t *testing.T) {
	key, _ := testKey(t)
	dir := write(t, sources(t))
	var last Progress
	b, err := Build(t.Context(), Sources{Paths: []string{dir}}, Options{Now: testNow(), Key: key, Progress: func(p Progress) { last = p }})
	if err != nil {
		t.Fatal(err)
	}
	m := b.Report.Manifest
	records := map[string]int{}
	for _, s := range m.Sources {
		records[s.Name] = s.Records
	}
	for name, want := range map[string]int{
		"osv/PyPI": 7, "kev": 1, "epss": 1, "csaf/icsma": 1, "openvex/lamp": 1, "endoflife": 2, "msrc": 1, "debian/lists": 1,
	} {
		if records[name] != want {
			t.Errorf("%s: %d records, want %d", name, records[name], want)
		}
	}
	var refused []string
	for _, r := range b.Report.Refused {
		refused = append(refused, fmt.Sprintf("%s %s:%d %s", r.Source, r.File, r.Line, r.Record))
	}
	want := []string{
		"epss sources/epss.csv.gz:4 CVE-2099-1001",
		"osv/PYSEC sources/osv/lines.zst:2 PYSEC-2099-3",
		"unknown sources/broken.json:1 ",
		"unknown sources/osv/lines.zst:4 ",
		"unknown sources/osv/lines.zst:6 ",
	}
	if strings.Join(refused, "\n") != strings.Join(want, "\n") {
		t.Errorf("refused\n%s\nwant\n%s", strings.Join(refused, "\n"), strings.Join(want, "\n"))
	}
	if m.Records != 15 || m.Refused != len(b.Report.Refused) || b.Report.Compiled.In != b.Report.Compiled.Kept+b.Report.Compiled.Replaced+len(b.Report.Compiled.Refused) {
		t.Errorf("%d records, %d refused, compiled %+v: counts do not add up", m.Records, m.Refused, b.Report.Compiled)
	}
	var unused []string
	for _, u := range m.Unused {
		unused = append(unused, u.File+": "+u.Why)
	}
	if got := strings.Join(unused, "\n"); got != "sources/README.md: no kind of feed that is read here\nsources/asepsis.json: it says when the folder was fetched\nsources/empty: it is empty" {
		t.Errorf("unused\n%s", got)
	}
	if last.Of != len(sources(t)) || last.Files != last.Of {
		t.Errorf("progress ends with %+v", last)
	}
	for _, s := range m.Sources {
		if s.Name == "osv/PyPI" && (!s.Partial || s.Snapshot.Format(time.DateOnly) != "2026-11-23") {
			t.Errorf("%+v: want it partial, for seven records are not all, and of the date that a person states", s)
		}
	}
}

// TestBuildIsUsable asks the file what it was built for.
func TestBuildIsUsable(t *testing.T) {
	key, _ := testKey(t)
	b := build(t, write(t, sources(t)), key, testNow())
	f, err := open(b.Data)
	if err != nil {
		t.Fatal(err)
	}
	if e, ok := f.DB.Exploited(f.DB.Flaw("CVE-2099-1000")); !ok || e.Due.Format(time.DateOnly) != "2026-12-15" {
		t.Errorf("the catalog has %+v, %v", e, ok)
	}
	for _, s := range [...]string{"devices", "eol", "windows", "manifest"} {
		if len(f.DB.Section(s)) == 0 {
			t.Errorf("there is no section %s", s)
		}
	}
	for version, want := range map[string]vuln.Verdict{"0.9": vuln.Affected, "1.0": vuln.NotAffected} {
		a := judge(f.DB, fact.Component{PURL: "pkg:pypi/lamp@" + version, Ecosystem: "pypi", Name: "lamp", Version: version})
		if a.Verdict != want && !(want == vuln.NotAffected && len(a.Cleared) == 1) {
			t.Errorf("lamp %s: %+v, want %v", version, a, want)
		}
	}
}

func judge(db *vuln.DB, c fact.Component) (a vuln.Answer) {
	db.Judge(&c, &a)
	return a
}

// TestBuildTwice builds the same bytes from the same sources, whatever the order in
// which readers end.
func TestBuildTwice(t *testing.T) {
	dir := write(t, sources(t))
	first := build(t, dir, nil, testNow())
	for workers := 1; workers <= 4; workers++ {
		b, err := Build(t.Context(), Sources{Paths: []string{dir}}, Options{Now: testNow(), Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first.Data, b.Data) || first.Name != b.Name {
			t.Errorf("with %d workers the file is another one", workers)
		}
	}
	if idFromName(first.Name) != idOf(first.Data) {
		t.Errorf("the name %s does not carry the content's SHA-256", first.Name)
	}
}

func TestBuildNothing(t *testing.T) {
	for name, c := range map[string]struct {
		paths []string
		kind  errs.Kind
	}{
		"no path":   {nil, errs.Invalid},
		"no folder": {[]string{filepath.Join(t.TempDir(), "none")}, errs.NotFound},
		"no file":   {[]string{t.TempDir()}, errs.NotFound},
		"no feed":   {[]string{write(t, map[string][]byte{"a": []byte("hello"), "b.json": []byte(`{"a":1}`)})}, errs.Invalid},
		"cut":       {[]string{write(t, map[string][]byte{"a.zip": zipped(t, [2]string{"a", osvLamp})[:40], "b.gz": gzipped(t, osvLamp)[:20]})}, errs.Invalid},
	} {
		_, err := Build(t.Context(), Sources{Paths: c.paths}, Options{Now: testNow()})
		if !errs.Is(err, c.kind) || errs.HintOf(err) == "" {
			t.Errorf("%s: %v (%v), want kind %v and advice", name, err, errs.HintOf(err), c.kind)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := Build(ctx, Sources{Paths: []string{write(t, sources(t))}}, Options{Now: testNow()}); err == nil {
		t.Error("a build that was stopped gives a file")
	}
}

// TestCutArchive keeps what could be read of a file that breaks off, and says so.
func TestCutArchive(t *testing.T) {
	var lines strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&lines, `{"id":"PYSEC-2098-%d","modified":"2026-11-20T10:00:00Z","affected":[{"package":{"ecosystem":"PyPI","name":"p%x"},"versions":["1"]}]}`+"\n", i, sha256.Sum256([]byte{byte(i), byte(i >> 8)}))
	}
	packed := gzipped(t, lines.String())
	b := build(t, write(t, map[string][]byte{"a.gz": packed[:len(packed)/2]}), nil, testNow())
	m := b.Report.Manifest
	if m.Records == 0 || m.Records >= 2000 || len(b.Report.Refused) == 0 {
		t.Fatalf("%d records, refused %+v", m.Records, b.Report.Refused)
	}
	for _, s := range m.Sources {
		if s.Name == "osv/PyPI" && !s.Partial {
			t.Error("half an archive is taken as the whole of its ecosystem")
		}
	}
}

// TestProviders holds documents against the hashes and signatures beside them.
func TestProviders(t *testing.T) {
	entity, err := openpgp.NewEntity("Lamp", "", "lamp@example.org", nil)
	if err != nil {
		t.Fatal(err)
	}
	other, err := openpgp.NewEntity("Other", "", "other@example.org", nil)
	if err != nil {
		t.Fatal(err)
	}
	var ring bytes.Buffer
	w, err := armor.Encode(&ring, openpgp.PublicKeyType, nil)
	if err == nil {
		err = entity.Serialize(w)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	signed := func(e *openpgp.Entity, doc string) []byte {
		var b bytes.Buffer
		if err := openpgp.ArmoredDetachSign(&b, e, strings.NewReader(doc), nil); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	sum := func(doc string) []byte {
		s := sha256.Sum256([]byte(doc))
		return []byte(hex.EncodeToString(s[:]) + "  a.json\n")
	}
	changed := strings.Replace(pump, "< 2.0", "< 1.0", 1)
	now := time.Now() // the keys were made now
	for name, c := range map[string]struct {
		files  map[string][]byte
		refuse string
		want   checks
	}{
		"hash":           {map[string][]byte{"a.json": []byte(pump), "a.json.sha256": sum(pump)}, "", checks{hashed: 1}},
		"signature":      {map[string][]byte{"a.json": []byte(pump), "a.json.asc": signed(entity, pump)}, "", checks{signed: 1}},
		"unknown key":    {map[string][]byte{"a.json": []byte(pump), "a.json.asc": signed(other, pump)}, "", checks{unchecked: 1}},
		"changed, hash":  {map[string][]byte{"a.json": []byte(changed), "a.json.sha256": sum(pump)}, "SHA-256", checks{}},
		"changed":        {map[string][]byte{"a.json": []byte(changed), "a.json.asc": signed(entity, pump)}, "signature does not hold", checks{}},
		"no hash at all": {map[string][]byte{"a.json": []byte(pump), "a.json.sha512": []byte("")}, "SHA-512", checks{}},
	} {
		c.files["b.json"] = []byte(osvLamp)
		b, err := Build(t.Context(), Sources{Paths: []string{write(t, c.files)}}, Options{Now: now, Providers: ring.Bytes()})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var got checks
		for _, s := range b.Report.Manifest.Sources {
			got.add(checks{s.Hashed, s.Signed, s.Unchecked})
		}
		why := ""
		for _, r := range b.Report.Refused {
			why += r.Why
		}
		if got != c.want || (c.refuse == "") != (why == "") || !strings.Contains(why, c.refuse) || len(b.Report.Manifest.Unused) > 0 {
			t.Errorf("%s: %+v, refused %q, unused %v; want %+v, %q", name, got, why, b.Report.Manifest.Unused, c.want, c.refuse)
		}
	}
	if _, err := readProviders([]byte("no key")); err == nil {
		t.Error("what is no key is taken as one")
	}
}

// TestManyRefused counts all and lists the first.
func TestManyRefused(t *testing.T) {
	lines := "cve,epss,percentile\nCVE-2099-1000,0.5,0.5\n" + strings.Repeat("lamp,1,1\n", maxListed+100)
	b := build(t, write(t, map[string][]byte{"a": []byte(lines)}), nil, testNow())
	if m := b.Report.Manifest; m.Records != 1 || m.Refused != maxListed+100 || len(b.Report.Refused) != maxListed+1 {
		t.Fatalf("%d records, %d refused, %d listed", m.Records, m.Refused, len(b.Report.Refused))
	}
	if r := b.Report.Refused[0]; r.Line != 0 || !strings.HasPrefix(r.Why, "100 more records") {
		t.Errorf("the others are told as %+v", r)
	}
}

// TestBomb refuses what unpacks to too much or is packed too often.
func TestBomb(t *testing.T) {
	data := []byte(osvLamp)
	for range maxNesting + 2 {
		data = gzipped(t, string(data))
	}
	b := build(t, write(t, map[string][]byte{"a.gz": data, "b.json": []byte(osvLamp)}), nil, testNow())
	if len(b.Report.Refused) != 1 || !strings.Contains(b.Report.Refused[0].Why, "packed too many times") {
		t.Errorf("refused %+v", b.Report.Refused)
	}
}

// TestBombRatio refuses what unpacks to far more than its size, before it fills memory.
func TestBombRatio(t *testing.T) {
	data := gzipped(t, "{"+strings.Repeat(" ", 100<<20)+"}")
	b := build(t, write(t, map[string][]byte{"a.gz": data, "b.json": []byte(osvLamp)}), nil, testNow())
	if len(b.Report.Refused) != 1 || !strings.Contains(b.Report.Refused[0].Why, "times its size") {
		t.Errorf("refused %+v", b.Report.Refused)
	}
}

func FuzzBuild(f *testing.F) {
	for name, data := range sources(f) {
		if len(data) < 4096 {
			f.Add(name, data)
		}
	}
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		dir := t.TempDir()
		base := filepath.Base(name)
		if strings.ContainsAny(base, "/\\\x00") || len(base) > 100 || strings.HasPrefix(base, ".") {
			base = "file"
		}
		if err := os.WriteFile(filepath.Join(dir, base), data, 0o644); err != nil {
			t.Skip()
		}
		b, err := Build(t.Context(), Sources{Paths: []string{dir}}, Options{Now: testNow(), Workers: 1})
		if err != nil {
			if errs.Is(err, errs.Internal) {
				t.Fatal(err)
			}
			return
		}
		if b.Report.Manifest.Refused != len(b.Report.Refused) {
			t.Errorf("%d refused, %d listed", b.Report.Manifest.Refused, len(b.Report.Refused))
		}
		if _, err := open(b.Data); err != nil {
			t.Fatal(err)
		}
	})
}
