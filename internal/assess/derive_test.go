package assess

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/vuln/priority"
)

func day(n int) time.Time { return now.Truncate(24*time.Hour).AddDate(0, 0, n) }

func src(stream string) fact.Origin {
	return fact.Origin{Stream: stream, Title: stream, ObservedAt: now.Add(-time.Hour), Assurance: fact.Imported}
}

func setOf(rs ...*fact.Resource) fact.Set {
	s := fact.Set{Resources: map[fact.Kind][]*fact.Resource{}}
	for _, r := range rs {
		s.Resources[r.Kind] = append(s.Resources[r.Kind], r)
	}
	return s
}

// says writes an attribute as it stands: its value, or why it has none.
func says(r *fact.Resource, name string) string {
	if v, ok := r.Values[name]; ok {
		if t, ok := v.V.(time.Time); ok {
			return t.Format(time.DateOnly)
		}
		return fmt.Sprint(v.V)
	}
	if m, ok := r.Missing[name]; ok {
		return "missing: " + m.Why
	}
	return "nothing"
}

func expect(t *testing.T, s fact.Set, kind fact.Kind, id string, want map[string]string) {
	t.Helper()
	r := s.Find(kind, id)
	if r == nil {
		t.Fatalf("there is no %s %s", kind, id)
	}
	for name, w := range want {
		if got := says(r, name); got != w {
			t.Errorf("%s %s: %s is %s, want %s", kind, id, name, got, w)
		}
	}
}

func account(id string, vs fact.Values) *fact.Resource {
	return resource(fact.KindAccount, id, "", src("import/accounts/ad"), vs)
}

func person(id string, vs fact.Values) *fact.Resource {
	return resource(fact.KindPerson, id, "", src("import/people"), vs)
}

func TestAccountsAndPeopleAreJoined(t *testing.T) {
	s := Derive(setOf(
		account("a1", fact.Values{"name": "dosei", "owner": "E1", "enabled": true, "privileged": false}),
		account("a2", fact.Values{"name": `PRAIRIE\adm-dosei`, "enabled": true, "privileged": true}),
		account("a3", fact.Values{"name": "x3", "email": "Lee@Prairie.example", "enabled": false, "disabled_at": day(-3).Add(5 * time.Hour)}),
		account("a4", fact.Values{"name": "x4", "display_name": "Chen,  Ana", "enabled": false}),
		account("a5", fact.Values{"name": "jsmith", "display_name": "Jo Smith", "enabled": true}),
		account("a6", fact.Values{"name": "svc-backup", "type": "service", "owner": "E1", "enabled": true}),
		account("a7", fact.Values{"name": "nurse2", "enabled": true}),
		account("a8", fact.Values{"name": "gone@prairie.example", "enabled": true, "privileged": true}),
		person("e1", fact.Values{"employee_id": "E1", "name": "Dana Osei", "email": "dosei@prairie.example", "started_at": day(-500)}),
		person("e2", fact.Values{"employee_id": "E2", "name": "Kim Lee", "email": "lee@prairie.example", "ended_at": day(-4)}),
		person("e3", fact.Values{"employee_id": "E3", "name": "Ana Chen", "ended_at": day(-2)}),
		person("e4", fact.Values{"employee_id": "E4", "name": "Jo Smith", "started_at": day(9)}),
		person("e5", fact.Values{"employee_id": "E5", "name": "Jo  Smith", "ended_at": day(0)}),
		person("e6", fact.Values{"employee_id": "E6", "email": "gone@prairie.example", "ended_at": day(20)}),
		resource(fact.KindPerson, "e7", "", src("import/training"), fact.Values{"name": "Only Trained", "trained_at": day(-30)}),
	), prairie, now)

	for id, want := range map[string]map[string]string{
		"a1": {"person_known": "true", "person_id": "E1", "person_ended_at": "nothing", "hours_to_disable": "nothing", "name_generic": "false", "person_has_everyday_account": "false"},
		"a2": {"person_known": "true", "person_id": "E1", "person_has_everyday_account": "true"},
		"a3": {"person_id": "E2", "person_ended_at": day(-4).Format(time.DateOnly), "hours_to_disable": "29"},
		"a4": {"person_id": "E3", "hours_to_disable": "missing: no source says when the account was disabled"},
		"a5": {"person_known": "false", "person_id": "nothing", "person_has_everyday_account": "missing: nobody on the roster matches the account"},
		"a6": {"person_known": "nothing", "name_generic": "false"},
		"a7": {"person_known": "false", "name_generic": "true"},
		"a8": {"person_id": "E6", "person_ended_at": day(20).Format(time.DateOnly), "hours_to_disable": "nothing", "person_has_everyday_account": "false"},
	} {
		expect(t, s, fact.KindAccount, id, want)
	}
	for id, want := range map[string]map[string]string{
		"e1": {"active": "true", "privileged": "true", "enabled_accounts": "2"},
		"e2": {"active": "false", "privileged": "false", "enabled_accounts": "0"},
		"e4": {"active": "false", "enabled_accounts": "0"},
		"e5": {"active": "true"}, // the last day is a working day
		"e6": {"active": "true", "privileged": "true"},
		"e7": {"active": "false"},
	} {
		expect(t, s, fact.KindPerson, id, want)
	}
	v := s.Find(fact.KindAccount, "a2").Values["person_known"]
	if v.Origin.Title != "derived from roster and accounts, matched by sign-in name without its administrator mark" || v.Origin.Assurance != fact.Imported || v.Origin.Stream != StreamDerived {
		t.Errorf("the origin of a match is %+v", v.Origin)
	}
	expect(t, s, fact.KindOrganization, "organization", map[string]string{"people": "3", "accounts": "8", "directory_accounts": "missing: no accounts of a directory were imported", "vendors": "missing: no list of vendors was imported", "beds": "85"})
}

// TestExportsOfOnePersonAreJoined: a learning platform knows people by mail
// address, the roster by employee number.
func TestExportsOfOnePersonAreJoined(t *testing.T) {
	trained := func(id string, vs fact.Values) *fact.Resource {
		return resource(fact.KindPerson, id, "", src("import/training"), vs)
	}
	left := person("4", fact.Values{"employee_id": "4", "name": "Gone"})
	left.Missing["ended_at"] = fact.Gap{Why: "the roster says that the person has left and does not say when"}
	open := trained("ana@x.example", fact.Values{"email": "ana@x.example", "name": "Chen, Ana"})
	open.Missing["trained_at"] = fact.Gap{Why: "the training records list the person and no completion"}
	set := setOf(
		person("1", fact.Values{"employee_id": "1", "name": "Dana Osei", "email": "Dosei@x.example", "role": "nurse"}),
		person("2", fact.Values{"employee_id": "2", "name": "Ana Chen"}),
		person("3", fact.Values{"employee_id": "3", "name": "Jo Smith", "email": "jo1@x.example"}),
		left,
		open,
		trained("dosei@x.example", fact.Values{"email": "dosei@x.example", "name": "D. Osei", "trained_at": day(-10)}),
		trained("jo2@x.example", fact.Values{"email": "jo2@x.example", "name": "Jo Smith", "trained_at": day(-10)}),
	)
	s := Derive(set, prairie, now)
	expect(t, s, fact.KindPerson, "1", map[string]string{"trained_at": day(-10).Format(time.DateOnly), "name": "Dana Osei", "active": "true"})
	expect(t, s, fact.KindPerson, "2", map[string]string{"trained_at": "missing: the training records list the person and no completion", "email": "ana@x.example"})
	expect(t, s, fact.KindPerson, "3", map[string]string{"trained_at": "nothing"})
	expect(t, s, fact.KindPerson, "4", map[string]string{"active": "false"})
	expect(t, s, fact.KindPerson, "jo2@x.example", map[string]string{"active": "false"})
	if n := len(s.Resources[fact.KindPerson]); n != 5 {
		t.Errorf("%d people, want 5: doubles are left out", n)
	}
	if o := s.Find(fact.KindPerson, "1").Values["trained_at"].Origin; o.Title != "import/training, matched by mail address" {
		t.Errorf("the origin does not say how the person was found: %+v", o)
	}
	if len(set.Resources[fact.KindPerson]) != 7 || says(set.Find(fact.KindPerson, "1"), "trained_at") != "nothing" {
		t.Error("the facts given were changed")
	}
}

func TestWithoutARosterNobodyIsUnknown(t *testing.T) {
	s := Derive(setOf(
		account("a1", fact.Values{"name": "dosei", "enabled": true}),
		resource(fact.KindPerson, "e7", "", src("import/training"), fact.Values{"name": "D Osei", "email": "dosei@x.example"}),
	), prairie, now)
	expect(t, s, fact.KindAccount, "a1", map[string]string{
		"person_known": "missing: no staff roster was imported", "person_ended_at": "missing: no staff roster was imported",
	})
	expect(t, s, fact.KindPerson, "e7", map[string]string{"active": "missing: no staff roster was imported"})
	expect(t, s, fact.KindOrganization, "organization", map[string]string{"people": "missing: no staff roster was imported"})

	s = Derive(setOf(person("e1", fact.Values{"name": "D"})), prairie, now)
	expect(t, s, fact.KindPerson, "e1", map[string]string{"active": "true", "privileged": "missing: no accounts were imported"})
}

// An open remote desktop is a finding only where the internet reaches it. The
// inventory answers that for machines that are not reachable at all.
func TestServicesOfAssetsThatAreNotReachable(t *testing.T) {
	inventory, scan := src("import/assets"), src("import/nmap")
	s := Derive(setOf(
		resource(fact.KindAsset, "inside", "", inventory, fact.Values{"name": "inside", "internet_facing": false}),
		resource(fact.KindAsset, "outside", "", inventory, fact.Values{"name": "outside", "internet_facing": true}),
		resource(fact.KindEndpoint, "inside/3389", "inside", scan, fact.Values{"port": int64(3389)}),
		resource(fact.KindEndpoint, "inside/443", "inside", scan, fact.Values{"port": int64(443), "internet_facing": true}),
		resource(fact.KindEndpoint, "outside/3389", "outside", scan, fact.Values{"port": int64(3389)}),
	), prairie, now)
	expect(t, s, fact.KindEndpoint, "inside/3389", map[string]string{"internet_facing": "false"})
	expect(t, s, fact.KindEndpoint, "inside/443", map[string]string{"internet_facing": "true"})
	expect(t, s, fact.KindEndpoint, "outside/3389", map[string]string{"internet_facing": "nothing"})
}

func TestAssetsAreCounted(t *testing.T) {
	host, inventory, scan := src("host/1"), src("import/assets"), src("import/nessus")
	host.Assurance = fact.Measured
	inventory.ObservedAt = now.Add(-100 * time.Hour)
	a := resource(fact.KindAsset, "a", "", host, fact.Values{"name": "a", "network_seen_at": day(-1), "internet_facing": true})
	a.Values["inventory_listed"] = fact.Value{V: true, Origin: inventory}
	a.Values["scanned_at"] = fact.Value{V: day(-2), Origin: scan}
	set := setOf(
		a,
		resource(fact.KindAsset, "b", "", host, fact.Values{"name": "b", "network_seen_at": day(-1)}),
		resource(fact.KindAsset, "c", "", host, fact.Values{"name": "c", "network_seen_at": day(-9), "status": "retired"}),
		resource(fact.KindVulnerability, "a/1", "a", scan, fact.Values{"severity": "critical", "status": "open"}),
		resource(fact.KindVulnerability, "a/2", "a", scan, fact.Values{"severity": "critical"}),
		resource(fact.KindVulnerability, "a/3", "a", scan, fact.Values{"severity": "critical", "status": "fixed"}),
		resource(fact.KindVulnerability, "a/4", "a", scan, fact.Values{"severity": "high", "status": "open"}),
		resource(fact.KindSetting, "s/1", "a", scan, fact.Values{"compliant": true}),
		resource(fact.KindSetting, "s/2", "a", scan, fact.Values{"compliant": false}),
		resource(fact.KindSetting, "s/3", "a", scan, fact.Values{"outcome": "notchecked"}),
		resource(fact.KindActivity, "t1", "", scan, fact.Values{"type": "penetration_test", "performed_at": day(-300), "findings_open": int64(2)}),
		resource(fact.KindActivity, "t2", "", scan, fact.Values{"type": "penetration_test", "performed_at": day(-20), "findings_open": int64(3)}),
		resource(fact.KindActivity, "t3", "", scan, fact.Values{"type": "exercise", "performed_at": day(-40), "joint": true}),
		resource(fact.KindActivity, "t4", "", scan, fact.Values{"type": "vulnerability_scan", "scope": "external", "performed_at": day(-4)}),
		resource(fact.KindDocument, "d", "", scan, fact.Values{"type": "incident_plan", "reviewed_at": day(-70)}),
	)
	s := Derive(set, prairie, now)
	expect(t, s, fact.KindAsset, "a", map[string]string{"in_scope": "true", "known": "true", "open_critical": "2", "open_high": "1", "baseline_rules": "2", "baseline_failed": "1"})
	expect(t, s, fact.KindAsset, "b", map[string]string{"in_scope": "true", "known": "false", "open_critical": "missing: no vulnerability scan reached it", "baseline_rules": "nothing"})
	expect(t, s, fact.KindAsset, "c", map[string]string{"in_scope": "false"})
	expect(t, s, fact.KindVulnerability, "a/1", map[string]string{"internet_facing": "true"})
	expect(t, s, fact.KindOrganization, "organization", map[string]string{
		"assets": "3", "network_devices": "2", "network_devices_unknown": "1", "test_findings_open": "5",
		"last_penetration_test_at": day(-20).Format(time.DateOnly), "last_external_scan_at": day(-4).Format(time.DateOnly),
		"last_internal_scan_at": "missing: no vulnerability scan of the inside was imported",
		"last_exercise_at":      day(-40).Format(time.DateOnly), "last_joint_exercise_at": day(-40).Format(time.DateOnly),
		"exercise_actions_open":     "missing: not every exercise on record says how many of its findings are open",
		"last_network_discovery_at": day(-1).Format(time.DateOnly), "incident_plan_reviewed_at": day(-70).Format(time.DateOnly),
		"name": "Prairie View",
	})
	if o := s.Find(fact.KindAsset, "b").Values["known"].Origin; !o.ObservedAt.Equal(inventory.ObservedAt) || o.Assurance != fact.Imported {
		t.Errorf("what no inventory lists is as old and as sure as the inventory, not %+v", o)
	}
	if o := s.Find(fact.KindAsset, "b").Values["in_scope"].Origin; !o.ObservedAt.Equal(host.ObservedAt) || o.Assurance != fact.Measured {
		t.Errorf("what is in use for want of another word is as fresh as the asset, not %+v", o)
	}
	delete(a.Values, "inventory_listed")
	s = Derive(set, prairie, now)
	expect(t, s, fact.KindAsset, "b", map[string]string{"known": "missing: no inventory was imported"})
	expect(t, s, fact.KindOrganization, "organization", map[string]string{"network_devices_unknown": "missing: no inventory was imported"})
}

// TestDeriveStatesOnlyDerivedAttributes keeps the vocabulary honest: every
// derived attribute is derived somewhere, and nothing else is overwritten.
func TestDeriveStatesEveryDerivedAttribute(t *testing.T) {
	set := hospital(1, rural)
	for i, r := range set.Resources[fact.KindAccount] {
		if i%3 == 0 {
			r.Values["enabled"] = fact.Value{V: false, Origin: src("import/accounts/ad")}
			r.Values["disabled_at"] = fact.Value{V: now, Origin: src("import/accounts/ad")}
		}
	}
	set.Resources[fact.KindSetting] = []*fact.Resource{resource(fact.KindSetting, "s", "as_00000", src("x"), fact.Values{"compliant": true})}
	s := Derive(set, prairie, now)
	Urgency(&s, priority.Times{})
	// These are joined with the facts before, by judge.
	joined := map[string]bool{
		"asset.software_assessed_at": true, "asset.software_assessed": true, "asset.software_not_assessed": true, "asset.advisories_to_check": true,
		"vulnerability.witnesses": true, "vulnerability.disposition": true, "vulnerability.disposition_until_at": true,
		"vulnerability.disposition_at": true, "vulnerability.compensation": true,
	}
	for _, k := range fact.Kinds() {
		schema, _ := fact.SchemaOf(k)
		for _, a := range schema.Attrs {
			if !a.Derived || joined[string(k)+"."+a.Name] {
				continue
			}
			said := false
			for _, r := range s.Resources[k] {
				v, has := r.Values[a.Name]
				if has && !a.Type.Holds(v.V) {
					t.Fatalf("%s.%s holds a %T, want %s", k, a.Name, v.V, a.Type)
				}
				if has && (v.Origin.Stream != StreamDerived || v.Origin.Title == "") {
					t.Fatalf("%s.%s does not say how it was derived: %+v", k, a.Name, v.Origin)
				}
				_, tried := r.Missing[a.Name]
				said = said || has || tried
			}
			if !said {
				t.Errorf("%s.%s is never derived", k, a.Name)
			}
		}
	}
}

// TestManyOfOneNameStayLinear: an export in which every account has the same
// shown name must not take the square of its length.
func TestManyOfOneNameStayLinear(t *testing.T) {
	set := setOf(person("e1", fact.Values{"name": "Dana Osei"}))
	for i := range 50_000 {
		set.Resources[fact.KindAccount] = append(set.Resources[fact.KindAccount], account(fmt.Sprintf("a%06d", i), fact.Values{"display_name": "Dana Osei", "privileged": true}))
	}
	start := time.Now()
	Derive(set, prairie, now)
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestGenericNames(t *testing.T) {
	for name, want := range map[string]bool{
		"nurse1": true, "er-station": true, "front.desk": true, "admin": true, "Guest": false, "guest": true, "nurse.lee": false,
		"dosei": false, "admin2": true, "icu_cow_3": true, "": false, "123": false, "labrador": false, "frontdesk02": true,
	} {
		if got := genericName(name); got != want {
			t.Errorf("%q: generic %t, want %t", name, got, want)
		}
	}
	if !genericName(signIn(strings.ToUpper("PRAIRIE\\Nurse1"))) {
		t.Error("a domain in front or capitals hide a shared name")
	}
}
