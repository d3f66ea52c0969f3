package scan_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/testshared"
	"github.com/asepsis/asepsis/internal/vuln"
	"github.com/asepsis/asepsis/internal/vuln/scan"
	"github.com/asepsis/asepsis/internal/vuln/vulntest"
)

// finding is what a tool says: type, name, version and flaw, tab-separated.
type finding struct{ kind, name, version, id string }

// peers reads what three other tools found in a list with the same advisories.
func peers(t testing.TB, list string) map[string]map[finding]bool {
	t.Helper()
	out := make(map[string]map[finding]bool)
	raw := testshared.Read(t, "corpora", "inventories", "bench", "peer-findings-"+list+".tsv.zst")
	for line := range strings.Lines(string(raw)) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		if len(f) != 5 {
			t.Fatalf("line %q", line)
		}
		tool, _, _ := strings.Cut(f[0], "-")
		if out[tool] == nil {
			out[tool] = make(map[finding]bool)
		}
		out[tool][finding{f[1], f[2], strings.TrimPrefix(f[3], "v"), f[4]}] = true
	}
	return out
}

// ours returns our findings of a list, by each name of each advisory, and by
// the first name of its flaws alone.
func ours(t testing.TB, db *vuln.DB, list string) (all, flaws map[finding]bool, answers map[finding]string) {
	t.Helper()
	raw := testshared.Read(t, "corpora", "inventories", "bench", list+".cdx.json.zst")
	all, flaws, answers = make(map[finding]bool), make(map[finding]bool), make(map[finding]string)
	_, err := scan.CycloneDX(bytes.NewReader(raw), db, scan.Limits{}, func(c *fact.Component, a *vuln.Answer) error {
		name := c.Name
		if c.Ecosystem == "deb" {
			name = "debian/" + name
		}
		k := spelled(finding{c.Ecosystem, name, strings.TrimPrefix(c.Version, "v"), ""})
		answers[k] = a.Verdict.String() + " " + a.Reason.String()
		for _, h := range a.Hits {
			for _, f := range db.Names(nil, h.Advisory) {
				k.id = db.Name(f)
				all[k] = true
			}
			for _, f := range db.Flaws(nil, h.Advisory) {
				k.id = db.Name(f)
				flaws[k] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all, flaws, answers
}

// spelled evens out how tools write names: case, the hyphens of Python, and the
// group of Maven, which some leave out.
func spelled(f finding) finding {
	switch f.kind {
	case "golang":
		f.name = strings.ToLower(f.name)
	case "pypi":
		f.name = strings.NewReplacer("_", "-", ".", "-").Replace(strings.ToLower(f.name))
	case "maven":
		f.name = f.name[strings.LastIndexAny(f.name, ":/")+1:]
	}
	return f
}

// TestPeers holds our findings against those of Trivy, Grype and OSV-Scanner on the
// same lists and advisories: what the three agree on must be found.
func TestPeers(t *testing.T) {
	db := vulntest.SharedOSV(t)
	for _, list := range []string{"lang-shared", "deb11-shared"} {
		t.Run(list, func(t *testing.T) {
			found := peers(t, list)
			all, flaws, answers := ours(t, db, list)
			any := make(map[finding][]string)
			for _, tool := range slices.Sorted(maps.Keys(found)) {
				for f := range found[tool] {
					f = spelled(f)
					any[f] = append(any[f], tool)
				}
			}
			agreed := 0
			missed := make(map[string][]finding)
			for f, tools := range any {
				if len(tools) == len(found) {
					agreed++
					if !all[f] {
						t.Errorf("all three find %v, we do not: %s", f, answers[finding{f.kind, f.name, f.version, ""}])
					}
				}
				if !all[f] {
					missed[f.kind+" "+strings.Join(tools, "+")] = append(missed[f.kind+" "+strings.Join(tools, "+")], f)
				}
			}
			if agreed < 100 {
				t.Fatalf("the tools agree on %d findings only; the comparison is broken", agreed)
			}
			extra := make(map[string][]finding)
			for f := range flaws {
				if len(any[f]) == 0 {
					extra[f.kind] = append(extra[f.kind], f)
				}
			}
			t.Logf("%s: agreed %d, any %d, ours %d", list, agreed, len(any), len(flaws))
			for _, k := range slices.Sorted(maps.Keys(missed)) {
				t.Logf("only they, %s: %d %s", k, len(missed[k]), sample(missed[k]))
			}
			for _, k := range slices.Sorted(maps.Keys(extra)) {
				t.Logf("only we, %s: %d %s", k, len(extra[k]), sample(extra[k]))
			}
		})
	}
}

func sample(list []finding) string {
	slices.SortFunc(list, func(a, b finding) int { return strings.Compare(a.id+a.name+a.version, b.id+b.name+b.version) })
	var b strings.Builder
	for i := range 6 {
		fmt.Fprintf(&b, "\n      %v", list[i*len(list)/6])
	}
	return b.String()
}
