package assess

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/goal"
	"github.com/asepsis/asepsis/internal/policy"
)

var now = time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)

var prairie = Organization{ID: "tn_1", Name: "Prairie View", Kind: "critical_access", Beds: 85}

// twenty are goals enough to have levels.
func twenty() []goal.Goal {
	slugs := []string{
		"vulnerabilities", "email", "mfa", "training", "encryption", "revoke", "planning", "unique", "separate", "vendors",
		"inventory", "disclosure", "reporting", "testing", "mitigation", "detect", "segmentation", "logs", "central", "configuration",
	}
	gs := make([]goal.Goal, len(slugs))
	for i, s := range slugs {
		gs[i] = goal.Goal{ID: s, Number: i + 1, Tier: goal.Essential, Title: strings.ToUpper(s[:1]) + s[1:], Gap: "Trustees should know about " + s + "."}
		if i >= 10 {
			gs[i].Tier = goal.Enhanced
		}
	}
	return gs
}

func ids(gs []goal.Goal) []string {
	out := make([]string, len(gs))
	for i, g := range gs {
		out[i] = g.ID
	}
	return out
}

// question is a check in short.
type question struct {
	goal, id, kind, applies, pass, more string
	role                                policy.Role
}

// rules makes rules from questions.
func rules(tb testing.TB, qs ...question) Rules {
	tb.Helper()
	files := fstest.MapFS{}
	byGoal := make(map[string]*strings.Builder)
	for _, q := range qs {
		b := byGoal[q.goal]
		if b == nil {
			b = &strings.Builder{}
			fmt.Fprintf(b, "goal: %s\nchecks:\n", q.goal)
			byGoal[q.goal] = b
		}
		if q.role == "" {
			q.role = policy.Deciding
		}
		fmt.Fprintf(b, "  - id: %s\n    title: The %s is as it should be\n    resource: %s\n    role: %s\n    severity: high\n    pass: %q\n    expected: as it should be\n    why: It matters.\n    remediation: Mend it.\n",
			q.id, q.id, q.kind, q.role, q.pass)
		if q.applies != "" {
			fmt.Fprintf(b, "    applies: %q\n", q.applies)
		}
		for line := range strings.SplitSeq(q.more, ";") {
			if line != "" {
				fmt.Fprintf(b, "    %s\n", strings.TrimSpace(line))
			}
		}
	}
	for g, b := range byGoal {
		files[g+".yaml"] = &fstest.MapFile{Data: []byte(b.String())}
	}
	gs := twenty()
	c, err := policy.Load(ids(gs), policy.Source{FS: files, Name: "checks"})
	if err != nil {
		tb.Fatal(err)
	}
	return Rules{Version: "test", Goals: gs, Checks: c}
}

func resource(kind fact.Kind, id, asset string, o fact.Origin, vs fact.Values) *fact.Resource {
	r := &fact.Resource{Kind: kind, ID: id, Asset: asset, Values: make(map[string]fact.Value, len(vs)), Missing: map[string]fact.Gap{}}
	for name, v := range vs {
		r.Values[name] = fact.Value{V: v, Origin: o}
	}
	return r
}

// size is how much a generated hospital has.
type size struct{ assets, endpoints, accounts, people, vendors, vulnerabilities int }

var rural = size{assets: 430, endpoints: 900, accounts: 400, people: 310, vendors: 60, vulnerabilities: 3000}

// hospital makes up the facts of a hospital; equal seeds give equal facts.
func hospital(seed uint64, n size) fact.Set {
	rng := rand.New(rand.NewPCG(seed, 7))
	origin := func(stream string, a fact.Assurance) fact.Origin {
		return fact.Origin{Stream: stream, Title: "the source called " + stream, ObservedAt: now.Add(-time.Duration(rng.IntN(50*24)) * time.Hour), Assurance: a}
	}
	ago := func(days int) time.Time { return now.Add(-time.Duration(rng.IntN(days*24)) * time.Hour) }
	coin := func(p float64) bool { return rng.Float64() < p }
	pick := func(words ...string) string { return words[rng.IntN(len(words))] }
	s := fact.Set{Resources: map[fact.Kind][]*fact.Resource{}}
	add := func(r *fact.Resource) { s.Resources[r.Kind] = append(s.Resources[r.Kind], r) }
	for i := range n.assets {
		r := resource(fact.KindAsset, fmt.Sprintf("as_%05d", i), "", origin(fmt.Sprintf("host/%d", i), fact.Measured), fact.Values{
			"name": fmt.Sprintf("pc-%05d", i), "class": pick("server", "workstation", "laptop", "laptop", "medical_device", "printer"),
			"os_name": pick("Debian 12", "Windows 11", "Windows 10"), "ips": []string{fmt.Sprintf("10.1.%d.%d", i/250, i%250)},
			"os_support_ends_at": now.Add(time.Duration(rng.IntN(1200)-300) * 24 * time.Hour), "pending_security_updates": int64(rng.IntN(4)),
			"firewall_active": coin(0.9), "time_synced": coin(0.95), "logs_forwarded": coin(0.5), "audit_active": coin(0.6),
			"endpoint_protection_running": coin(0.93), "password_min_length": int64(6 + rng.IntN(10)), "ssh_password_auth": coin(0.3),
			"unneeded_services": []string{"cups"}[:rng.IntN(2)], "clear_text_services": []string{"telnet", "ftp"}[:rng.IntN(3)],
			"backup_at": ago(20), "last_log_at": ago(3), "internet_facing": coin(0.03),
		})
		if coin(0.8) {
			r.Values["disk_encrypted"] = fact.Value{V: coin(0.85), Origin: r.Values["name"].Origin}
		} else {
			r.Missing["disk_encrypted"] = fact.Gap{Why: "needs root", Origin: r.Values["name"].Origin}
		}
		if coin(0.9) {
			r.Values["inventory_listed"] = fact.Value{V: true, Origin: origin("import/assets", fact.Imported)}
			r.Values["owner"] = fact.Value{V: "it", Origin: origin("import/assets", fact.Imported)}
		}
		if coin(0.05) {
			r.Values["status"] = fact.Value{V: "retired", Origin: origin("import/assets", fact.Imported)}
		}
		if coin(0.7) {
			r.Values["network_seen_at"] = fact.Value{V: ago(10), Origin: origin("import/nmap", fact.Imported)}
			r.Values["scanned_at"] = fact.Value{V: ago(30), Origin: origin("import/nessus", fact.Imported)}
		}
		add(r)
	}
	for i := range n.endpoints {
		a := fmt.Sprintf("as_%05d", i*n.assets/n.endpoints)
		add(resource(fact.KindEndpoint, fmt.Sprintf("%s/%05d/tcp", a, i), a, origin("host/x", fact.Measured), fact.Values{
			"port": int64(i), "service": pick("https", "ssh", "http", "hl7"), "exposed": coin(0.7), "clear_text": coin(0.1), "tls": coin(0.6),
			"tls_oldest": pick("1.0", "1.2", "1.3"), "cert_not_after": now.Add(time.Duration(rng.IntN(400)-20) * 24 * time.Hour), "tls_versions": []string{"1.2", "1.3"},
		}))
	}
	for i := range n.vulnerabilities {
		a := fmt.Sprintf("as_%05d", rng.IntN(n.assets))
		add(resource(fact.KindVulnerability, fmt.Sprintf("%s/cve-%05d", a, i), a, origin("import/nessus", fact.Imported), fact.Values{
			"title": "a weakness", "severity": pick("critical", "high", "medium", "low"), "known_exploited": coin(0.02), "first_seen_at": ago(200),
			"cvss": float64(rng.IntN(100)) / 10, "status": pick("open", "open", "fixed"), "cves": []string{fmt.Sprintf("CVE-2026-%d", i)},
		}))
	}
	for i := range n.people {
		vs := fact.Values{
			"employee_id": fmt.Sprintf("e%05d", i), "name": fmt.Sprintf("Person Number%d", i), "email": fmt.Sprintf("p%05d@prairie.example", i),
			"role": pick("nurse", "physician", "clerk"), "department": pick("ED", "ICU", "Lab"), "started_at": ago(3000),
		}
		if coin(0.1) {
			vs["ended_at"] = ago(300)
		}
		r := resource(fact.KindPerson, fmt.Sprintf("e%05d", i), "", origin("import/people", fact.Imported), vs)
		if coin(0.9) {
			r.Values["trained_at"] = fact.Value{V: ago(500), Origin: origin("import/training", fact.Imported)}
		}
		add(r)
	}
	for i := range n.accounts {
		r := resource(fact.KindAccount, fmt.Sprintf("ad:p%05d", i), "", origin("import/accounts/ad", fact.Imported), fact.Values{
			"name": fmt.Sprintf("p%05d", i), "directory": "ad", "type": pick("person", "person", "person", "service"), "enabled": coin(0.9), "privileged": coin(0.1),
			"mfa_enabled": coin(0.8), "mfa_phishing_resistant": coin(0.2), "mfa_methods": []string{"push", "sms"}[:1+rng.IntN(2)], "last_login_at": ago(100),
			"remote_access": coin(0.5), "reaches_phi": coin(0.6), "groups": []string{"Domain Users", "Nurses", "EHR"}, "mailbox": coin(0.8),
		})
		add(r)
	}
	for i := range n.vendors {
		add(resource(fact.KindVendor, fmt.Sprintf("vendor %03d", i), "", origin("import/vendors", fact.Imported), fact.Values{
			"name": fmt.Sprintf("Vendor %03d", i), "reaches_phi": coin(0.5), "baa_signed": coin(0.9), "notice_terms": coin(0.6), "security_terms": coin(0.7), "verified_at": ago(600),
		}))
	}
	for i, kind := range []string{"vulnerability_scan", "penetration_test", "exercise", "restore_test"} {
		add(resource(fact.KindActivity, fmt.Sprintf("%s %d", kind, i), "", origin("import/activities", fact.Attested), fact.Values{
			"type": kind, "title": kind, "performed_at": ago(200), "findings_open": int64(i),
		}))
	}
	s.Notes = []fact.SourcedNote{{Note: fact.Note{What: "disk encryption", Why: "needs root"}, Origin: origin("host/1", fact.Measured)}}
	return s
}

// eighty are some eighty checks over every kind, as many as we ship.
func eighty() []question {
	base := []question{
		{goal: "vulnerabilities", id: "vulnerabilities-exploited", kind: "vulnerability", applies: `vulnerability.status != "fixed"`, pass: "!vulnerability.known_exploited"},
		{goal: "vulnerabilities", id: "vulnerabilities-critical", kind: "vulnerability", applies: `vulnerability.status == "open" && vulnerability.severity == "critical"`, pass: "age(vulnerability.first_seen_at) <= days(param.max_days)", more: `params: {max_days: {type: int, default: 30, doc: d}}`},
		{goal: "vulnerabilities", id: "vulnerabilities-scanned", kind: "asset", applies: "asset.in_scope", pass: "age(asset.scanned_at) < days(31)"},
		{goal: "vulnerabilities", id: "vulnerabilities-support", kind: "asset", applies: "asset.in_scope", pass: "asset.os_support_ends_at > now"},
		{goal: "mfa", id: "mfa-remote", kind: "account", applies: `account.enabled && account.type == "person" && (account.remote_access || account.reaches_phi)`, pass: "account.mfa_enabled", more: "fresh_within: 30d"},
		{goal: "mfa", id: "mfa-privileged", kind: "account", applies: "account.enabled && account.privileged", pass: `account.mfa_phishing_resistant || account.mfa_methods.exists(m, m in ["fido2", "passkey"])`},
		{goal: "training", id: "training-current", kind: "person", applies: "person.active", pass: "age(person.trained_at) < days(365)", more: "needs: training"},
		{goal: "encryption", id: "encryption-disks", kind: "asset", applies: `asset.in_scope && asset.class in ["laptop", "server"]`, pass: "asset.disk_encrypted", more: "fresh_within: 30d;min_coverage: 0.9"},
		{goal: "encryption", id: "encryption-tls", kind: "endpoint", applies: "endpoint.exposed && endpoint.tls", pass: `endpoint.tls_versions.all(v, v in ["1.2", "1.3"]) && endpoint.cert_not_after > now`},
		{goal: "encryption", id: "encryption-clear", kind: "endpoint", applies: "endpoint.exposed", pass: "!endpoint.clear_text"},
		{goal: "revoke", id: "revoke-leavers", kind: "account", applies: "has(account.person_ended_at) && account.person_ended_at < now", pass: "!account.enabled"},
		{goal: "unique", id: "unique-names", kind: "account", applies: "account.enabled", pass: "!account.name_generic"},
		{goal: "separate", id: "separate-everyday", kind: "account", applies: "account.enabled && account.privileged", pass: "account.person_has_everyday_account && !account.mailbox"},
		{goal: "vendors", id: "vendors-agreement", kind: "vendor", applies: "vendor.reaches_phi", pass: "vendor.baa_signed"},
		{goal: "inventory", id: "inventory-known", kind: "asset", applies: "asset.in_scope && has(asset.network_seen_at)", pass: "asset.known"},
		{goal: "testing", id: "testing-penetration", kind: "organization", pass: "age(organization.last_penetration_test_at) < days(365)"},
		{goal: "planning", id: "planning-exercise", kind: "organization", pass: "age(organization.last_exercise_at) < days(365)"},
		{goal: "detect", id: "detect-protection", kind: "asset", applies: `asset.in_scope && asset.class != "printer"`, pass: "asset.endpoint_protection_running"},
		{goal: "logs", id: "logs-arrive", kind: "asset", applies: "asset.in_scope", pass: "age(asset.last_log_at) < hours(24)"},
		{goal: "configuration", id: "configuration-services", kind: "asset", applies: "asset.in_scope", pass: "size(asset.unneeded_services) == 0 && asset.firewall_active"},
	}
	all := make([]question, 0, 4*len(base))
	for round := range 4 {
		for _, q := range base {
			if round > 0 {
				q.id = fmt.Sprintf("%s-%d", q.id, round)
				q.role = policy.Supporting
			}
			all = append(all, q)
		}
	}
	return all
}
