// Package mail is what the engines that judge a mail domain share: how they ask
// DNS, what an answer is and what is none, and how a domain is spelled.
//
// The engines below it (spf, dmarc, dkim, sts) are pure: they ask through [DNS]
// and touch no network themselves. What talks to the world is a collector.
package mail

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
)

// DNS answers questions about names. Names are ASCII, without a dot at the end;
// aliases (CNAME) are followed by whoever answers.
//
// A name that does not exist is [ErrNoName]. A name without records of the type
// is an empty answer and no error. Every other error says that nobody answered,
// which tells nothing about the name; where that can be said for people it is an
// [*Unanswered].
type DNS interface {
	// TXT returns the records, the strings of each joined without a blank.
	TXT(ctx context.Context, name string) ([]string, error)
	A(ctx context.Context, name string) ([]netip.Addr, error)
	AAAA(ctx context.Context, name string) ([]netip.Addr, error)
	// MX returns the records, the most preferred first.
	MX(ctx context.Context, name string) ([]MX, error)
	// PTR returns the names of an address.
	PTR(ctx context.Context, addr netip.Addr) ([]string, error)
}

// MX is a host that takes mail of a domain. The host "" (a null MX, RFC 7505)
// says that the domain takes none.
type MX struct {
	Preference uint16
	Host       string
}

// ErrNoName says that a name does not exist (NXDOMAIN).
var ErrNoName = errors.New("the name does not exist")

// Unanswered says that a question got no answer: a time-out, a server that
// failed, aliases in a circle. It is never the same as "there is none".
type Unanswered struct {
	Name string // what was asked about
	Type string // TXT, MX, …
	Why  string // for people: "no answer within 5 s"
	Err  error  // the cause; may be nil
}

func (u *Unanswered) Error() string { return fmt.Sprintf("%s of %s: %s", u.Type, u.Name, u.Why) }

// Unwrap returns the cause.
func (u *Unanswered) Unwrap() error { return u.Err }

// Exists folds an answer for those who do not care why there is nothing: a name
// that does not exist has no records. Other errors stay.
func Exists[T any](answer []T, err error) ([]T, error) {
	if errors.Is(err, ErrNoName) {
		return nil, nil
	}
	return answer, err
}

// Void reports whether a look-up brought nothing: no such name, or no records
// (RFC 7208 section 4.6.4).
func Void[T any](answer []T, err error) bool {
	return errors.Is(err, ErrNoName) || err == nil && len(answer) == 0
}

// Why says for people what an error of [DNS] means.
func Why(err error) string {
	var u *Unanswered
	switch {
	case err == nil:
		return ""
	case errors.As(err, &u):
		return "DNS did not answer for the " + u.Type + " record of " + u.Name + ": " + u.Why
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return "the time for this look ran out before DNS answered"
	}
	return "DNS did not answer: " + err.Error()
}
