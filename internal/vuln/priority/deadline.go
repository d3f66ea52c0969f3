package priority

import (
	"fmt"
	"time"
)

// Times are the days an organization gives itself to mend a finding, by severity:
// where the internet can reach, and elsewhere. They are parameters of the checks that
// hold people to them; HICP's table (Technical Volume 2, 7.M.D, Table 9) is where they
// come from. A severity that is left out has no time.
type Times struct {
	Exposed, Inside map[string]int
}

// Deadline is the day a finding is to be mended by.
type Deadline struct {
	By  time.Time // zero: none
	Why string
}

// By returns the earlier of CISA's day and the organization's own time. What no source
// says to be out of the internet's reach gets the shorter time.
func By(r Risk, t Times) Deadline {
	severity := severityOf(r)
	days, ok := t.Exposed[severity]
	where := "that the internet can reach"
	switch r.InternetFacing {
	case No:
		days, ok = t.Inside[severity]
		where = "inside"
	case Unknown:
		where = "that may be reached from the internet"
		if inside, has := t.Inside[severity]; has && (!ok || inside < days) {
			days, ok = inside, true
		}
	}
	var d Deadline
	if ok && !r.FirstSeen.IsZero() {
		d = Deadline{r.FirstSeen.AddDate(0, 0, days), fmt.Sprintf("%d days for %s findings on systems %s.", days, severity, where)}
	}
	if r.Exploited && !r.Due.IsZero() && (d.By.IsZero() || r.Due.Before(d.By)) {
		d = Deadline{r.Due, "CISA's day for flaws known to be exploited."}
	}
	if d.By.IsZero() {
		d.Why = "No time is set for findings of severity " + severity + "."
	}
	return d
}
