package sbom_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/judge"
	"github.com/asepsis/asepsis/internal/sbom"
)

func resource(kind fact.Kind, id, on string, vs fact.Values) *fact.Resource {
	r := &fact.Resource{Kind: kind, ID: id, Asset: on, Values: map[string]fact.Value{}, Missing: map[string]fact.Gap{}}
	for k, v := range vs {
		r.Values[k] = fact.Value{V: v}
	}
	return r
}

func TestAssetOf(t *testing.T) {
	r := resource(fact.KindAsset, "a1", "", fact.Values{"name": "pump-7", "class": "medical_device", "manufacturer": "Contoso", "model": "P100", "software_not_assessed": int64(2)})
	r.Missing["packages"] = fact.Gap{Why: "needs root"}
	a := sbom.AssetOf(r, []asset.Key{
		{Type: asset.Name, Value: "pump-7"}, {Type: asset.MAC, Value: "00:11:22:33:44:55"}, {Type: asset.Serial, Value: "sn-1"}, {Type: asset.IP, Value: "10.0.0.7"}, {Type: asset.Machine, Value: "0123"},
	}, software(), made)
	if d := cmp.Diff([]asset.Key{{Type: asset.Serial, Value: "sn-1"}, {Type: asset.Name, Value: "pump-7"}}, a.Keys); d != "" {
		t.Errorf("addresses leave the house: %s", d)
	}
	if d := cmp.Diff([]sbom.Unknown{
		{What: "installed packages", Why: "needs root"},
		{What: "weaknesses of 2 of its components", Why: "no advisory in force can speak of them", Flaws: true},
	}, a.Unknown); d != "" {
		t.Error(d)
	}
	if n := len(slices.Collect(a.Software)); n != len(software()) || a.Name != "pump-7" || a.Class != asset.Medical || a.Model != "P100" {
		t.Errorf("got %+v with %d components", a, n)
	}
	bare := sbom.AssetOf(resource(fact.KindAsset, "a2", "", nil), nil, nil, made)
	if bare.Name == "" || bare.Class != asset.Unknown || len(bare.Unknown) != 0 {
		t.Errorf("got %+v", bare)
	}
	var never fact.Resource
	never.ID = "a3"
	if u := sbom.AssetOf(&never, nil, nil, never.When("x")).Unknown; len(u) != 1 || u[0].Why != "no source lists it" {
		t.Errorf("an asset of which nobody lists software: %+v", u)
	}
}

func TestFlawsOf(t *testing.T) {
	cs := software()
	on := func(flaw string, vs fact.Values) *fact.Resource {
		return resource(fact.KindVulnerability, "a1/"+flaw, "a1", vs)
	}
	flaws := []*fact.Resource{
		on("CVE-1", fact.Values{"severity": "high", "cvss": 7.5, "aliases": []string{"GHSA-2", "DSA-1"}, "component_purl": cs[0].PURL, "fixed_version": "9"}),
		on("CVE-2", fact.Values{"severity": "low", "component": "bash", "component_version": "1:5.1.8-9.el9", "disposition": "accepted"}),
		on("CVE-3", fact.Values{"component": "bash", "component_version": "2", "disposition": "compensated"}),
		on("CVE-4", fact.Values{"disposition": "disputed"}),
		on("CVE-5", fact.Values{}),
		on("CVE-6", fact.Values{"status": "fixed"}),
		on("CVE-7", fact.Values{"severity": "info"}),
		resource(fact.KindVulnerability, "a2/CVE-8", "a2", nil),
	}
	found := &judge.Findings{
		Matches: []judge.Match{{Flaw: "CVE-5", Likely: true, Software: []judge.Piece{{Name: "firmware"}}}, {Flaw: "CVE-1", Software: []judge.Piece{{Name: "libssl3", Version: cs[0].Version, PURL: cs[0].PURL}}}},
		Checks:  []judge.ToCheck{{Advisory: "ICSMA-24-001-01", Flaws: []string{"CVE-9"}, Product: "P100", Versions: "< 5", Reason: "The version is not known."}},
	}
	var got []string
	for _, f := range sbom.FlawsOf("a1", flaws, found, cs) {
		var in []string
		for _, c := range f.In {
			in = append(in, c.Name)
		}
		got = append(got, fmt.Sprint(f.ID, " ", f.Status, " ", f.Response, " ", in, " ", f.Aliases, " ", f.Severity, f.Score))
	}
	if d := cmp.Diff([]string{
		"CVE-1 1 update [libssl3] [DSA-1 GHSA-2] high7.5",
		"CVE-2 1 will_not_fix [bash] [] low0",
		"CVE-3 1 workaround_available [] [] 0",
		"CVE-4 2  [] [] 0",
		"CVE-5 0  [firmware] [] 0",
		"ICSMA-24-001-01 0  [] [CVE-9] 0",
	}, got); d != "" {
		t.Error(d)
	}
}
