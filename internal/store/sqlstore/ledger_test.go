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
	flaws := func(hours int, severity string) {
		must(db.KeepFlaws(ctx, map[string]judge.Flaw{
			"CVE-2026-0001": {ID: "CVE-2026-0001", Severity: severity}, "CVE-2026-0002": {ID: "CVE-2026-0002", Severity: "low"},
		}, t0.Add(time.Duration(hours)*time.Hour)))
	}
	flaws(5, "high")
	judged(t, tn, t0.Add(5*time.Hour), "f1", "CVE-2026-0001")
	flaws(6, "critical")
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
	"assess_assessments.seq", "assess_assessments.recorded_at", "assess_assessments.facts_seq", "assess_assessments.actor", "assess_assessments.trigger_text",
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
		"inventory_components", "inventory_records", "inventory_keys", "inventory_sums",
		"vuln_judgings", "vuln_findings", "vuln_closed", "vuln_decisions", "vuln_flaws", "vuln_flaw_sums",
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
		switch table {
		case "fact_batches":
			row = ` WHERE file <> ''`
		case "inventory_records", "inventory_keys":
			row = `` // they have no rowid
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

// TestTheCheckNamesWhatWasChanged edits by hand what somebody might want
// otherwise, and reads the report.
func TestTheCheckNamesWhatWasChanged(t *testing.T) {
	db, tn, check := ledgerWorld(t)
	bring(t, tn, t0.Add(7*time.Hour), "cmdb", "a|serial B7-10010|manufacturer=Philips|name=MON-1", "b|mac 3c:52:82:00:00:01|name=PUMP-2")
	bring(t, tn, t0.Add(8*time.Hour), "biomed", "a|serial B7-10010|manufacturer=B. Braun|name=PUMP-1", "c|serial 5CG1234ABC|name=LAP-1")
	bring(t, tn, t0.Add(9*time.Hour), "osquery", "a|serial 5CG1234ABC|mac 3c:52:82:00:00:01|name=LAP-1")
	if r := check(); !r.Good() {
		t.Fatal(r.Faults)
	}
	if n := dump(t, db); n["inventory_questions"] == 0 || n["inventory_merges"] == 0 {
		t.Fatal("the world asks and merges nothing", n)
	}
	for name, c := range map[string]struct{ change, back, says string }{
		"severity": {
			`UPDATE vuln_flaws SET body = replace(body, 'critical', 'low')`, `UPDATE vuln_flaws SET body = replace(body, 'low', 'critical') WHERE flaw = 'CVE-2026-0001' AND until_at = 0`,
			"flaw CVE-2026-0001: its severity",
		},
		"since when": {`UPDATE vuln_flaws SET until_at = until_at + 1 WHERE until_at <> 0`, `UPDATE vuln_flaws SET until_at = until_at - 1 WHERE until_at <> 0`, "flaw CVE-2026-0001: its severity, dates"},
		"key": {
			`UPDATE inventory_records SET keys = replace(keys, '5cg1234abc', '5cg1234abd') WHERE stream = 'osquery'`, `UPDATE inventory_records SET keys = replace(keys, '5cg1234abd', '5cg1234abc')`,
			`by "osquery": their keys`,
		},
		"where a key leads": {`UPDATE inventory_keys SET value = value || '9' WHERE type = 'mac'`, `UPDATE inventory_keys SET value = rtrim(value, '9') WHERE type = 'mac'`, "no sighting has it"},
		"reason of a record": {
			`UPDATE inventory_records SET why = replace(why, 'certain', 'person') WHERE why LIKE '%certain%'`, `UPDATE inventory_records SET why = replace(why, 'person', 'certain')`, "or reasons were changed",
		},
		"last seen":         {`UPDATE inventory_records SET last_at = last_at + 1 WHERE stream = 'cmdb'`, `UPDATE inventory_records SET last_at = last_at - 1 WHERE stream = 'cmdb'`, `by "cmdb": their keys, times`},
		"reason of a merge": {`UPDATE inventory_merges SET body = replace(body, 'serial', 'serIal')`, `UPDATE inventory_merges SET body = replace(body, 'serIal', 'serial')`, "identity decision mg_"},
		"answer":            {`UPDATE inventory_questions SET state = 'same'`, `UPDATE inventory_questions SET state = 'open'`, "identity decision qu_"},
		"expiry":            {`UPDATE vuln_decisions SET until_at = until_at + 86400000000`, `UPDATE vuln_decisions SET until_at = until_at - 86400000000`, "decision de_"},
		"feed":              {`UPDATE vuln_judgings SET feed = 'f9' WHERE seq = 2`, `UPDATE vuln_judgings SET feed = 'f2' WHERE seq = 2`, "judging 2"},
		"counts":            {`UPDATE vuln_judgings SET opened = opened + 1 WHERE seq = 1`, `UPDATE vuln_judgings SET opened = opened - 1 WHERE seq = 1`, "judging 1"},
		"which flaws":       {`UPDATE vuln_judgings SET flaws_seq = 1 WHERE seq = 2`, `UPDATE vuln_judgings SET flaws_seq = 2 WHERE seq = 2`, "judging 2"},
		"version":           {`UPDATE inventory_components SET version = '9.9' WHERE name = 'openssl'`, `UPDATE inventory_components SET version = '3.0.1' WHERE name = 'openssl'`, "(openssl): its name, version"},
	} {
		exec := func(q string) {
			t.Helper()
			if r, err := db.write.ExecContext(t.Context(), q); err != nil {
				t.Fatalf("%s: %s: %v", name, q, err)
			} else if n, err := r.RowsAffected(); err != nil || n == 0 {
				t.Fatalf("%s: %s changes nothing (%v)", name, q, err)
			}
		}
		exec(c.change)
		if r := check(); !strings.Contains(fmt.Sprint(r.Faults), c.says) {
			t.Errorf("%s: the check says %v, want %q", name, r.Faults, c.says)
		}
		exec(c.back)
	}
	if r := check(); !r.Good() {
		t.Fatal("all was put back and the check finds", r.Faults)
	}
}

// TestAFolderOfBeforeIsSealedByItsNextDelivery takes away what older versions
// did not keep: the record holds, and what is stored next covers what was there.
func TestAFolderOfBeforeIsSealedByItsNextDelivery(t *testing.T) {
	db, tn := openTest(t)
	bring(t, tn, t0, "cmdb", "a|serial B7-10010|name=MON-1", "b|serial B7-20020|name=PUMP-2")
	// As the version before wrote it: no lists, and a batch's hash without theirs.
	for _, q := range []string{`DELETE FROM inventory_sums`, `DELETE FROM evidence_entries WHERE kind IN ('facts', 'identity')`, `DELETE FROM facts`, `DELETE FROM fact_batches`, `DELETE FROM inventory_assets`, `DELETE FROM inventory_software`} {
		if _, err := db.write.ExecContext(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	check := ledgerOf(t, db, tn)
	if r := check(); !r.Good() {
		t.Fatal("an older folder does not hold", r.Faults)
	}
	bring(t, tn, t0.Add(day), "scan", "c|serial B7-30030|name=PUMP-3")
	check = ledgerOf(t, db, tn)
	if r := check(); !r.Good() {
		t.Fatal("after the next delivery", r.Faults)
	}
	if _, err := db.write.ExecContext(t.Context(), `UPDATE inventory_records SET maker = 'x' WHERE stream = 'cmdb'`); err != nil {
		t.Fatal(err)
	}
	if check().Good() {
		t.Error("a record of before was changed and nothing was found")
	}
}
