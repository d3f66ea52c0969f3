package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/assess"
	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/secret"
)

var t0 = time.Date(2026, 11, 3, 4, 5, 6, 123456000, time.UTC)

func openTest(t testing.TB) (*DB, *Tenant) {
	t.Helper()
	db, err := Open(t.Context(), filepath.Join(t.TempDir(), "asepsis.db"), func(string) (secret.Text, error) {
		return secret.New("0123456789abcdef0123456789abcdef"), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	p := Profile{Organization: assess.Organization{ID: "tn_test", Name: "Test Hospital", Kind: "community", Beds: 85}, CreatedAt: t0}
	if err := db.CreateTenant(t.Context(), p, "test"); err != nil {
		t.Fatal(err)
	}
	return db, db.Tenant("tn_test")
}

func key(t testing.TB, typ asset.KeyType, v string) asset.Key {
	t.Helper()
	k, ok := asset.NewKey(typ, v)
	if !ok {
		t.Fatalf("no key %s %s", typ, v)
	}
	return k
}

func hostBatch(t testing.TB, at time.Time, ports ...int64) *fact.Batch {
	b := &fact.Batch{
		Stream: fact.Stream{ID: "host/1", Title: "host collector on ehr-db-01", Snapshot: true}, Assurance: fact.Measured, ObservedAt: at,
		Sightings: []fact.Sighting{{
			Ref: "h", Keys: []asset.Key{key(t, asset.Machine, "0f0f1"), key(t, asset.Name, "ehr-db-01")},
			Values: fact.Values{"name": "ehr-db-01", "os_family": "linux"}, Missing: map[string]string{"disk_encrypted": "needs root"},
		}},
		Components: []fact.Component{{Asset: "h", Ecosystem: "deb", Name: "openssl", Version: "3.0.1"}, {Asset: "h", Ecosystem: "deb", Name: "bash", Version: "5.2"}},
		Notes:      []fact.Note{{What: "disk encryption", Why: "needs root"}},
	}
	for _, p := range ports {
		b.Facts = append(b.Facts, fact.Fact{Kind: fact.KindEndpoint, Asset: "h", Key: fmt.Sprintf("%d/tcp", p), Values: fact.Values{"port": p, "transport": "tcp"}})
	}
	return b
}

func peopleBatch(at time.Time, sum string, people ...string) *fact.Batch {
	b := &fact.Batch{
		Stream: fact.Stream{ID: "import/people", Title: "staff roster"}, Assurance: fact.Imported, ObservedAt: at,
		File: &fact.File{Name: "roster.csv", Format: "csv/people", SHA256: sum},
	}
	for _, p := range people {
		b.Facts = append(b.Facts, fact.Fact{Kind: fact.KindPerson, Key: p, Values: fact.Values{"name": p}})
	}
	return b
}

func ingestTest(t *testing.T, tn *Tenant, b *fact.Batch, now time.Time) Ingested {
	t.Helper()
	in, err := tn.Ingest(t.Context(), b, Delivery{Actor: "test", Now: now})
	if err != nil {
		t.Fatal(err)
	}
	// What is stored must derive to what was stated, after every batch.
	seqs, err := tn.BatchSeqs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, seq := range seqs {
		got, err := tn.BatchDigest(t.Context(), seq)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := tn.Batches(t.Context(), seq+1, 1, false)
		if err != nil {
			t.Fatal(err)
		}
		if got != rows[0].Digest {
			t.Errorf("batch %d: derived digest differs from the stored one", seq)
		}
	}
	return in
}

func load(t *testing.T, tn *Tenant, at time.Time) *fact.Set {
	t.Helper()
	s, _, err := tn.Load(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSnapshotReplacesAndThePastStays(t *testing.T) {
	_, tn := openTest(t)
	first := ingestTest(t, tn, hostBatch(t, t0, 22, 443), t0)
	if first.NewAssets != 1 {
		t.Errorf("new assets = %d, want 1", first.NewAssets)
	}
	day := 24 * time.Hour
	second := ingestTest(t, tn, hostBatch(t, t0.Add(day), 22), t0.Add(day))
	want := []Change{{Kind: fact.KindAsset, Same: 1}, {Kind: fact.KindEndpoint, Gone: 1, Same: 1}}
	if diff := cmp.Diff(want, second.Changes); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	if second.NewAssets != 0 {
		t.Error("the same machine became a second asset")
	}
	if n := len(load(t, tn, t0.Add(day)).Resources[fact.KindEndpoint]); n != 1 {
		t.Errorf("now %d endpoints, want 1", n)
	}
	past := load(t, tn, t0.Add(time.Hour))
	if n := len(past.Resources[fact.KindEndpoint]); n != 2 {
		t.Errorf("as of the first day %d endpoints, want 2", n)
	}
	if n := len(load(t, tn, t0.Add(-time.Hour)).Resources); n != 0 {
		t.Errorf("before anything was known: %d kinds", n)
	}
	// An unchanged fact of a snapshot is as fresh as the newest batch.
	a := load(t, tn, t0.Add(day)).Resources[fact.KindAsset][0]
	if got := a.Values["name"].Origin.ObservedAt; !got.Equal(t0.Add(day)) {
		t.Errorf("observed at %s, want %s", got, t0.Add(day))
	}
	if a.Missing["disk_encrypted"].Why != "needs root" || len(past.Notes) != 1 {
		t.Error("what could not be read is lost")
	}
	cs, err := tn.Software(t.Context(), a.ID)
	if err != nil || len(cs) != 2 || cs[1].Name != "openssl" {
		t.Errorf("software = %v, %v", cs, err)
	}
}

func TestTheSameFileTwiceChangesNothing(t *testing.T) {
	db, tn := openTest(t)
	ingestTest(t, tn, peopleBatch(t0, "aa", "ann", "bob"), t0)
	before := dump(t, db)
	again := ingestTest(t, tn, peopleBatch(t0.Add(time.Hour), "aa", "ann", "bob"), t0.Add(time.Hour))
	if !again.Unchanged || !again.Earlier.Equal(t0) {
		t.Errorf("again = %+v", again)
	}
	if diff := cmp.Diff(before, dump(t, db)); diff != "" {
		t.Errorf("the database changed:\n%s", diff)
	}
}

func TestOlderFactsNeverReplaceNewer(t *testing.T) {
	_, tn := openTest(t)
	newer := peopleBatch(t0, "aa", "ann")
	newer.Facts[0].Values["role"] = "nurse"
	ingestTest(t, tn, newer, t0)
	older := peopleBatch(t0.AddDate(-1, 0, 0), "bb", "ann", "cy")
	older.Facts[0].Values["role"] = "student"
	in := ingestTest(t, tn, older, t0.Add(time.Minute))
	if in.Older != 1 {
		t.Errorf("older = %d, want 1", in.Older)
	}
	s := load(t, tn, t0.Add(time.Hour))
	if got := s.Find(fact.KindPerson, "ann").Text("role"); got != "nurse" {
		t.Errorf("role = %q", got)
	}
	if s.Find(fact.KindPerson, "cy") == nil {
		t.Error("a person only the older file knows is lost")
	}
	_, err := tn.Ingest(t.Context(), hostBatch(t, t0, 22), Delivery{Actor: "test", Now: t0.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = tn.Ingest(t.Context(), hostBatch(t, t0.Add(-time.Hour), 22), Delivery{Actor: "test", Now: t0.Add(time.Hour)})
	if !errs.Is(err, errs.Conflict) {
		t.Errorf("an older snapshot: err = %v, want a conflict", err)
	}
}

func TestDryRunChangesNothingAndShowsAll(t *testing.T) {
	db, tn := openTest(t)
	ingestTest(t, tn, peopleBatch(t0, "aa", "ann", "bob"), t0)
	before := dump(t, db)
	b := peopleBatch(t0.Add(time.Hour), "bb", "ann", "cy")
	b.Facts[0].Values["role"] = "nurse"
	b.Components = nil
	in, err := tn.Ingest(t.Context(), b, Delivery{Actor: "test", Now: t0.Add(time.Hour), DryRun: true})
	if err != nil {
		t.Fatal(err)
	}
	want := []RowChange{
		{Change: "changed", Kind: fact.KindPerson, ID: "ann", Label: "ann", Values: []ValueChange{{Name: "role", After: "nurse"}}},
		{Change: "added", Kind: fact.KindPerson, ID: "cy", Label: "cy", Values: []ValueChange{{Name: "name", After: "cy"}}},
	}
	if diff := cmp.Diff(want, in.Diff); diff != "" {
		t.Errorf("diff (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, dump(t, db)); diff != "" {
		t.Errorf("the dry run changed the database:\n%s", diff)
	}
	real := ingestTest(t, tn, b, t0.Add(time.Hour))
	diff, err := tn.BatchDiff(t.Context(), real.Seq, 10)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, diff); d != "" {
		t.Errorf("the record differs from the dry run:\n%s", d)
	}
}

func TestClockThatJumpsBack(t *testing.T) {
	_, tn := openTest(t)
	ingestTest(t, tn, peopleBatch(t0, "aa", "ann"), t0)
	in := ingestTest(t, tn, peopleBatch(t0.Add(-time.Hour), "bb", "bob"), t0.Add(-48*time.Hour))
	if in.RecordedAt.Before(t0) {
		t.Errorf("recorded at %s, before what was known already", in.RecordedAt)
	}
	if load(t, tn, t0).Find(fact.KindPerson, "bob") == nil {
		t.Error("what was acknowledged is not seen")
	}
	es, err := tn.Entries(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	for i := 1; i < len(es); i++ {
		if es[i].At.Before(es[i-1].At) || es[i].Index != int64(i) {
			t.Errorf("entry %d: index %d, at %s after %s", i, es[i].Index, es[i].At, es[i-1].At)
		}
	}
}

func TestTenantsDoNotMix(t *testing.T) {
	db, tn := openTest(t)
	other := Profile{Organization: assess.Organization{ID: "tn_other", Name: "Other"}, CreatedAt: t0}
	if err := db.CreateTenant(t.Context(), other, "test"); err != nil {
		t.Fatal(err)
	}
	ingestTest(t, tn, hostBatch(t, t0, 22), t0)
	ot := db.Tenant("tn_other")
	if s := load(t, ot, t0); len(s.Resources) != 0 {
		t.Errorf("the other organization sees %v", s.Resources)
	}
	in := ingestTest(t, ot, hostBatch(t, t0, 22), t0)
	if in.NewAssets != 1 {
		t.Error("an asset is shared between organizations")
	}
	if err := db.CreateTenant(t.Context(), other, "test"); !errs.Is(err, errs.Conflict) {
		t.Errorf("second creation: %v, want a conflict", err)
	}
}

func TestAWriteThatFailsLeavesNothing(t *testing.T) {
	db, tn := openTest(t)
	before := dump(t, db)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := tn.Ingest(ctx, hostBatch(t, t0, 22), Delivery{Actor: "test", Now: t0}); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v, want canceled", err)
	}
	bad := hostBatch(t, t0, 22)
	bad.Facts[0].Values["port"] = "22"
	if _, err := tn.Ingest(t.Context(), bad, Delivery{Actor: "test", Now: t0}); err == nil {
		t.Error("a value of the wrong type was stored")
	}
	if diff := cmp.Diff(before, dump(t, db)); diff != "" {
		t.Errorf("the database changed:\n%s", diff)
	}
}

// dump counts the rows of every table.
func dump(t *testing.T, db *DB) map[string]int {
	t.Helper()
	rows, err := db.read.QueryContext(t.Context(), `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'goose%' AND name NOT LIKE 'sqlite%'`)
	if err != nil {
		t.Fatal(err)
	}
	names, err := collect(rows, func(s scanner) (n string, err error) { return n, s.Scan(&n) })
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]int)
	for _, n := range names {
		var c int
		if err := db.read.QueryRowContext(t.Context(), `SELECT count(*) FROM `+n).Scan(&c); err != nil {
			t.Fatal(err)
		}
		out[n] = c
	}
	return out
}

func nessusBatch(t testing.TB, at time.Time, findings map[string][]string) *fact.Batch {
	b := &fact.Batch{
		Stream: fact.Stream{ID: "import/nessus/weekly", Title: "Nessus scan weekly", PerAsset: true}, Assurance: fact.Imported, ObservedAt: at,
	}
	for host, found := range findings {
		b.Sightings = append(b.Sightings, fact.Sighting{Ref: host, Keys: []asset.Key{key(t, asset.Serial, host)}, Values: fact.Values{"name": host, "scanned_at": at}})
		for _, f := range found {
			b.Facts = append(b.Facts, fact.Fact{Kind: fact.KindVulnerability, Asset: host, Key: f, Values: fact.Values{"title": f, "severity": "high"}})
		}
	}
	return b
}

// TestScansAreCompleteForTheHostsTheyList brings scans of one name that look at
// different machines.
func TestScansAreCompleteForTheHostsTheyList(t *testing.T) {
	_, tn := openTest(t)
	day := 24 * time.Hour
	ingestTest(t, tn, nessusBatch(t, t0, map[string][]string{"srv-a1": {"v1", "v2"}, "srv-b2": {"v3"}}), t0)
	in := ingestTest(t, tn, nessusBatch(t, t0.Add(7*day), map[string][]string{"srv-a1": {"v2"}}), t0.Add(7*day))
	if _, _, gone := in.Total(); gone != 1 {
		t.Errorf("gone = %d, want the one finding that the newer scan of the host leaves out", gone)
	}
	// An older scan that comes late neither takes back nor brings back.
	ingestTest(t, tn, nessusBatch(t, t0.Add(day), map[string][]string{"srv-a1": {"v1"}}), t0.Add(8*day))
	var got []string
	s := load(t, tn, t0.Add(9*day))
	for _, v := range s.Resources[fact.KindVulnerability] {
		got = append(got, fmt.Sprintf("%s since %s", v.Text("title"), v.When("first_seen_at").Format(time.DateOnly)))
	}
	slices.Sort(got)
	want := []string{"v2 since 2026-11-03", "v3 since 2026-11-03"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	for _, a := range s.Resources[fact.KindAsset] {
		want := map[string]time.Time{"srv-a1": t0.Add(7 * day), "srv-b2": t0}[a.Text("name")]
		if at := a.When("scanned_at"); !at.Equal(want) {
			t.Errorf("%s scanned at %s, want %s", a.Text("name"), at, want)
		}
	}
}
