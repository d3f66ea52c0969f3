package priority

import "time"

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

// Held is a control that a person's decision says holds a flaw. It makes the flaw less
// urgent, by one step and for as long as the decision stands, and mends nothing: the
// finding stays open. The zero value holds nothing.
type Held struct {
	Control Control
	Until   time.Time // the last moment of the decision
	// Shown says whether what else is known agrees: Yes, No, or Unknown. Only a control
	// that is shown makes anything less urgent.
	Shown Answer
}

// lower makes a decision less urgent where a control holds, and says why or why not.
func (h Held) lower(d Decision) (Decision, string) {
	name := map[Control]string{VirtualPatch: "a virtual patch", Isolation: "isolation"}[h.Control]
	until := ""
	if !h.Until.IsZero() {
		until = " until " + h.Until.Format(time.DateOnly)
	}
	switch {
	case name == "":
		return d, ""
	case h.Shown == No:
		return d, "A decision says that " + name + " holds it" + until + ", and what else is known says that it does not: it counts for nothing."
	case h.Shown == Unknown:
		return d, "A decision says that " + name + " holds it" + until + ". Nothing else shows it, so it counts for nothing."
	case d <= TrackClosely:
		return d, "It is held by " + name + until + ", and not mended."
	}
	return d - 1, "It is held by " + name + until + ": one step less urgent, and not mended."
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
