package errs

import (
	"errors"
	"fmt"
	"io"
	"testing"
)

func TestKindSurvivesWrapping(t *testing.T) {
	base := New(NotFound, "no asset %q", "x")
	err := fmt.Errorf("load page: %w", Hint(base, "list them with %s", "asepsis asset list"))
	if !Is(err, NotFound) {
		t.Errorf("kind = %v, want not_found", KindOf(err))
	}
	if got, want := HintOf(err), "list them with asepsis asset list"; got != want {
		t.Errorf("hint = %q, want %q", got, want)
	}
	if got, want := err.Error(), `load page: no asset "x"`; got != want {
		t.Errorf("text = %q, want %q", got, want)
	}
}

func TestNewKeepsTheCause(t *testing.T) {
	err := New(Invalid, "line 3: %w", io.ErrUnexpectedEOF)
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error("the cause is lost")
	}
	if got, want := err.Error(), "line 3: unexpected EOF"; got != want {
		t.Errorf("text = %q, want %q", got, want)
	}
}

func TestInternalTextStaysInside(t *testing.T) {
	err := fmt.Errorf("open /var/lib/secret.key: %w", io.EOF)
	if got := Public(err); got == err.Error() {
		t.Errorf("Public shows %q", got)
	}
	if KindOf(err) != Internal || Is(nil, Internal) {
		t.Error("an unclassified error is internal; nil is nothing")
	}
	if Wrap(Invalid, nil) != nil || Hint(nil, "x") != nil {
		t.Error("wrapping nil must stay nil")
	}
}
