package apitest

import (
	"strings"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/web/api"
)

// Formats implements api.Catalog.
func (f *Fake) Formats() []api.FileFormat {
	return []api.FileFormat{
		{ID: "csv/accounts", Title: "Accounts (CSV)", Extensions: []string{".csv", ".xlsx"}, Gives: "who can sign in, and with which second factor", Template: "accounts.csv"},
		{ID: "csv/people", Title: "Staff roster (CSV)", Extensions: []string{".csv", ".xlsx"}, Gives: "who works here, who has left", Template: "people.csv"},
		{ID: "csv/vendors", Title: "Vendors (CSV)", Extensions: []string{".csv", ".xlsx"}, Gives: "suppliers and the terms of their contracts", Template: "vendors.csv"},
		{ID: "cyclonedx", Title: "CycloneDX bill of materials", Extensions: []string{".json", ".xml"}, Gives: "what software an application is made of"},
		{ID: "nessus", Title: "Nessus scan (.nessus)", Extensions: []string{".nessus"}, Gives: "weaknesses found on each machine"},
		{ID: "nmap", Title: "nmap scan (XML)", Extensions: []string{".xml"}, Gives: "devices on the network and their open services"},
		{ID: "scubagear", Title: "ScubaGear report", Extensions: []string{".json"}, Gives: "how the Microsoft 365 tenant is set up"},
		{ID: "xccdf", Title: "XCCDF or ARF results", Extensions: []string{".xml"}, Gives: "how machines follow their baseline"},
	}
}

// Fields implements api.Catalog.
func (f *Fake) Fields(table string) []api.MappingField {
	if table != "people" {
		return nil
	}
	return []api.MappingField{
		{Name: "employee_id", Doc: "employee number", Required: true},
		{Name: "name", Doc: "name"},
		{Name: "email", Doc: "mail address"},
		{Name: "department", Doc: "department"},
		{Name: "started_at", Doc: "first day"},
		{Name: "ended_at", Doc: "last day; empty for those who work here"},
	}
}

// Template implements api.Catalog.
func (f *Fake) Template(name string) ([]byte, error) {
	switch name {
	case "people.csv":
		return []byte("employee_id,name,email,department,started_at,ended_at\n"), nil
	case "accounts.csv":
		return []byte("name,directory,enabled,privileged,mfa_enabled,mfa_methods\n"), nil
	case "vendors.csv":
		return []byte("name,service,reaches_phi,baa_signed,notice_hours\n"), nil
	}
	return nil, errs.Hint(errs.New(errs.NotFound, "there is no template %.40q", name), "the list of formats names them")
}

// Presets implements api.Catalog.
func (f *Fake) Presets() []api.Preset {
	return []api.Preset{
		{Kind: "critical_access", Title: "Critical access hospital", Doc: "Up to 25 beds, rural, a small IT team", Beds: 25},
		{Kind: "community", Title: "Community hospital", Doc: "An acute care hospital of up to some 300 beds", Beds: 120},
		{Kind: "clinic", Title: "Clinic or practice", Doc: "Outpatient care without beds"},
		{Kind: "health_system", Title: "Health system", Doc: "Several hospitals under one roof", Beds: 900},
	}
}

var hospitals = []api.Hospital{
	{CCN: "010001", Name: "Southeast Health Medical Center", State: "AL", Kind: "community", Beds: 420},
	{CCN: "171399", Name: "Cedar Ridge Memorial Hospital", State: "KS", City: "Cedar Ridge", Kind: "critical_access", Beds: 25},
	{CCN: "261301", Name: "Cedar County Memorial Hospital", State: "MO", City: "El Dorado Springs", Kind: "critical_access", Beds: 25},
	{CCN: "281340", Name: "Prairie Lakes Hospital", State: "NE", Kind: "critical_access", Beds: 18},
}

// Hospitals implements api.Catalog.
func (f *Fake) Hospitals(q string, limit int) []api.Hospital {
	var out []api.Hospital
	for _, h := range hospitals {
		if len(out) < limit && (strings.HasPrefix(h.CCN, q) || holds(h.Name, q)) {
			out = append(out, h)
		}
	}
	return out
}
