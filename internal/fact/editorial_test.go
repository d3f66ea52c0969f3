package fact

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestEditsWin holds what people say of an asset against what sources say.
func TestEditsWin(t *testing.T) {
	at := time.Date(2026, 11, 3, 0, 0, 0, 0, time.UTC)
	st := func(stream string, a Assurance, day int, vs Values) Statement {
		return Statement{Kind: KindAsset, ID: "as_1", Asset: "as_1", Origin: Origin{Stream: stream, Assurance: a, ObservedAt: at.AddDate(0, 0, day)}, Values: vs}
	}
	sts := []Statement{
		st("host/1", Measured, 9, Values{"name": "ehr-db-01", "os_name": "Debian", "internet_facing": true, "class": "server"}),
		st("import/cmdb", Imported, 8, Values{"owner": "IT", "class": "workstation", "zone": "lan"}),
		st(StreamEdits, Attested, 1, Values{"owner": "Radiology", "name": "EHR database", "internet_facing": false, "os_name": "Windows", "class": "server"}),
		st(StreamEdits, Attested, 0, Values{"owner": "Nobody"}),
	}
	r := Merge(sts)
	got := map[string]any{}
	for n, v := range r.Values {
		got[n] = v.V
	}
	want := map[string]any{"name": "EHR database", "os_name": "Debian", "internet_facing": true, "class": "server", "owner": "Radiology", "zone": "lan"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	var others []any
	for _, o := range r.Values["owner"].Others {
		others = append(others, o.V)
	}
	if diff := cmp.Diff([]any{"IT", "Nobody"}, others); diff != "" {
		t.Errorf("what others say of the owner (-want +got):\n%s", diff)
	}
	for i := range sts {
		sts[0], sts[i] = sts[i], sts[0]
		if diff := cmp.Diff(r, Merge(sts)); diff != "" {
			t.Errorf("another order gives (-first +now):\n%s", diff)
		}
	}
}
