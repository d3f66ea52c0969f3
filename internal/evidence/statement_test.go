package evidence_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/assess"
	"github.com/asepsis/asepsis/internal/evidence"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/policy"
	"github.com/asepsis/asepsis/internal/secret"
	"github.com/asepsis/asepsis/ledger"
)

// TestBodies has the body of each kind to the byte; docs/formats/ledger.md
// shows the same.
func TestBodies(t *testing.T) {
	key := secret.New(strings.Repeat("k", 32))
	event, err := evidence.AccessRecorded(key, access.Event{
		ID: "ev_1", At: start, Who: "typed-a-password-here", Action: "session.begin", Outcome: access.Refused, From: access.PublicNet,
	})
	if err != nil {
		t.Fatal(err)
	}
	// The hash of that assessment's canonical JSON.
	const document = "i0YkVVCLZ1kyrNA3heJw8iUfGKxg9hoWXRJzaeTEtJk="
	assessment, err := evidence.AssessmentKept("us_1", assess.Assessment{
		ID: "an_1", AsOf: start, Level: assess.Partial, GoalsMet: 0, GoalsMeasured: 1, Digest: "d1",
		Content: assess.Content{Version: "1.0.0", Checks: "c1", Parameters: "p1"},
		Goals: []assess.Goal{{
			ID: "mfa", State: policy.NotMet, Coverage: policy.Coverage{Measured: 2, InScope: 3},
			Checks: []assess.Check{{ID: "mfa-a", State: policy.NotMet, Tally: policy.Tally{Pass: 1, Fail: 1, NotMeasured: 1}}},
		}},
	}, 7, map[string]evidence.Commitment{"mfa-a": {Results: 3, Root: ledger.Hash{}}})
	if err != nil || len(assessment) != 1 {
		t.Fatal(err)
	}
	zero := "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	for _, c := range []struct {
		d    evidence.Draft
		want string
	}{
		{evidence.OrganizationSet("us_1", evidence.Organization{
			Organization: assess.Organization{ID: "tn_1", Name: "Prairie View", Kind: "critical_access", CCN: "171234", State: "KS", Beds: 25}, SetUp: true,
		}), `{"beds":25,"ccn":"171234","demo":false,"id":"tn_1","kind":"critical_access","name":"Prairie View","set_up":true,"state":"KS"}`},
		{evidence.FactsStored(evidence.System, evidence.Batch{
			Seq: 7, ID: "ba_1", Stream: "host/x", Snapshot: true, Assurance: fact.Measured, ObservedAt: start, RecordedAt: start.Add(time.Second), Sightings: 1, Facts: 2, Components: 3, Notes: 4,
		}), `{"assurance":"measured","components":3,"facts":2,"id":"ba_1","notes":4,"observed_at":"2026-11-25T03:00:00.123456Z","recorded_at":"2026-11-25T03:00:01.123456Z","rows":"` + zero + `","seq":7,"sightings":1,"snapshot":true,"stream":"host/x"}`},
		{evidence.FileImported("us_1", evidence.File{
			File: fact.File{Name: "people.csv", Format: "csv/people", Size: 10, SHA256: "ab"}, Import: "im_1", Batch: 7, Rows: 3, Skipped: 1,
		}), `{"batch":7,"format":"csv/people","import":"im_1","name":"people.csv","rows":3,"sha256":"ab","size":10,"skipped":1}`},
		{evidence.ParameterChanged("us_1", evidence.Parameter{Name: "mfa-a.min_coverage", From: "0.95", Reason: "agreed", File: "p1"}), `{"file":"p1","from":"0.95","name":"mfa-a.min_coverage","reason":"agreed","removed":true,"to":""}`},
		{event, ``},
		{assessment[0], `{"as_of":"2026-11-25T03:00:00.123456Z","checks":[{"error":0,"fail":1,"id":"mfa-a","not_applicable":0,"not_measured":1,"pass":1,"results":3,"root":"` + zero + `","state":"not_met"}],"content":{"checks":"c1","parameters":"p1","version":"1.0.0"},"demo":false,"digest":"d1","document":"` + document + `","facts_seq":7,"goals":[{"id":"mfa","in_scope":3,"measured":2,"state":"not_met"}],"goals_measured":1,"goals_met":0,"id":"an_1","level":"partial","parts":0}`},
	} {
		e, err := c.d.Seal("tn_1", 0, start, time.Time{})
		if err != nil {
			t.Error(err)
			continue
		}
		s, err := ledger.ParseStatement(e.Statement)
		if err != nil || s.Kind != string(c.d.Kind) || !s.At.Equal(e.At) || s.Actor != c.d.Actor {
			t.Errorf("%s: %+v, %v", c.d.Kind, s, err)
		}
		body, ok := s.Body.(json.RawMessage)
		if !ok {
			t.Fatal("no body")
		}
		if c.want != "" && string(body) != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.d.Kind, body, c.want)
		}
		if c.d.Kind == evidence.KindAccess && (strings.Contains(string(body), "password") || s.Actor != evidence.Nobody || !strings.HasPrefix(string(body), `{"action":"session.begin","commitment":"`)) {
			t.Errorf("access: actor %s, body %s", s.Actor, body)
		}
	}
	if _, err := evidence.AssessmentKept("us_1", assess.Assessment{Goals: []assess.Goal{{Checks: []assess.Check{{ID: "x"}}}}}, 0, nil); err == nil {
		t.Error("a check without a commitment was stated")
	}
}

func TestSeal(t *testing.T) {
	d := evidence.ParameterChanged("us_1", evidence.Parameter{Name: "a.b", To: "1"})
	e, err := d.Seal("tn_1", 4, start, start.Add(-time.Hour))
	if err != nil || e.Index != 4 || !e.At.Equal(start.Truncate(time.Microsecond)) || e.Leaf != ledger.LeafHash(e.Statement) {
		t.Errorf("got %+v, %v", e, err)
	}
	// A clock that went back: the entry is dated as the one before it.
	if e, err = d.Seal("tn_1", 5, start.Add(-time.Hour), e.At); err != nil || !e.At.Equal(start.Truncate(time.Microsecond)) {
		t.Errorf("got %+v, %v", e, err)
	}
	d.Actor = ""
	if _, err := d.Seal("tn_1", 5, start, start); err == nil {
		t.Error("a statement of nobody was sealed")
	}
}

// TestResultsSurviveStorage commits to results, and to what a store gives back
// that keeps them as JSON.
func TestResultsSurviveStorage(t *testing.T) {
	key := secret.New(strings.Repeat("k", 32))
	rs := testResults("mfa-a")
	want, err := evidence.Commit(key, rs)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(rs)
	if err != nil {
		t.Fatal(err)
	}
	var back []policy.Result
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	if got, err := evidence.Commit(key, back); err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	for i := range rs {
		o, err := evidence.Open(key, rs, i)
		if err != nil {
			t.Fatal(err)
		}
		if err := o.Verify(want.Root); err != nil {
			t.Error(err)
		}
	}
	if _, err := evidence.Open(key, rs, 2); err == nil {
		t.Error("a result that is none was opened")
	}
	// One changed value changes the root; another key shares nothing.
	back[1].Verdict = policy.Pass
	if got, err := evidence.Commit(key, back); err != nil || got.Root == want.Root {
		t.Errorf("after a change: %+v, %v", got, err)
	}
	if got, err := evidence.Commit(secret.New(strings.Repeat("x", 32)), rs); err != nil || got.Root == want.Root {
		t.Errorf("under another key: %+v, %v", got, err)
	}
}

func TestBatchHasher(t *testing.T) {
	type row func(h *evidence.BatchHasher)
	rows := []row{
		func(h *evidence.BatchHasher) { h.Header("host/x", true, "measured", start, start, "system", "") },
		func(h *evidence.BatchHasher) { h.Asset("as_1") },
		func(h *evidence.BatchHasher) { h.Fact("host", "as_1", "as_1", time.Time{}, `{"a":1}`, "") },
		func(h *evidence.BatchHasher) { h.FactEnded("host", "as_2") },
		func(h *evidence.BatchHasher) { h.Software("as_1", []string{"deb/a", "deb/b"}) },
		func(h *evidence.BatchHasher) { h.SoftwareEnded("as_2") },
	}
	sum := func(rows []row) ledger.Hash {
		t.Helper()
		var h evidence.BatchHasher
		for _, r := range rows {
			r(&h)
		}
		s, err := h.Sum()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	want := sum(rows)
	if got := want.String(); got != "ZWL97Wmb7Xx0zvDUnKYS0iNiu+Ct0onSDiH3mtlZlh4=" {
		t.Errorf("the digest of the format document is now %s", got)
	}
	back := slices.Clone(rows)
	slices.Reverse(back)
	if got := sum(back); got != want {
		t.Error("the order of rows matters")
	}
	for i := range rows {
		if sum(slices.Delete(slices.Clone(rows), i, i+1)) == want {
			t.Errorf("row %d does not matter", i)
		}
	}
	rows[4] = func(h *evidence.BatchHasher) { h.Software("as_1", []string{"deb/b", "deb/a"}) }
	if sum(rows) != want {
		t.Error("the order of components matters")
	}
	for i, other := range map[int]row{
		0: func(h *evidence.BatchHasher) {
			h.Header("host/x", true, "measured", start, start.Add(time.Microsecond), "system", "")
		},
		1: func(h *evidence.BatchHasher) { h.Asset("as_2") },
		2: func(h *evidence.BatchHasher) { h.Fact("host", "as_1", "as_1", start, `{"a":1}`, "") },
		3: func(h *evidence.BatchHasher) { h.FactEnded("host", "as_3") },
		4: func(h *evidence.BatchHasher) { h.Software("as_1", []string{"deb/a"}) },
		5: func(h *evidence.BatchHasher) { h.SoftwareEnded("as_3") },
	} {
		changed := slices.Clone(rows)
		changed[i] = other
		if sum(changed) == want {
			t.Errorf("what row %d says does not matter", i)
		}
	}
}
