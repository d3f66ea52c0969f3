package evidence

import (
	"fmt"
	"io"
	"strings"
)

// maxFaults is how many faults a report lists; the rest is counted.
const maxFaults = 200

// Fault is something that was changed, or does not fit.
type Fault struct {
	Where string `json:"where"` // the file and byte, the row, or the batch
	What  string `json:"what"`
}

func (f Fault) String() string { return f.Where + ": " + f.What }

// Report is what came of a check.
type Report struct {
	Entries     int64    `json:"entries"`   // read and hashed anew
	Published   int64    `json:"published"` // of these, under the signed checkpoint
	Files       int      `json:"files"`     // compared byte for byte
	Batches     int      `json:"batches"`   // whose rows were hashed anew
	Assessments int      `json:"assessments"`
	Events      int      `json:"events"` // of the audit trail
	Faults      []Fault  `json:"faults"`
	More        int      `json:"more"`  // faults beyond those listed
	Notes       []string `json:"notes"` // what is worth knowing and no fault
	// Verdict says in a sentence which side a difference is on, where that can be told.
	Verdict string `json:"verdict"`
}

// Good reports whether nothing was changed.
func (r *Report) Good() bool { return len(r.Faults) == 0 }

func (r *Report) fault(where, format string, args ...any) {
	if len(r.Faults) == maxFaults {
		r.More++
		return
	}
	r.Faults = append(r.Faults, Fault{where, fmt.Sprintf(format, args...)})
}

func (r *Report) note(format string, args ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
}

// WriteText writes the report for people.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	if r.Good() {
		b.WriteString("The record is whole: no byte was changed.\n")
	} else {
		fmt.Fprintf(&b, "The record does not hold: %s found.\n", count(len(r.Faults)+r.More, "fault"))
	}
	fmt.Fprintf(&b, "Derived anew: %s (%d under the signed checkpoint), %s, %s of facts, %s, %s of the audit trail.\n",
		count(int(r.Entries), "entry"), r.Published, count(r.Files, "file"), count(r.Batches, "batch"),
		count(r.Assessments, "assessment"), count(r.Events, "event"))
	for _, f := range r.Faults {
		fmt.Fprintf(&b, "  %s\n", f)
	}
	if r.More > 0 {
		fmt.Fprintf(&b, "  and %d more\n", r.More)
	}
	if r.Verdict != "" {
		fmt.Fprintf(&b, "%s\n", r.Verdict)
	}
	for _, n := range r.Notes {
		fmt.Fprintf(&b, "Note: %s\n", n)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// count writes "1 file", "2 files", "3 entries", "2 batches".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	switch {
	case strings.HasSuffix(what, "y"):
		what = strings.TrimSuffix(what, "y") + "ies"
	case strings.HasSuffix(what, "ch"):
		what += "es"
	default:
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
