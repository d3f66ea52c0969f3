package pkgver

import (
	"fmt"

	"github.com/asepsis/asepsis/internal/errs"
)

// Why says why a version has no place in the order of its ecosystem.
type Why uint8

// The reasons.
const (
	ok        Why = iota
	Empty         // there is no version
	TooLong       // longer than MaxLen
	NoOrder       // the scheme is unknown
	Character     // a character that no version has
	Form          // not written as its ecosystem writes versions
	TooLarge      // a number larger than its ecosystem allows
	Word          // a word or a branch: trunk, latest, dev-main
	Commit        // the hash of a commit: commits have no order
	Range         // a range or a pattern, not one version
)

var whyTexts = [...]string{
	"is a version", "is empty", "is longer than 1,024 bytes", "is of an ecosystem whose order of versions is not known",
	"has a character that no version has", "is not written as its ecosystem writes versions", "has a number that is too large for its ecosystem",
	"is a word or a branch, which have no order", "is the hash of a commit, and commits have no order", "is a range or a pattern, not one version",
}

// String ends a sentence that begins with the version: "trunk" is a word ….
func (w Why) String() string {
	if int(w) < len(whyTexts) {
		return whyTexts[w]
	}
	return "has no order"
}

// Error is the error for a version that has no place in the order of its
// ecosystem. It is of kind errs.Invalid.
type Error struct {
	Scheme  Scheme
	Version string
	Why     Why
}

func (e *Error) Error() string { return fmt.Sprintf("%s version %.60q %s", e.Scheme, e.Version, e.Why) }

var errInvalid = errs.New(errs.Invalid, "the version has no place in the order of its ecosystem")

// Unwrap gives the error its kind.
func (*Error) Unwrap() error { return errInvalid }

// reason says more of a version that is not in the form of its ecosystem.
func reason(v string) Why {
	hex, word, num := true, true, false
	for i := range len(v) {
		c := v[i]
		switch {
		case c <= ' ' || c >= 0x7f:
			return Character
		case c == '*' || c == '<' || c == '>' || c == '=' && i > 0 || c == '|' || c == ',' || c == '[' || c == '(' && i == 0:
			return Range
		}
		num = num || isDigit(c)
		hex = hex && (isDigit(c) || 'a' <= lower(c) && lower(c) <= 'f')
		word = word && (isLetter(c) || c == '-' || c == '_' || c == '/' || c == '.')
	}
	switch {
	case hex && num && len(v) >= 7:
		return Commit
	case word || len(v) > 4 && v[:4] == "dev-":
		return Word
	}
	return Form
}
