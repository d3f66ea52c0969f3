package policy

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/fact"
)

// one loads a single check on assets with the condition and other lines.
func one(t testing.TB, kind, pass string, lines ...string) *Check {
	t.Helper()
	text := fmt.Sprintf("goal: mfa\nchecks:\n  - id: mfa-one\n    title: t\n    resource: %s\n    role: deciding\n    severity: low\n    pass: %s\n    why: w\n    remediation: r\n    %s\n",
		kind, pass, strings.Join(lines, "\n    "))
	if !strings.Contains(text, "expected:") {
		text += "    expected: e\n"
	}
	c, err := Load(goals, source(map[string]string{"mfa.yaml": text}))
	if err != nil {
		t.Fatal(err)
	}
	k, _ := c.Check("mfa-one")
	return k
}

func asset(id string, origin fact.Origin, values fact.Values) *fact.Resource {
	r := &fact.Resource{Kind: fact.KindAsset, ID: id, Values: map[string]fact.Value{}, Missing: map[string]fact.Gap{}}
	for k, v := range values {
		r.Values[k] = fact.Value{V: v, Origin: origin}
	}
	return r
}

func TestEvaluate(t *testing.T) {
	measured := fact.Origin{Stream: "host/1", ObservedAt: testNow.Add(-time.Hour), Assurance: fact.Measured}
	imported := fact.Origin{Stream: "import/assets", ObservedAt: testNow.Add(-48 * time.Hour), Assurance: fact.Imported}
	old := fact.Origin{Stream: "host/2", ObservedAt: testNow.Add(-40 * 24 * time.Hour), Assurance: fact.Measured}
	c := one(t, "asset", "asset.disk_encrypted", `applies: asset.class in ["laptop", "server"]`, "fresh_within: 30d", "observe: [os_name]", "expected: an encrypted disk")

	rs := []*fact.Resource{
		asset("a", measured, fact.Values{"class": "laptop", "disk_encrypted": true, "os_name": "Debian"}),
		asset("b", measured, fact.Values{"class": "printer"}),
		asset("c", measured, fact.Values{"class": "server", "disk_encrypted": false}),
		asset("d", measured, fact.Values{"class": "server"}),
		asset("e", measured, fact.Values{"disk_encrypted": true}),
		asset("f", old, fact.Values{"class": "laptop", "disk_encrypted": true}),
		asset("g", measured, fact.Values{"class": "laptop"}),
	}
	rs[0].Values["class"] = fact.Value{V: "laptop", Origin: imported}
	rs[3].Missing["disk_encrypted"] = fact.Gap{Why: "needs root", Origin: measured}
	rs[6].Missing["disk_encrypted"] = fact.Gap{Why: "needs root", Origin: measured}

	o := c.Evaluate(rs, c.Defaults(), testNow)
	got := ""
	for _, r := range o.Results {
		got += fmt.Sprintf("%s %s %s: %s\n", r.Resource, r.Verdict, r.Assurance, r.Why)
	}
	want := `a pass imported: 
b not_applicable : 
c fail measured: 
d not_measured : disk encryption needs root
e not_measured : no source covers the class of the asset
f not_measured : disk encryption: last read on 16 Oct 2026, more than 30 days ago
g not_measured : disk encryption needs root
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	if want := (Tally{Pass: 1, Fail: 1, NotApplicable: 1, NotMeasured: 4}); o.Tally != want {
		t.Errorf("tally %+v, want %+v", o.Tally, want)
	}
	wantWhy := []Reason{
		{"not measured: disk encryption needs root", 2},
		{"failed: expected an encrypted disk", 1},
		{"not measured: disk encryption: last read more than 30 days ago", 1},
		{"not measured: no source covers the class of the asset", 1},
	}
	if diff := cmp.Diff(wantWhy, o.Why); diff != "" {
		t.Errorf("reasons (-want +got):\n%s", diff)
	}
	if o.State != PartlyMet || o.Assurance != fact.Imported || !o.OldestAt.Equal(imported.ObservedAt) {
		t.Errorf("state %s, assurance %s, oldest %s", o.State, o.Assurance, o.OldestAt)
	}
	var names []string
	for _, x := range o.Results[0].Observed {
		names = append(names, x.Name)
	}
	if want := []string{"disk_encrypted", "class", "os_name"}; !cmp.Equal(names, want) {
		t.Errorf("observed %v, want %v", names, want)
	}
	if x := o.Results[3].Observed[0]; x.Value != nil || x.Why != "disk encryption needs root" || x.Origin.Stream != "host/1" {
		t.Errorf("a value that could not be read is shown as %+v", x)
	}
	for i, r := range rs {
		if diff := cmp.Diff(o.Results[i], c.Decide(r, c.Defaults(), testNow)); diff != "" {
			t.Errorf("Decide differs from Evaluate on %s:\n%s", r.ID, diff)
		}
	}
}

// TestAssuranceOfWhatWasRead: a value that did not have to be looked at does
// not weaken a result.
func TestAssuranceOfWhatWasRead(t *testing.T) {
	c := one(t, "asset", "asset.virtual || asset.disk_encrypted")
	r := asset("a", fact.Origin{ObservedAt: testNow, Assurance: fact.Measured}, fact.Values{"virtual": true})
	r.Values["disk_encrypted"] = fact.Value{V: true, Origin: fact.Origin{ObservedAt: testNow, Assurance: fact.Attested}}
	if got := c.Decide(r, c.Defaults(), testNow); got.Assurance != fact.Measured || len(got.Observed) != 2 {
		t.Errorf("assurance %s, %d observed; want measured and 2", got.Assurance, len(got.Observed))
	}
	r.Values["virtual"] = fact.Value{V: false, Origin: fact.Origin{ObservedAt: testNow, Assurance: fact.Measured}}
	if got := c.Decide(r, c.Defaults(), testNow); got.Assurance != fact.Attested {
		t.Errorf("assurance %s, want attested", got.Assurance)
	}
}

// TestOldScope: an old value may put a resource in scope, where what the check
// asks of it is fresh; it never takes one out.
func TestOldScope(t *testing.T) {
	old := fact.Origin{ObservedAt: testNow.Add(-400 * 24 * time.Hour), Assurance: fact.Imported}
	c := one(t, "asset", "asset.disk_encrypted", `applies: asset.class == "laptop"`, "fresh_within: 30d")
	r := asset("a", fact.Origin{ObservedAt: testNow, Assurance: fact.Measured}, fact.Values{"disk_encrypted": true})
	r.Values["class"] = fact.Value{V: "laptop", Origin: old}
	if got := c.Decide(r, c.Defaults(), testNow); got.Verdict != Pass {
		t.Errorf("got %s (%s), want pass", got.Verdict, got.Why)
	}
	r.Values["class"] = fact.Value{V: "printer", Origin: old}
	if got := c.Decide(r, c.Defaults(), testNow); got.Verdict != NotMeasured || !strings.Contains(got.Why, "the class of the asset: last read on") {
		t.Errorf("out of scope by an old value: got %s (%s), want not_measured", got.Verdict, got.Why)
	}
	r.Values["class"] = fact.Value{V: "laptop", Origin: old}
	c = one(t, "asset", `asset.disk_encrypted && asset.class != ""`, `applies: asset.class == "laptop"`, "fresh_within: 30d")
	if got := c.Decide(r, c.Defaults(), testNow); got.Verdict != NotMeasured {
		t.Errorf("what the condition asks is old: got %s, want not_measured", got.Verdict)
	}
}

func TestErrorsAreNeitherPassNorFail(t *testing.T) {
	c := one(t, "asset", `"10 / asset.uptime_days > 1"`)
	r := asset("a", fact.Origin{ObservedAt: testNow}, fact.Values{"uptime_days": int64(0)})
	o := c.Evaluate([]*fact.Resource{r}, c.Defaults(), testNow)
	if o.Tally.Error != 1 || o.State != StateNotMeasured || !strings.Contains(o.Results[0].Why, "division by zero") {
		t.Errorf("got %+v, %s, %q", o.Tally, o.State, o.Results[0].Why)
	}
	// An error on one side does not hide what the other side decides.
	c = one(t, "asset", `"10 / asset.uptime_days > 1 || asset.virtual"`)
	r.Values["virtual"] = fact.Value{V: true}
	if got := c.Decide(r, c.Defaults(), testNow); got.Verdict != Pass {
		t.Errorf("got %s, want pass", got.Verdict)
	}
}

// TestCostIsBounded: a condition that loops over loops ends as an error long
// before it costs anybody time.
func TestCostIsBounded(t *testing.T) {
	long := make([]string, 400)
	for i := range long {
		long[i] = fmt.Sprintf("10.0.%d.%d", i/250, i%250)
	}
	c := one(t, "asset", `"asset.ips.all(a, asset.ips.all(b, asset.ips.all(c, asset.ips.all(d, a + b + c + d != 'x'))))"`)
	r := asset("a", fact.Origin{ObservedAt: testNow}, fact.Values{"ips": long})
	start := time.Now()
	got := c.Decide(r, c.Defaults(), testNow)
	if got.Verdict != Error || !strings.Contains(got.Why, "cost limit") {
		t.Errorf("got %s (%s), want error", got.Verdict, got.Why)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %s to stop", took)
	}
}

func TestNobodyThere(t *testing.T) {
	c := one(t, "person", "person.active")
	o := c.Evaluate(nil, c.Defaults(), testNow)
	if o.State != StateNotMeasured || len(o.Why) != 1 || o.Why[0].Text != "no people are known" {
		t.Errorf("got %s, %v: nobody known is not measured", o.State, o.Why)
	}
}

func TestNounsReadWell(t *testing.T) {
	for _, k := range fact.Kinds() {
		s, _ := fact.SchemaOf(k)
		for _, a := range s.Attrs {
			if n := Noun(k, a.Name); n == "" || strings.Contains(n, "_") || strings.HasSuffix(n, " at") {
				t.Errorf("%s.%s reads as %q", k, a.Name, n)
			}
		}
	}
}
