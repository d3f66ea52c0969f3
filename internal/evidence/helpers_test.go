package evidence_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/assess"
	"github.com/asepsis/asepsis/internal/evidence"
	"github.com/asepsis/asepsis/internal/evidence/evidencetest"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/policy"
	"github.com/asepsis/asepsis/internal/secret"
	"github.com/asepsis/asepsis/ledger"
)

const tenant = "tn_01jd0000000000000000000000"

// start is when every test begins.
var start = time.Date(2026, 11, 25, 3, 0, 0, 123456789, time.UTC)

// testKeys are the keys made of the seed 0, 1, 2, …, 31.
func testKeys(t testing.TB) *evidence.Keys {
	t.Helper()
	seed := make([]byte, ed25519.SeedSize)
	for i := range seed {
		seed[i] = byte(i)
	}
	public, ok := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	if !ok {
		t.Fatal("no public key")
	}
	name := evidence.Origin(tenant)
	vkey, err := note.NewEd25519VerifierKey(name, public)
	if err != nil {
		t.Fatal(err)
	}
	hash := strings.Split(vkey, "+")[1]
	k, err := evidence.ParseKeys(
		secret.New(fmt.Sprintf("PRIVATE+KEY+%s+%s+%s", name, hash, base64.StdEncoding.EncodeToString(append([]byte{1}, seed...)))),
		secret.New(strings.Repeat("ab", 32)))
	if err != nil {
		t.Fatal(err)
	}
	if k.Public() != vkey {
		t.Fatalf("public key %q, want %q", k.Public(), vkey)
	}
	return k
}

// world is a store, a folder, and what fills and checks them.
type world struct {
	t      testing.TB
	faults *evidencetest.Faults
	store  *evidencetest.Store
	files  *evidencetest.Files
	keys   *evidence.Keys
	now    time.Time
	n      int // of what was appended
}

func newWorld(t testing.TB) *world {
	f := &evidencetest.Faults{}
	w := &world{
		t: t, faults: f, keys: testKeys(t), now: start,
		store: evidencetest.NewStore(tenant, f),
		files: evidencetest.NewFiles(f),
	}
	t.Cleanup(func() {
		if err := w.store.Broken(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *world) publisher() *evidence.Publisher {
	return evidence.NewPublisher(w.store, w.files, w.keys)
}

// must stops the test at an error.
func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// append commits a statement of each kind in turn, with its rows.
func (w *world) append(count int) {
	w.t.Helper()
	for range count {
		w.must(w.appendOne())
	}
}

func (w *world) appendOne() error {
	w.n++
	w.now = w.now.Add(time.Second)
	n := w.n
	switch n % 5 {
	case 1:
		return w.store.Append(w.now, nil, evidence.OrganizationSet("us_1", evidence.Organization{
			Organization: assess.Organization{ID: tenant, Name: "Prairie View", Kind: "critical_access", Beds: n}, SetUp: n == 1,
		}))
	case 2:
		h := batchHash(n, `{"name":"ehr-01"}`)
		return w.store.Append(w.now, func(r *evidencetest.Rows) error {
			r.PutBatch(int64(n), func() ledger.Hash { return batchHash(n, `{"name":"ehr-01"}`) })
			return nil
		}, evidence.FactsStored(evidence.System, evidence.Batch{
			Seq: int64(n), ID: fmt.Sprintf("ba_%d", n), Stream: "host/ehr-01", Snapshot: true, Assurance: fact.Measured,
			ObservedAt: w.now, RecordedAt: w.now, Facts: 1, Digest: h,
		}), evidence.FileImported("us_1", evidence.File{
			File: fact.File{Name: "people.csv", Format: "csv/people", Size: 10, SHA256: strings.Repeat("0", 64)}, Import: "im_1", Batch: int64(n), Rows: 3,
		}))
	case 3:
		return w.appendAssessment(fmt.Sprintf("an_%d", n), 2)
	case 4:
		e := access.Event{
			ID: fmt.Sprintf("ev_%d", n), Tenant: tenant, At: w.now.Truncate(time.Microsecond), Who: "it@example.org", WhoID: "us_1",
			Action: "session.begin", Target: "us_1", Outcome: access.Done, From: access.Private,
		}
		d, err := evidence.AccessRecorded(w.keys.Commit(), e)
		if err != nil {
			return err
		}
		return w.store.Append(w.now, func(r *evidencetest.Rows) error { r.PutEvent(e); return nil }, d)
	}
	p := evidence.Parameter{Name: fmt.Sprintf("mfa-privileged.parameter_%d", n%4), To: fmt.Sprintf("0.%d", n), Reason: "as agreed"}
	if n%3 == 0 {
		p.To = ""
	}
	return w.store.Append(w.now, func(r *evidencetest.Rows) error { r.PutOverride(p.Name, p.To); return nil }, evidence.ParameterChanged("us_1", p))
}

// batchHash hashes a batch of one fact.
func batchHash(seq int, values string) ledger.Hash {
	var h evidence.BatchHasher
	h.Header("host/ehr-01", true, "measured", start, start, "system", "")
	h.Asset(fmt.Sprintf("as_%d", seq))
	h.Fact("host", fmt.Sprintf("as_%d", seq), "", time.Time{}, values, "")
	sum, err := h.Sum()
	if err != nil {
		panic(err)
	}
	return sum
}

// appendAssessment keeps an assessment with so many checks of two results each.
func (w *world) appendAssessment(id string, checks int) error {
	a := assess.Assessment{ID: id, AsOf: w.now, Level: assess.Partial, GoalsMeasured: 1, Digest: "d", Goals: []assess.Goal{{ID: "mfa", State: policy.PartlyMet}}}
	results := map[string][]policy.Result{}
	coms := map[string]evidence.Commitment{}
	for i := range checks {
		check := fmt.Sprintf("mfa-check-with-a-name-of-the-usual-length-%d", i)
		results[check] = testResults(check)
		c, err := evidence.Commit(w.keys.Commit(), results[check])
		if err != nil {
			return err
		}
		coms[check] = c
		a.Goals[0].Checks = append(a.Goals[0].Checks, assess.Check{ID: check, State: policy.PartlyMet, Tally: policy.Tally{Pass: 1, Fail: 1}})
	}
	ds, err := evidence.AssessmentKept(evidence.System, a, 7, coms)
	if err != nil {
		return err
	}
	return w.store.Append(w.now, func(r *evidencetest.Rows) error { return r.PutAssessment(a, results) }, ds...)
}

func testResults(check string) []policy.Result {
	origin := fact.Origin{Stream: "import/accounts/ad", Title: "accounts", ObservedAt: start, Assurance: fact.Imported}
	r := policy.Result{Check: check, Kind: "account", Expected: "a factor that cannot be phished", Assurance: fact.Imported}
	a, b := r, r
	a.Resource, a.Label, a.Verdict = "ad:alice", "alice", policy.Pass
	a.Observed = []policy.Observed{
		{Name: "mfa_enabled", Value: true, Origin: origin},
		{Name: "password_set_at", Value: start, Origin: origin},
		{Name: "groups", Value: []string{"admins", "users"}, Origin: origin},
		{Name: "logons", Value: int64(1<<60 + 1), Origin: origin},
		{Name: "share", Value: 0.1, Origin: origin},
	}
	b.Resource, b.Label, b.Verdict, b.Why = "ad:bob", "bob", policy.Fail, "no second factor"
	b.Observed = []policy.Observed{{Name: "mfa_enabled", Value: nil, Why: "not exported", Origin: origin}}
	return []policy.Result{a, b}
}

func (w *world) checker() evidence.Checker {
	return evidence.Checker{Tenant: tenant, Store: w.store, Files: w.files, Public: w.keys.Public(), Commit: w.keys.Commit()}
}

// check derives everything anew.
func (w *world) check() *evidence.Report {
	w.t.Helper()
	r, err := w.checker().Check(context.Background())
	w.must(err)
	return r
}

// holds fails the test unless the check finds nothing.
func (w *world) holds() *evidence.Report {
	w.t.Helper()
	r := w.check()
	if !r.Good() {
		var b strings.Builder
		w.must(r.WriteText(&b))
		w.t.Fatal(b.String())
	}
	return r
}
