package assess

import (
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/fact"
)

func TestDisclosuresReachTheUnits(t *testing.T) {
	paper := func(id string, at time.Time, version string, lacks ...string) *fact.Resource {
		vs := fact.Values{
			"type": "mds2", "title": "MDS2 of Northwind Drift 400, Drift 410", "manufacturer": "Northwind Medical, Inc.", "models": []string{"Drift 400", "Drift 410"},
			"published_at": at, "lacks": lacks, "unanswered": []string{"DTBK"},
		}
		if version != "" {
			vs["version"] = version
		}
		return resource(fact.KindDocument, id, "", src("import/mds2/x"), vs)
	}
	unit := func(id, model, version string, more fact.Values) *fact.Resource {
		vs := fact.Values{"class": "medical_device", "manufacturer": "NORTHWIND MEDICAL", "model": model, "version": version}
		for k, v := range more {
			vs[k] = v
		}
		return resource(fact.KindAsset, id, "", src("import/assets"), vs)
	}
	silent := resource(fact.KindDocument, "silent", "", src("import/mds2/y"), fact.Values{"type": "mds2", "title": "MDS2 of Northwind Calm 1", "manufacturer": "Northwind Medical", "models": []string{"Calm 1"}})
	s := Derive(setOf(
		paper("old", day(-900), "", "ALOF", "MLDP"), paper("new", day(-100), "", "ALOF"), paper("own", day(-500), "2.0", "PAUT"), silent,
		resource(fact.KindDocument, "policy", "", src("import/documents"), fact.Values{"type": "asset_policy", "title": "Assets"}),
		unit("asked", "Drift 400", "1.0", fact.Values{"mds2_lacks": []string{"EMRG"}}), unit("calm", "Calm 1", "", nil), unit("other", "Drift 500", "1.0", nil),
		unit("pump", "Drift-400", "1.0", fact.Values{"mds2": false}), unit("versioned", "Drift 410", "2.0", nil),
	), prairie, now)
	expect(t, s, fact.KindAsset, "pump", map[string]string{"mds2": "true", "mds2_at": day(-100).Format(time.DateOnly), "mds2_lacks": "[ALOF]", "mds2_unanswered": "[DTBK]"})
	expect(t, s, fact.KindAsset, "versioned", map[string]string{"mds2": "true", "mds2_lacks": "[PAUT]"})
	expect(t, s, fact.KindAsset, "other", map[string]string{"mds2": "nothing", "mds2_lacks": "nothing"})
	expect(t, s, fact.KindAsset, "asked", map[string]string{"mds2_lacks": "[EMRG]"})
	expect(t, s, fact.KindAsset, "calm", map[string]string{"mds2": "true", "mds2_lacks": "missing: the maker's disclosure answers none of its questions with yes or no"})
	again := Derive(s, prairie, now)
	expect(t, again, fact.KindAsset, "pump", map[string]string{"mds2": "true", "mds2_lacks": "[ALOF]"})
}
