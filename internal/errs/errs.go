// Package errs classifies errors and carries the text a person may see.
//
// A step wraps its cause with fmt.Errorf and %w; the code that knows what the
// failure means to the caller gives it a Kind. One place maps a Kind to an HTTP
// status, another to an exit code. An error without a Kind is Internal: whole to
// the operator, a plain apology to everybody else.
package errs

import (
	"errors"
	"fmt"
)

// Kind says what an error means to the caller.
type Kind uint8

// The kinds of error. The zero value is Internal on purpose: what nobody
// classified must not leak.
const (
	Internal    Kind = iota // a fault of ours
	Invalid                 // the input is wrong; the text says how to mend it
	NotFound                // no such thing
	Conflict                // the thing changed, exists already, or is locked
	Denied                  // known caller, not allowed
	Unsigned                // caller not known: sign in
	Limited                 // too much, too large, too often
	Unsupported             // not on this system, not in this build
	Misused                 // the command line itself is wrong
)

var kindNames = [...]string{
	"internal", "invalid", "not_found", "conflict", "denied", "unsigned", "limited", "unsupported", "misused",
}

func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// Error is a classified error.
type Error struct {
	Kind Kind
	Text string // what happened, for a person; lower case, no full stop
	Hint string // what to do about it; may be empty
	Err  error  // the cause; may be nil

	whole bool // Text has the text of Err in it already
}

func (e *Error) Error() string {
	switch {
	case e.Err == nil || e.whole:
		return e.Text
	case e.Text == "":
		return e.Err.Error()
	}
	return e.Text + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// New returns an error of the kind with a formatted text. A %w in the format
// makes its operand the cause.
func New(k Kind, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &Error{Kind: k, Text: err.Error(), Err: errors.Unwrap(err), whole: true}
}

// Wrap classifies err. It returns nil for a nil err.
func Wrap(k Kind, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Kind: k, Err: err}
}

// Hint adds advice for the person to err and keeps its kind. It returns nil
// for a nil err.
func Hint(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return &Error{Kind: KindOf(err), Err: err, Hint: fmt.Sprintf(format, args...)}
}

// KindOf returns the kind of the outermost classified error in the chain.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}

// Is reports whether err is of the kind. A nil error is of none.
func Is(err error, k Kind) bool { return err != nil && KindOf(err) == k }

// HintOf returns the first advice in the chain, or "".
func HintOf(err error) string {
	for err != nil {
		var e *Error
		if !errors.As(err, &e) {
			return ""
		}
		if e.Hint != "" {
			return e.Hint
		}
		err = e.Err
	}
	return ""
}

// Public returns what a remote caller may read: the whole text of a classified
// error, and a fixed sentence for an internal one.
func Public(err error) string {
	if err == nil {
		return ""
	}
	if KindOf(err) == Internal {
		return "something went wrong on the server; the operator's log has the details"
	}
	return err.Error()
}
