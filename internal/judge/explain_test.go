package judge_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/asepsis/asepsis/internal/fact"
)

// ventilators is a document of a maker about two flaws of one product, scored
// differently; what it says is made up.
const ventilators = `{"document": {"category": "csaf_security_advisory", "csaf_version": "2.0", "title": "Northwind Breeze", "publisher": {"name": "CISA", "category": "coordinator"},
  "tracking": {"id": "ICSMA-99-001-01", "initial_release_date": "2026-01-01T00:00:00Z", "current_release_date": "2026-02-01T00:00:00Z"}},
 "product_tree": {"branches": [{"category": "vendor", "name": "Northwind Medical", "branches": [{"category": "product_name", "name": "Breeze Ventilator", "branches": [
   {"category": "product_version_range", "name": "<= 2.2.3", "product": {"product_id": "P1", "name": "Breeze Ventilator <= 2.2.3"}}]}]}]},
 "vulnerabilities": [
  {"cve": "CVE-2099-1000", "scores": [{"products": ["P1"], "cvss_v3": {"baseScore": 3.5, "baseSeverity": "LOW"}}], "product_status": {"known_affected": ["P1"]}},
  {"cve": "CVE-2099-1001", "scores": [{"products": ["P1"], "cvss_v3": {"baseScore": 9.1, "baseSeverity": "CRITICAL"}}], "product_status": {"known_affected": ["P1"]}},
  {"cve": "CVE-2099-1002", "scores": [{"products": ["P1"], "cvss_v3": {"baseScore": 9.1, "baseSeverity": "CRITICAL"}}], "product_status": {"known_affected": ["P1"]}}]}`

// TestExplainDevice: why a device counts as affected, or not, is told like that of a
// package, and each flaw of a document has its own score.
func TestExplainDevice(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "icsma-99-001-01.json"), []byte(ventilators), 0o600); err != nil {
		t.Fatal(err)
	}
	e := engineOf(t, dir)
	for id, want := range map[string]struct {
		severity string
		cvss     float64
	}{"CVE-2099-1000": {"low", 3.5}, "CVE-2099-1001": {"critical", 9.1}, "CVE-2099-1002": {"critical", 9.1}} {
		if f, ok := e.Flaw(id); !ok || f.Severity != want.severity || f.CVSS != want.cvss {
			t.Errorf("%s is %q, %.1f; want %v", id, f.Severity, f.CVSS, want)
		}
	}
	for name, tt := range map[string]struct {
		values  fact.Values
		verdict string
		say     string
	}{
		"in the range":      {fact.Values{"manufacturer": "Northwind Medical", "model": "Breeze Ventilator", "version": "2.2.3"}, "affected", "2.2.3 is in"},
		"behind the range":  {fact.Values{"manufacturer": "Northwind Medical", "model": "Breeze Ventilator", "version": "2.2.4"}, "not_affected", "2.2.4 is not in"},
		"without a version": {fact.Values{"manufacturer": "Northwind Medical", "model": "Breeze Ventilator"}, "not_assessed", "check by hand"},
		"another device":    {fact.Values{"manufacturer": "Northwind Medical", "model": "Drift Pump", "version": "2.2.3"}, "", ""},
		"a computer":        {fact.Values{"manufacturer": "Northwind Medical", "model": "Breeze Ventilator", "version": "2.2.3", "class": "server"}, "", ""},
	} {
		a := &fact.Resource{Kind: fact.KindAsset, ID: "a", Values: make(map[string]fact.Value)}
		for n, v := range tt.values {
			a.Values[n] = fact.Value{V: v}
		}
		got := e.ExplainAsset("CVE-2099-1001", a)
		switch {
		case tt.verdict == "" && len(got) > 0:
			t.Errorf("%s: %+v, want nothing", name, got)
		case tt.verdict != "" && (len(got) != 1 || got[0].Verdict != tt.verdict || !strings.Contains(got[0].Say, tt.say) || got[0].Advisory != "ICSMA-99-001-01" || got[0].About != "device"):
			t.Errorf("%s: %+v, want %s, %q", name, got, tt.verdict, tt.say)
		}
		if len(e.ExplainAsset("CVE-2099-9", a)) > 0 {
			t.Errorf("%s: a flaw of which no advisory speaks is explained", name)
		}
	}
}

// TestExplainWindows holds what is said of a real machine against Microsoft's table.
func TestExplainWindows(t *testing.T) {
	e := windowsEngine(t)
	for _, r := range imported(t, "systeminfo.txt", sample(t, "7_sp1_x64_enterprise_en-us_A_systeminfo.txt")) {
		var found bool
		for _, m := range e.System(r).Matches {
			got := e.ExplainAsset(m.Flaw, r)
			if len(got) != 1 || got[0].Verdict != "affected" || got[0].Say == "" || got[0].About != "Windows" || got[0].Fixed != m.Software[0].Fixed {
				t.Fatalf("%s: %+v, want it affected and mended by %s", m.Flaw, got, m.Software[0].Fixed)
			}
			found = true
		}
		if !found {
			t.Error("nothing was found on a machine with open flaws")
		}
		if got := e.ExplainAsset("CVE-2099-9", r); len(got) > 0 {
			t.Errorf("a flaw that is not Microsoft's is explained: %+v", got)
		}
	}
}
