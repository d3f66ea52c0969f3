package safe

import (
	"fmt"

	"github.com/asepsis/asepsis/internal/collect"
)

// Faults gathers what is wrong with the items of a file and does with it what
// the person chose: refuse the file, or leave the items out and list them.
type Faults struct {
	in     collect.Input
	format string
	listed []collect.RowFault
	more   int
}

// NewFaults returns an empty list for the file.
func NewFaults(in collect.Input, format string) *Faults { return &Faults{in: in, format: format} }

// Add notes a fault. It returns the refusal once the list is full and the file
// is refused anyway: to read on would show nothing new.
func (f *Faults) Add(line int, column, reason, mend string) error {
	if len(f.listed) < max(1, f.in.Limits.Findings) {
		f.listed = append(f.listed, collect.RowFault{Line: line, Column: column, Reason: reason, Mend: mend})
		return nil
	}
	f.more++
	if f.in.OnFault == collect.SkipRows {
		return nil
	}
	return f.refusal()
}

// Done returns what was left out, or the refusal of the file.
func (f *Faults) Done() ([]collect.RowFault, error) {
	if len(f.listed) == 0 {
		return nil, nil
	}
	if f.in.OnFault != collect.SkipRows {
		return nil, f.refusal()
	}
	if f.more > 0 {
		f.listed = append(f.listed, collect.RowFault{Reason: fmt.Sprintf("%d more items were left out", f.more), Mend: "mend those above and bring the file again"})
	}
	return f.listed, nil
}

func (f *Faults) refusal() error {
	return &collect.Refusal{File: f.in.Name, Format: f.format, Faults: f.listed, More: f.more}
}
