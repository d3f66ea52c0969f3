package fingerprint

import (
	"bufio"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/asepsis/asepsis/content/fingerprints"
)

// labeled is a line of testdata/devices.tsv.
type labeled struct {
	kind, maker, model string
	signal             Signal
}

func labels(t testing.TB) []labeled {
	t.Helper()
	f, err := os.Open("testdata/devices.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []labeled
	for s := bufio.NewScanner(f); s.Scan(); {
		if strings.HasPrefix(s.Text(), "#") {
			continue
		}
		c := strings.Split(s.Text(), "\t")
		if len(c) != 5 || !slices.Contains(sources, Source(c[3])) {
			t.Fatalf("line %q: want kind, manufacturer, model, source and value", s.Text())
		}
		if _, ok := KindNamed(c[0]); !ok && c[0] != "-" && c[0] != "?" {
			t.Fatalf("line %q: %s is none of our kinds", s.Text(), c[0])
		}
		out = append(out, labeled{c[0], c[1], c[2], Signal{Source: Source(c[3]), Value: c[4]}})
	}
	return out
}

// tally counts what is stated against what is true.
type tally struct{ right, wrong, missed int }

func (c *tally) add(truth, said string, same func(said, truth string) bool) (ok bool) {
	switch {
	case truth == "?":
	case truth == "-" && said == "":
	case truth == "-":
		c.wrong++
		return false
	case said == "":
		c.missed++
	case same(said, truth):
		c.right++
	default:
		c.wrong++
		return false
	}
	return true
}

func (c *tally) precision() float64 { return 100 * float64(c.right) / float64(max(c.right+c.wrong, 1)) }
func (c *tally) recall() float64 {
	return 100 * float64(c.right) / float64(max(c.right+c.missed+c.wrong, 1))
}

func stated(c Claim) string {
	if !c.Known() {
		return ""
	}
	return c.Value
}

// TestLabeledDevices measures precision and recall on devices of which one
// signal alone is known. The figures stand in docs/discovery.md.
func TestLabeledDevices(t *testing.T) {
	ls := labels(t)
	if len(ls) < 150 {
		t.Fatalf("only %d devices are labeled", len(ls))
	}
	var kind, maker, model tally
	e := Default()
	for _, l := range ls {
		a := e.Identify(Device{Signals: []Signal{l.signal}})
		k := kind.add(l.kind, stated(a.Kind), func(said, truth string) bool { return isKind(truth, said) || isKind(said, truth) })
		m := maker.add(l.maker, stated(a.Manufacturer), strings.EqualFold)
		o := model.add(l.model, stated(a.Model), strings.EqualFold)
		if !k || !m || !o {
			t.Logf("%s %q is stated as %q of %q, %q; it is %q of %q, %q (%v)", l.signal.Source, l.signal.Value, stated(a.Kind), stated(a.Manufacturer), stated(a.Model), l.kind, l.maker, l.model, a.Why())
		}
	}
	for _, c := range []struct {
		name               string
		tally              tally
		precision, minimum float64
	}{{"kind", kind, 97, 75}, {"manufacturer", maker, 97, 90}, {"model", model, 97, 90}} {
		t.Logf("%s: %d right, %d wrong, %d not stated: precision %.1f %%, recall %.1f %%", c.name, c.tally.right, c.tally.wrong, c.tally.missed, c.tally.precision(), c.tally.recall())
		if c.tally.precision() < c.precision || c.tally.recall() < c.minimum {
			t.Errorf("%s: precision %.1f %%, recall %.1f %%: want %g and %g", c.name, c.tally.precision(), c.tally.recall(), c.precision, c.minimum)
		}
	}
}

// TestEveryRuleHasExamples demands of every rule that looks at one signal a
// labeled device that it applies to, and one of the same source that it does not.
// Rules that nothing of ours applies to are looked for in Recog's examples.
func TestEveryRuleHasExamples(t *testing.T) {
	examples := map[Source][]string{}
	for _, l := range labels(t) {
		examples[l.signal.Source] = append(examples[l.signal.Source], l.signal.Value)
	}
	for _, d := range lab {
		for _, s := range d.sigs {
			examples[s.Source] = append(examples[s.Source], s.Value)
		}
	}
	var recog map[Source][]string // read where it is needed
	e := Default()
	byID := map[string][]*compiled{}
	for _, cs := range e.bySrc {
		for _, c := range cs {
			id, _, _ := strings.Cut(c.id, "@")
			byID[id] = append(byID[id], c)
		}
	}
	applies := func(c *compiled, in map[Source][]string) (yes, no bool) {
		for _, v := range in[c.conds[0].Source] {
			s := sig{Signal{Source: c.conds[0].Source, Value: clean(v)}, strings.ToLower(clean(v))}
			if _, ok := c.conds[0].holdsFor(&s); ok {
				yes = true
			} else {
				no = true
			}
		}
		return yes, no
	}
	ours, others := 0, 0
	for id, cs := range byID {
		yes, no := false, false
		for _, c := range cs {
			y, n := applies(c, examples)
			yes, no = yes || y, no || n
		}
		if yes && no {
			ours++
			continue
		}
		if recog == nil {
			recog = recogExamples(t)
		}
		for _, c := range cs {
			y, n := applies(c, recog)
			yes, no = yes || y, no || n
		}
		others++
		if !yes || !no {
			t.Errorf("rule %q: an example it applies to: %t, one it does not: %t", id, yes, no)
		}
	}
	t.Logf("%d rules have examples of ours, %d more those of Recog", ours, others)
}

// TestRulesAreBounded holds the text of the rules against their bounds.
func TestRulesAreBounded(t *testing.T) {
	names, err := fs.Glob(fingerprints.FS, "*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		if path.Base(n) == "makers.yaml" {
			continue
		}
		b, err := fs.ReadFile(fingerprints.FS, n)
		if err != nil {
			t.Fatal(err)
		}
		var f file
		if err := yaml.Unmarshal(b, &f); err != nil {
			t.Fatal(err)
		}
		for _, r := range f.Rules {
			for _, c := range append(slices.Clone(r.When), r.Condition) {
				if len(c.Match) > maxMatch {
					t.Errorf("rule %q: match of %d characters, at most %d", r.ID, len(c.Match), maxMatch)
				}
			}
		}
	}
}

// FuzzIdentify gives the engine what no honest device says.
func FuzzIdentify(f *testing.F) {
	for i, l := range labels(f) {
		if i%9 == 0 {
			f.Add(string(l.signal.Source), l.signal.Value, uint16(80), []byte{0, 0x1b, 0x44, 1, 2, 3})
		}
	}
	f.Add("ssh", strings.Repeat("\xff\x00A", 5000), uint16(22), []byte{})
	f.Fuzz(func(t *testing.T, source, value string, port uint16, mac []byte) {
		d := Device{TCP: []uint16{port}, Scanned: true}
		copy(d.MAC[:], mac)
		for range 3 {
			d.Add(Source(source), value, port)
		}
		a := Default().Identify(d)
		for _, c := range []Claim{a.Class, a.Kind, a.Manufacturer, a.Model, a.OSFamily, a.OSName, a.OSVersion, a.Product} {
			if len(c.Value) > maxClaim || strings.ContainsAny(c.Value, "\n\r\x00") || c.Confidence > 99 {
				t.Errorf("claim %q at %d %%", c.Value, c.Confidence)
			}
		}
		for _, w := range a.Why() {
			if strings.ContainsAny(w, "\n\r\x00") {
				t.Errorf("evidence %q", w)
			}
		}
	})
}
