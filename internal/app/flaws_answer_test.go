package app

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/feed"
	"github.com/asepsis/asepsis/internal/judge"
)

// goRecords are as many as make the ecosystem whole, each about a module of its own.
func goRecords() string {
	var b strings.Builder
	for i := range 2600 {
		id := string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676))
		b.WriteString(`{"id":"GO-2099-` + id + `","modified":"2026-11-01T00:00:00Z","affected":[{"package":{"ecosystem":"Go","name":"example.org/` + id + `"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.0.0"}]}]}]}` + "\n")
	}
	return b.String()
}

// TestNobodyCanSay gives no clean answer where no advisory that was compared speaks of
// what is installed: the flaw is known by name alone, software of its name could not be
// looked up, or most devices were not looked at. An advisory that bundles flaws is
// answered by them, and a feed that cannot be read any more clears nothing.
func TestNobodyCanSay(t *testing.T) {
	ctx := t.Context()
	a := openBench(t)
	p, err := a.Default(ctx, "test")
	if err != nil {
		t.Fatal(err)
	}
	putInForce(t, a, map[string]string{
		"source.json": `{"asepsis_source": {"fetched": "` + time.Now().UTC().Format(time.RFC3339) + `"}}`,
		"go.jsonl":    goRecords(),
		"debian.json": `{"id":"DSA-9999-1","modified":"2026-11-01T00:00:00Z","upstream":["CVE-2099-3001","CVE-2099-3002"],"affected":[{"package":{"ecosystem":"Debian:12","name":"lamp"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"2.0-1"}]}]}]}`,
		"other.json":  `{"id":"GHSA-aaaa-bbbb-cccc","aliases":["CVE-2099-3003"],"modified":"2026-11-01T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"lantern"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"2.0.0"}]}]}]}`,
		"epss.csv":    "#model_version:v2025.03.14,score_date:2026-11-24T00:00:00+0000\ncve,epss,percentile\nCVE-2099-3004,0.90000,0.99000\n",
	})
	bill := `{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"metadata":{"component":{"type":"application","name":"server"}},"components":[
 {"type":"library","name":"aaa","purl":"pkg:golang/example.org/aaa@v1.0.0"},{"type":"library","name":"baa","purl":"pkg:golang/example.org/baa@v1.0.0"},
 {"type":"library","name":"caa","purl":"pkg:golang/example.org/caa@v1.0.0"},
 {"type":"library","name":"lamp","purl":"pkg:deb/debian/lamp@1.0-1?distro=debian-12"},
 {"type":"library","name":"lantern","purl":"pkg:deb/ubuntu/lantern@1.0-1?distro=ubuntu-24.04"}]}`
	if _, err := a.Bring(ctx, p.ID, "test", file("bill.cdx.json", bill), "", false); err != nil {
		t.Fatal(err)
	}
	if _, err := a.AssessNow(ctx, p.ID, "test", "test"); err != nil {
		t.Fatal(err)
	}
	inv, who := inventory{a}, access.Command(p.ID, "test")
	check := func(asked, answer, say string) {
		t.Helper()
		d, err := inv.Flaw(ctx, who, asked)
		if err != nil {
			t.Fatal(err)
		}
		if d.Answer != answer || !strings.Contains(d.Say, say) {
			t.Errorf("%s: %s, %q; want %s, %q", asked, d.Answer, d.Say, answer, say)
		}
	}
	check("GO-2099-aaa", "not_affected", "none of the 1 device")
	check("https://example.org/cve/CVE-2099-3001?lang=en", "affected", "1 device")
	check("DSA-9999-1", "affected", "1 device")
	check("dsa-9999-1", "affected", "1 device")
	check("CVE-2099-3003", "not_assessed", "that may have it") // lantern of Ubuntu, of which the feed has nothing
	check("CVE-2099-3004", "not_assessed", "no advisory in force tells which")
	y, err := inv.FlawWhy(ctx, who, "CVE-2099-3003", "")
	if err != nil {
		t.Fatal(err)
	}
	if len(y.Lines) != 1 || y.Lines[0].Verdict != "not_assessed" || y.Lines[0].Software != "lantern" {
		t.Errorf("why: %+v", y.Lines)
	}
	// Two devices of which nothing is known are more than the one that was looked at.
	if _, err := a.Bring(ctx, p.ID, "test", file("devices.csv", "name,serial,class\nPC-1,S-0001,workstation\nPC-2,S-0002,workstation\n"), "", false); err != nil {
		t.Fatal(err)
	}
	check("GO-2099-aaa", "not_assessed", "of most devices")
	// The file in force is damaged, and the program starts anew.
	kept, err := feed.List(a.feedDir())
	if err != nil || len(kept) == 0 {
		t.Fatal(kept, err)
	}
	a.feeds.mu.Lock()
	path := a.feeds.path
	a.feeds.file, a.feeds.engine, a.feeds.path = nil, nil, ""
	a.feeds.mu.Unlock()
	if err := os.WriteFile(path+".new", []byte("half a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	check("GO-2099-aaa", "not_assessed", "cannot be read any more")
}

// TestSamplesAreTheSame: what is not assessed is shown with the same samples each time,
// whoever asks.
func TestSamplesAreTheSame(t *testing.T) {
	assets, found := make(map[string]*fact.Resource), make(map[string]judge.Findings)
	for i := range 40 {
		id := "as_" + string(rune('A'+i))
		assets[id] = &fact.Resource{ID: id}
		found[id] = judge.Findings{Gaps: []judge.Gap{{Ecosystem: "npm", Why: "why", Count: 1, Sample: []string{"piece " + id}}}}
	}
	v := &view{known: &judge.Known{Found: found}}
	first := v.gaps(assets)
	for range 20 {
		if again := v.gaps(assets); !slices.Equal(first[0].Sample, again[0].Sample) {
			t.Fatalf("%v, then %v", first[0].Sample, again[0].Sample)
		}
	}
}
