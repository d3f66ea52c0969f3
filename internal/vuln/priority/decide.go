package priority

import (
	"fmt"
	"time"

	"github.com/asepsis/asepsis/internal/asset"
)

// Decision says how soon a finding is to be mended.
type Decision uint8

// The decisions, least urgent first.
const (
	Track        Decision = iota // within the usual times
	TrackClosely                 // the same, and watched: Track* in CISA's words
	Attend                       // sooner than the usual times; supervisors know
	Act                          // as soon as possible; leadership knows
)

var decisionNames = [...]string{"track", "track_closely", "attend", "act"}

func (d Decision) String() string { return decisionNames[min(int(d), len(decisionNames)-1)] }

// MarshalText writes the name.
func (d Decision) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// Answer is yes, no, or unknown.
type Answer uint8

// The answers.
const (
	Unknown Answer = iota
	No
	Yes
)

// Risk is what is known of a finding that makes it urgent. The zero value of each
// field means that nobody said.
type Risk struct {
	Flaw      string // CVE-2024-3094
	Component string // in what it is, for people

	Exploited  bool      // in CISA's catalog of flaws known to be exploited
	Due        time.Time // CISA's day to mend it by
	Ransomware bool      // the catalog says ransomware uses it

	EPSS            float64 // chance of exploitation within 30 days
	Exploitation    string  // CISA's point: none, poc, active
	Automatable     Answer  // CISA's point
	TechnicalImpact string  // CISA's point: partial, total
	PublicExploit   Answer  // some source knows an exploit

	CVSS     float64
	Severity string // critical, high, medium, low, info

	InternetFacing Answer
	Zone           string // network zone, for people and for times by zone
	Criticality    asset.Criticality
	Class          asset.Class

	FixAvailable Answer
	FirstSeen    time.Time

	Held Held // by a control in its place, by a person's decision
}

// Points are the four decision points of the tree, as used.
type Points struct {
	Exploitation    int // 0 none, 1 public proof of concept, 2 active
	Automatable     int // 0 no, 1 yes
	TechnicalImpact int // 0 partial, 1 total
	Mission         int // 0 low, 1 medium, 2 high
}

// Choice is a decision with the path through the tree.
type Choice struct {
	Decision Decision
	Points   Points
	// Path has a sentence for each point, in the order of the tree: what it is and
	// who says so; and one for a control that holds the flaw.
	Path []string
}

// tree is CISA's table: exploitation, automatable, technical impact, mission.
var tree = [3][2][2][3]Decision{
	{ // none
		{{Track, Track, Track}, {Track, Track, TrackClosely}},
		{{Track, Track, Attend}, {Track, Track, Attend}},
	},
	{ // public proof of concept
		{{Track, Track, TrackClosely}, {Track, TrackClosely, Attend}},
		{{Track, Track, Attend}, {Track, TrackClosely, Attend}},
	},
	{ // active
		{{Track, Track, Attend}, {Track, Attend, Act}},
		{{Attend, Attend, Act}, {Attend, Act, Act}},
	},
}

// Decide walks the tree.
func Decide(r Risk) Choice {
	var c Choice
	say := func(format string, args ...any) { c.Path = append(c.Path, fmt.Sprintf(format, args...)) }

	switch known := map[string]int{"poc": 1, "public poc": 1, "active": 2}[r.Exploitation]; {
	case r.Exploited:
		c.Points.Exploitation = 2
		say("Exploitation is active: CISA lists it as known to be exploited.")
	case known == 2:
		c.Points.Exploitation = 2
		say("Exploitation is active: CISA's assessment.")
	case known == 1:
		c.Points.Exploitation = 1
		say("A way to exploit it is public: CISA's assessment.")
	case r.PublicExploit == Yes:
		c.Points.Exploitation = 1
		say("A way to exploit it is public: a scanner or advisory says so.")
	case r.EPSS >= likely:
		c.Points.Exploitation = 1
		say("A way to exploit it is taken to be public: EPSS gives it a chance of %.0f %% within 30 days.", r.EPSS*100)
	case r.Exploitation == "none":
		say("Nobody is known to exploit it: CISA's assessment.")
	default:
		say("Nobody is known to exploit it.")
	}

	switch {
	case r.Automatable == Yes:
		c.Points.Automatable = 1
		say("Attacks can be automated: CISA's assessment.")
	case r.Automatable == No:
		say("Attacks cannot be automated: CISA's assessment.")
	case r.CVSS >= 9.8:
		// Only flaws that need neither a sign-in nor a click reach this score.
		c.Points.Automatable = 1
		say("Attacks are taken to be automatable: its score is %.1f.", r.CVSS)
	default:
		say("Attacks are not known to be automatable.")
	}

	switch {
	case r.TechnicalImpact == "total":
		c.Points.TechnicalImpact = 1
		say("An attacker gains full control: CISA's assessment.")
	case r.TechnicalImpact == "partial":
		say("An attacker gains partial control: CISA's assessment.")
	case severityRank(r) >= 3:
		c.Points.TechnicalImpact = 1
		say("An attacker is taken to gain full control: its severity is %s.", severityOf(r))
	default:
		say("An attacker gains partial control, judged by its severity.")
	}

	c.Points.Mission = mission(r)
	say("%s", missionSays(r))
	p := c.Points
	c.Decision = tree[p.Exploitation][p.Automatable][p.TechnicalImpact][p.Mission]
	var held string
	if c.Decision, held = r.Held.lower(c.Decision); held != "" {
		say("%s", held)
	}
	return c
}

// likely is the EPSS score from which a flaw without a word of CISA counts as one with
// a public exploit: one in ten within a month.
const likely = 0.1

// mission is how much hangs on the asset. Of one of which nobody said, a medical device
// counts as clinical, anything else as business.
func mission(r Risk) int {
	switch r.Criticality {
	case asset.LifeSupporting, asset.Clinical:
		return 2
	case asset.Business:
		return 1
	case asset.Minor:
		return 0
	}
	if r.Class == asset.Medical {
		return 2
	}
	return 1
}

func missionSays(r Risk) string {
	switch r.Criticality {
	case asset.LifeSupporting:
		return "Mission and well-being: high, because the device keeps patients alive."
	case asset.Clinical:
		return "Mission and well-being: high, because patient care uses the device."
	case asset.Business:
		return "Mission and well-being: medium, because the business uses the device."
	case asset.Minor:
		return "Mission and well-being: low, because little hangs on the device."
	}
	if r.Class == asset.Medical {
		return "Mission and well-being: high, because it is a medical device. Set its criticality."
	}
	return "Mission and well-being: medium, because nobody said what hangs on the device. Set its criticality."
}

// severityOf is the graver of the word and the score.
func severityOf(r Risk) string { return severityNames[severityRank(r)] }

var severityNames = [...]string{"info", "low", "medium", "high", "critical"}

func severityRank(r Risk) int {
	byScore := 0
	switch {
	case r.CVSS >= 9:
		byScore = 4
	case r.CVSS >= 7:
		byScore = 3
	case r.CVSS >= 4:
		byScore = 2
	case r.CVSS > 0:
		byScore = 1
	}
	return max(byScore, map[string]int{"low": 1, "medium": 2, "moderate": 2, "high": 3, "important": 3, "critical": 4}[r.Severity])
}
