package demo

import (
	"cmp"
	"fmt"
	"io/fs"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/content"
	"github.com/asepsis/asepsis/internal/assess"
	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/goal"
	"github.com/asepsis/asepsis/internal/policy"
)

var now = time.Date(2026, 11, 25, 9, 30, 0, 0, time.UTC)

func TestBatchesAreValid(t *testing.T) {
	for _, at := range []time.Time{now, time.Date(2027, 3, 1, 0, 5, 0, 0, time.UTC), time.Date(2026, 7, 4, 23, 59, 0, 0, time.UTC)} {
		for seed := range uint64(2) {
			d := Hospital(seed, at)
			var before time.Time
			steps := 0
			for s := range d.Steps() {
				steps++
				if s.At.Before(before) || s.At.After(at) || s.What == "" || len(s.Batches) == 0 {
					t.Errorf("seed %d: step %d at %s after %s, %q, %d batches", seed, steps, s.At, before, s.What, len(s.Batches))
				}
				before = s.At
				for _, b := range s.Batches {
					for i, err := range b.Validate() {
						if i < 3 {
							t.Errorf("seed %d, %s, %s: %v", seed, s.At.Format(time.DateOnly), b.Stream.ID, err)
						}
					}
					if b.ObservedAt.After(s.At) {
						t.Errorf("%s was observed at %s, after it was learnt at %s", b.Stream.ID, b.ObservedAt, s.At)
					}
					if b.File != nil && (!strings.HasPrefix(b.File.Name, "demo ") || len(b.File.SHA256) != 64 || b.File.Format == "") {
						t.Errorf("file %+v", b.File)
					}
					future(t, b)
				}
			}
			if steps != d.Len() || steps < 15 {
				t.Errorf("seed %d: %d steps, said %d", seed, steps, d.Len())
			}
		}
	}
}

// future reports what a batch says was done after it was observed.
func future(t *testing.T, b *fact.Batch) {
	t.Helper()
	past := []string{"trained_at", "phish_last_at", "last_login_at", "disabled_at", "created_at", "first_seen_at", "last_seen_at", "scanned_at", "performed_at", "baa_signed_at", "verified_at", "network_seen_at", "last_log_at", "password_set_at"}
	check := func(at string, vs fact.Values) {
		for _, name := range past {
			if v, ok := vs[name].(time.Time); ok && v.After(b.ObservedAt.Add(12*time.Hour)) {
				t.Errorf("%s of %s: %s is %s", at, b.ObservedAt, name, v)
			}
		}
	}
	for _, s := range b.Sightings {
		check(b.Stream.ID+" "+s.Ref, s.Values)
	}
	for _, f := range b.Facts {
		check(b.Stream.ID+" "+f.Key, f.Values)
	}
}

func TestSameSeedSameHospital(t *testing.T) {
	a, d := slices.Collect(Hospital(7, now).Steps()), Hospital(7, now)
	// A step does not depend on whether the ones before it were asked for.
	for _, i := range []int{d.Len() - 1, 7, 0} {
		if !reflect.DeepEqual(a[i], d.world.step(i)) {
			t.Errorf("the same seed made another step %d", i)
		}
	}
	if other := Hospital(8, now); reflect.DeepEqual(a[0], other.world.step(0)) {
		t.Error("another seed made the same hospital")
	}
}

func TestSizes(t *testing.T) {
	for _, tt := range []struct {
		scale          float64
		assets, people [2]int
	}{{1, [2]int{415, 445}, [2]int{310, 310}}, {0.3, [2]int{130, 190}, [2]int{90, 96}}, {3, [2]int{1150, 1300}, [2]int{930, 930}}} {
		d := Hospital(1, now, Scale(tt.scale))
		if n := len(d.world.devices); n < tt.assets[0] || n > tt.assets[1] {
			t.Errorf("scale %g: %d devices, want %v", tt.scale, n, tt.assets)
		}
		if n := len(d.world.people); n < tt.people[0] || n > tt.people[1] {
			t.Errorf("scale %g: %d people, want %v", tt.scale, n, tt.people)
		}
	}
	steps := slices.Collect(Hospital(1, now, Latest()).Steps())
	if len(steps) != 1 || len(steps[0].Batches) < 15 {
		t.Errorf("the latest alone: %d steps", len(steps))
	}
	macs := make(map[string]bool)
	for _, d := range Hospital(1, now, Scale(5)).world.devices {
		if macs[d.mac] || macs[d.ip] || macs[d.serial] || macs[d.name] {
			t.Errorf("%s shares an identity with another", d.name)
		}
		macs[d.mac], macs[d.ip], macs[d.serial], macs[d.name] = true, true, true, true
	}
}

// memory is an inventory kept in memory, with just enough of a store to assess.
type memory struct {
	owners map[asset.Key]string
	latest map[string]map[string]fact.Statement // by stream, then by kind and resource
	snap   map[string]bool
	n      int
}

func newMemory() *memory {
	return &memory{owners: map[asset.Key]string{}, latest: map[string]map[string]fact.Statement{}, snap: map[string]bool{}}
}

func (m *memory) take(tb testing.TB, b *fact.Batch) {
	tb.Helper()
	refs := make(map[string]string, len(b.Sightings))
	if b.Stream.Snapshot || m.latest[b.Stream.ID] == nil {
		m.latest[b.Stream.ID] = make(map[string]fact.Statement)
	}
	into := m.latest[b.Stream.ID]
	put := func(st fact.Statement) {
		st.Origin = fact.Origin{Stream: b.Stream.ID, Title: b.Stream.Title, ObservedAt: b.ObservedAt, Assurance: b.Assurance}
		into[string(st.Kind)+"\x00"+st.ID] = st
	}
	for _, s := range b.Sightings {
		// No two devices of the world share a key, so any key tells.
		id := ""
		for _, k := range s.Keys {
			id = cmp.Or(id, m.owners[k])
		}
		if id == "" {
			m.n++
			id = fmt.Sprintf("as_%05d", m.n)
		}
		for _, k := range s.Keys {
			m.owners[k] = id
		}
		refs[s.Ref] = id
		put(fact.Statement{Kind: fact.KindAsset, ID: id, Asset: id, Values: s.Values, Missing: s.Missing})
	}
	for _, f := range b.Facts {
		st := fact.Statement{Kind: f.Kind, ID: f.Key, Values: f.Values, Missing: f.Missing}
		if f.Asset != "" {
			st.Asset = refs[f.Asset]
			st.ID = st.Asset + "/" + f.Key
		}
		put(st)
	}
}

func (m *memory) set() fact.Set {
	by := make(map[string][]fact.Statement)
	for _, sts := range m.latest {
		for k, st := range sts {
			by[k] = append(by[k], st)
		}
	}
	s := fact.Set{Resources: make(map[fact.Kind][]*fact.Resource)}
	for _, sts := range by {
		r := fact.Merge(sts)
		s.Resources[r.Kind] = append(s.Resources[r.Kind], r)
	}
	for _, rs := range s.Resources {
		slices.SortFunc(rs, func(a, b *fact.Resource) int { return cmp.Compare(a.ID, b.ID) })
	}
	return s
}

func rules(tb testing.TB) assess.Rules {
	tb.Helper()
	sub := func(dir string) fs.FS {
		f, err := fs.Sub(content.FS, dir)
		if err != nil {
			tb.Fatal(err)
		}
		return f
	}
	goals, err := goal.Parse(sub("goals"))
	if err != nil {
		tb.Fatal(err)
	}
	checks, err := policy.Load(goals.IDs(), policy.Source{FS: sub("checks"), Name: "content/checks"})
	if err != nil {
		tb.Fatal(err)
	}
	return assess.Rules{Version: "test", Goals: goals.Goals, Checks: checks}
}

func statesOf(a *assess.Assessment) map[string]string {
	m := make(map[string]string)
	for _, g := range a.Goals {
		m[g.ID] = string(g.State)
	}
	return m
}

// TestTheStoryShows assesses the hospital through its history and looks for
// what happened in it.
func TestTheStoryShows(t *testing.T) {
	r := rules(t)
	for seed := range uint64(2) {
		m := newMemory()
		d := Hospital(seed, now)
		history := make(map[int]map[string]string)
		i := 0
		var end assess.Kept
		for s := range d.Steps() {
			for _, b := range s.Batches {
				m.take(t, b)
			}
			ago := d.world.size.days[i]
			i++
			if !slices.Contains([]int{420, 270, 210, 120, 0}, ago) {
				continue
			}
			k := assess.Assess(r, m.set(), s.At, assess.Organization{Name: d.Organization.Name, Kind: d.Organization.Kind})
			history[ago] = statesOf(&k.Assessment)
			end = k
		}
		if testing.Verbose() && seed == 0 {
			for _, g := range end.Assessment.Goals {
				t.Logf("%-32s %-9s %s", g.ID, g.Tier, g.State)
				for _, c := range g.Checks {
					t.Logf("      %-34s %-10s %-13s pass %d fail %d n/m %d", c.ID, c.Role, c.State, c.Pass, c.Fail, c.NotMeasured)
				}
			}
		}
		count := make(map[string]int)
		for _, g := range end.Assessment.Goals {
			count[g.Tier+" "+string(g.State)]++
		}
		t.Logf("seed %d: %v, level %s, %d assets", seed, count, end.Assessment.Level, len(m.set().Resources[fact.KindAsset]))
		for _, want := range []struct {
			what   string
			lo, hi int
		}{{"essential met", 4, 6}, {"essential partly_met", 3, 5}, {"enhanced met", 1, 4}, {"enhanced not_met", 1, 3}, {"enhanced not_measured", 1, 3}, {"essential not_measured", 1, 1}} {
			if n := count[want.what]; n < want.lo || n > want.hi {
				t.Errorf("seed %d: %d goals %s, want %d to %d", seed, n, want.what, want.lo, want.hi)
			}
		}
		for _, want := range []struct {
			ago   int
			goal  string
			state string
		}{
			{270, "basic-training", "met"},
			{210, "basic-training", "partly_met"},
			{120, "basic-training", "met"},
			{120, "asset-inventory", "partly_met"},
			{0, "asset-inventory", "met"},
			{420, "unique-credentials", "partly_met"},
			{0, "unique-credentials", "met"},
			{0, "revoke-credentials", "partly_met"},
			{0, "mfa", "partly_met"},
			{0, "strong-encryption", "partly_met"},
			{0, "detect-respond", "partly_met"},
			{0, "segmentation", "not_measured"},
			{0, "mitigate-known-vulnerabilities", "partly_met"},
		} {
			if got := history[want.ago][want.goal]; got != want.state {
				t.Errorf("seed %d, %d days ago: %s is %s, want %s", seed, want.ago, want.goal, got, want.state)
			}
		}
		if n := len(m.set().Resources[fact.KindAsset]); n != len(d.world.devices) {
			t.Errorf("seed %d: %d devices became %d assets", seed, len(d.world.devices), n)
		}
	}
}

func BenchmarkHospital(b *testing.B) {
	for b.Loop() {
		facts := 0
		for s := range Hospital(1, now).Steps() {
			for _, x := range s.Batches {
				facts += len(x.Facts) + len(x.Sightings)
			}
		}
		b.ReportMetric(float64(facts), "facts")
	}
}
