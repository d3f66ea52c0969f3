package assess

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/policy"
)

// ChangeKind says which way something changed.
type ChangeKind string

// The kinds of change.
const (
	Better  ChangeKind = "better"
	Worse   ChangeKind = "worse"
	NewItem ChangeKind = "new"  // measured for the first time
	Gone    ChangeKind = "gone" // not measured any more
)

// Ref names a resource for people.
type Ref struct {
	Kind  fact.Kind `json:"kind"`
	ID    string    `json:"id"`
	Label string    `json:"label"`
}

// Change is something that differs between two assessments.
type Change struct {
	Kind  ChangeKind   `json:"kind"`
	Goal  string       `json:"goal"`
	Check string       `json:"check,omitempty"` // empty: the goal itself changed
	Text  string       `json:"text"`
	From  policy.State `json:"from,omitempty"`
	To    policy.State `json:"to,omitempty"`
	// Count is how many resources changed, and Resources names the first
	// [MostRefs] of them.
	Count     int   `json:"count,omitempty"`
	Resources []Ref `json:"resources,omitempty"`

	rank int
}

// MostRefs bounds the resources a change names.
const MostRefs = 20

// Diff tells what differs from one assessment to the next, gravest first:
// goals that changed state, then checks whose resources began to fail, were
// mended, or were lost sight of. There is nothing to tell where prev is nil.
//
// A check that only one of the two knows is not compared: a new check is not
// news about the hospital.
func Diff(prev, next *Kept) []Change {
	if prev == nil || next == nil {
		return nil
	}
	changes := []Change{}
	before := make(map[string]*Goal, len(prev.Assessment.Goals))
	for i := range prev.Assessment.Goals {
		before[prev.Assessment.Goals[i].ID] = &prev.Assessment.Goals[i]
	}
	for i := range next.Assessment.Goals {
		g := &next.Assessment.Goals[i]
		was, ok := before[g.ID]
		if !ok {
			continue
		}
		if was.State != g.State {
			changes = append(changes, goalChange(was, g))
		}
		old := make(map[string]bool, len(was.Checks))
		for _, c := range was.Checks {
			old[c.ID] = true
		}
		for j := range g.Checks {
			if c := &g.Checks[j]; old[c.ID] {
				changes = append(changes, checkChanges(g, c, prev.Results[c.ID], next.Results[c.ID])...)
			}
		}
	}
	slices.SortStableFunc(changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), -cmp.Compare(a.Count, b.Count), strings.Compare(a.Goal, b.Goal), strings.Compare(a.Check, b.Check))
	})
	return changes
}

// standing orders states from worst to best.
func standing(s policy.State) int {
	return slices.Index([]policy.State{policy.StateNotMeasured, policy.NotMet, policy.PartlyMet, policy.StateNotApplies, policy.Met}, s)
}

func goalChange(was, is *Goal) Change {
	c := Change{Goal: is.ID, From: was.State, To: is.State}
	switch {
	case !was.State.Measured() && is.State.Measured():
		c.Kind, c.Text, c.rank = NewItem, fmt.Sprintf("%s was measured for the first time: %s", is.Title, StateWords(is.State)), 30
		if was.State == policy.StateNotApplies {
			c.Text = fmt.Sprintf("%s applies now: %s", is.Title, StateWords(is.State))
		}
	case was.State.Measured() && is.State == policy.StateNotMeasured:
		c.Kind, c.Text, c.rank = Gone, fmt.Sprintf("%s is not measured any more; it was %s", is.Title, StateWords(was.State)), 1
	case standing(is.State) > standing(was.State):
		c.Kind, c.Text, c.rank = Better, fmt.Sprintf("%s went from %s to %s", is.Title, StateWords(was.State), StateWords(is.State)), 20
	default:
		c.Kind, c.Text, c.rank = Worse, fmt.Sprintf("%s fell from %s to %s", is.Title, StateWords(was.State), StateWords(is.State)), 0
	}
	return c
}

// StateWords writes a state for people.
func StateWords(s policy.State) string { return strings.ReplaceAll(string(s), "_", " ") }

// checkChanges compares the results of a check, both sorted by resource.
func checkChanges(g *Goal, c *Check, was, is []policy.Result) []Change {
	var failing, mended, lost []*policy.Result
	i := 0
	for j := range is {
		r := &is[j]
		for i < len(was) && was[i].Resource < r.Resource {
			i++
		}
		old := policy.Verdict("")
		if i < len(was) && was[i].Resource == r.Resource {
			old = was[i].Verdict
		}
		switch {
		case r.Verdict == policy.Fail && old != policy.Fail:
			failing = append(failing, r)
		case r.Verdict == policy.Pass && old == policy.Fail:
			mended = append(mended, r)
		case (r.Verdict == policy.NotMeasured || r.Verdict == policy.Error) && (old == policy.Pass || old == policy.Fail):
			lost = append(lost, r)
		}
	}
	var out []Change
	add := func(kind ChangeKind, rs []*policy.Result, rank int, one, many string) {
		if len(rs) == 0 {
			return
		}
		verb := many
		if len(rs) == 1 {
			verb = one
		}
		ch := Change{Kind: kind, Goal: g.ID, Check: c.ID, Count: len(rs), rank: rank}
		ch.Text = fmt.Sprintf("%d %s %s: %s", len(rs), noun(c.Resource, rs), verb, c.Title)
		for _, r := range rs[:min(len(rs), MostRefs)] {
			ch.Resources = append(ch.Resources, Ref{r.Kind, r.Resource, r.Label})
		}
		out = append(out, ch)
	}
	add(Worse, failing, 2+c.Severity.Rank(), "began to fail", "began to fail")
	add(Gone, lost, 10+c.Severity.Rank(), "is not measured any more", "are not measured any more")
	add(Better, mended, 21+c.Severity.Rank(), "was mended", "were mended")
	return out
}

// noun names the resources: by their class where all have the same one.
func noun(k fact.Kind, rs []*policy.Result) string {
	class := ""
	for i, r := range rs {
		c := observedText(r, "class")
		if c == "" || c == "unknown" || i > 0 && c != class {
			class = ""
			break
		}
		class = c
	}
	class = strings.ReplaceAll(class, "_", " ")
	switch {
	case class == "" && len(rs) == 1:
		return policy.Singular(k)
	case class == "":
		return policy.Plural(k)
	case len(rs) == 1 || class == "iot":
		return class
	}
	return class + "s"
}

func observedText(r *policy.Result, name string) string {
	for _, o := range r.Observed {
		if o.Name == name {
			s, _ := o.Value.(string)
			return s
		}
	}
	return ""
}
