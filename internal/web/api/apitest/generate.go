package apitest

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/assess"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/id"
	"github.com/asepsis/asepsis/internal/policy"
	"github.com/asepsis/asepsis/internal/web/api"
)

type generator struct {
	rnd *rand.Rand
	now time.Time
}

func (g *generator) ago(d time.Duration) time.Time { return g.now.Add(-d) }

const day = 24 * time.Hour

func pick[T any](g *generator, from []T) T { return from[g.rnd.IntN(len(from))] }

func (g *generator) id(k id.Kind, i int) string {
	return fmt.Sprintf("%s_01jd%022d", k, i)
}

var (
	departments = []string{"Emergency", "Radiology", "Laboratory", "Pharmacy", "Nursing", "Billing", "Information Technology", "Administration", "Dietary", "Facilities"}
	firstNames  = []string{"Maria", "James", "Aisha", "Robert", "Linh", "Grace", "Daniel", "Priya", "Carlos", "Emily", "Samuel", "Fatima", "Hannah", "Marcus", "Olga", "Noah"}
	lastNames   = []string{"Jensen", "Okafor", "Nguyen", "Miller", "Garcia", "Schmidt", "Patel", "Brown", "Kowalski", "Rivera", "Hughes", "Lindgren", "Tran", "Baker"}
	vendorNames = []string{"Meridian EHR", "PACS Northwest", "InfuCare Pumps", "Plains Billing Services", "ClearPath Lab Systems", "Summit Transcription", "Heartland IT Partners", "CardioSense Monitors", "RxLink Pharmacy", "Prairie Shred", "SafeHaven Backup", "TeleStroke Alliance", "MedWaste Midwest", "Vantage Payroll", "BrightPath Telehealth", "Ironclad Firewall Services"}
)

// make builds a resource from values, with one origin for all of them.
func (g *generator) make(kind fact.Kind, key, label string, o api.Origin, values map[string]any) *api.ResourceDetail {
	r := &api.ResourceDetail{Kind: string(kind), ID: key, Label: label}
	schema, _ := fact.SchemaOf(kind)
	for _, a := range schema.Attrs {
		v, ok := values[a.Name]
		if !ok {
			continue
		}
		at := api.Attribute{Name: a.Name, Type: a.Type.String(), Doc: a.Doc, Derived: a.Derived, Value: v, Origin: &o}
		if why, ok := v.(gap); ok {
			at.Value, at.Missing = nil, string(why)
		}
		r.Attributes = append(r.Attributes, at)
	}
	return r
}

// gap stands for a value that could not be read.
type gap string

func (g *generator) resources() map[string][]*api.ResourceDetail {
	out := map[string][]*api.ResourceDetail{}
	add := func(r *api.ResourceDetail) { out[r.Kind] = append(out[r.Kind], r) }
	inventory := api.Origin{Stream: "import/assets", Title: "Asset list (assets.csv)", ObservedAt: g.ago(3 * day), Assurance: "imported"}
	classes := []string{"workstation", "workstation", "workstation", "laptop", "server", "medical_device", "medical_device", "network_device", "printer"}
	prefix := map[string]string{"workstation": "ws", "laptop": "lt", "server": "srv", "medical_device": "med", "network_device": "net", "printer": "prn"}
	for i := range 96 {
		class := pick(g, classes)
		name := fmt.Sprintf("%s-%s-%02d", prefix[class], strings.ToLower(pick(g, departments)[:3]), i+1)
		host := api.Origin{Stream: "host/" + name, Title: "host collector on " + name, ObservedAt: g.ago(time.Duration(g.rnd.IntN(40)) * time.Hour), Assurance: "measured"}
		v := map[string]any{
			"name": name, "class": class, "location": pick(g, departments), "status": "in_use", "known": true, "in_scope": true,
			"ips": []string{fmt.Sprintf("10.20.%d.%d", i%6, 10+i)}, "criticality": pick(g, []string{"clinical", "business", "minor", "life_supporting"}),
			"zone": pick(g, []string{"users", "users", "servers", "med-devices"}), "last_seen_at": host.ObservedAt,
		}
		if g.rnd.Float64() < 0.83 {
			v["owner"] = pick(g, departments)
		}
		origin := inventory
		if class == "server" || class == "workstation" || class == "laptop" {
			origin = host
			os := pick(g, []string{"Windows 11 Pro|10.0.26100|2029", "Windows 10 Pro|10.0.19045|2025", "Windows Server 2019|10.0.17763|2029", "Debian GNU/Linux 12|12.9|2028"})
			p := strings.Split(os, "|")
			v["os_name"], v["os_version"] = p[0], p[1]
			year := 2020
			_, _ = fmt.Sscan(p[2], &year)
			v["os_support_ends_at"] = time.Date(year, 10, 14, 0, 0, 0, 0, time.UTC)
			v["disk_encrypted"] = g.rnd.Float64() < 0.8
			v["pending_security_updates"] = int64(max(0, g.rnd.IntN(9)-4))
			v["endpoint_protection"] = "Microsoft Defender"
			v["endpoint_protection_running"] = g.rnd.Float64() < 0.95
			v["logs_forwarded"] = g.rnd.Float64() < 0.05
			if g.rnd.Float64() < 0.15 {
				v["disk_encrypted"] = gap("needs administrator rights")
			}
		}
		r := g.make(fact.KindAsset, g.id(id.Asset, i+1), name, origin, v)
		r.Keys = []string{"name:" + name}
		r.FirstSeen = new(g.ago(time.Duration(60+i) * day))
		r.Components = g.rnd.IntN(900)
		add(r)
	}
	g.onAssets(add, out)
	g.people(add)
	vendors := api.Origin{Stream: "import/vendors", Title: "Vendor list (vendors.xlsx)", ObservedAt: g.ago(12 * day), Assurance: "imported"}
	for _, n := range vendorNames {
		phi := g.rnd.Float64() < 0.7
		v := map[string]any{"name": n, "service": pick(g, []string{"software", "devices", "services", "hosting"}), "tier": pick(g, []string{"critical", "high", "medium", "low"}), "reaches_phi": phi, "baa_signed": g.rnd.Float64() < 0.9, "notice_terms": g.rnd.Float64() < 0.65, "notice_hours": int64(pick(g, []int{24, 48, 72, 240})), "contract_ends_at": g.now.Add(time.Duration(g.rnd.IntN(900)-60) * day)}
		add(g.make(fact.KindVendor, strings.ToLower(n), n, vendors, v))
	}
	scuba := api.Origin{Stream: "import/scubagear/cedarridge", Title: "ScubaGear report of cedarridge.example", ObservedAt: g.ago(9 * day), Assurance: "imported"}
	for i, t := range []string{"Legacy authentication shall be blocked", "Users detected as high risk shall be blocked", "Mail from outside shall be marked", "Automatic forwarding to outside shall be off", "Unified audit log shall be on", "Phishing-resistant MFA shall be enforced for all users", "Guest invitations should be limited"} {
		add(g.make(fact.KindSetting, fmt.Sprintf("ms.aad.%d.1v1", i+1), t, scuba, map[string]any{"rule": fmt.Sprintf("MS.AAD.%d.1v1", i+1), "title": t, "product": "entra", "topic": "mfa", "compliant": i != 5, "required": i != 6, "outcome": map[bool]string{true: "Pass", false: "Fail"}[i != 5]}))
	}
	add(g.make(fact.KindDomain, "cedarridge.example", "cedarridge.example", scuba, map[string]any{"name": "cedarridge.example", "spf": "fail", "dkim": true, "dmarc_policy": "quarantine", "dmarc_reporting": true}))
	add(g.make(fact.KindOrganization, "self", "Cedar Ridge Memorial Hospital", inventory, map[string]any{"name": "Cedar Ridge Memorial Hospital", "beds": int64(25), "kind": "critical_access", "people": int64(len(out["person"])), "assets": int64(96)}))
	for _, rs := range out {
		slices.SortFunc(rs, func(a, b *api.ResourceDetail) int {
			return cmp.Or(cmp.Compare(a.Label, b.Label), cmp.Compare(a.ID, b.ID))
		})
	}
	return out
}

// onAssets makes what lives on servers: volumes, endpoints, vulnerabilities.
func (g *generator) onAssets(add func(*api.ResourceDetail), out map[string][]*api.ResourceDetail) {
	scan := api.Origin{Stream: "import/nessus/weekly", Title: "Nessus scan weekly-internal.nessus", ObservedAt: g.ago(4 * day), Assurance: "imported"}
	for i, a := range slices.Clone(out["asset"]) {
		on := &api.Ref{Kind: "asset", ID: a.ID, Label: a.Label}
		host := api.Origin{Stream: "host/" + a.Label, Title: "host collector on " + a.Label, ObservedAt: g.ago(9 * time.Hour), Assurance: "measured"}
		put := func(kind fact.Kind, key, label string, o api.Origin, v map[string]any) {
			r := g.make(kind, a.ID+"/"+key, label, o, v)
			r.Asset = on
			add(r)
		}
		if !strings.HasPrefix(a.Label, "srv") && !strings.HasPrefix(a.Label, "lt") {
			continue
		}
		put(fact.KindVolume, "/", "/", host, map[string]any{"mount": "/", "encrypted": g.rnd.Float64() < 0.76, "encryption": "luks", "holds_data": true, "size_bytes": int64(512 << 30)})
		if strings.HasPrefix(a.Label, "srv") {
			put(fact.KindEndpoint, "443/tcp", "443/tcp https", host, map[string]any{"port": int64(443), "transport": "tcp", "service": "https", "tls": true, "tls_versions": []string{"1.2", "1.3"}, "tls_oldest": pick(g, []string{"1.2", "1.2", "1.0"}), "cert_not_after": g.now.Add(70 * day), "exposed": true})
			put(fact.KindEndpoint, "2575/tcp", "2575/tcp hl7", host, map[string]any{"port": int64(2575), "transport": "tcp", "service": "hl7", "clear_text": true, "exposed": true})
			sev := pick(g, []string{"critical", "high", "high", "medium"})
			put(fact.KindVulnerability, fmt.Sprintf("nessus:%d", 190000+i), fmt.Sprintf("Outdated TLS library on %s", a.Label), scan, map[string]any{"title": "Outdated TLS library", "cves": []string{fmt.Sprintf("CVE-2026-%d", 10100+i)}, "severity": sev, "known_exploited": i%5 == 0, "known_exploited_due_at": g.ago(10 * day), "first_seen_at": g.ago(31 * day), "status": "open"})
		}
	}
}

// people makes the roster and the directory accounts that belong to it.
func (g *generator) people(add func(*api.ResourceDetail)) {
	roster := api.Origin{Stream: "import/people", Title: "Staff roster (roster.csv)", ObservedAt: g.ago(2 * day), Assurance: "imported"}
	directory := api.Origin{Stream: "import/accounts/entra", Title: "Accounts of entra (users.csv)", ObservedAt: g.ago(2 * day), Assurance: "imported"}
	for i := range 74 {
		first, last := firstNames[i%len(firstNames)], lastNames[(i*5+i/16)%len(lastNames)]
		number := fmt.Sprintf("E%04d", 1200+i)
		v := map[string]any{"employee_id": number, "name": first + " " + last, "department": pick(g, departments), "role": pick(g, []string{"Nurse", "Technician", "Physician", "Clerk", "Administrator"}), "type": "employee", "active": true, "started_at": g.ago(time.Duration(30+g.rnd.IntN(3000)) * day), "email": strings.ToLower(first[:1]+last) + fmt.Sprint(i) + "@cedarridge.example"}
		if g.rnd.Float64() < 0.91 {
			v["trained_at"] = g.ago(time.Duration(g.rnd.IntN(360)) * day)
		}
		left := i%17 == 0
		if left {
			v["ended_at"], v["active"] = g.ago(20*day), false
		}
		add(g.make(fact.KindPerson, strings.ToLower(number), first+" "+last, roster, v))
		name := strings.ToLower(first[:1]+last) + fmt.Sprint(i)
		admin := i%19 == 3
		a := map[string]any{"name": name, "display_name": first + " " + last, "directory": "entra", "type": "person", "enabled": !left || i == 34, "privileged": admin, "remote_access": true, "mfa_enabled": g.rnd.Float64() < 0.94, "mfa_methods": []string{"authenticator"}, "mfa_phishing_resistant": admin && i%2 == 0, "last_login_at": g.ago(time.Duration(g.rnd.IntN(30)) * day), "person_known": true}
		if left {
			a["person_ended_at"], a["hours_to_disable"] = g.ago(20*day), int64(g.rnd.IntN(70))
		}
		add(g.make(fact.KindAccount, "entra:"+name, name, directory, a))
	}
	for _, n := range []string{"reception", "nurse1", "scanner"} {
		add(g.make(fact.KindAccount, "entra:"+n, n, directory, map[string]any{"name": n, "directory": "entra", "type": "shared", "enabled": true, "name_generic": true, "mfa_enabled": gap("the export has no column for it")}))
	}
}

// checks decides each seed over the resources by its made-up shares.
func (g *generator) checks(all map[string][]*api.ResourceDetail) (map[string][]api.ResultDetail, []api.CheckDetail) {
	results := map[string][]api.ResultDetail{}
	var out []api.CheckDetail
	for _, sd := range checkSeeds {
		n := slices.IndexFunc(goalSeeds, func(x goalSeed) bool { return x.id == sd.goal })
		c := api.CheckDetail{
			CheckRow:  api.CheckRow{ID: sd.id, Goal: sd.goal, Title: sd.title, Resource: sd.kind, Role: policy.Role(sd.role), Severity: policy.Severity(sd.severity), Assurance: "imported"},
			GoalTitle: goalSeeds[n].title, GoalNumber: n + 1, Pass: sd.pass, Expected: sd.expected, FreshWithin: "30d", MinCoverage: 0.95, PassShare: 1,
			WhyItMatters: "Most break-ins at hospitals begin with exactly this.", Remediation: "Open the list of failures, begin with the clinical ones, and mend them one department at a time.",
			HICP: []string{"3.M.D"}, Threats: []string{"ransomware"},
			Params: []api.Parameter{{Check: sd.id, Name: "max_days", Type: "int", Units: "days", Doc: "How old it may be", Citation: "HICP TV2 3.M.D", Default: int64(365), Value: int64(365)}},
		}
		for _, r := range all[sd.kind] {
			d := g.result(sd, r)
			results[sd.id] = append(results[sd.id], d)
			count(&c.Tally, d.Verdict)
		}
		finish(&c, sd, g.now)
		slices.SortStableFunc(results[sd.id], func(a, b api.ResultDetail) int {
			return cmp.Or(cmp.Compare(rank(a.Verdict), rank(b.Verdict)), cmp.Compare(a.Label, b.Label))
		})
		for i := range 10 {
			t := c.Tally
			t.Fail += (9 - i) / 2
			t.Pass = max(0, t.Pass-(9-i)/2)
			c.History = append(c.History, api.CheckHistory{At: g.ago(time.Duration(9-i) * 30 * day), State: c.State, Tally: t})
		}
		out = append(out, c)
	}
	return results, out
}

func (g *generator) result(sd checkSeed, r *api.ResourceDetail) api.ResultDetail {
	d := api.ResultDetail{
		ResultRow: api.ResultRow{Resource: r.ID, Kind: r.Kind, Label: r.Label, Asset: r.Asset, Assurance: "imported"},
		Check:     sd.id, CheckTitle: sd.title, Goal: sd.goal, Severity: policy.Severity(sd.severity), Expected: sd.expected, Pass: sd.pass,
		Remediation: "Open the list of failures, begin with the clinical ones, and mend them one department at a time.", AsOf: g.now,
	}
	var seen []string
	for _, name := range sd.attrs {
		schema, _ := fact.SchemaOf(fact.Kind(sd.kind))
		at, _ := schema.Attr(name)
		o := api.Observed{Name: name, Doc: at.Doc, Why: "no source gave it"}
		for _, a := range r.Attributes {
			if a.Name == name {
				o = api.Observed{Name: name, Doc: a.Doc, Value: a.Value, Why: a.Missing, Origin: a.Origin}
			}
		}
		if o.Value != nil {
			seen = append(seen, fmt.Sprintf("%s: %v", name, o.Value))
		}
		d.Values = append(d.Values, o)
	}
	d.Observed = strings.Join(seen, " · ")
	switch x := g.rnd.Float64(); {
	case x > sd.measured:
		d.Verdict, d.Why, d.Assurance = policy.NotMeasured, sd.attrs[0]+": no source gave it", ""
	case g.rnd.Float64() < sd.share:
		d.Verdict = policy.Pass
	case x < 0.01:
		d.Verdict, d.Why = policy.Error, "the condition compares a text with a number"
	default:
		d.Verdict = policy.Fail
	}
	return d
}

func rank(v policy.Verdict) int {
	return slices.Index([]policy.Verdict{policy.Fail, policy.Error, policy.NotMeasured, policy.Pass, policy.NotApplicable}, v)
}

func count(t *api.Tally, v policy.Verdict) {
	switch v {
	case policy.Pass:
		t.Pass++
	case policy.Fail:
		t.Fail++
	case policy.NotMeasured:
		t.NotMeasured++
	case policy.Error:
		t.Error++
	default:
		t.NotApplicable++
	}
}

func finish(c *api.CheckDetail, sd checkSeed, now time.Time) {
	t := c.Tally
	c.Coverage = api.Coverage{Measured: t.Pass + t.Fail, InScope: t.Pass + t.Fail + t.NotMeasured + t.Error}
	c.OldestAt = new(now.Add(-12 * day))
	switch {
	case c.Coverage.Measured == 0:
		c.State, c.Assurance, c.OldestAt, c.Needs = policy.StateNotMeasured, "", nil, sd.needs
		c.Why = []api.Reason{{Text: "nothing is known about any " + sd.kind, Count: max(1, t.NotMeasured)}}
	case t.Pass == 0:
		c.State = policy.NotMet
	case t.Fail == 0 && float64(c.Coverage.Measured) >= 0.95*float64(c.Coverage.InScope):
		c.State = policy.Met
	default:
		c.State = policy.PartlyMet
	}
	if t.NotMeasured > 0 && len(c.Why) == 0 {
		c.Why = append(c.Why, api.Reason{Text: sd.attrs[0] + ": no source gave it", Count: t.NotMeasured})
	}
}

func (g *generator) goals(checks []api.CheckDetail) []api.GoalDetail {
	var out []api.GoalDetail
	for i, sd := range goalSeeds {
		d := api.GoalDetail{GoalTile: api.GoalTile{ID: sd.id, Number: i + 1, Tier: "essential", Title: sd.title}, Outcome: sd.outcome, Assurance: "imported"}
		if i >= 10 {
			d.Tier = "enhanced"
		}
		var sum float64
		met, measured, notMet := 0, 0, 0
		for _, c := range checks {
			if c.Goal != sd.id {
				continue
			}
			d.Checks = append(d.Checks, c.CheckRow)
			d.Coverage.Measured += c.Coverage.Measured
			d.Coverage.InScope += c.Coverage.InScope
			d.Why = append(d.Why, c.Why...)
			if c.Coverage.Measured > 0 {
				measured++
				sum += 100 * float64(c.Tally.Pass) / float64(c.Coverage.Measured)
			}
			switch c.State {
			case policy.Met:
				met++
			case policy.NotMet:
				notMet++
			}
		}
		switch {
		case measured == 0:
			d.State, d.Assurance = policy.StateNotMeasured, ""
		case met == len(d.Checks):
			d.State = policy.Met
		case notMet == measured:
			d.State = policy.NotMet
		default:
			d.State = policy.PartlyMet
		}
		if measured > 0 {
			d.Score = new(math.Round(sum/float64(measured)*10) / 10)
		}
		d.Mappings = []api.Mapping{
			{Framework: "csf_2_0", Title: "NIST CSF 2.0", ID: "PR.AA-03", Basis: "official crosswalk", Confidence: "high"},
			{Framework: "hipaa_security_rule", Title: "HIPAA Security Rule", ID: "164.312(d)", Text: "Person or entity authentication", Basis: "our reading", Confidence: "medium"},
			{Framework: "hicp_2023", Title: "HICP 2023", ID: "3.M.D", Basis: "official crosswalk", Confidence: "high"},
		}
		d.History = []api.StatePoint{{At: g.ago(300 * day), State: policy.StateNotMeasured}, {At: g.ago(60 * day), State: d.State, Score: d.Score}}
		out = append(out, d)
	}
	return out
}

func (g *generator) history(goals []api.GoalDetail) []api.AssessmentSummary {
	measured, met, sum := 0, 0, 0.0
	for _, d := range goals {
		if d.Score != nil {
			measured++
			sum += *d.Score
		}
		if d.State == policy.Met {
			met++
		}
	}
	var out []api.AssessmentSummary
	for i := range 58 {
		back := float64(i)
		out = append(out, api.AssessmentSummary{
			ID: g.id(id.Assessment, 100-i), AsOf: g.ago(time.Duration(i) * 7 * day), Level: assess.Partial,
			Score: new(math.Round((sum/float64(measured)-back*0.6+math.Sin(back))*10) / 10), GoalsMeasured: max(4, measured-i/5), GoalsMet: max(0, met-i/12),
			Trigger: "import of roster.csv", Digest: fmt.Sprintf("%064x", i+1),
		})
	}
	return out
}

func (g *generator) imports() []api.ImportDetail {
	var out []api.ImportDetail
	for i, f := range []struct{ name, format, title, stream string }{
		{"roster.csv", "csv/people", "Staff roster (CSV)", "import/people"},
		{"users.csv", "csv/accounts", "Accounts (CSV)", "import/accounts/entra"},
		{"weekly-internal.nessus", "nessus", "Nessus scan (.nessus)", "import/nessus/weekly"},
		{"vendors.xlsx", "xlsx/vendors", "Vendor list (Excel)", "import/vendors"},
		{"training.csv", "csv/training", "Training completions (CSV)", "import/training"},
		{"ScubaResults.json", "scubagear", "ScubaGear report", "import/scubagear/cedarridge"},
		{"assets.csv", "csv/assets", "Asset list (CSV)", "import/assets"},
	} {
		out = append(out, api.ImportDetail{ImportSummary: api.ImportSummary{
			ID: g.id(id.Import, 100-i), At: g.ago(time.Duration(2+i) * day), By: "it@cedarridge.example", Name: f.name, Format: f.format, Title: f.title, Size: int64(20_000 * (i + 1)),
			SHA256: fmt.Sprintf("%064x", 1000+i), Stream: f.stream, ObservedAt: g.ago(time.Duration(2+i) * day), Rows: 74 + i, Skipped: i % 3,
			Changes: api.Changes{Added: 3 * i, Updated: 5, Removed: i % 2, Unchanged: 60},
		}, Diff: []api.DiffRow{{Change: "updated", Kind: "person", Label: "Maria Jensen", Values: []api.ValueChange{{Name: "department", Before: "Nursing", After: "Emergency"}}}}})
		if i%3 > 0 {
			out[i].Faults = []api.RowFault{{Line: 17, Column: "Hire Date", Reason: `"13/45/2024" is not a date`, Mend: "write it as 2024-12-31"}}
		}
	}
	return out
}

func parametersOf(checks []api.CheckDetail) []api.Parameter {
	out := []api.Parameter{{Name: "coverage_floor", Type: "double", Doc: "Share that must be measured before a check is judged at all", Default: 0.25, Value: 0.25}}
	for _, c := range checks {
		out = append(out, c.Params...)
	}
	return out
}
