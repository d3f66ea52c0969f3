package mail_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/mail"
)

func TestDomain(t *testing.T) {
	for in, want := range map[string]string{
		"example.org": "example.org", " Example.ORG. ": "example.org", "@example.org": "example.org", "ann@mail.example.org": "mail.example.org",
		"krankenhaus-köln.example": "xn--krankenhaus-kln-ltb.example",
		"":                         "", "localhost": "", "https://example.org": "", "192.0.2.1": "", "a..example": "", "[192.0.2.1]": "", "a b.example": "",
		strings.Repeat("a", 64) + ".example": "", strings.Repeat("a.", 127) + "example": "",
	} {
		got, err := mail.Domain(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", in, got, err, want)
		}
		if err != nil && (!errs.Is(err, errs.Invalid) || errs.HintOf(err) == "") {
			t.Errorf("%q: %v does not say what to do", in, err)
		}
	}
}

func TestWithin(t *testing.T) {
	for _, tt := range []struct {
		name, domain string
		want         bool
	}{
		{"example.org", "example.org", true},
		{"a.EXAMPLE.org", "example.org", true},
		{"badexample.org", "example.org", false},
		{"org", "example.org", false},
	} {
		if got := mail.Within(tt.name, tt.domain); got != tt.want {
			t.Errorf("Within(%q, %q) = %t", tt.name, tt.domain, got)
		}
	}
}

func TestAnswers(t *testing.T) {
	failed := &mail.Unanswered{Name: "a.example", Type: "TXT", Why: "the server failed"}
	if l, err := mail.Exists([]string{}, mail.ErrNoName); l != nil || err != nil {
		t.Errorf("no such name: got %v, %v", l, err)
	}
	if _, err := mail.Exists([]string(nil), failed); !errors.Is(err, failed) {
		t.Errorf("no answer became %v", err)
	}
	if mail.Void([]string(nil), failed) || !mail.Void([]string(nil), nil) || !mail.Void([]string(nil), mail.ErrNoName) || mail.Void([]string{""}, nil) {
		t.Error("what brings nothing is a name that does not exist or has no records, and no other")
	}
	for want, err := range map[string]error{
		"":                                   nil,
		"the TXT record of a.example: the s": fmt.Errorf("read: %w", failed),
		"time":                               context.DeadlineExceeded,
		"boom":                               errors.New("boom"),
	} {
		if got := mail.Why(err); !strings.Contains(got, want) || (got == "") != (err == nil) {
			t.Errorf("%v: got %q", err, got)
		}
	}
}

func TestFact(t *testing.T) {
	f, ok := mail.Fact(fact.KindDomain, "example.org", fact.Values{"name": "example.org", "color": "red"}, map[string]string{"dkim": "why", "smell": "why"})
	if !ok || len(f.Values) != 1 || f.Values["name"] != "example.org" || len(f.Missing) != 1 || f.Missing["dkim"] != "why" || f.Key != "example.org" {
		t.Errorf("got %+v", f)
	}
	if _, ok := mail.Fact("no such kind", "x", nil, nil); ok {
		t.Error("a kind that the vocabulary lacks was stated")
	}
}
