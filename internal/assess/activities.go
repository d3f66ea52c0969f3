package assess

import (
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/fact"
)

// lastDone lists the attributes that say when something was last done, with
// why there is none.
var lastDone = []struct{ name, none string }{
	{"last_internal_scan_at", "no vulnerability scan of the inside was imported"},
	{"last_external_scan_at", "no vulnerability scan from outside was imported"},
	{"last_penetration_test_at", "no penetration test was recorded"},
	{"last_network_discovery_at", noNetworkScan},
	{"last_exercise_at", "no exercise was recorded"},
	{"last_joint_exercise_at", "no joint exercise was recorded"},
	{"last_restore_test_at", "no restore test was recorded"},
	{"incident_plan_reviewed_at", "no incident plan was recorded"},
	{"central_plan_reviewed_at", "no organization-wide incident plan was recorded"},
	{"disclosure_policy_reviewed_at", "no disclosure policy was recorded"},
}

// done names the attributes that an activity speaks for.
func done(a *fact.Resource) []string {
	switch a.Text("type") {
	case "vulnerability_scan":
		if strings.Contains(a.Text("scope"), "external") {
			return []string{"last_external_scan_at"}
		}
		return []string{"last_internal_scan_at"}
	case "penetration_test":
		return []string{"last_penetration_test_at"}
	case "network_discovery":
		return []string{"last_network_discovery_at"}
	case "restore_test":
		return []string{"last_restore_test_at"}
	case "exercise":
		if a.True("joint") {
			return []string{"last_exercise_at", "last_joint_exercise_at"}
		}
		return []string{"last_exercise_at"}
	}
	return nil
}

// reviewed names the attribute that a document speaks for.
func reviewed(d *fact.Resource) string {
	switch d.Text("type") {
	case "incident_plan":
		return "incident_plan_reviewed_at"
	case "central_incident_plan":
		return "central_plan_reviewed_at"
	case "disclosure_policy":
		return "disclosure_policy_reviewed_at"
	}
	return ""
}

// deriveLast finds when each thing was last done.
func deriveLast(r *fact.Resource, s *fact.Set) {
	type last struct {
		at time.Time
		o  fact.Origin
	}
	newestOf := make(map[string]last, len(lastDone))
	see := func(name string, of *fact.Resource, attr string) {
		at := of.When(attr)
		if have, ok := newestOf[name]; !at.IsZero() && (!ok || at.After(have.at)) {
			newestOf[name] = last{at, of.Values[attr].Origin}
		}
	}
	for _, a := range s.Resources[fact.KindActivity] {
		for _, name := range done(a) {
			see(name, a, "performed_at")
		}
	}
	for _, a := range s.Resources[fact.KindAsset] {
		see("last_network_discovery_at", a, "network_seen_at")
	}
	for _, d := range s.Resources[fact.KindDocument] {
		if name := reviewed(d); name != "" {
			see(name, d, "reviewed_at")
		}
	}
	for _, d := range lastDone {
		if l, ok := newestOf[d.name]; ok {
			set(r, d.name, l.at, from("derived: the newest on record", l.o))
		} else {
			missing(r, d.name, d.none)
		}
	}
}

// deriveOpenFindings adds up what tests and exercises found and is not closed.
func deriveOpenFindings(r *fact.Resource, activities []*fact.Resource) {
	for _, c := range []struct{ name, of, none string }{
		{"test_findings_open", "penetration_test", "no penetration test was recorded"},
		{"exercise_actions_open", "exercise", "no exercise was recorded"},
	} {
		var seen span
		sum, found, untold := int64(0), false, false
		for _, a := range activities {
			if a.Text("type") != c.of {
				continue
			}
			found = true
			v, ok := a.Values["findings_open"]
			n, isInt := v.V.(int64)
			if !ok || !isInt {
				untold = true
				continue
			}
			sum += n
			seen.add(v.Origin)
		}
		switch {
		case !found:
			missing(r, c.name, c.none)
		case untold:
			missing(r, c.name, "not every "+strings.ReplaceAll(c.of, "_", " ")+" on record says how many of its findings are open")
		default:
			set(r, c.name, sum, seen.origin("derived: added up over all on record"))
		}
	}
}
