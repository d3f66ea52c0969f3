package content_test

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/policy"
)

var update = flag.Bool("update", false, "write the generated parts of the documents anew")

// bring says in words what a check needs.
var bring = map[string]string{
	"host":               "the host collector on the machine",
	"accounts":           "accounts of the directories (CSV, XLSX)",
	"people":             "HR roster (CSV, XLSX)",
	"training":           "training completions (CSV, XLSX)",
	"phishing":           "results of practice phishing (CSV, XLSX)",
	"assets":             "device inventory (CSV, XLSX)",
	"vendors":            "vendors with contract terms (CSV, XLSX)",
	"network-scan":       "network scan (nmap XML)",
	"vulnerability-scan": "vulnerability scan (Nessus)",
	"baseline":           "baseline results (XCCDF, ARF)",
	"m365":               "ScubaGear report",
	"sbom":               "bill of materials (CycloneDX)",
	"mail":               "mail domains, by `asepsis mail check`",
	"later":              "nothing reads it yet",
}

// The parts of the documents that repeat what content and code say are
// generated, so that they stay true.
func TestDocumentsAreCurrent(t *testing.T) {
	for _, w := range policy.NeedsWords() {
		if bring[w] == "" {
			t.Errorf("needs %q has no words here", w)
		}
	}
	for _, d := range []struct{ file, part, want string }{
		{"goals.md", "overview", overview(t)},
		{"goals.md", "checks", checkTables(t)},
		{"formats/check.md", "needs", needsTable()},
		{"formats/check.md", "attributes", attributeTables()},
	} {
		name := filepath.Join("..", "docs", filepath.FromSlash(d.file))
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		begin, end := "<!-- generated: "+d.part+" -->\n", "<!-- end: "+d.part+" -->"
		head, rest, ok := strings.Cut(string(data), begin)
		got, tail, closed := strings.Cut(rest, end)
		if !ok || !closed {
			t.Errorf("%s has no part %q", d.file, d.part)
			continue
		}
		if got == d.want {
			continue
		}
		if !*update {
			t.Errorf("docs/%s, %s: not current; run go test ./content -run Documents -update", d.file, d.part)
			continue
		}
		if err := os.WriteFile(name, []byte(head+begin+d.want+end+tail), 0o644); err != nil { //nolint:gosec // a document
			t.Fatal(err)
		}
	}
}

// overview lists the goals with what is to be brought for each.
func overview(t *testing.T) string {
	t.Helper()
	c, gs := checks(t), goals(t)
	var b strings.Builder
	b.WriteString("| # | goal | tier | checks | bring |\n| ---: | --- | --- | ---: | --- |\n")
	for _, g := range gs.Goals {
		n, later := 0, 0
		var needs []string
		for _, k := range c.Checks() {
			if k.Goal != g.ID {
				continue
			}
			n++
			if k.Needs == "later" {
				later++
			} else if !slices.Contains(needs, bring[k.Needs]) {
				needs = append(needs, bring[k.Needs])
			}
		}
		slices.Sort(needs)
		if later > 0 {
			needs = append(needs, fmt.Sprintf("*%d of %d wait for a source*", later, n))
		}
		fmt.Fprintf(&b, "| %d | [`%s`](#%s) | %s | %d | %s |\n", g.Number, g.ID, g.ID, g.Tier, n, strings.Join(needs, "; "))
	}
	return b.String()
}

// checkTables gives each goal a heading, its outcome and its checks.
func checkTables(t *testing.T) string {
	t.Helper()
	c := checks(t)
	var b strings.Builder
	for _, g := range goals(t).Goals {
		fmt.Fprintf(&b, "\n### %s\n\n%d. **%s** (%s). %s\n\n", g.ID, g.Number, g.Title, g.Tier, g.Outcome)
		b.WriteString("| check | of each | asks | passes with | bring |\n| --- | --- | --- | --- | --- |\n")
		ks := slices.Clone(c.Checks())
		ks = slices.DeleteFunc(ks, func(k *policy.Check) bool { return k.Goal != g.ID })
		slices.SortStableFunc(ks, func(a, b *policy.Check) int { return cmp.Compare(a.Line, b.Line) })
		for _, k := range ks {
			id := "`" + k.ID + "`"
			if k.Role == policy.Deciding {
				id = "**" + id + "**"
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", id, k.Resource, cell(k.Title), cell(k.Defaults().Expected), bring[k.Needs])
		}
	}
	b.WriteString("\n")
	return b.String()
}

func needsTable() string {
	var b strings.Builder
	b.WriteString("| word | what to bring |\n| --- | --- |\n")
	for _, w := range policy.NeedsWords() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", w, bring[w])
	}
	return b.String()
}

// attributeTables lists the vocabulary: every kind with its attributes.
func attributeTables() string {
	var b strings.Builder
	for _, kind := range fact.Kinds() {
		s, _ := fact.SchemaOf(kind)
		fmt.Fprintf(&b, "\n### %s\n\n%s\n\n| attribute | type | what it is |\n| --- | --- | --- |\n", kind, s.Doc)
		for _, a := range s.Attrs {
			doc := a.Doc
			if a.Derived {
				doc += " (*derived*)"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", a.Name, a.Type, cell(doc))
		}
	}
	b.WriteString("\n")
	return b.String()
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
