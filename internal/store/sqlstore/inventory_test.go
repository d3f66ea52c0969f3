package sqlstore

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/durable"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/evidence"
	"github.com/asepsis/asepsis/internal/fact"
)

const day = 24 * time.Hour

// seen is a batch of one stream; each device is "ref|type value|type value|attr=value".
func seen(t testing.TB, stream string, at time.Time, devices ...string) *fact.Batch {
	t.Helper()
	b := &fact.Batch{Stream: fact.Stream{ID: stream, Title: strings.ToUpper(stream)}, Assurance: fact.Imported, ObservedAt: at}
	for _, d := range devices {
		parts := strings.Split(d, "|")
		s := fact.Sighting{Ref: parts[0], Values: fact.Values{}}
		for _, p := range parts[1:] {
			if name, v, ok := strings.Cut(p, "="); ok {
				s.Values[name] = v
				continue
			}
			typ, v, _ := strings.Cut(p, " ")
			s.Keys = append(s.Keys, key(t, asset.KeyType(typ), v))
		}
		b.Sightings = append(b.Sightings, s)
		b.Facts = append(b.Facts, fact.Fact{Kind: fact.KindEndpoint, Asset: s.Ref, Key: "22/tcp", Values: fact.Values{"port": int64(22), "transport": "tcp", "product": stream}})
		b.Components = append(b.Components, fact.Component{Asset: s.Ref, Ecosystem: "generic", Name: stream, Version: "1", CPE: "cpe:2.3:a:example:" + stream + ":1:*:*:*:*:*:*:*"})
	}
	return b
}

func bring(t *testing.T, tn *Tenant, at time.Time, stream string, devices ...string) Ingested {
	t.Helper()
	return ingestTest(t, tn, seen(t, stream, at, devices...), at)
}

// assetsOf lists the assets as they are known, each as its name and the
// products of its services.
func assetsOf(t *testing.T, tn *Tenant, at time.Time) []string {
	t.Helper()
	s := load(t, tn, at)
	var out []string
	for _, a := range s.Resources[fact.KindAsset] {
		var products []string
		for _, e := range s.Resources[fact.KindEndpoint] {
			if e.Asset != a.ID {
				continue
			}
			v := e.Values["product"]
			products = append(products, v.V.(string))
			for _, o := range v.Others {
				products = append(products, o.V.(string))
			}
		}
		slices.Sort(products)
		out = append(out, a.Label()+": "+strings.Join(products, " "))
	}
	slices.Sort(out)
	return out
}

func want(t *testing.T, what string, got, want []string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// checkLedger publishes and checks the record of all that was done.
func checkLedger(t *testing.T, db *DB, tn *Tenant) {
	t.Helper()
	if r := ledgerOf(t, db, tn)(); !r.Good() {
		t.Errorf("the record does not hold: %v", r.Faults)
	}
}

// ledgerOf publishes the record and returns what checks it.
func ledgerOf(t *testing.T, db *DB, tn *Tenant) func() *evidence.Report {
	t.Helper()
	dir := t.TempDir()
	files, err := durable.OpenDir(filepath.Join(dir, "ledger", tn.ID()))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := evidence.OpenKeys(filepath.Join(dir, "keys"), evidence.Origin(tn.ID()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := evidence.NewPublisher(tn, files, keys).Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	commit, err := db.commitKey(tn.ID())
	if err != nil {
		t.Fatal(err)
	}
	return func() *evidence.Report {
		t.Helper()
		r, err := evidence.Checker{Tenant: tn.ID(), Store: tn, Files: files, Public: keys.Public(), Commit: commit}.Check(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
}

// TestEveryDecisionIsRecorded changes each column of what is decided about
// identity, and takes rows away and adds some, behind the record's back.
func TestEveryDecisionIsRecorded(t *testing.T) {
	db, tn := openTest(t)
	bring(t, tn, t0, "cmdb", "a|serial 100234567|manufacturer=Philips|name=MON-1", "b|serial B7-20020|name=PUMP-2")
	bring(t, tn, t0.Add(day), "biomed", "a|serial 100234567|manufacturer=B. Braun|name=PUMP-1")
	as := load(t, tn, t0.Add(day)).Resources[fact.KindAsset]
	m := must(tn.MergeAssets(t.Context(), as[0].ID, as[1].ID, Act{Actor: "us_1", Reason: "one", Now: t0.Add(2 * day)}))(t)
	if err := tn.Unmerge(t.Context(), m.ID, Act{Actor: "us_1", Reason: "two", Now: t0.Add(3 * day)}); err != nil {
		t.Fatal(err)
	}
	check := ledgerOf(t, db, tn)
	if r := check(); !r.Good() {
		t.Fatal(r.Faults)
	}
	exec := func(q string, args ...any) {
		t.Helper()
		if _, err := db.write.ExecContext(t.Context(), q, args...); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
	for _, table := range []string{"inventory_merges", "inventory_links", "inventory_questions", "inventory_apart"} {
		rows, err := db.write.QueryContext(t.Context(), `SELECT name, type FROM pragma_table_info($1) WHERE name <> 'tenant'`, table)
		if err != nil {
			t.Fatal(err)
		}
		columns, err := collect(rows, func(s scanner) (c [2]string, err error) { return c, s.Scan(&c[0], &c[1]) })
		if err != nil || len(columns) == 0 {
			t.Fatal(table, err)
		}
		exec(`CREATE TEMP TABLE saved AS SELECT * FROM ` + table)
		back := func() {
			exec(`DELETE FROM ` + table)
			exec(`INSERT INTO ` + table + ` SELECT * FROM saved`)
		}
		for _, c := range columns {
			change := c[0] + ` || ' '`
			if c[1] == "BIGINT" {
				change = c[0] + ` + 1000`
			}
			exec(`UPDATE ` + table + ` SET ` + c[0] + ` = ` + change)
			if check().Good() {
				t.Errorf("%s.%s was changed and nothing was found", table, c[0])
			}
			back()
		}
		exec(`DELETE FROM ` + table)
		if check().Good() {
			t.Errorf("the rows of %s were removed and nothing was found", table)
		}
		back()
		exec(`DROP TABLE saved`)
		if r := check(); !r.Good() {
			t.Fatalf("%s was put back and the check finds %q", table, r.Faults)
		}
	}
	exec(`INSERT INTO inventory_apart (tenant, a, b, at, actor, reason, ended_at) VALUES ('tn_test', 'as_x', 'as_y', 1, 'us_2', '', 0)`)
	if check().Good() {
		t.Error("a decision was added that nobody made and nothing was found")
	}
}

// TestALateSightingMergesAndUndoingPutsBack merges by a sighting that has keys
// of two assets, reads the past, and undoes it.
func TestALateSightingMergesAndUndoingPutsBack(t *testing.T) {
	db, tn := openTest(t)
	bring(t, tn, t0, "cmdb", "a|serial 5CG1234ABC|name=LAP-1")
	bring(t, tn, t0.Add(day), "dhcp", "b|mac 3c:52:82:00:00:01|name=lap-one")
	before := load(t, tn, t0.Add(day))
	in := bring(t, tn, t0.Add(2*day), "osquery", "c|serial 5CG1234ABC|mac 3c:52:82:00:00:01|name=LAP-1")
	if in.Merges != 1 || in.NewAssets != 0 {
		t.Errorf("merges = %d, new assets = %d; want 1 and 0", in.Merges, in.NewAssets)
	}
	want(t, "after the late sighting", assetsOf(t, tn, t0.Add(2*day)), []string{"LAP-1: cmdb dhcp osquery"})
	want(t, "as of the day before", assetsOf(t, tn, t0.Add(day)), []string{"LAP-1: cmdb", "lap-one: dhcp"})
	if diff := cmp.Diff(before, load(t, tn, t0.Add(day))); diff != "" {
		t.Errorf("the past changed:\n%s", diff)
	}

	all := load(t, tn, t0.Add(2*day)).Resources[fact.KindAsset]
	aid := all[0].ID
	if n := len(must(tn.Software(t.Context(), aid))(t)); n != 3 {
		t.Errorf("%d components, want those of all three sources", n)
	}
	lists := must(tn.SoftwareLists(t.Context()))(t)
	if len(lists) != 3 || slices.ContainsFunc(lists, func(l SoftwareList) bool { return l.Asset != aid }) {
		t.Errorf("lists of software %+v, want three of %s", lists, aid)
	}
	keys := must(tn.AssetKeys(t.Context(), aid))(t)
	if got := fmt.Sprint(keys); got != "[serial:5cg1234abc mac:3c:52:82:00:00:01]" {
		t.Errorf("keys %s", got)
	}
	links := must(tn.AssetLinks(t.Context(), aid))(t)
	if len(links) != 3 || links[0].Stream != "osquery" || links[0].Why != "same serial number 5cg1234abc, seen by OSQUERY on 5 Nov 2026 and by CMDB on 3 Nov 2026" {
		t.Errorf("links %+v", links)
	}
	merges := must(tn.AssetMerges(t.Context(), aid))(t)
	if len(merges) != 1 || merges[0].Actor != evidence.System || len(merges[0].For) == 0 || !strings.Contains(merges[0].For[0], "serial number 5cg1234abc and hardware address 3c:52:82:00:00:01") {
		t.Fatalf("merges %+v", merges)
	}
	absorbed := merges[0].Other
	if got := must(tn.CanonicalAsset(t.Context(), absorbed))(t); got != aid {
		t.Errorf("%s stands for %s, want %s", absorbed, got, aid)
	}

	act := Act{Actor: "us_1", Reason: "the docking station", Now: t0.Add(3 * day)}
	if err := tn.Unmerge(t.Context(), merges[0].ID, act); err != nil {
		t.Fatal(err)
	}
	want(t, "after undoing", assetsOf(t, tn, t0.Add(3*day)), []string{"LAP-1: cmdb osquery", "lap-one: dhcp"})
	want(t, "as of the merge", assetsOf(t, tn, t0.Add(2*day)), []string{"LAP-1: cmdb dhcp osquery"})
	if err := tn.Unmerge(t.Context(), merges[0].ID, act); !errs.Is(err, errs.Conflict) {
		t.Errorf("undoing twice: %v, want a conflict", err)
	}
	// The answer holds for all later sightings, and each stream finds its own again.
	bring(t, tn, t0.Add(4*day), "osquery", "c|serial 5CG1234ABC|mac 3c:52:82:00:00:01|name=LAP-1")
	bring(t, tn, t0.Add(4*day), "dhcp", "b|mac 3c:52:82:00:00:01|name=lap-one")
	want(t, "after the same was seen again", assetsOf(t, tn, t0.Add(4*day)), []string{"LAP-1: cmdb osquery", "lap-one: dhcp"})
	checkLedger(t, db, tn)
}

// TestMergeThenUndoIsNothing merges two assets by a person's word, lets the
// sources speak again, and undoes it.
func TestMergeThenUndoIsNothing(t *testing.T) {
	db, tn := openTest(t)
	devices := []string{"a|serial B7-10010|name=PUMP-1", "b|serial B7-20020|name=PUMP-2", "c|serial B7-30030|name=PUMP-3"}
	bring(t, tn, t0, "cmdb", devices...)
	bring(t, tn, t0.Add(day), "scan", devices[:2]...)
	before := load(t, tn, t0.Add(day))
	as := slices.Clone(before.Resources[fact.KindAsset])
	slices.SortFunc(as, func(a, b *fact.Resource) int { return strings.Compare(a.Text("name"), b.Text("name")) })
	m := must(tn.MergeAssets(t.Context(), as[1].ID, as[0].ID, Act{Actor: "us_1", Reason: "one pump, two labels", Now: t0.Add(2 * day)}))(t)
	if n := len(load(t, tn, t0.Add(2*day)).Resources[fact.KindAsset]); n != 2 {
		t.Fatalf("%d assets after the merge, want 2", n)
	}
	if _, err := tn.MergeAssets(t.Context(), as[1].ID, as[0].ID, Act{Actor: "us_1", Now: t0.Add(2 * day)}); !errs.Is(err, errs.Conflict) {
		t.Errorf("merging twice: %v, want a conflict", err)
	}
	// What is brought while they are one goes back with them.
	in := bring(t, tn, t0.Add(3*day), "scan", devices[:2]...)
	if in.NewAssets != 0 || in.Questions != 0 {
		t.Errorf("new assets %d, questions %d; want none", in.NewAssets, in.Questions)
	}
	if err := tn.Unmerge(t.Context(), m.ID, Act{Actor: "us_1", Reason: "two pumps after all", Now: t0.Add(4 * day)}); err != nil {
		t.Fatal(err)
	}
	want(t, "after undoing", assetsOf(t, tn, t0.Add(4*day)), []string{"PUMP-1: cmdb scan", "PUMP-2: cmdb scan", "PUMP-3: cmdb"})
	after := load(t, tn, t0.Add(4*day))
	if got, want := len(after.Resources[fact.KindEndpoint]), len(before.Resources[fact.KindEndpoint]); got != want {
		t.Errorf("%d services, want %d", got, want)
	}
	for i, b := range before.Resources[fact.KindAsset] {
		if a := after.Resources[fact.KindAsset][i]; a.ID != b.ID || a.Text("name") != b.Text("name") {
			t.Errorf("asset %d is %s %s, was %s %s", i, a.ID, a.Text("name"), b.ID, b.Text("name"))
		}
	}
	checkLedger(t, db, tn)
}

// TestSplitTakesAStreamOff splits off what one source says, lets the source
// speak again, and undoes it.
func TestSplitTakesAStreamOff(t *testing.T) {
	db, tn := openTest(t)
	bring(t, tn, t0, "cmdb", "a|serial 5CG1234ABC|name=WS-1")
	bring(t, tn, t0.Add(day), "scan", "a|serial 5CG1234ABC|mac 3c:52:82:00:00:01|name=ws-one")
	aid := load(t, tn, t0.Add(day)).Resources[fact.KindAsset][0].ID
	act := Act{Actor: "us_1", Reason: "the serial number was typed from another", Now: t0.Add(2 * day)}
	if _, err := tn.SplitAsset(t.Context(), aid, SplitOff{Key: key(t, asset.Serial, "5CG1234ABC")}, act); !errs.Is(err, errs.Invalid) {
		t.Errorf("splitting all off: %v, want a refusal", err)
	}
	m := must(tn.SplitAsset(t.Context(), aid, SplitOff{Stream: "scan"}, act))(t)
	want(t, "after the split", assetsOf(t, tn, t0.Add(2*day)), []string{"WS-1: cmdb", "ws-one: scan"})
	if got := must(tn.AssetKeys(t.Context(), m.Other))(t); len(got) != 2 {
		t.Errorf("keys of what was split off: %v", got)
	}
	bring(t, tn, t0.Add(3*day), "scan", "a|serial 5CG1234ABC|mac 3c:52:82:00:00:01|name=ws-uno")
	want(t, "after the source spoke again", assetsOf(t, tn, t0.Add(3*day)), []string{"WS-1: cmdb", "ws-uno: scan"})
	want(t, "before the split", assetsOf(t, tn, t0.Add(day)), []string{"ws-one: cmdb scan"})
	if err := tn.Unmerge(t.Context(), m.ID, Act{Actor: "us_1", Reason: "it was right", Now: t0.Add(4 * day)}); err != nil {
		t.Fatal(err)
	}
	if got := assetsOf(t, tn, t0.Add(4*day)); len(got) != 1 || !strings.HasSuffix(got[0], ": cmdb scan") {
		t.Errorf("after undoing the split: %q", got)
	}
	bring(t, tn, t0.Add(5*day), "scan", "a|serial 5CG1234ABC|mac 3c:52:82:00:00:01|name=ws-uno")
	if got := assetsOf(t, tn, t0.Add(5*day)); len(got) != 1 {
		t.Errorf("after undoing the split and another scan: %q", got)
	}
	checkLedger(t, db, tn)
}

// TestQuestionsAreAskedOnceAndAnswersHold asks about one serial number of two
// makers and answers either way.
func TestQuestionsAreAskedOnceAndAnswersHold(t *testing.T) {
	for _, same := range []bool{true, false} {
		db, tn := openTest(t)
		bring(t, tn, t0, "cmdb", "a|serial 100234567|manufacturer=Philips|name=MON-1")
		in := bring(t, tn, t0.Add(day), "biomed", "a|serial 100234567|manufacturer=B. Braun|name=PUMP-1")
		if in.Questions != 1 || in.NewAssets != 1 {
			t.Fatalf("questions %d, new assets %d; want one of each", in.Questions, in.NewAssets)
		}
		bring(t, tn, t0.Add(2*day), "biomed", "a|serial 100234567|manufacturer=B. Braun|name=PUMP-1")
		qs := must(tn.Questions(t.Context(), false))(t)
		if len(qs) != 1 || !slices.Contains(qs[0].Against, "different makers: bbraun and philips") {
			t.Fatalf("questions %+v", qs)
		}
		if err := tn.AnswerQuestion(t.Context(), qs[0].ID, same, Act{Actor: "us_1", Reason: "I looked", Now: t0.Add(3 * day)}); err != nil {
			t.Fatal(err)
		}
		if err := tn.AnswerQuestion(t.Context(), qs[0].ID, same, Act{Actor: "us_1", Now: t0.Add(3 * day)}); !errs.Is(err, errs.Conflict) {
			t.Errorf("answering twice: %v, want a conflict", err)
		}
		for d := range 3 {
			at := t0.Add(time.Duration(4+d) * day)
			bring(t, tn, at, "biomed", "a|serial 100234567|manufacturer=B. Braun|name=PUMP-1")
			bring(t, tn, at, "cmdb", "a|serial 100234567|manufacturer=Philips|name=MON-1")
		}
		got, assets := len(assetsOf(t, tn, t0.Add(9*day))), 2
		if same {
			assets = 1
		}
		if got != assets {
			t.Errorf("answered same %v: %d assets, want %d", same, got, assets)
		}
		if qs := must(tn.Questions(t.Context(), false))(t); len(qs) != 0 {
			t.Errorf("answered same %v: asked again: %+v", same, qs)
		}
		qs = must(tn.Questions(t.Context(), true))(t)
		if len(qs) != 1 || qs[0].Actor != "us_1" || qs[0].Reason != "I looked" || qs[0].AnsweredAt.IsZero() {
			t.Errorf("kept answers %+v", qs)
		}
		checkLedger(t, db, tn)
	}
}

// TestASourceThatFailedEmptiesNothing brings complete lists that shrank.
func TestASourceThatFailedEmptiesNothing(t *testing.T) {
	db, tn := openTest(t)
	var devices []string
	for i := range 40 {
		devices = append(devices, fmt.Sprintf("d%02d|serial SN-%06d", i, i*37))
	}
	snapshot := func(at time.Time, devices ...string) *fact.Batch {
		b := seen(t, "cmdb", at, devices...)
		b.Stream.Snapshot = true
		return b
	}
	ingestTest(t, tn, snapshot(t0, devices...), t0)
	rows := dump(t, db)
	for _, n := range []int{0, 1, 19} {
		_, err := tn.Ingest(t.Context(), snapshot(t0.Add(day), devices[:n]...), Delivery{Actor: "test", Now: t0.Add(day)})
		if !errs.Is(err, errs.Conflict) || errs.HintOf(err) == "" {
			t.Errorf("%d of 40: %v, want a refusal with advice", n, err)
		}
	}
	now := dump(t, db)
	if rows["facts"] != now["facts"] || rows["fact_batches"] != now["fact_batches"] || now["inventory_questions"] != 1 {
		t.Errorf("rows before %v and after %v", rows, now)
	}
	if _, err := tn.Ingest(t.Context(), snapshot(t0.Add(day), devices[:20]...), Delivery{Actor: "test", Now: t0.Add(day)}); err != nil {
		t.Errorf("half of it: %v", err)
	}
	if _, err := tn.Ingest(t.Context(), snapshot(t0.Add(2*day)), Delivery{Actor: "test", Now: t0.Add(2 * day)}); !errs.Is(err, errs.Conflict) {
		t.Errorf("nothing: %v, want a refusal", err)
	}
	qs := must(tn.Questions(t.Context(), false))(t)
	if len(qs) != 2 || qs[0].Kind != QuestionDrop || qs[0].A != "cmdb" {
		t.Fatalf("questions %+v", qs)
	}
	if err := tn.AnswerQuestion(t.Context(), qs[0].ID, true, Act{Actor: "us_1", Reason: "the wing was closed", Now: t0.Add(2 * day)}); err != nil {
		t.Fatal(err)
	}
	if _, err := tn.Ingest(t.Context(), snapshot(t0.Add(3*day)), Delivery{Actor: "test", Now: t0.Add(3 * day)}); err != nil {
		t.Errorf("nothing, after a person said that it is right: %v", err)
	}
	ingestTest(t, tn, snapshot(t0.Add(4*day), devices...), t0.Add(4*day))
	if _, err := tn.Ingest(t.Context(), snapshot(t0.Add(5*day)), Delivery{Actor: "test", Now: t0.Add(5 * day), AllowDrop: true}); err != nil {
		t.Errorf("nothing, confirmed at once: %v", err)
	}
	checkLedger(t, db, tn)
}

// TestPeopleEditAssets edits, edits again, takes back, and merges what was edited.
func TestPeopleEditAssets(t *testing.T) {
	db, tn := openTest(t)
	bring(t, tn, t0, "cmdb", "a|serial B7-10010|name=PUMP-1|owner=IT|zone=lan", "b|serial B7-20020|name=PUMP-2")
	as := load(t, tn, t0).Resources[fact.KindAsset]
	slices.SortFunc(as, func(a, b *fact.Resource) int { return strings.Compare(a.Text("name"), b.Text("name")) })
	ids := []string{as[0].ID, as[1].ID}
	edit := func(days int, values map[string]any, ids ...string) EditedAssets {
		t.Helper()
		return must(tn.EditAssets(t.Context(), ids, values, Act{Actor: "us_1", Reason: "rounds", Now: t0.Add(time.Duration(days) * day)}))(t)
	}
	if got := edit(1, map[string]any{"owner": "Biomed", "fragile": true, "criticality": "life_supporting"}, ids...); got.Assets != 2 || got.Changed != 2 {
		t.Errorf("edited %+v", got)
	}
	edit(2, map[string]any{"location": "ICU 3"}, ids[0])
	edit(3, map[string]any{"fragile": nil}, ids[0])
	bring(t, tn, t0.Add(4*day), "cmdb", "a|serial B7-10010|name=PUMP-1|owner=Facilities|zone=lan")
	s := load(t, tn, t0.Add(4*day))
	a := s.Find(fact.KindAsset, ids[0])
	got := []string{a.Text("owner"), a.Text("location"), a.Text("criticality"), a.Text("zone"), a.Text("name"), fmt.Sprint(a.Get("fragile"))}
	want(t, "what is known", got, []string{"Biomed", "ICU 3", "life_supporting", "lan", "PUMP-1", "<nil>"})
	if v := a.Values["owner"]; v.Origin.Stream != fact.StreamEdits || len(v.Others) != 1 || v.Others[0].V != "Facilities" {
		t.Errorf("owner %+v", v)
	}
	for name, v := range map[string]any{"os_name": "x", "class": "toaster", "fragile": "yes", "status": "gone"} {
		if _, err := tn.EditAssets(t.Context(), ids, map[string]any{name: v}, Act{Actor: "us_1", Now: t0.Add(5 * day)}); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s = %v: %v, want a refusal", name, v, err)
		}
	}
	if _, err := tn.EditAssets(t.Context(), []string{"as_none"}, map[string]any{"owner": "x"}, Act{Actor: "us_1", Now: t0.Add(5 * day)}); !errs.Is(err, errs.NotFound) {
		t.Errorf("editing what is not there: %v", err)
	}
	must(tn.MergeAssets(t.Context(), ids[0], ids[1], Act{Actor: "us_1", Reason: "one pump", Now: t0.Add(6 * day)}))(t)
	edit(7, map[string]any{"owner": "Nursing", "criticality": nil}, ids[1])
	a = load(t, tn, t0.Add(7*day)).Find(fact.KindAsset, ids[0])
	want(t, "of the merged asset", []string{a.Text("owner"), a.Text("location"), a.Text("criticality")}, []string{"Nursing", "ICU 3", ""})

	cs, more, err := tn.AssetHistory(t.Context(), ids[0], 100)
	if err != nil || more {
		t.Fatal(more, err)
	}
	var told []string
	for _, c := range cs {
		if c.Stream == fact.StreamEdits {
			told = append(told, fmt.Sprintf("%s %s %v → %v by %s", c.At.Format(time.DateOnly), c.What, c.Before, c.After, c.Actor))
		}
	}
	want(t, "history", told, []string{
		"2026-11-10 criticality life_supporting → <nil> by us_1",
		"2026-11-10 criticality life_supporting → <nil> by us_1",
		"2026-11-10 owner Biomed → Nursing by us_1",
		"2026-11-10 owner Biomed → <nil> by us_1",
		"2026-11-06 fragile true → <nil> by us_1",
		"2026-11-05 location <nil> → ICU 3 by us_1",
		"2026-11-04 first seen <nil> → first seen by us_1",
		"2026-11-04 first seen <nil> → first seen by us_1",
	})
	if _, more, err := tn.AssetHistory(t.Context(), ids[0], 3); err != nil || !more {
		t.Errorf("three of %d changes: more %v, %v", len(cs), more, err)
	}
	seenBy := must(tn.AssetSeen(t.Context(), ids[0]))(t)
	if len(seenBy) != 2 || len(seenBy[0].Times) != 2 || !seenBy[0].Last.Equal(t0.Add(4*day)) {
		t.Errorf("seen %+v", seenBy)
	}
	checkLedger(t, db, tn)
}

// TestALikelyLinkEndsByItself links a list to the network by name, until two
// serial numbers tell them apart.
func TestALikelyLinkEndsByItself(t *testing.T) {
	db, tn := openTest(t)
	bring(t, tn, t0, "cmdb", "a|serial 5CG1234ABC|name lap-3|name=list")
	bring(t, tn, t0.Add(day), "dhcp", "b|mac 3c:52:82:00:00:01|name lap-3")
	want(t, "by name", assetsOf(t, tn, t0.Add(day)), []string{"list: cmdb dhcp"})
	bring(t, tn, t0.Add(2*day), "osquery", "c|serial 5CG1234ABD|mac 3c:52:82:00:00:01|name=agent")
	want(t, "after another serial number", assetsOf(t, tn, t0.Add(2*day)), []string{"agent: dhcp osquery", "list: cmdb"})
	want(t, "as of the day before", assetsOf(t, tn, t0.Add(day)), []string{"list: cmdb dhcp"})
	// A process that starts anew reads the same from the database.
	db.worlds = worlds{}
	bring(t, tn, t0.Add(3*day), "dhcp", "b|mac 3c:52:82:00:00:01|name lap-3")
	want(t, "after a new start", assetsOf(t, tn, t0.Add(3*day)), []string{"agent: dhcp osquery", "list: cmdb"})
	checkLedger(t, db, tn)
}
