package scan_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/testshared"
	"github.com/asepsis/asepsis/internal/vuln"
	"github.com/asepsis/asepsis/internal/vuln/scan"
	"github.com/asepsis/asepsis/internal/vuln/vulntest"
)

// label is what a person says of a match that a scanner made in an image.
type label struct {
	VulnerabilityID string `json:"vulnerability_id"`
	EffectiveCVE    string `json:"effective_cve"`
	Label           string
	Image           struct{ Exact string }
	Package         struct{ Name, Version string }
}

// inferred tells what the labels do not: of which ecosystem a package is. The
// shape of versions tells most; the source packages of Debian's binary packages come
// from the shared inventories, the groups of Maven's artifacts from the advisories.
type inferred struct {
	db      *vuln.DB
	debian  map[string]string // image → release
	sources map[string]string // binary package → source package
	groups  map[string]string // artifact → group:artifact, where there is one alone
	pypi    map[string]bool
	spoken  map[string]map[string]bool // flaw → ecosystems in which the feed speaks of it
}

var (
	elRelease  = regexp.MustCompile(`\.(?:module\+|module_)?el(\d+)`)
	debRelease = regexp.MustCompile(`\+deb(\d+)u`)
)

func newInferred(t testing.TB, db *vuln.DB, list []*advisory.Advisory, labels []label) *inferred {
	in := &inferred{db: db, debian: make(map[string]string), sources: make(map[string]string), groups: make(map[string]string), pypi: make(map[string]bool), spoken: make(map[string]map[string]bool)}
	for _, l := range labels {
		if m := debRelease.FindStringSubmatch(l.Package.Version); m != nil {
			in.debian[l.Image.Exact] = m[1]
		}
	}
	for line := range strings.Lines(string(testshared.Read(t, "corpora", "inventories", "fleet", "components.txt.zst"))) {
		if c, _ := scan.FromPURL(strings.TrimSpace(line)); (c.Ecosystem == "deb" || c.Ecosystem == "rpm") && c.Source != "" {
			in.sources[c.Ecosystem+c.Name] = c.Source
		}
	}
	for _, a := range list {
		for _, p := range a.Products {
			switch p.Package.Ecosystem {
			case "PyPI":
				in.pypi[strings.ToLower(p.Package.Name)] = true
			case "Maven":
				artifact := p.Package.Name[strings.IndexByte(p.Package.Name, ':')+1:]
				if g, ok := in.groups[artifact]; ok && g != p.Package.Name {
					in.groups[artifact] = ""
				} else {
					in.groups[artifact] = p.Package.Name
				}
			}
		}
	}
	return in
}

// component returns the package of a label, with the base of its ecosystem.
func (in *inferred) component(l *label) (c fact.Component, kind string) {
	c = fact.Component{Name: l.Package.Name, Version: l.Package.Version}
	release := in.debian[l.Image.Exact]
	source := in.sources["deb"+c.Name]
	switch {
	case c.Name == "" || c.Version == "":
		return c, ""
	case elRelease.MatchString(c.Version):
		c.Ecosystem, c.Distro = "rpm", "almalinux-"+elRelease.FindStringSubmatch(c.Version)[1]
		c.Source = in.sources["rpm"+c.Name]
		return c, "rpm"
	case strings.Contains(c.Version, "ubuntu"):
		return c, "ubuntu"
	case release != "" && source != "" && strings.Contains(c.Version, "-"):
		c.Ecosystem, c.Distro, c.Source = "deb", "debian-"+release, source
		return c, "debian"
	case strings.Count(c.Name, "/") > 0 && strings.Contains(c.Name, ".") && strings.HasPrefix(c.Version, "v"):
		c.Ecosystem = "golang"
		return c, "go"
	case in.groups[c.Name] != "":
		c.Ecosystem, c.Name = "maven", in.groups[c.Name]
		return c, "maven"
	case in.pypi[strings.ToLower(c.Name)] && release == "":
		c.Ecosystem = "pypi"
		return c, "pypi"
	}
	return c, ""
}

// speaks reports whether the feed has an advisory about a flaw in an ecosystem:
// without one, nothing can be right or wrong.
func (in *inferred) speaks(flaw string, c *fact.Component) bool {
	ecosystems, ok := in.spoken[flaw]
	if !ok {
		ecosystems = make(map[string]bool)
		for _, a := range in.db.About(nil, in.db.Flaw(flaw)) {
			for _, p := range in.db.Products(a, 1000) {
				ecosystems[p.Ecosystem] = true
			}
		}
		in.spoken[flaw] = ecosystems
	}
	return ecosystems[vuln.EcosystemOf(c)]
}

// score counts answers against labels.
type score struct{ tp, fp, fn, tn, open, silent int }

func (s score) String() string {
	return fmt.Sprintf("right %d + %d, wrong: missed %d, too many %d; precision %.3f, recall %.3f; not assessed %d, feed silent %d",
		s.tp, s.tn, s.fn, s.fp, float64(s.tp)/float64(max(s.tp+s.fp, 1)), float64(s.tp)/float64(max(s.tp+s.fn, 1)), s.open, s.silent)
}

// TestTruth scores answers against what people said of scanners' matches. Only
// labels of ecosystems that the shared advisories hold can be scored, and of those
// only flaws that the advisories speak of; the rest is counted.
func TestTruth(t *testing.T) {
	list, sources := vulntest.OSV(t)
	file, _ := vulntest.Compile(t, list, sources...)
	db := vulntest.Open(t, file)
	var labels []label
	s := bufio.NewScanner(bytes.NewReader(testshared.Read(t, "corpora", "advisories", "truth", "match-labels.jsonl.zst")))
	for s.Scan() {
		var l label
		if err := json.Unmarshal(s.Bytes(), &l); err != nil {
			t.Fatal(err)
		}
		labels = append(labels, l)
	}
	in := newInferred(t, db, list, labels)
	scores := make(map[string]*score)
	for i := range labels {
		l := &labels[i]
		c, kind := in.component(l)
		if scores[kind] == nil {
			scores[kind] = &score{}
		}
		sc := scores[kind]
		flaw := l.EffectiveCVE
		if flaw == "" {
			flaw = l.VulnerabilityID
		}
		if l.Label == "??" || c.Ecosystem == "" || !in.speaks(flaw, &c) {
			sc.silent++
			continue
		}
		e, _ := db.Why(flaw, &c)
		wrong := ""
		switch {
		case e.Verdict == vuln.NotAssessed:
			sc.open++
		case e.Verdict == vuln.Affected && l.Label == "TP":
			sc.tp++
		case e.Verdict == vuln.Affected:
			sc.fp++
			wrong = "too many"
		case l.Label == "TP":
			sc.fn++
			wrong = "missed"
		default:
			sc.tn++
		}
		if wrong != "" && testing.Verbose() {
			t.Logf("%s %s: %s %s %s: %s", kind, wrong, flaw, c.Name, c.Version, e.Say)
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(scores)) {
		t.Logf("%-8s %s", kind, scores[kind])
	}
	// What was measured, less a little: docs/vulnerability-matching.md explains each
	// class of disagreement.
	for kind, least := range map[string]score{
		"debian": {tp: 143, fp: 0, fn: 6}, "go": {tp: 41, fp: 3, fn: 0}, "maven": {tp: 303, fp: 3, fn: 23}, "rpm": {tp: 630, fp: 12, fn: 83},
	} {
		s := scores[kind]
		if s == nil || s.tp < least.tp || s.fp > least.fp || s.fn > least.fn {
			t.Errorf("%s is worse than it was: %s", kind, s)
		}
	}
}
