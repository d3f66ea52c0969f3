package fact

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/asset"
)

var t0 = time.Date(2026, 11, 3, 4, 5, 6, 0, time.UTC)

func TestValuesRoundTrip(t *testing.T) {
	in := Values{
		"name": "ehr-\"db\"-01 ü", "ips": []string{"10.0.0.1", "10.0.0.2"}, "virtual": true,
		"pending_updates": int64(1 << 53), "os_support_ends_at": t0.Add(time.Nanosecond), "owner": "", "macs": []string{},
	}
	b, err := in.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := DecodeValues(KindAsset, b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(in, got); diff != "" {
		t.Errorf("values changed (-want +got):\n%s", diff)
	}
	if _, err := DecodeValues(KindAsset, []byte(`{"virtual":true,"gone_since_v2":[{}]}`)); err != nil {
		t.Errorf("an attribute the schema no longer knows is dropped, got %v", err)
	}
}

func TestValidateNamesEveryFault(t *testing.T) {
	b := Batch{
		Stream: Stream{ID: "host/x"}, Assurance: Measured, ObservedAt: t0,
		Sightings: []Sighting{
			{Ref: "a", Keys: []asset.Key{{Type: asset.Name, Value: "a"}}, Values: Values{"os_nam": "x", "virtual": "yes", "in_scope": true, "last_seen_at": time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}},
			{Ref: "a"},
		},
		Facts: []Fact{
			{Kind: KindEndpoint, Key: "22/tcp", Values: Values{}},
			{Kind: KindVolume, Key: "/", Asset: "zz"},
			{Kind: "spaceship", Key: "x"},
			{Kind: KindPerson, Key: "1", Values: Values{"name": "n"}, Missing: map[string]string{"name": "why"}},
			{Kind: KindPerson, Key: "1"},
		},
		Components: []Component{{Name: "x", Ecosystem: "deb", Asset: "nope"}},
	}
	var all []string
	for _, err := range b.Validate() {
		all = append(all, err.Error())
	}
	text := strings.Join(all, "\n")
	for _, want := range []string{
		`no attribute "os_nam"`, "string is not bool", "in_scope is derived", "cannot be stored", "used twice", "no identity key", "needs an asset",
		`"zz" is not in the batch`, "unknown kind", "has a value and is missing", "stated twice", "component 0",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no fault says %q in:\n%s", want, text)
		}
	}
}

func TestMergePrefersTheStrongerThenTheNewer(t *testing.T) {
	st := func(stream string, a Assurance, at time.Time, vs Values, missing map[string]string) Statement {
		return Statement{Kind: KindAsset, ID: "as_1", Origin: Origin{Stream: stream, ObservedAt: at, Assurance: a}, Values: vs, Missing: missing}
	}
	sts := []Statement{
		st("csv", Imported, t0.Add(time.Hour), Values{"os_name": "Windows 7", "owner": "lab"}, nil),
		st("host", Measured, t0, Values{"os_name": "Debian 12"}, map[string]string{"disk_encrypted": "needs root", "owner": "not on the machine"}),
		st("nmap", Imported, t0.Add(2*time.Hour), Values{"os_name": "Debian 12", "owner": "it"}, nil),
	}
	for range 2 {
		r := Merge(sts)
		if got := r.Text("os_name"); got != "Debian 12" {
			t.Errorf("os_name = %q: what we measured wins", got)
		}
		if o := r.Values["os_name"].Others; len(o) != 1 || o[0].V != "Windows 7" {
			t.Errorf("the conflict is hidden: %v", o)
		}
		if got := r.Text("owner"); got != "it" {
			t.Errorf("owner = %q: the newer import wins", got)
		}
		if _, ok := r.Missing["owner"]; ok || r.Missing["disk_encrypted"].Why != "needs root" {
			t.Errorf("missing = %v", r.Missing)
		}
		sts[0], sts[2] = sts[2], sts[0]
	}
}

func TestSchemasAreWellFormed(t *testing.T) {
	for _, k := range Kinds() {
		s, _ := SchemaOf(k)
		if s.Doc == "" {
			t.Errorf("%s: no doc", k)
		}
		for _, a := range s.Attrs {
			if a.Doc == "" || a.Name != strings.ToLower(a.Name) {
				t.Errorf("%s.%s: no doc, or not snake case", k, a.Name)
			}
		}
	}
}

// TestValuesAreWrittenAsJSON holds the fast way of writing values against the
// one of the standard library: stored texts are compared byte for byte.
func TestValuesAreWrittenAsJSON(t *testing.T) {
	at := time.Date(2026, 11, 3, 4, 5, 6, 123450000, time.FixedZone("", 3600))
	for _, vs := range []Values{
		{}, nil,
		{"b": true, "a": "x", "c": int64(-7), "d": 1.5e300, "e": []string{"<", "y"}, "f": at},
		{"a": `q"\`, "b": "a<b>&c", "c": "\u2028\x7f\n", "d": "Zürich", "e": "\xff", "f": "", "g": []string{}},
	} {
		plain := make(map[string]any, len(vs))
		for k, v := range vs {
			if at, ok := v.(time.Time); ok {
				v = at.UTC().Format(time.RFC3339Nano)
			}
			plain[k] = v
		}
		want, err := json.Marshal(plain)
		if err != nil {
			t.Fatal(err)
		}
		got, err := vs.Encode()
		if err != nil || string(got) != string(want) {
			t.Errorf("got %s (%v), want %s", got, err, want)
		}
	}
}
