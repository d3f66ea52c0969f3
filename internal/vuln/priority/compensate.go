package priority

import (
	"time"

	"github.com/asepsis/asepsis/internal/errs"
)

// Control is a way to live with a flaw that cannot be mended yet.
type Control string

// The controls that count.
const (
	VirtualPatch Control = "virtual_patch" // something in front of it stops the attack
	Isolation    Control = "isolation"     // what could attack it cannot reach it
)

// Check is the name of the check that must pass for the control to hold. A control
// that nobody checks is a hope.
func (c Control) Check() string {
	switch c {
	case VirtualPatch:
		return "mitigation-virtual-patch-active"
	case Isolation:
		return "mitigation-isolation-active"
	}
	return ""
}

// Compensation is a control that somebody put in place for a flaw on an asset.
type Compensation struct {
	Control Control
	Asset   string
	Flaw    string // "" for every flaw of the component
	// Component narrows it to one component; "" for all. Flaw or Component is set.
	Component string
	What      string // what was done, in the person's words
	By        string
	Since     time.Time
	Until     time.Time // the last moment it holds; looked at anew by then
}

// longest is how long a compensation may hold without being looked at.
const longest = 366 * 24 * time.Hour

// Validate reports what is wrong with a record.
func (c Compensation) Validate() error {
	bad := func(mend, format string, args ...any) error {
		return errs.Hint(errs.New(errs.Invalid, format, args...), "%s", mend)
	}
	switch {
	case c.Control.Check() == "":
		return bad("choose virtual_patch or isolation", "%.40q is no kind of compensating control", string(c.Control))
	case c.Asset == "":
		return bad("name the asset", "the compensation is of no asset")
	case c.Flaw == "" && c.Component == "":
		return bad("name the flaw or the software", "the compensation says neither which flaw nor which software it is for")
	case c.What == "":
		return bad("say what was done", "the compensation does not say what it is")
	case c.By == "":
		return bad("sign in to record it", "the compensation has no author")
	case c.Since.IsZero() || !c.Until.After(c.Since):
		return bad("give a last day", "the compensation does not end")
	case c.Until.Sub(c.Since) > longest:
		return bad("give a day within a year", "the compensation holds for more than a year")
	}
	return nil
}

// Holds reports whether the control is in force for a finding: recorded, not past its
// end, and its check passed. passed gives the newest result of the check of a control
// on an asset.
func (c Compensation) Holds(asset string, r Risk, now time.Time, passed func(check, asset string) bool) bool {
	return c.Validate() == nil && c.Asset == asset && (c.Flaw == "" || c.Flaw == r.Flaw) && (c.Component == "" || c.Component == r.Component) &&
		!now.Before(c.Since) && !now.After(c.Until) && passed(c.Control.Check(), asset)
}

// State is what is to be shown of a finding.
type State uint8

// The states. A compensated finding is open to whoever counts what is mended.
const (
	Open State = iota
	Compensated
	Fixed
)

func (s State) String() string {
	return [...]string{"open", "compensated", "fixed"}[min(int(s), 2)]
}

// StateOf returns the state of a finding, and what compensates it. What is fixed is
// fixed, whatever was done before.
func StateOf(asset string, r Risk, fixed bool, list []Compensation, now time.Time, passed func(check, asset string) bool) (State, *Compensation) {
	if fixed {
		return Fixed, nil
	}
	var best *Compensation
	for i := range list {
		if list[i].Holds(asset, r, now, passed) && (best == nil || list[i].Until.After(best.Until)) {
			best = &list[i]
		}
	}
	if best != nil {
		return Compensated, best
	}
	return Open, nil
}
