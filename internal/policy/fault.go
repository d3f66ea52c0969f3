package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/near"
)

// Fault is something wrong in a file that somebody wrote, with the place to
// mend it.
type Fault struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Message string `json:"message"`
	// Suggestion is what was probably meant; empty where nothing comes close.
	Suggestion string `json:"suggestion,omitempty"`
}

// Error gives the fault in one line: file:line:column: message.
func (f Fault) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d:%d: %s", f.File, f.Line, f.Column, f.Message)
	if f.Suggestion != "" {
		fmt.Fprintf(&b, "; did you mean %s?", f.Suggestion)
	}
	return b.String()
}

// Faults are all faults of all files, by place.
type Faults []Fault

// Error gives one line a fault.
func (fs Faults) Error() string {
	lines := make([]string, len(fs))
	for i, f := range fs {
		lines[i] = f.Error()
	}
	return strings.Join(lines, "\n")
}

func (fs Faults) sort() {
	slices.SortStableFunc(fs, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Message, b.Message))
	})
}

// closest returns the candidate that the word was probably meant to be, or "".
// A word may be off by a third of its length: enough for a slip of the finger,
// too little to offer something unrelated.
func closest(word string, candidates []string) string {
	if len(word) > 80 {
		return ""
	}
	best, dist := "", max(1, len(word)/3)+1
	for _, c := range candidates {
		if d := near.Distance(strings.ToLower(word), c); d < dist {
			best, dist = c, d
		}
	}
	return best
}
