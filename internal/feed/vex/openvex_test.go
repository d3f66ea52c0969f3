package vex

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/feed/record/recordtest"
)

const doc = `{"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://lamp.example.org/vex-1", "author": "Lamp Team <team@lamp.example.org>", "timestamp": "2024-01-01T00:00:00Z", "last_updated": "2024-02-01T00:00:00Z",
 "statements": [
  {"vulnerability": {"name": "CVE-2099-1000", "aliases": ["GHSA-a"]}, "timestamp": "2024-01-01T00:00:00Z", "products": [{"@id": "pkg:oci/lamp", "subcomponents": [{"@id": "pkg:golang/x.example/y@v1.0.0"}, {"@id": "pkg:golang/x.example/z"}]}], "status": "under_investigation"},
  {"vulnerability": {"name": "CVE-2099-1000"}, "timestamp": "2024-01-20T00:00:00Z", "products": [{"@id": "pkg:oci/lamp", "subcomponents": [{"@id": "pkg:golang/x.example/y@v1.0.0"}]}], "status": "not_affected", "justification": "vulnerable_code_not_present", "impact_statement": "It is not built in."},
  {"vulnerability": "GO-2099-1", "products": ["pkg:npm/lamp@2.0.0", "Lamp, the big one"], "status": "fixed"}]}`

func TestRead(t *testing.T) {
	s := new(recordtest.Sink)
	Read([]byte(doc), s)
	s.Check(t)
	if len(s.Advisories) != 2 || s.Read["openvex/lamp team"] != 1 {
		t.Fatalf("read %v, refused %+v", s.Read, s.Refused)
	}
	byFlaw := map[string]advisory.Advisory{}
	for _, a := range s.Advisories {
		byFlaw[a.Flaws()[0]] = a
	}
	want := []advisory.Product{
		{
			Package: &advisory.Package{Ecosystem: "Go", Name: "x.example/y", PURL: "pkg:golang/x.example/y@v1.0.0", Within: "pkg:oci/lamp"}, Versions: []string{"v1.0.0"},
			Status: advisory.NotAffected, Justification: "vulnerable_code_not_present: It is not built in.",
		},
		{Package: &advisory.Package{Ecosystem: "Go", Name: "x.example/z", PURL: "pkg:golang/x.example/z", Within: "pkg:oci/lamp"}, Status: advisory.UnderInvestigation},
	}
	if d := cmp.Diff(want, byFlaw["CVE-2099-1000"].Products); d != "" {
		t.Errorf("the later statement must hold (-want +got)\n%s", d)
	}
	for _, a := range s.Advisories {
		if strings.Contains(a.ID, "GO-2099-1") {
			p := a.Products
			if len(p) != 2 || p[0].Package.Name != "lamp" || p[1].Device == nil || p[1].Unread == "" || !cmp.Equal(a.Aliases, []string{"GO-2099-1"}) {
				t.Errorf("got %+v", a)
			}
		}
	}
}

// TestInside keeps what is said of a subcomponent to its product, be it one without a
// package URL or without any name.
func TestInside(t *testing.T) {
	const sub = `"subcomponents": [{"@id": "pkg:npm/x@1.0.0"}]`
	for product, want := range map[string]string{
		`{"@id": "pkg:oci/lamp@2", ` + sub + `}`:                                         "pkg:oci/lamp@2",
		`{"@id": "Lamp", "identifiers": {"purl": "pkg:oci/lamp"}, ` + sub + `}`:          "pkg:oci/lamp",
		`{"@id": "Lamp, the big one", ` + sub + `}`:                                      "Lamp, the big one",
		`{"identifiers": {"cpe23": "cpe:2.3:a:lamp:lamp:1:*:*:*:*:*:*:*"}, ` + sub + `}`: "cpe:2.3:a:lamp:lamp:1:*:*:*:*:*:*:*",
		`{"hashes": {"sha-256": "00"}, ` + sub + `}`:                                     "a product without a name",
		`{"@id": "pkg:npm/x@1.0.0"}`:                                                     "",
	} {
		s := new(recordtest.Sink)
		Read([]byte(`{"@context": "https://openvex.dev/ns/v0.2.0", "@id": "v", "author": "a", "timestamp": "2024-01-01T00:00:00Z", "statements": [
			{"vulnerability": {"name": "CVE-2099-1"}, "products": [`+product+`], "status": "not_affected", "justification": "component_not_present"}]}`), s)
		s.Check(t)
		if len(s.Advisories) != 1 || len(s.Advisories[0].Products) != 1 || s.Advisories[0].Products[0].Package == nil {
			t.Fatalf("%s: gave %+v, refused %+v", product, s.Advisories, s.Refused)
		}
		if got := s.Advisories[0].Products[0].Package.Within; got != want {
			t.Errorf("%s: holds within %q, want %q", product, got, want)
		}
	}
}

func TestRefused(t *testing.T) {
	for from, to := range map[string]string{
		`"fixed"`:           `"cured"`,
		`"GO-2099-1"`:       `""`,
		`openvex.dev/ns`:    `other.example`,
		`"@id": "https://l`: `"id": "https://l`,
	} {
		s := new(recordtest.Sink)
		Read([]byte(strings.Replace(doc, from, to, 1)), s)
		if len(s.Refused) != 1 || len(s.Advisories) != 0 {
			t.Errorf("with %s: refused %+v, gave %d advisories", to, s.Refused, len(s.Advisories))
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(doc))
	f.Fuzz(func(t *testing.T, b []byte) {
		s := new(recordtest.Sink)
		Read(b, s)
		s.Check(t)
	})
}
