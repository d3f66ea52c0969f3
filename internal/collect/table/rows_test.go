package table

import (
	"slices"
	"strings"
	"testing"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/fact"
)

// only returns the facts of a batch, a line each, without its notes.
func only(p *collect.Parsed) string { return strings.TrimSpace(facts(p.Batch)) }

func noted(p *collect.Parsed, what string) string {
	for _, n := range p.Batch.Notes {
		if n.What == what {
			return n.Why
		}
	}
	return ""
}

func TestRowsAboutTheSameThing(t *testing.T) {
	const head = "Asset Tag,Serial Number,Name,Model,MAC Address,Last Seen\n"
	p := mustParse(t, head+
		"A1,SN1,ws-1,M1,00:1B:44:11:3A:B7,2026-01-02\n"+
		"A1,,ws-1,,00:1B:44:11:3A:B8,2026-03-02\n"+
		",SN1,,M1,,2026-02-02\n")
	if len(p.Batch.Sightings) != 1 {
		t.Fatalf("three rows about one device gave %d:\n%s", len(p.Batch.Sightings), only(p))
	}
	s := p.Batch.Sightings[0]
	if macs, _ := s.Values["macs"].([]string); len(macs) != 2 || s.Values["last_seen_at"] == nil || !strings.Contains(only(p), "2026-03-02") {
		t.Errorf("what they add to each other: %s", only(p))
	}
	for _, row := range []string{"A1,SN2,ws-1,M1,,\n", "A1,,ws-9,M1,,\n", "A2,SN1,ws-1,M1,,\n"} {
		_, err := parse(t, head+"A1,SN1,ws-1,M1,,\n"+row)
		if r := refusal(t, err); !strings.Contains(r.Faults[0].Reason, "line 2 is about the same") || r.Faults[0].Line != 3 {
			t.Errorf("%q: %v", row, r)
		}
	}
}

func TestRosterRows(t *testing.T) {
	const head = "Employee ID,Email,Hire Date,Termination Date,Status\n"
	for _, tt := range []struct{ row, want, fault string }{
		{"10023.0,A@X.org,2020-01-02,,Active", `person 10023 {"email":"a@x.org","employee_id":"10023","started_at":"2020-01-02T00:00:00Z"}`, ""},
		{",A@X.org,2020-01-02,12/31/9999,", `person a@x.org {"email":"a@x.org","started_at":"2020-01-02T00:00:00Z"}`, ""},
		{"E1,,2024-01-02,2023-01-02,Active", `person e1 {"employee_id":"E1","started_at":"2024-01-02T00:00:00Z"}`, ""},
		{"1,,2020-01-02,2023-01-02,Active", "", "works here"},
		{"1,,2020-01-02,2019-01-02,", "", "before the first"},
		{"1,,2020-01-02,2030-01-02,Active", `person 1 {"employee_id":"1","ended_at":"2030-01-02T00:00:00Z","started_at":"2020-01-02T00:00:00Z"}`, ""},
		{"1,,=1+1,,", "", "is not a date"},
		{"=1+1,,2020-01-02,,", `person =1+1 {"employee_id":"=1+1","started_at":"2020-01-02T00:00:00Z"}`, ""},
		{"1," + strings.Repeat("x", 1001) + "@x.org,,,", "", "longer than 1000"},
	} {
		p, err := parse(t, head+tt.row+"\n")
		if tt.fault != "" {
			if r := refusal(t, err); !strings.Contains(r.Error(), tt.fault) {
				t.Errorf("%.60s: %v, want %q", tt.row, r, tt.fault)
			}
			continue
		}
		if err != nil {
			t.Errorf("%.60s: %v", tt.row, err)
		} else if got := only(p); got != tt.want {
			t.Errorf("%.60s:\n got %s\nwant %s", tt.row, got, tt.want)
		}
	}
	if p := mustParse(t, head+"1,,2020-01-02,,\n", func(in *collect.Input) { in.Complete = true }); !p.Batch.Stream.Snapshot {
		t.Error("a complete list is a snapshot")
	}
	if p := mustParse(t, head+"1,,2020-01-02,,\n"); p.Batch.Stream.Snapshot {
		t.Error("a list of which nobody said that it is complete is none")
	}
}

func TestDatesOfOneColumn(t *testing.T) {
	const head = "Employee ID,Email,Hire Date,Termination Date\n"
	// One date decides for the column, and the column for the other, which says so.
	p := mustParse(t, head+"1,,03/04/2020,\n2,,25/12/2020,05/06/2026\n")
	if got := only(p); !strings.Contains(got, `"started_at":"2020-04-03T00:00:00Z"`) || !strings.Contains(got, `"ended_at":"2026-06-05T00:00:00Z"`) {
		t.Errorf("got %s", got)
	}
	if noted(p, "dates in Hire Date") == "" || noted(p, "dates in Termination Date") == "" {
		t.Errorf("notes: %v", p.Batch.Notes)
	}
	// What is impossible in the order of the column is a fault of its row.
	_, err := parse(t, head+"1,,25/12/2020,\n2,,26/12/2020,\n3,,12/27/2020,\n")
	if r := refusal(t, err); len(r.Faults) != 1 || r.Faults[0].Line != 4 || !strings.Contains(r.Faults[0].Reason, "order") {
		t.Errorf("got %v", r)
	}
	// Dates of three styles and serial numbers in one column.
	p = mustParse(t, head+"1,,2020-11-03,\n2,,11/03/2020,\n3,,3 Nov 2020,\n4,,44138,\n5,,2020-11-03T00:00:00Z,\n")
	if n := strings.Count(only(p), `"started_at":"2020-11-03T00:00:00Z"`); n != 5 {
		t.Errorf("%d of 5 styles were read alike:\n%s", n, only(p))
	}
}

func TestContractRows(t *testing.T) {
	const head = "Vendor,PHI Access,BAA Signed,BAA Date,Incident Notice,Notification Time,Contract Start,Contract End\n"
	for _, tt := range []struct{ row, want string }{
		{"V,yes,no,2024-01-02,,,,", "no agreement"},
		{"V,yes,,,no,72 hours,,", "no term"},
		{"V,yes,,,,soon,,", "is not a span of time"},
		{"V,perhaps,,,,,,", "neither yes nor no"},
		{"V,,,,,,2024-01-02,2023-01-02", "ends before it starts"},
		{",yes,,,,,,", "no name"},
		{"V,,,2036-01-02,,,,", "has not come yet"},
	} {
		_, err := parse(t, head+tt.row+"\n")
		if r := refusal(t, err); !strings.Contains(r.Error(), tt.want) || r.Faults[0].Mend == "" {
			t.Errorf("%s: %v, want %q", tt.row, r, tt.want)
		}
	}
	p := mustParse(t, head+"V  Corp,yes,,2024-01-02,,3 days,,\n")
	want := `vendor v corp {"baa_signed":true,"baa_signed_at":"2024-01-02T00:00:00Z","name":"V Corp","notice_hours":72,"notice_terms":true,"reaches_phi":true}`
	if got := only(p); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestScannerRule(t *testing.T) {
	text := "Email,Campaign,Delivered At,Clicked At\n" +
		"a@x.org,C,2026-04-02 09:00:00,2026-04-02 09:00:09\n" +
		"b@x.org,C,2026-04-02 09:00:00,2026-04-02 09:00:11\n" +
		"b@x.org,C,2026-04-02 09:00:00,2026-04-02 09:00:11\n"
	for _, tt := range []struct {
		seconds string
		a, b    int64
	}{{"", 0, 1}, {"0", 1, 1}, {"12", 0, 0}} {
		p := mustParse(t, text, option("scanner_seconds", tt.seconds))
		got := make(map[string]int64)
		for _, f := range p.Batch.Facts {
			if f.Kind == fact.KindPerson {
				got[f.Key], _ = f.Values["phish_clicked"].(int64)
			}
		}
		if got["a@x.org"] != tt.a || got["b@x.org"] != tt.b {
			t.Errorf("with %q seconds: %v, want %d and %d", tt.seconds, got, tt.a, tt.b)
		}
		if noted(p, "clicks") == "" {
			t.Error("the rule is not printed")
		}
	}
}

func TestGroupNames(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want []string
	}{
		{"Nurses;EHR users", []string{"Nurses", "EHR users"}},
		{"CN=Domain Admins,CN=Users,DC=h,DC=local", []string{"Domain Admins"}},
		{"CN=A,OU=G,DC=h,DC=local;CN=B,CN=Builtin,DC=h,DC=local", []string{"A", "B"}},
		{"CN=A,OU=G,DC=h,DC=local CN=B,OU=G,DC=h,DC=local", []string{"A", "B"}},
		{"CN=A,OU=G,DC=h,DC=local, CN=B,OU=G,DC=h,DC=local", []string{"A", "B"}},
		{"Nurse|Charge nurse", []string{"Nurse", "Charge nurse"}},
	} {
		if got := groupNames(tt.in); !slices.Equal(got, tt.want) {
			t.Errorf("groupNames(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestAccountRows(t *testing.T) {
	p := mustParse(t, "Username,Directory,Status,MemberOf,MFA Methods,Admin\n"+
		"ann,Azure AD,Active,Nurses,sms,no\n"+
		"adm-bo,Active Directory,Active,Domain Admins,none,no\n"+
		"svc-backup,AD,Disabled,,,no\n"+
		"nurse1,AD,Active,,hologram,no\n"+
		"cy,AD,Active,IT Admins,,\n"+
		"di,AD,Active,Cooks,,\n")
	if p.Batch.Stream.ID != "import/accounts/several" {
		t.Errorf("stream %s", p.Batch.Stream.ID)
	}
	want := []string{
		`account entra:ann {"directory":"entra","enabled":true,"groups":["Nurses"],"mfa_enabled":true,"mfa_methods":["sms"],"mfa_phishing_resistant":false,"name":"ann","privileged":false,"type":"person"}`,
		`account ad:adm-bo {"directory":"ad","enabled":true,"groups":["Domain Admins"],"mfa_enabled":false,"mfa_methods":[],"mfa_phishing_resistant":false,"name":"adm-bo","privileged":true,"type":"person"}`,
		`account ad:svc-backup {"directory":"ad","enabled":false,"name":"svc-backup","privileged":false,"type":"service"}`,
		`account ad:nurse1 {"directory":"ad","enabled":true,"mfa_methods":["hologram"],"name":"nurse1","privileged":false,"type":"shared"}`,
		`account ad:nurse1 missing map[mfa_enabled:what kind of second factor "hologram" is, is not known mfa_phishing_resistant:what kind of second factor "hologram" is, is not known]`,
		`account ad:cy {"directory":"ad","enabled":true,"groups":["IT Admins"],"name":"cy","type":"person"}`,
		`account ad:cy missing map[privileged:what rights the group "IT Admins" grants is not known]`,
		`account ad:di {"directory":"ad","enabled":true,"groups":["Cooks"],"name":"di","privileged":false,"type":"person"}`,
	}
	if got := only(p); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

func TestClassOf(t *testing.T) {
	for s, want := range map[string]string{
		"Infusion Pump": "medical_device", "cmdb_ci_linux_server": "server", "Notebook": "laptop", "HP LaserJet printer": "printer", "Switch": "network_device",
		"medical_device": "medical_device", "Network device": "network_device", "iPad": "mobile", "Desktop": "workstation", "IP camera": "iot", "Thing": "unknown",
		"Patient monitor": "medical_device", "Monitor": "unknown", "Ultrasound": "medical_device", "Windows Server 2019": "server",
	} {
		if got := string(classOf(s)); got != want {
			t.Errorf("classOf(%q) = %s, want %s", s, got, want)
		}
	}
}
