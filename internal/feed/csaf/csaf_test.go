package csaf

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/feed/record/recordtest"
)

const medical = `{"document": {"category": "csaf_security_advisory", "csaf_version": "2.0", "title": "Lamp Medical Pump", "publisher": {"name": "CISA", "category": "coordinator"},
  "tracking": {"id": "ICSMA-99-001-01", "initial_release_date": "2024-01-01T00:00:00Z", "current_release_date": "2024-02-01T00:00:00Z"}, "references": [{"url": "https://lamp.example.org"}]},
 "product_tree": {"branches": [{"category": "vendor", "name": "Lamp Medical", "branches": [
   {"category": "product_name", "name": "Pump", "branches": [
     {"name": "< 2.0", "category": "product_version_range", "product": {"product_id": "P1", "name": "Pump < 2.0", "product_identification_helper": {"model_numbers": ["LM-1", "LM-2"], "skus": ["S1"]}}},
     {"name": "distributed < April 1, 2018", "category": "product_version_range", "product": {"product_id": "P2", "name": "Pump old"}}]},
   {"category": "product_name", "name": "Gateway", "branches": [{"name": "vers:all/*", "category": "product_version_range", "product": {"product_id": "P3", "name": "Gateway all"}}]}]}],
   "full_product_names": [{"product_id": "L", "name": "Library 1.0", "product_identification_helper": {"purl": "pkg:pypi/lamp@1.0"}}],
   "product_groups": [{"group_id": "G", "product_ids": ["P1", "P2"]}],
   "relationships": [{"category": "installed_on", "product_reference": "L", "relates_to_product_reference": "P3", "full_product_name": {"product_id": "LP", "name": "Library on Gateway"}}]},
 "vulnerabilities": [
  {"cve": "CVE-2099-1000", "cwe": {"id": "CWE-5"}, "notes": [{"category": "description", "text": "Second"}, {"category": "summary", "text": "First"}],
   "scores": [{"products": ["P1"], "cvss_v3": {"vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "baseScore": 9.8, "baseSeverity": "CRITICAL"}}],
   "product_status": {"known_affected": ["P1", "P2", "P3"]}, "remediations": [{"category": "mitigation", "details": "Unplug it.", "product_ids": ["P2", "P1", "P3"]}, {"category": "vendor_fix", "details": "Update to 2.0.", "group_ids": ["G"]}]},
  {"cve": "CVE-2099-1001", "scores": [{"products": ["P1"], "cvss_v3": {"vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "baseScore": 9.8, "baseSeverity": "CRITICAL"}}], "product_status": {"known_affected": ["P3", "P2", "P1"]}},
  {"ids": [{"text": "LAMP-7"}], "product_status": {"known_not_affected": ["LP"], "fixed": ["L"]}, "flags": [{"label": "vulnerable_code_not_present", "product_ids": ["LP"]}]}]}`

func TestMedical(t *testing.T) {
	s := new(recordtest.Sink)
	Read([]byte(medical), s)
	s.Check(t)
	if len(s.Advisories) != 2 || s.Read["csaf/icsma"] != 1 {
		t.Fatalf("read %v, refused %+v, %d advisories; want the two flaws that say the same as one, and the third", s.Read, s.Refused, len(s.Advisories))
	}
	a := s.Advisories[0]
	if a.ID != "ICSMA-99-001-01#CVE-2099-1000" || !cmp.Equal(a.Aliases, []string{"ICSMA-99-001-01"}) || !cmp.Equal(a.Covers, []string{"CVE-2099-1000", "CVE-2099-1001"}) || a.Details != "First" {
		t.Errorf("got %s %v %v %q", a.ID, a.Aliases, a.Covers, a.Details)
	}
	device := func(name, version string, models ...string) *advisory.Device {
		return &advisory.Device{Vendor: "Lamp Medical", Name: name, Version: version, Sector: "medical", Models: models}
	}
	want := []advisory.Product{
		{Device: device("Pump", "< 2.0", "LM-1", "LM-2", "S1"), Ranges: []advisory.Range{{Fixed: "2.0"}}, Remedy: "Update to 2.0."},
		{Device: device("Pump", "distributed < April 1, 2018"), Unread: "the version is in words: distributed < April 1, 2018", Remedy: "Update to 2.0."},
		{Device: device("Gateway", "vers:all/*"), Remedy: "Unplug it."},
	}
	if d := cmp.Diff(want, a.Products); d != "" {
		t.Errorf("devices (-want +got)\n%s", d)
	}
	b := s.Advisories[1]
	library := func(status advisory.Status, within, why string) advisory.Product {
		return advisory.Product{
			Package: &advisory.Package{Ecosystem: "PyPI", Name: "lamp", PURL: "pkg:pypi/lamp@1.0", Within: within}, Versions: []string{"1.0"}, Status: status, Justification: why,
		}
	}
	byStatus := []advisory.Product{library(advisory.NotAffected, "Gateway all", "vulnerable_code_not_present"), library(advisory.Fixed, "", "")}
	if d := cmp.Diff(byStatus, b.Products); d != "" || !cmp.Equal(b.Covers, []string{"LAMP-7"}) {
		t.Errorf("about %v, packages (-want +got)\n%s", b.Covers, d)
	}
}

// TestScoresStayWithTheirFlaw: flaws of a document that say the same of the same
// products and are not scored alike are told apart, so that each keeps its own score.
func TestScoresStayWithTheirFlaw(t *testing.T) {
	s := new(recordtest.Sink)
	Read([]byte(strings.Replace(medical, `"baseScore": 9.8, "baseSeverity": "CRITICAL"}}],`, `"baseScore": 3.5, "baseSeverity": "LOW"}}],`, 1)), s)
	s.Check(t)
	scores := make(map[string]float64)
	for _, a := range s.Advisories {
		for _, c := range a.Covers {
			for _, x := range a.Scores {
				scores[c] = x.Base
			}
		}
	}
	if want := map[string]float64{"CVE-2099-1000": 3.5, "CVE-2099-1001": 9.8}; !cmp.Equal(scores, want) {
		t.Errorf("scores %v, want %v", scores, want)
	}
}

const vexRHEL = `{"document": {"category": "csaf_vex", "csaf_version": "2.0", "title": "lamp", "publisher": {"name": "Red Hat Product Security"}, "tracking": {"id": "CVE-2099-1000"}},
 "product_tree": {"branches": [{"category": "vendor", "name": "Red Hat", "branches": [
   {"category": "product_name", "name": "Enterprise Linux 9", "product": {"product_id": "EL9", "name": "RHEL 9", "product_identification_helper": {"cpe": "cpe:/a:redhat:enterprise_linux:9::appstream"}}},
   {"category": "product_version", "name": "lamp-2.0-1.el9", "product": {"product_id": "lamp-2", "name": "lamp", "product_identification_helper": {"purl": "pkg:rpm/redhat/lamp@2.0-1.el9?arch=src&epoch=1"}}},
   {"category": "product_version", "name": "bulb", "product": {"product_id": "bulb", "name": "bulb", "product_identification_helper": {"purl": "pkg:rpm/redhat/bulb"}}}]}],
  "relationships": [{"category": "default_component_of", "product_reference": "lamp-2", "relates_to_product_reference": "EL9", "full_product_name": {"product_id": "EL9:lamp-2", "name": "lamp in RHEL 9"}},
   {"category": "default_component_of", "product_reference": "bulb", "relates_to_product_reference": "EL9", "full_product_name": {"product_id": "EL9:bulb", "name": "bulb in RHEL 9"}}]},
 "vulnerabilities": [{"cve": "CVE-2099-1000", "product_status": {"fixed": ["EL9:lamp-2"], "known_not_affected": ["EL9:bulb"]}}]}`

func TestVEX(t *testing.T) {
	s := new(recordtest.Sink)
	Read([]byte(vexRHEL), s)
	s.Check(t)
	if len(s.Advisories) != 1 {
		t.Fatalf("refused %+v", s.Refused)
	}
	want := []advisory.Product{
		{Status: advisory.NotAffected, Package: &advisory.Package{Ecosystem: "Red Hat:enterprise_linux:9", Name: "bulb", PURL: "pkg:rpm/redhat/bulb"}},
		{
			Status: advisory.Fixed, Ranges: []advisory.Range{{Introduced: "1:2.0-1.el9"}},
			Package: &advisory.Package{Ecosystem: "Red Hat:enterprise_linux:9", Name: "lamp", PURL: "pkg:rpm/redhat/lamp@2.0-1.el9?arch=src&epoch=1"},
		},
	}
	got := s.Advisories[0].Products
	if len(got) == 2 && got[0].Status == advisory.Fixed {
		got[0], got[1] = got[1], got[0]
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

const inside = `{"document": {"category": "csaf_vex", "csaf_version": "2.0", "title": "lamp", "publisher": {"name": "Lamp"}, "tracking": {"id": "V-1"}},
 "product_tree": {"full_product_names": [
   {"product_id": "L", "name": "Library 1.0", "product_identification_helper": {"purl": "pkg:pypi/lamp@1.0"}},
   {"product_id": "I", "name": "Image", "product_identification_helper": {"purl": "pkg:oci/image@2"}},
   {"product_id": "C", "name": "Cabinet", "product_identification_helper": {"cpe": "cpe:2.3:a:lamp:cabinet:1:*:*:*:*:*:*:*"}},
   {"product_id": "W", "name": "The big one"}],
  "relationships": [
   {"category": "default_component_of", "product_reference": "L", "relates_to_product_reference": "I", "full_product_name": {"product_id": "LI", "name": "Library in Image"}},
   {"category": "optional_component_of", "product_reference": "L", "relates_to_product_reference": "C", "full_product_name": {"product_id": "LC", "name": "Library in Cabinet"}},
   {"category": "installed_with", "product_reference": "L", "relates_to_product_reference": "W", "full_product_name": {"product_id": "LW", "name": "Library with the big one"}},
   {"category": "installed_on", "product_reference": "I", "relates_to_product_reference": "W", "full_product_name": {"product_id": "IW", "name": "Image on the big one"}},
   {"category": "default_component_of", "product_reference": "L", "relates_to_product_reference": "IW", "full_product_name": {"product_id": "LIW", "name": "Library in Image on the big one"}}]},
 "vulnerabilities": [{"cve": "CVE-2099-1000", "product_status": {"known_not_affected": ["L", "LI", "LC", "LW", "LIW"], "under_investigation": ["LW"]}}]}`

// TestInside keeps what is said of a component to the product it is said of.
func TestInside(t *testing.T) {
	s := new(recordtest.Sink)
	Read([]byte(inside), s)
	s.Check(t)
	if len(s.Advisories) != 1 {
		t.Fatalf("refused %+v", s.Refused)
	}
	var got []string
	for _, p := range s.Advisories[0].Products {
		got = append(got, p.Package.Name+" within "+p.Package.Within+": "+p.Status.String())
	}
	want := []string{
		"lamp within : not affected",
		"lamp within pkg:oci/image@2: not affected",
		"lamp within cpe:2.3:a:lamp:cabinet:1:*:*:*:*:*:*:*: not affected",
		"lamp within The big one: under investigation",
		"lamp within pkg:oci/image@2 in The big one: not affected",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

// TestExtendedSupport keeps what mends a release in extended support from clearing
// the release itself.
func TestExtendedSupport(t *testing.T) {
	s := new(recordtest.Sink)
	Read([]byte(strings.Replace(vexRHEL, "cpe:/a:redhat:enterprise_linux:9::appstream", "cpe:/a:redhat:rhel_eus:9.2::appstream", 1)), s)
	s.Check(t)
	if len(s.Advisories) != 1 {
		t.Fatalf("refused %+v", s.Refused)
	}
	for _, p := range s.Advisories[0].Products {
		if p.Package.Ecosystem != "Red Hat:rhel_eus:9.2" {
			t.Errorf("%s is of %s", p.Package.Name, p.Package.Ecosystem)
		}
	}
}

func TestRefused(t *testing.T) {
	for doc, want := range map[string]string{
		`{"document": {"csaf_version": "1.2", "tracking": {"id": "A"}}}`:            "CSAF 1.2",
		`{"document": {"csaf_version": "2.0"}}`:                                     "tracking id",
		`{"document": {"tracking": {"id": "A"}}}`:                                   "which version of CSAF",
		strings.Replace(medical, `"vulnerabilities": [`, `"vulnerabilities": {`, 1): "a list is due",
		medical[:len(medical)-200]:                                                  "ends before",
	} {
		s := new(recordtest.Sink)
		Read([]byte(doc), s)
		if len(s.Refused) != 1 || !strings.Contains(s.Refused[0].Why, want) || len(s.Advisories) > 0 {
			t.Errorf("%.60s…: refused %+v, want %q", doc, s.Refused, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(medical))
	f.Add([]byte(vexRHEL))
	f.Fuzz(func(t *testing.T, b []byte) {
		s := new(recordtest.Sink)
		Read(b, s)
		s.Check(t)
		read := 0
		for _, n := range s.Read {
			read += n
		}
		if read+len(s.Refused) != 1 {
			t.Errorf("one document was read %d times and refused %d times", read, len(s.Refused))
		}
	})
}
