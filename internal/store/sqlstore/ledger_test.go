package sqlstore

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/assess"
	"github.com/asepsis/asepsis/internal/durable"
	"github.com/asepsis/asepsis/internal/evidence"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/id"
	"github.com/asepsis/asepsis/internal/judge"
	"github.com/asepsis/asepsis/internal/policy"
)

// keptTest is an assessment of one check with two results.
func keptTest(at time.Time, seq int64, verdict policy.Verdict) *assess.Kept {
	score := 41.7
	origin := fact.Origin{Stream: "host/1", Title: "host collector on ehr-db-01", ObservedAt: at, Assurance: fact.Measured}
	rs := []policy.Result{
		{Check: "enc-a", Kind: fact.KindAsset, Resource: "as_1", Label: "ehr-db-01", Verdict: verdict, Assurance: fact.Measured, Observed: []policy.Observed{{Name: "disk_encrypted", Value: true, Origin: origin}}},
		{Check: "enc-a", Kind: fact.KindAsset, Resource: "as_2", Label: "ehr-db-02", Verdict: policy.NotMeasured, Why: "needs root", Observed: []policy.Observed{}},
	}
	a := assess.Assessment{
		Schema: assess.SchemaV1, AsOf: at, Level: assess.Partial, Score: &score, GoalsMeasured: 1, Digest: fmt.Sprint("digest ", verdict, seq),
		Goals: []assess.Goal{{ID: "strong-encryption", Number: 5, State: policy.PartlyMet, Checks: []assess.Check{{ID: "enc-a", State: policy.PartlyMet}}}},
	}
	return &assess.Kept{Assessment: a, Results: map[string][]policy.Result{"enc-a": rs}, FactsSeq: seq}
}

// ledgerWorld fills a database with all that the ledger speaks of, and publishes.
func ledgerWorld(t *testing.T) (*DB, *Tenant, func() *evidence.Report) {
	t.Helper()
	ctx := t.Context()
	db, tn := openTest(t)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ingestTest(t, tn, hostBatch(t, t0, 22, 443), t0)
	ingestTest(t, tn, peopleBatch(t0, "aa", "ann", "bob"), t0.Add(time.Minute))
	b := hostBatch(t, t0.Add(time.Hour), 443, 8443) // closes a fact, changes the software
	b.Components = b.Components[:1]
	ingestTest(t, tn, b, t0.Add(time.Hour))
	for i, v := range []policy.Verdict{policy.Fail, policy.Pass} {
		at := t0.Add(time.Duration(2+i) * time.Hour)
		if _, fresh, err := tn.Keep(ctx, keptTest(at, int64(i+1), v), "us_1", "import of roster.csv", at); err != nil || !fresh {
			t.Fatal(fresh, err)
		}
		_, err := tn.RecordParameters(ctx, fmt.Sprintf("enc-a:\n  min_coverage: 0.%d\n", 8+i), "us_1", "as agreed", at)
		must(err)
	}
	judged(t, tn, t0.Add(5*time.Hour), "f1", "CVE-2026-0001")
	judged(t, tn, t0.Add(6*time.Hour), "f2", "CVE-2026-0002")
	d := judge.Decision{ID: id.New(id.Decision, t0), Kind: judge.Accept, Flaw: "CVE-2026-0001", Reason: "The server has no network.", By: "us_1", At: t0.Add(6 * time.Hour), Until: t0.Add(48 * time.Hour)}
	must(tn.Decide(ctx, d))
	must(db.Access().Update(ctx, func(tx access.Tx) error {
		return tx.Record(access.Event{
			ID: id.New(id.Event, t0), Tenant: tn.ID(), At: t0, Who: "it@example.org", WhoID: "us_1", Action: "session.begin", Target: "us_1", Outcome: access.Done, From: access.Private,
		})
	}))
	dir := t.TempDir()
	files, err := durable.OpenDir(filepath.Join(dir, "ledger", tn.ID()))
	must(err)
	made, err := evidence.OpenKeys(filepath.Join(dir, "keys"), evidence.Origin(tn.ID()))
	must(err)
	commit, err := db.commitKey(tn.ID())
	must(err)
	_, err = evidence.NewPublisher(tn, files, made).Recover(ctx)
	must(err)
	return db, tn, func() *evidence.Report {
		t.Helper()
		r, err := evidence.Checker{Tenant: tn.ID(), Store: tn, Files: files, Public: made.Public(), Commit: commit}.Check(ctx)
		must(err)
		return r
	}
}

// unrecorded are the columns that no statement speaks of. None of them decides
// a goal: they are internal ids, what a screen shows beside, or hold twice what
// another column says.
var unrecorded = []string{
	"fact_batches.file_sha256", "fact_batches.digest",
	"assess_assessments.seq", "assess_assessments.recorded_at", "assess_assessments.facts_seq", "assess_assessments.actor", "assess_assessments.trigger_text",
	"vuln_judgings.digest",
	"policy_parameters.seq", "policy_parameters.recorded_at", "policy_parameters.actor", "policy_parameters.reason",
}

// TestEveryColumnIsRecorded changes each column of each table that the ledger
// speaks of, behind its back, and checks. A column that is added and forgotten
// fails here.
func TestEveryColumnIsRecorded(t *testing.T) {
	db, _, check := ledgerWorld(t)
	r := check()
	var text bytes.Buffer
	if err := r.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	if !r.Good() || r.Batches != 3 || r.Assessments != 2 || r.Events != 1 || r.Published != r.Entries {
		t.Fatal(text.String())
	}
	exec := func(q string, args ...any) {
		t.Helper()
		if _, err := db.write.ExecContext(t.Context(), q, args...); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
	exec(`PRAGMA foreign_keys = 0`)
	for _, table := range []string{
		"fact_batches", "facts", "inventory_assets", "inventory_software", "assess_assessments", "assess_results", "assess_blobs",
		"vuln_judgings", "vuln_findings", "vuln_closed", "vuln_decisions",
		"policy_parameters", "access_events", "evidence_entries", "evidence_heads",
	} {
		rows, err := db.write.QueryContext(t.Context(), `SELECT name, type FROM pragma_table_info($1)`, table)
		if err != nil {
			t.Fatal(err)
		}
		columns, err := collect(rows, func(s scanner) (c [2]string, err error) { return c, s.Scan(&c[0], &c[1]) })
		if err != nil || len(columns) == 0 {
			t.Fatal(table, err)
		}
		row := ` WHERE rowid = (SELECT max(rowid) FROM ` + table + `)`
		if table == "fact_batches" {
			row = ` WHERE file <> ''`
		}
		exec(`CREATE TEMP TABLE saved AS SELECT * FROM ` + table)
		for _, c := range columns {
			name, typ := c[0], c[1]
			change := name + ` || 'x'`
			switch {
			case table == "fact_batches" && typ == "TEXT":
				change = name + ` || ' '` // JSON that is broken would be found for that alone
			case strings.Contains(typ, "INT"), strings.Contains(typ, "DOUBLE"):
				change = `coalesce(` + name + `, 0) + 1000`
			case typ == "BLOB":
				change = `zeroblob(length(` + name + `))`
			}
			exec(`UPDATE ` + table + ` SET ` + name + ` = ` + change + row)
			known := slices.Contains(unrecorded, table+"."+name)
			switch good := check().Good(); {
			case good && !known:
				t.Errorf("%s.%s was changed and nothing was found", table, name)
			case !good && known:
				t.Errorf("%s.%s is recorded after all", table, name)
			}
			exec(`DELETE FROM ` + table)
			exec(`INSERT INTO ` + table + ` SELECT * FROM saved`)
		}
		exec(`DELETE FROM ` + table + row)
		if check().Good() {
			t.Errorf("a row of %s was removed and nothing was found", table)
		}
		exec(`DELETE FROM ` + table)
		exec(`INSERT INTO ` + table + ` SELECT * FROM saved`)
		exec(`DROP TABLE saved`)
		if r := check(); !r.Good() {
			t.Fatalf("%s was put back and the check finds %q", table, r.Faults)
		}
	}
}
