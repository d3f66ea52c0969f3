package finding

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/fact"
)

func TestCanonical(t *testing.T) {
	for _, c := range []struct {
		cves, aliases []string
		scanner, id   string
		want          string
	}{
		{[]string{"cve-2021-44228"}, []string{"ghsa-JFH8-C2JP-5v3q"}, "Grype", "x", "[CVE-2021-44228 GHSA-jfh8-c2jp-5v3q]"},
		{nil, []string{"GHSA-jfh8-c2jp-5v3q", "CVE-2021-44228", "CVE-2021-44228"}, "", "", "[CVE-2021-44228 GHSA-jfh8-c2jp-5v3q]"},
		{[]string{"CVE-2020-0002", "CVE-2020-0001"}, []string{"GHSA-jfh8-c2jp-5v3q", "RHSA-2020:1"}, "Nessus", "1", "[CVE-2020-0001 CVE-2020-0002]"},
		{nil, []string{"RHSA-2020:1"}, "Qualys", "7", "[RHSA-2020:1]"},
		{nil, []string{"RHSA-2020:1", "PYSEC-2020-9"}, "Qualys", "7", "[PYSEC-2020-9]"},
		{nil, nil, "Nessus", "97833", "[nessus:97833]"},
		{[]string{"CVE-20-1"}, nil, "ZAP", "10021-1", "[CVE-20-1]"}, // no CVE, but an id of somebody
		{nil, nil, "Nessus", "", "[]"},
		{nil, []string{"two words", ""}, "", "", "[]"},
		{nil, []string{"npm:qs:20140806"}, "Snyk", "x", "[npm:qs:20140806]"},
	} {
		if got := fmt.Sprint(Canonical(c.cves, c.aliases, c.scanner, c.id)); got != c.want {
			t.Errorf("%v %v %s %s: got %s, want %s", c.cves, c.aliases, c.scanner, c.id, got, c.want)
		}
	}
}

func TestCollective(t *testing.T) {
	for id, want := range map[string]bool{
		"RHSA-2021:5128": true, "MS17-010": true, "KB5031356": true, "DSA-5000-1": true, "ALAS2-2021-1": true, "ALAS-2021-1": true, "cisco-sa-1": true,
		"MSRC-1": false, "GHSA-jfh8-c2jp-5v3q": false, "CVE-2021-44228": false, "RUSTSEC-2021-1": false, "MAL-2023-1": false, "": false,
	} {
		if got := Collective(id); got != want {
			t.Errorf("%s: got %t, want %t", id, got, want)
		}
	}
}

func found(id, scanner, severity string, cvss float64, component string, cves, aliases []string) *fact.Resource {
	r := &fact.Resource{Kind: fact.KindVulnerability, ID: id, Asset: "a", Values: map[string]fact.Value{}}
	for name, v := range map[string]any{"scanner": scanner, "scanner_id": id, "severity": severity, "component": component, "cves": cves, "aliases": aliases, "status": "open"} {
		r.Values[name] = fact.Value{V: v}
	}
	if cvss > 0 {
		r.Values["cvss"] = fact.Value{V: cvss}
	}
	return r
}

func TestUnify(t *testing.T) {
	rs := []*fact.Resource{
		found("1", "Trivy", "high", 8.1, "log4j-core", []string{"CVE-2021-44228"}, []string{"GHSA-jfh8-c2jp-5v3q"}),
		found("2", "npm audit", "critical", 0, "log4j-core", nil, []string{"GHSA-jfh8-c2jp-5v3q"}),
		found("3", "Nessus", "medium", 10, "", []string{"CVE-2021-44228", "CVE-2021-45046"}, nil),
		found("4", "Grype", "low", 0, "log4j-api", []string{"CVE-2021-45046"}, nil),
		found("5", "Nessus", "info", 0, "", nil, nil),
		found("6", "Nessus", "info", 0, "", nil, nil),
	}
	type short struct {
		Flaw      string
		IDs, Seen []string
		Members   int
		Severity  string
		CVSS      float64
		In        []string
	}
	want := []short{
		{"CVE-2021-44228", []string{"CVE-2021-44228", "GHSA-jfh8-c2jp-5v3q"}, []string{"Nessus", "Trivy", "npm audit"}, 3, "critical", 10, []string{"log4j-core"}},
		{"CVE-2021-45046", []string{"CVE-2021-45046"}, []string{"Grype", "Nessus"}, 2, "medium", 10, []string{"log4j-api"}},
		{"nessus:5", []string{"nessus:5"}, []string{"Nessus"}, 1, "info", 0, nil},
		{"nessus:6", []string{"nessus:6"}, []string{"Nessus"}, 1, "info", 0, nil},
	}
	for range 20 {
		rand.Shuffle(len(rs), func(i, j int) { rs[i], rs[j] = rs[j], rs[i] })
		var got []short
		for _, g := range Unify(rs) {
			if !g.Open {
				t.Errorf("%s is not open", g.Flaw)
			}
			got = append(got, short{g.Flaw, g.IDs, g.Witnesses, len(g.Members), g.Severity, g.CVSS, g.Components})
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatal(d)
		}
	}
	if Unify(nil) != nil {
		t.Error("groups of nothing")
	}
}

func TestUnifyFixed(t *testing.T) {
	a, b := found("1", "A", "low", 0, "", []string{"CVE-2020-0001"}, nil), found("2", "B", "low", 0, "", []string{"CVE-2020-0001"}, nil)
	a.Values["status"] = fact.Value{V: "fixed"}
	if g := Unify([]*fact.Resource{a}); g[0].Open {
		t.Error("a flaw that is fixed is open")
	}
	if g := Unify([]*fact.Resource{a, b}); !g[0].Open {
		t.Error("a flaw that one of two tools still sees is closed")
	}
}

func BenchmarkUnify(b *testing.B) {
	var rs []*fact.Resource
	for i := range 2000 {
		rs = append(rs, found(fmt.Sprint(i), []string{"A", "B", "C"}[i%3], "high", 7, "x", []string{fmt.Sprintf("CVE-2020-%04d", i/3)}, nil))
	}
	b.ReportAllocs()
	for b.Loop() {
		if n := len(Unify(rs)); n != 667 {
			b.Fatal(n)
		}
	}
}
