package judge

import (
	"path"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fact"
)

// DecisionKind says what a person decided.
type DecisionKind string

// The kinds of decision. Each ends by itself.
const (
	Accept     DecisionKind = "accept"     // the risk is taken, knowingly
	Dispute    DecisionKind = "dispute"    // it is not so here
	Compensate DecisionKind = "compensate" // it cannot be mended; something else holds it
)

func (k DecisionKind) disposition() string {
	return map[DecisionKind]string{Accept: "accepted", Dispute: "disputed", Compensate: "compensated"}[k]
}

// Decision is what a person decided about findings: of a flaw, in a software,
// at a version, on a group of assets. Empty fields mean any; Flaw is never empty.
type Decision struct {
	ID       string       `json:"id"`
	Kind     DecisionKind `json:"kind"`
	Flaw     string       `json:"flaw"`
	Software string       `json:"software,omitempty"` // name, * allowed
	Version  string       `json:"version,omitempty"`
	// Group is an asset id, or attribute=value of the assets meant.
	Group  string `json:"group,omitempty"`
	Reason string `json:"reason"`
	// Control is what holds the flaw, for a compensation. Where it begins with
	// isolation or virtual patch, a check of that name looks whether it does.
	Control string `json:"control,omitempty"`

	By      string    `json:"by"`
	At      time.Time `json:"at"`
	Until   time.Time `json:"until"`
	EndedBy string    `json:"ended_by,omitempty"`
	EndedAt time.Time `json:"ended_at,omitzero"`
}

// control is the kind of control that holds a compensated flaw.
func (d *Decision) control() string {
	c := strings.ToLower(strings.TrimSpace(d.Control))
	switch {
	case strings.HasPrefix(c, "isolat"):
		return "isolation"
	case strings.HasPrefix(c, "virtual patch"), strings.HasPrefix(c, "virtual_patch"):
		return "virtual_patch"
	}
	return "other"
}

// maxLife bounds how long a decision may stand before it is made anew.
const maxLife = 366 * 24 * time.Hour

// Check returns an error that says what to mend, unless the decision can stand.
func (d *Decision) Check(now time.Time) error {
	switch {
	case d.Kind.disposition() == "":
		return errs.New(errs.Invalid, "a decision is accept, dispute or compensate, not %.40q", d.Kind)
	case strings.TrimSpace(d.Flaw) == "" || len(d.Flaw) > 100:
		return errs.Hint(errs.New(errs.Invalid, "the decision names no flaw"), "name one, such as CVE-2024-3094")
	case len(strings.TrimSpace(d.Reason)) < 10 || len(d.Reason) > 2000:
		return errs.Hint(errs.New(errs.Invalid, "the reason is too short or too long"), "say in a sentence or two why; an auditor reads it")
	case !d.Until.After(now):
		return errs.Hint(errs.New(errs.Invalid, "the decision would end before it begins"), "give a later day")
	case d.Until.Sub(now) > maxLife:
		return errs.Hint(errs.New(errs.Invalid, "a decision stands for a year at most"), "give an earlier day and look at it again then")
	case d.Kind == Compensate && strings.TrimSpace(d.Control) == "":
		return errs.Hint(errs.New(errs.Invalid, "the compensation names no control"), "say what holds the flaw: isolation of the device, a virtual patch, …")
	}
	if _, err := path.Match(strings.ToLower(d.Software), ""); err != nil {
		return errs.New(errs.Invalid, "software %.60q is no pattern", d.Software)
	}
	if g := d.Group; g != "" && !strings.HasPrefix(g, "as_") {
		attr, _, ok := strings.Cut(g, "=")
		schema, _ := fact.SchemaOf(fact.KindAsset)
		if _, known := schema.Attr(attr); !ok || !known {
			return errs.Hint(errs.New(errs.Invalid, "group %.60q names no assets", g), "give an asset's id, or attribute=value such as class=medical_device")
		}
	}
	return nil
}

// Live reports whether the decision is in force.
func (d *Decision) Live(now time.Time) bool {
	return !now.Before(d.At) && now.Before(d.Until) && (d.EndedAt.IsZero() || now.Before(d.EndedAt))
}

// Covers reports whether the decision is about the finding.
func (d *Decision) Covers(r, a *fact.Resource) bool {
	ids, _ := r.Get("cves").([]string)
	aliases, _ := r.Get("aliases").([]string)
	if !slices.Contains(ids, d.Flaw) && !slices.Contains(aliases, d.Flaw) && !strings.HasSuffix(r.ID, "/"+d.Flaw) {
		return false
	}
	if d.Software != "" {
		ok := false
		for name := range strings.SplitSeq(r.Text("component"), ", ") {
			m, err := path.Match(strings.ToLower(d.Software), strings.ToLower(name))
			ok = ok || m && err == nil
		}
		if !ok {
			return false
		}
	}
	if d.Version != "" && d.Version != r.Text("component_version") {
		return false
	}
	return d.Group == r.Asset || d.of(a)
}

// of reports whether the decision is about the asset, which may be nil.
func (d *Decision) of(a *fact.Resource) bool {
	if d.Group == "" || a != nil && d.Group == a.ID {
		return true
	}
	attr, want, ok := strings.Cut(d.Group, "=")
	if !ok || a == nil {
		return false
	}
	switch v := a.Get(attr).(type) {
	case string:
		return strings.EqualFold(v, want)
	case bool:
		return want == map[bool]string{true: "true", false: "false"}[v]
	case []string:
		return slices.Contains(v, want)
	}
	return false
}
