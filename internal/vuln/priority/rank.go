package priority

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// Rank orders findings. Compare ranks with [Rank.Compare]; more urgent comes first.
type Rank struct {
	Choice   Choice
	Deadline Deadline

	exploited, ransomware, facing bool
	mission, severity             int
	life                          bool
	epss, cvss                    float64
	fix                           bool
	seen                          time.Time
}

// Of ranks a finding.
func Of(r Risk, t Times) Rank {
	return Rank{
		Choice: Decide(r), Deadline: By(r, t), exploited: r.Exploited, ransomware: r.Ransomware, facing: r.InternetFacing == Yes,
		mission: mission(r), life: r.Criticality == "life_supporting", severity: severityRank(r), epss: r.EPSS, cvss: r.CVSS,
		fix: r.FixAvailable == Yes, seen: r.FirstSeen,
	}
}

// Compare is negative where a is more urgent than b. The order: how soon by CISA's tree,
// known to be exploited, used by ransomware, the earlier day to mend by, reachable from
// the internet, what hangs on the device, severity, chance of exploitation, score, a fix
// that is there, the longer known. Each step only ever goes up with the risk it stands
// for, so their sequence does too.
func (a Rank) Compare(b Rank) int {
	return cmp.Or(
		cmp.Compare(b.Choice.Decision, a.Choice.Decision),
		yesFirst(a.exploited, b.exploited),
		yesFirst(a.ransomware, b.ransomware),
		soonest(a.Deadline.By, b.Deadline.By),
		yesFirst(a.facing, b.facing),
		cmp.Compare(b.mission, a.mission),
		yesFirst(a.life, b.life),
		cmp.Compare(b.severity, a.severity),
		cmp.Compare(b.epss, a.epss),
		cmp.Compare(b.cvss, a.cvss),
		yesFirst(a.fix, b.fix),
		soonest(a.seen, b.seen),
	)
}

// Why says why the finding stands where it stands, the weightiest first.
func (a Rank) Why() []string {
	why := []string{map[Decision]string{
		Act: "Mend it as soon as possible.", Attend: "Mend it sooner than usual.", TrackClosely: "Mend it within the usual time and watch it.", Track: "Mend it within the usual time.",
	}[a.Choice.Decision]}
	if a.exploited {
		why = append(why, "It is known to be exploited.")
	}
	if a.ransomware {
		why = append(why, "Ransomware uses it.")
	}
	if !a.Deadline.By.IsZero() {
		why = append(why, fmt.Sprintf("It is to be mended by %s: %s", a.Deadline.By.Format(time.DateOnly), strings.ToLower(a.Deadline.Why[:1])+a.Deadline.Why[1:]))
	}
	if a.facing {
		why = append(why, "The internet can reach it.")
	}
	if a.life {
		why = append(why, "The device keeps patients alive.")
	}
	return why
}

func yesFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// soonest puts the earlier time first, and one that is not known last.
func soonest(a, b time.Time) int {
	if a.IsZero() || b.IsZero() {
		return yesFirst(!a.IsZero(), !b.IsZero())
	}
	return a.Compare(b)
}
