package mail

import (
	"strings"

	"golang.org/x/net/idna"

	"github.com/asepsis/asepsis/internal/errs"
)

const (
	maxName  = 253
	maxLabel = 63
)

// Domain returns the one spelling of a mail domain that a person typed: lower
// case, ASCII, no dot at the end. "Example.org.", "@example.org" and
// "mail@example.org" are example.org.
func Domain(s string) (string, error) {
	typed := s
	s = strings.TrimSpace(s)
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		s = s[i+1:]
	}
	s = strings.TrimSuffix(s, ".")
	bad := func(why string) (string, error) {
		return "", errs.Hint(errs.New(errs.Invalid, "%.80q is not a mail domain: %s", typed, why), "write the part of a mail address behind the @, such as example.org")
	}
	if strings.ContainsAny(s, "/:[]") {
		return bad("it looks like an address of a page or a machine")
	}
	ascii, err := idna.Lookup.ToASCII(s)
	if err != nil {
		return bad("no domain may be spelled so")
	}
	ascii = strings.ToLower(ascii)
	switch {
	case !Name(ascii):
		return bad("a part of it is empty or too long")
	case !strings.Contains(ascii, "."):
		return bad("it has one part only")
	case strings.Trim(ascii[strings.LastIndexByte(ascii, '.')+1:], "0123456789") == "":
		return bad("it ends in a number")
	}
	return ascii, nil
}

// Name reports whether s can be asked about: labels of 1 to 63 bytes, 253 in all.
func Name(s string) bool {
	if s == "" || len(s) > maxName {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > maxLabel {
			return false
		}
	}
	return true
}

// Within reports whether name is domain or lies below it. Case does not matter.
func Within(name, domain string) bool {
	n := len(name) - len(domain)
	if n < 0 || !strings.EqualFold(name[n:], domain) {
		return false
	}
	return n == 0 || name[n-1] == '.'
}
