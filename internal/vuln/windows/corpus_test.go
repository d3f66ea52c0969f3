package windows_test

import (
	"bytes"
	"encoding/csv"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/text/encoding/unicode"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/feed/msrc"
	"github.com/asepsis/asepsis/internal/testshared"
	"github.com/asepsis/asepsis/internal/vuln"
	"github.com/asepsis/asepsis/internal/vuln/windows"
)

// sink hands advisories to the compiler.
type sink struct {
	t testing.TB
	c *windows.Compiler
}

func (s sink) Advisory(a *advisory.Advisory) { s.c.Add(a) }
func (sink) Exploited(advisory.Exploited)    {}
func (sink) Likelihood(advisory.Likelihood)  {}
func (sink) Points(advisory.Points)          {}
func (sink) Cycle(advisory.Cycle)            {}
func (sink) Dated(string, time.Time)         {}
func (sink) Done(string)                     {}
func (s sink) Refuse(source string, line int, id, why string) {
	s.t.Errorf("%s line %d %s: %s", source, line, id, why)
}

var (
	once    sync.Once
	section []byte
)

// compiled is the section of the whole table, made once for all tests.
func compiled(t testing.TB) []byte {
	t.Helper()
	main := testshared.Read(t, "corpora", "advisories", "windows", "msrc-cves.csv.zst")
	custom := testshared.Read(t, "corpora", "advisories", "windows", "Custom_20190321.csv")
	once.Do(func() {
		c := windows.NewCompiler()
		for _, b := range [][]byte{main, custom} {
			if err := msrc.Read(bytes.NewReader(b), sink{t, c}); err != nil {
				t.Fatal(err)
			}
		}
		section = c.Encode()
	})
	return section
}

func table(t testing.TB) *windows.Table {
	t.Helper()
	tab, err := windows.Open(compiled(t))
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

func TestSize(t *testing.T) {
	tab := table(t)
	products, updates, flaws := tab.Size()
	t.Logf("%d products, %d updates, %d flaws in %d bytes", products, updates, flaws, len(section))
	if products < 6000 || updates < 7500 || len(section) > 2<<20 {
		t.Errorf("%d products and %d updates in %d bytes, want all of the table in 2 MB", products, updates, len(section))
	}
}

var kbText = regexp.MustCompile(`KB[0-9]{5,8}`)

// host reads a listing of systeminfo in any language, by what is the same in all: the
// second and third line with a colon that speak of Windows and of a build.
func host(t *testing.T, path string) windows.Host {
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.HasPrefix(b, []byte{0xff, 0xfe}) {
		if b, err = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Bytes(b); err != nil {
			t.Fatal(err)
		}
	}
	h := windows.Host{UpdatesKnown: true}
	for line := range strings.Lines(string(b)) {
		_, v, ok := strings.Cut(line, ":")
		v = strings.TrimSpace(v)
		switch {
		case !ok:
		case h.Name == "" && strings.Contains(v, "Windows"):
			h.Name = v
		case h.Version == "" && h.Name != "" && v != "" && v[0] >= '0' && v[0] <= '9' && strings.Contains(v, "."):
			h.Version = v
		case h.Arch == "" && strings.HasSuffix(strings.ToLower(v), "based pc"):
			h.Arch = v
		}
	}
	h.Updates = kbText.FindAllString(string(b), -1)
	return h
}

// slow answers as the definition is written, row by row over the table itself, without
// anything of the package but its names of products.
type slow struct{ rows []csvRow }

type csvRow struct{ date, cve, kb, product, component, supersedes string }

func readSlow(t *testing.T) *slow {
	s := &slow{}
	nameless := make(map[string]string)
	for _, name := range []string{"msrc-cves.csv.zst", "Custom_20190321.csv"} {
		r := csv.NewReader(bytes.NewReader(testshared.Read(t, "corpora", "advisories", "windows", name)))
		r.Comment, r.ReuseRecord = '#', true
		for first := true; ; first = false {
			c, err := r.Read()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if first {
				continue
			}
			kb := strings.TrimPrefix(c[2], "KB")
			id := strings.ToUpper(c[1])
			if len(id) >= 11 && strings.HasPrefix(id, "CVE20") { // a few lines lack the dashes
				id = "CVE-" + id[3:7] + "-" + id[7:]
			}
			if len(id) >= 26 && strings.HasPrefix(id[13:], "CVE") { // and one has it twice
				id = id[:13]
			}
			id, _, _ = strings.Cut(id, " ")
			if id == "" || id == "CVE" {
				one := name + c[0] + c[3]
				if nameless[one] == "" {
					nameless[one] = "KB" + kb
				}
				id = nameless[one]
			}
			if strings.ContainsAny(kb, " /") {
				kb = ""
			}
			s.rows = append(s.rows, csvRow{strings.Clone(c[0]), strings.Clone(id), strings.Clone(kb), strings.ToLower(strings.Join(strings.Fields(c[4]), " ")), strings.Clone(c[5]), strings.Clone(c[8])})
		}
	}
	return s
}

func (s *slow) judge(names, installed []string) map[string]vuln.Verdict {
	replaced := make(map[string]map[string]bool)
	dates := make(map[string]string)
	for _, r := range s.rows {
		if d := dates[r.cve]; r.date != "" && (d == "" || r.date < d) {
			dates[r.cve] = r.date
		}
		for _, o := range strings.FieldsFunc(r.supersedes, func(c rune) bool { return c == ';' || c == ',' || c == ' ' }) {
			if o = strings.TrimPrefix(o, "KB"); r.kb != "" && o != r.kb {
				if replaced[r.kb] == nil {
					replaced[r.kb] = make(map[string]bool)
				}
				replaced[r.kb][o] = true
			}
		}
	}
	reach := func(from string) map[string]bool { // everything it replaces
		seen := make(map[string]bool)
		for list := []string{from}; len(list) > 0; list = list[1:] {
			for o := range replaced[list[0]] {
				if !seen[o] {
					seen[o] = true
					list = append(list, o)
				}
			}
		}
		return seen
	}
	have := make(map[string]bool)
	for _, kb := range installed {
		kb = windows.KB(kb)
		have[kb] = true
		maps.Copy(have, reach(kb))
	}
	type place struct{ product, component string }
	needs := make(map[string]map[place]map[string]bool)
	for _, r := range s.rows {
		if !slices.ContainsFunc(names, func(n string) bool { return r.product == n || strings.HasSuffix(r.product, " on "+n) }) {
			continue
		}
		if needs[r.cve] == nil {
			needs[r.cve] = make(map[place]map[string]bool)
		}
		p := place{r.product, r.component}
		if needs[r.cve][p] == nil {
			needs[r.cve][p] = make(map[string]bool)
		}
		if r.kb != "" {
			needs[r.cve][p][r.kb] = true
		}
	}
	// met holds the updates of a place against what is in place.
	met := func(cve string, kbs map[string]bool) (mended, open bool) {
		after := func(kb string) bool {
			n, err := strconv.Atoi(kb)
			return dates[cve] >= "20161011" || err == nil && n >= 3185330
		}
		lateMended := false
		var lacking []string
		for kb := range kbs {
			byAnother := false
			for o := range kbs {
				if o != kb && reach(o)[kb] && !reach(kb)[o] {
					byAnother = true
				}
			}
			switch {
			case byAnother:
			case have[kb]:
				mended = true
				lateMended = lateMended || after(kb)
			default:
				lacking = append(lacking, kb)
			}
		}
		for _, kb := range lacking {
			open = open || !lateMended || !after(kb)
		}
		return mended, open
	}
	out := make(map[string]vuln.Verdict)
	for cve, list := range needs {
		v := vuln.NotAffected
		for p, kbs := range list {
			if p.component == "" && dates[cve] >= "20161011" {
				elsewhere := false
				for o, okbs := range list {
					if o.product == p.product && o.component != "" {
						if mended, open := met(cve, okbs); mended && !open {
							elsewhere = true
						}
					}
				}
				if elsewhere {
					continue
				}
			}
			if len(kbs) == 0 {
				if v == vuln.NotAffected {
					v = vuln.NotAssessed
				}
				continue
			}
			if _, open := met(cve, kbs); !open {
				continue
			}
			if strings.Contains(p.product, " on windows") || strings.Contains(p.product, " on microsoft windows") || maybe(p.component) {
				if v == vuln.NotAffected {
					v = vuln.NotAssessed
				}
				continue
			}
			v = vuln.Affected
		}
		out[cve] = v
	}
	return out
}

// maybe says that a component is not on every Windows.
func maybe(component string) bool {
	c := strings.ToLower(component)
	for _, w := range []string{
		"microsoft .net framework", ".net framework", "internet explorer", "windows internet explorer", "microsoft internet explorer", "microsoft edge",
		"adobe flash player", "microsoft xml core services", "vbscript", "jscript", "windows media player", "raw image extension",
	} {
		if strings.HasPrefix(c, w) {
			return true
		}
	}
	return false
}

// TestRealHosts judges the listings of real machines and holds every answer against the
// slow reading of the definition.
func TestRealHosts(t *testing.T) {
	tab := table(t)
	oracle := readSlow(t)
	files, err := filepath.Glob(filepath.Join(testshared.Path(t, "corpora", "inventories", "hosts", "windows-systeminfo"), "*systeminfo*.txt"))
	if err != nil || len(files) < 20 {
		t.Fatalf("%d listings, %v", len(files), err)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			h := host(t, f)
			names, why := windows.Identify(h)
			if why != "" {
				t.Fatalf("%+v: %s", h, why)
			}
			a := tab.Judge(h)
			affected, fine, open := a.Count()
			t.Logf("%s: %s: %d updates installed; %d affected, %d not affected, %d not assessed; %d updates missing, first %.60v; unknown %v %s",
				h.Name, a.Products[:min(1, len(a.Products))], len(h.Updates), affected, fine, open, len(a.Missing), kbs(a.Missing), a.Unknown, a.Why)
			want := oracle.judge(names, h.Updates)
			if len(want) != len(a.Flaws) {
				t.Errorf("%d flaws, want %d", len(a.Flaws), len(want))
			}
			for _, x := range a.Flaws {
				if want[x.ID] != x.Verdict {
					t.Errorf("%s: %s (%s, %v), want %s", x.ID, x.Verdict, x.Why, x.KBs, want[x.ID])
				}
			}
			mended := make(map[string]bool)
			for _, u := range a.Missing {
				for _, id := range u.Flaws {
					mended[id] = true
				}
			}
			if len(mended) != affected {
				t.Errorf("the missing updates mend %d flaws, want all %d", len(mended), affected)
			}
			// With them installed nothing that has an update is left.
			after := h
			for _, u := range a.Missing {
				after.Updates = append(after.Updates, u.KB)
			}
			again := tab.Judge(after)
			if left, _, _ := again.Count(); left != 0 {
				t.Errorf("%d flaws are left with all missing updates installed: %v", left, kbs(again.Missing))
			}
		})
	}
}

func kbs(list []windows.Update) []string {
	var out []string
	for _, u := range list {
		out = append(out, u.KB)
	}
	return out
}

// BenchmarkJudge judges a Windows 7 with 263 updates against the whole table.
func BenchmarkJudge(b *testing.B) {
	tab := table(b)
	h := windows.Host{Name: "Microsoft Windows 10 Enterprise", Version: "10.0.17134 N/A Build 17134", Arch: "x64-based PC", Updates: []string{"KB4487017"}, UpdatesKnown: true}
	b.ReportAllocs()
	for b.Loop() {
		tab.Judge(h)
	}
}

// BenchmarkOpen opens the section of the whole table.
func BenchmarkOpen(b *testing.B) {
	s := compiled(b)
	b.ReportAllocs()
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		if _, err := windows.Open(s); err != nil {
			b.Fatal(err)
		}
	}
}
