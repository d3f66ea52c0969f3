package demo

import (
	"fmt"
	"time"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/fact"
)

// tenant is a report on the Microsoft 365 tenant.
func (w *world) tenant(ago int) *fact.Batch {
	b := w.batch("import/scuba/"+w.domain, "report on the Microsoft 365 tenant", true, ago, "ScubaResults.json", "scuba")
	for _, r := range w.rules {
		kept := r.kept > 0 && ago <= r.kept
		b.Facts = append(b.Facts, fact.Fact{Kind: fact.KindSetting, Key: r.id, Values: settingOf(r, kept, "baseline for Microsoft 365 (demo)")})
	}
	return b
}

// baseline is a configuration scan of the servers and of half the workstations:
// more machines were never prepared for it.
func (w *world) baseline(ago int) *fact.Batch {
	b := w.batch("import/xccdf/demo-baseline", "configuration scan", true, ago, "baseline.xml", "xccdf")
	for i, d := range w.devices {
		if d.class != asset.Server && (d.class != asset.Workstation || i%2 == 0) || !d.here(ago) || !d.known(ago) {
			continue
		}
		b.Sightings = append(b.Sightings, fact.Sighting{
			Ref: d.ref(), Keys: []asset.Key{key(asset.FQDN, d.fqdn(w)), key(asset.Name, d.name), key(asset.MAC, d.mac)},
			Values: fact.Values{"baseline": "Hospital baseline (demo)"},
		})
		for n, r := range machineRules {
			// The same machine fails the same rule until somebody mends it.
			roll := (int(d.serial[3])*7 + int(d.serial[4])*13 + n*29) % 100
			kept := roll < r.share-ago/30
			b.Facts = append(b.Facts, fact.Fact{Kind: fact.KindSetting, Asset: d.ref(), Key: r.id, Values: settingOf(&r, kept, "Hospital baseline (demo)")})
		}
	}
	b.Facts = append(b.Facts, fact.Fact{Kind: fact.KindActivity, Key: fmt.Sprintf("xccdf/demo-baseline/%s", b.ObservedAt.Format("2006-01-02")), Values: fact.Values{
		"type": "configuration_scan", "title": "Configuration scan", "performed_at": b.ObservedAt, "scope": "internal", "assets": int64(len(b.Sightings)),
	}})
	return b
}

func settingOf(r *rule, kept bool, benchmark string) fact.Values {
	outcome := "fail"
	if kept {
		outcome = "pass"
	}
	return fact.Values{
		"rule": r.id, "title": r.title, "benchmark": benchmark, "product": r.product, "topic": r.topic, "severity": r.severity,
		"required": r.required, "compliant": kept, "outcome": outcome,
	}
}

// date reads a day written in our tables.
func date(s string) time.Time {
	t, err := time.Parse("2006-01-02", s)
	if err != nil {
		panic("demo: " + err.Error())
	}
	return t
}

// disabledAt is when an account was closed: for people who left, counted from
// their last day.
func (w *world) disabledAt(a *signIn) time.Time {
	if a.person != nil && a.person.ended > 0 {
		return w.date(a.person.ended).Add(time.Duration(a.hours) * time.Hour)
	}
	return w.day(a.disabled)
}
