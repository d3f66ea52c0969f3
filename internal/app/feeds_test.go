package app

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/demo"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/feed"
	"github.com/asepsis/asepsis/internal/policy"
	"github.com/asepsis/asepsis/internal/web/api"
)

// agedFeed puts a feed in force of which AlmaLinux is a day old and PyPI ten days.
func agedFeed(t *testing.T, a *App, now time.Time) {
	t.Helper()
	dir := t.TempDir()
	for eco, x := range map[string]struct {
		n     int
		begin []string
		age   int
	}{"AlmaLinux:9": {2600, []string{"ALSA"}, 1}, "PyPI": {1600, []string{"PYSEC", "GHSA"}, 10}} {
		var b strings.Builder
		for i := range x.n {
			fmt.Fprintf(&b, `{"id":"%s-2026-%d","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"%s","name":"p%d"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1"}]}]}]}`+"\n", x.begin[i%len(x.begin)], i, eco, i)
		}
		folder := filepath.Join(dir, x.begin[0])
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		for name, data := range map[string]string{
			"all.jsonl":    b.String(),
			"fetched.json": `{"asepsis_source": {"fetched": "` + now.AddDate(0, 0, -x.age).Format(time.RFC3339) + `"}}`,
		} {
			if err := os.WriteFile(filepath.Join(folder, name), []byte(data), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	key, public, err := a.FeedSigner("feeds.example.org")
	if err != nil {
		t.Fatal(err)
	}
	if err := a.TrustFeedKey(public, "Tester"); err != nil {
		t.Fatal(err)
	}
	b, err := feed.Build(t.Context(), feed.Sources{Paths: []string{dir}}, feed.Options{Now: now, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out")
	if err := feed.Publish(out, b, 1); err != nil {
		t.Fatal(err)
	}
	if _, err := a.UpdateFeed(t.Context(), out, false, nil); err != nil {
		t.Fatal(err)
	}
}

// TestStaleFeed makes exactly what rests on a stale source not assessed, says so in what
// pages and the API show, and follows the parameter and the clock.
func TestStaleFeed(t *testing.T) {
	a := openBench(t)
	now := time.Now().UTC()
	tid, err := a.fillHospital(t.Context(), demo.Hospital(1, now, demo.Latest()), nil)
	if err != nil {
		t.Fatal(err)
	}
	a.feeds.engine, a.feeds.demo = nil, nil // a feed of its own, not the demonstration's
	clock := now
	a.now = func() time.Time { return clock }
	agedFeed(t, a, now)

	alma := fact.Component{PURL: "pkg:rpm/almalinux/unheard@1-1.el9?distro=almalinux-9", Ecosystem: "rpm", Distro: "almalinux-9", Name: "unheard", Version: "1-1.el9"}
	pypi := fact.Component{PURL: "pkg:pypi/unheard@1", Ecosystem: "pypi", Name: "unheard", Version: "1"}
	who := access.Command(tid, "test")
	check := func(when string, wantAlma, wantPyPI string) {
		t.Helper()
		e := a.engine()
		for _, c := range []struct {
			about *fact.Component
			want  string
		}{{&alma, wantAlma}, {&pypi, wantPyPI}} {
			if got := e.Component(c.about).Why; got == "" && c.want != "" || !strings.Contains(got, c.want) || got != "" && c.want == "" {
				t.Errorf("%s: %s is not assessed because of %q, want %q", when, c.about.PURL, got, c.want)
			}
		}
		s, err := inventory{a}.Feeds(t.Context(), who)
		if err != nil {
			t.Fatal(err)
		}
		if want := wantAlma+wantPyPI != ""; s.InForce.Stale != want {
			t.Errorf("%s: the feed counts as stale: %v, want %v", when, s.InForce.Stale, want)
		}
		for name, want := range map[string]bool{"AlmaLinux:9": wantAlma != "", "PyPI": wantPyPI != ""} {
			i := slices.IndexFunc(s.InForce.Ecosystems, func(e api.FeedEcosystem) bool { return e.Name == name })
			if i < 0 || s.InForce.Ecosystems[i].Stale != want {
				t.Errorf("%s: %s is shown as %+v, want stale %v", when, name, s.InForce.Ecosystems, want)
			}
		}
		for _, x := range s.InForce.Sources {
			if want := map[string]string{"osv/AlmaLinux": wantAlma, "osv/PyPI": wantPyPI}[x.ID]; want != "" && (!x.Stale || !strings.Contains(x.Why, want)) {
				t.Errorf("%s: source %+v, want %q", when, x, want)
			}
			if x.ID == "osv/AlmaLinux" && wantAlma == "" && !strings.Contains(x.Why, "not mended yet") {
				t.Errorf("%s: the limit of errata is not shown: %+v", when, x)
			}
		}
	}
	check("a week by default", "", "older than 7 days")
	set := func(value string) {
		t.Helper()
		if _, err := a.SetParameterText(t.Context(), tid, "Tester", policy.FeedStaleAfter, &value, "a stick goes out every other week"); err != nil {
			t.Fatal(err)
		}
	}
	set("14d")
	check("two weeks", "", "")
	set("12h")
	check("half a day", "older than 12 hours", "older than 12 hours")
	for _, wrong := range []string{"soon", "-1d", "0d", "7"} {
		if _, err := a.SetParameterText(t.Context(), tid, "Tester", policy.FeedStaleAfter, &wrong, ""); err == nil {
			t.Errorf("%q is taken as a window", wrong)
		}
	}
	set("14d")
	clock = now.AddDate(-3, 0, 0)
	check("three years behind", "set the clock", "set the clock")
	clock = now.AddDate(10, 0, 0)
	check("ten years ahead", "set the clock, or bring a newer feed", "set the clock, or bring a newer feed")
	clock = now
	check("the clock mended", "", "")

	ps, err := a.ParametersOf(t.Context(), tid)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(ps, func(p api.Parameter) bool { return p.Name == policy.FeedStaleAfter })
	if i < 0 || ps[i].Default != "7d" || ps[i].Value != "14d" || ps[i].Citation == "" || ps[i].Override == nil || ps[i].Override.By != "Tester" {
		t.Errorf("the parameter is shown as %+v", ps)
	}
}
