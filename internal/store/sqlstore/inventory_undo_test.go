package sqlstore

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/assess"
	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/judge"
)

// twin is a tenant of which people merge and undo, or one of which nobody does.
type twin struct {
	*Tenant
	t *testing.T
}

// devicesOf returns the serial numbers that each asset has.
func (w *twin) devicesOf() map[string][]string {
	w.t.Helper()
	s := load(w.t, w.Tenant, t0.Add(1000*day))
	out := make(map[string][]string)
	for _, a := range s.Resources[fact.KindAsset] {
		for _, k := range must(w.AssetKeys(w.t.Context(), a.ID))(w.t) {
			if k.Type == asset.Serial {
				out[a.ID] = append(out[a.ID], k.Value)
			}
		}
	}
	return out
}

// judge keeps a judging in which each device has the flaws of its serial number.
func (w *twin) judge(at time.Time, flaws map[string][]string) {
	w.t.Helper()
	seq, _, err := w.FactsSeq(w.t.Context(), at)
	if err != nil {
		w.t.Fatal(err)
	}
	last := must(w.JudgingAt(w.t.Context(), at))(w.t)
	found := make(map[string]*judge.Findings)
	for a := range must(w.FindingsAt(w.t.Context(), last.Seq))(w.t) {
		found[a] = nil
	}
	for a, serials := range w.devicesOf() {
		f := &judge.Findings{Assessed: 1}
		var names []string
		for _, s := range serials {
			names = append(names, flaws[s]...)
		}
		slices.Sort(names)
		for _, n := range slices.Compact(names) {
			f.Matches = append(f.Matches, judge.Match{Flaw: n, By: "package"})
		}
		found[a] = f
	}
	_, err = w.KeepJudging(w.t.Context(), Judging{At: at, Feed: judge.Feed{ID: at.String()}, FactsSeq: seq}, found, func(string) string { return "high" }, "system")
	if err != nil {
		w.t.Fatal(err)
	}
}

// state is all that is known, with assets called by their serial numbers.
func (w *twin) state(at time.Time) []string {
	w.t.Helper()
	ctx := w.t.Context()
	s := load(w.t, w.Tenant, at)
	name := make(map[string]string)
	for a, serials := range w.devicesOf() {
		name[a] = strings.Join(serials, "+")
	}
	var out []string
	say := func(format string, args ...any) {
		line := fmt.Sprintf(format, args...)
		for a, n := range name {
			line = strings.ReplaceAll(line, a, n)
		}
		out = append(out, line)
	}
	for kind, rs := range s.Resources {
		for _, r := range rs {
			for attr, v := range r.Values {
				say("%s %s %s = %v by %s on %s, %d others", kind, r.ID, attr, v.V, v.Origin.Stream, v.Origin.ObservedAt, len(v.Others))
			}
		}
	}
	last := must(w.JudgingAt(ctx, at))(w.t)
	for a, f := range must(w.FindingsAt(ctx, last.Seq))(w.t) {
		for _, m := range f.Matches {
			say("%s has %s since %s", a, m.Flaw, m.Since)
		}
	}
	for _, c := range must(w.ClosedFindings(ctx, t0))(w.t) {
		say("mended %s %s – %s", c.Flaw, c.OpenedAt, c.ClosedAt)
	}
	for a := range name {
		for _, c := range must(w.Software(ctx, a))(w.t) {
			say("%s runs %s %s", a, c.Name, c.Version)
		}
		for _, l := range must(w.AssetLinks(ctx, a))(w.t) {
			say("%s by %s: %s, %v, %s – %s", a, l.Stream, l.Why, l.Keys, l.First, l.Last)
		}
		cs, _, err := w.AssetHistory(ctx, a, 1000)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, c := range cs {
			say("%s on %s: %s %s %s: %v → %v", a, c.ObservedAt, c.Stream, c.Kind, c.What, c.Before, c.After)
		}
	}
	slices.Sort(out)
	return out
}

// TestMergesAndUndosLeaveNothing lets a person merge assets at random while
// sources go on speaking, flaws come and go and all of it is judged, and undoes
// all of it in another order: what is known is then what it is where nobody ever
// merged anything, to the day that each flaw is open since.
func TestMergesAndUndosLeaveNothing(t *testing.T) {
	merges := 0
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 26)) //nolint:gosec // chance needs no secrets
		db, merged := openTest(t)
		if err := db.CreateTenant(t.Context(), Profile{Organization: assess.Organization{ID: "tn_twin", Name: "Twin"}, CreatedAt: t0}, "test"); err != nil {
			t.Fatal(err)
		}
		a, b := &twin{merged, t}, &twin{db.Tenant("tn_twin"), t}
		both := func(do func(w *twin)) { do(a); do(b) }
		var devices []string
		flaws := make(map[string][]string)
		for n := range 7 {
			serial := fmt.Sprintf("b7-%d0010", n+1)
			devices = append(devices, fmt.Sprintf("d%d|serial %s|mac 3c:52:82:00:00:%02x|name=PUMP-%d", n, serial, n, n))
			flaws[serial] = []string{fmt.Sprintf("CVE-2026-100%d", n)}
		}
		serials := func() []string { // in the order of the devices
			var out []string
			for n := range devices {
				out = append(out, fmt.Sprintf("b7-%d0010", n+1))
			}
			return out
		}()
		at := t0
		next := func() time.Time { at = at.Add(day); return at }
		speak := func(stream string) {
			now := next()
			some := slices.Clone(devices)
			r.Shuffle(len(some), func(i, j int) { some[i], some[j] = some[j], some[i] })
			some = some[:3+r.IntN(len(some)-3)]
			both(func(w *twin) { bring(t, w.Tenant, now, stream, some...) })
		}
		judgeBoth := func() {
			now := next()
			both(func(w *twin) { w.judge(now, flaws) })
		}
		now := next()
		both(func(w *twin) { bring(t, w.Tenant, now, "cmdb", devices...) })
		speak("scan")
		judgeBoth()
		for i, s := range serials { // one flaw that all have, each since another day
			flaws[s] = append(flaws[s], "CVE-2026-2000")
			if i%2 == 0 {
				judgeBoth()
			}
		}
		judgeBoth()

		var open []string
		for n := range 12 {
			switch k := r.IntN(5); {
			case k < 2:
				ids := slices.Sorted(func(yield func(string) bool) {
					for id := range a.devicesOf() {
						if !yield(id) {
							return
						}
					}
				})
				if len(ids) < 2 {
					continue
				}
				r.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
				m := must(a.MergeAssets(t.Context(), ids[0], ids[1], Act{Actor: "us_1", Reason: "one", Now: next()}))(t)
				open = append(open, m.ID)
				judgeBoth()
			case k == 2:
				speak([]string{"cmdb", "scan", "osquery"}[r.IntN(3)])
			case k == 3: // a flaw comes to one device
				s := serials[r.IntN(len(serials))]
				flaws[s] = append(flaws[s], fmt.Sprintf("CVE-2026-3%03d", n))
				judgeBoth()
			default: // the flaw of one device is mended
				s := serials[r.IntN(len(serials))]
				flaws[s] = slices.DeleteFunc(flaws[s], func(f string) bool { return strings.HasPrefix(f, "CVE-2026-100") })
				judgeBoth()
			}
		}
		merges += len(open)
		r.Shuffle(len(open), func(i, j int) { open[i], open[j] = open[j], open[i] })
		for _, m := range open {
			if err := a.Unmerge(t.Context(), m, Act{Actor: "us_1", Reason: "two after all", Now: next()}); err != nil {
				t.Fatal(err)
			}
			if r.IntN(2) == 0 {
				judgeBoth()
			}
		}
		speak("scan")
		judgeBoth()
		if diff := cmp.Diff(b.state(at), a.state(at)); diff != "" {
			t.Errorf("seed %d: after %d merges that were undone (-never merged +undone):\n%s", seed, len(open), diff)
		}
		checkLedger(t, db, merged)
	}
	if merges < 10 {
		t.Errorf("only %d merges were made", merges)
	}
}
