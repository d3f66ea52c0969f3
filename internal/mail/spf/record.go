package spf

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// maxRecord is the longest record that is read. DNS carries up to 64 KiB; the
// longest in use are below 4.
const maxRecord = 16 << 10

// Record is a parsed record.
type Record struct {
	Text  string
	Terms []Term // mechanisms, in order

	redirect, exp spec // nil where there is none
	redirectText  string
}

// Term is one mechanism of a record.
type Term struct {
	Text      string
	Qualifier Result // Pass, Fail, SoftFail or Neutral
	Mechanism string // all, include, a, mx, ptr, ip4, ip6, exists
	Prefix    netip.Prefix

	target       spec // nil means the domain itself
	bits4, bits6 int  // of a and mx
}

// Syntax is a fault of a record.
type Syntax struct{ Term, Why string }

func (s *Syntax) Error() string {
	if s.Term == "" {
		return s.Why
	}
	return fmt.Sprintf("%q: %s", short(s.Term), s.Why)
}

func short(s string) string {
	if len(s) > 80 {
		return s[:80] + "…"
	}
	return s
}

// Is reports whether a TXT record is an SPF record (RFC 7208 section 4.5).
func Is(txt string) bool {
	const version = "v=spf1"
	return len(txt) >= len(version) && strings.EqualFold(txt[:len(version)], version) && (len(txt) == len(version) || txt[len(version)] == ' ')
}

// Parse reads a record. Its error is a *Syntax.
func Parse(txt string) (*Record, error) {
	if !Is(txt) {
		return nil, &Syntax{Why: "it does not begin with v=spf1"}
	}
	if len(txt) > maxRecord {
		return nil, &Syntax{Why: fmt.Sprintf("it is longer than %d bytes", maxRecord)}
	}
	for i := range len(txt) {
		if txt[i] < ' ' || txt[i] > '~' {
			return nil, &Syntax{Why: fmt.Sprintf("the byte %#02x is no printable ASCII character", txt[i])}
		}
	}
	r := &Record{Text: txt}
	for text := range strings.SplitSeq(txt[len("v=spf1"):], " ") {
		if text == "" {
			continue
		}
		if err := r.term(text); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (r *Record) term(text string) error {
	bad := func(format string, args ...any) error { return &Syntax{Term: text, Why: fmt.Sprintf(format, args...)} }
	name, rest, ok := strings.Cut(text, "=")
	if ok && modifierName(name) {
		return r.modifier(strings.ToLower(name), rest, text)
	}
	t := Term{Text: text, Qualifier: Pass, bits4: 32, bits6: 128}
	body := text
	switch text[0] {
	case '+':
		body = text[1:]
	case '-':
		t.Qualifier, body = Fail, text[1:]
	case '~':
		t.Qualifier, body = SoftFail, text[1:]
	case '?':
		t.Qualifier, body = Neutral, text[1:]
	}
	n := strings.IndexAny(body, ":/")
	if n < 0 {
		n = len(body)
	}
	t.Mechanism = strings.ToLower(body[:n])
	args := body[n:]
	var err error
	switch t.Mechanism {
	case "all":
		if args != "" {
			return bad("all takes nothing behind it")
		}
	case "include", "exists":
		if !strings.HasPrefix(args, ":") {
			return bad("%s needs a domain behind a colon", t.Mechanism)
		}
		t.target, err = parseTarget(args[1:])
	case "ptr":
		if args != "" {
			if args[0] != ':' {
				return bad("ptr takes a domain behind a colon, or nothing")
			}
			t.target, err = parseTarget(args[1:])
		}
	case "a", "mx":
		args, t.bits4, t.bits6, err = cutBits(args)
		if err == nil && args != "" {
			if args[0] != ':' {
				return bad("what stands behind %s is no domain and no network size", t.Mechanism)
			}
			t.target, err = parseTarget(args[1:])
		}
	case "ip4", "ip6":
		if !strings.HasPrefix(args, ":") {
			return bad("%s needs an address behind a colon", t.Mechanism)
		}
		t.Prefix, err = parsePrefix(args[1:], t.Mechanism == "ip6")
	default:
		return bad("no such mechanism")
	}
	if err != nil {
		return bad("%v", err)
	}
	r.Terms = append(r.Terms, t)
	return nil
}

func (r *Record) modifier(name, value, text string) error {
	var err error
	switch name {
	case "redirect":
		if r.redirect != nil {
			return &Syntax{Term: text, Why: "redirect stands twice"}
		}
		r.redirect, err = parseTarget(value)
		r.redirectText = text
	case "exp":
		if r.exp != nil {
			return &Syntax{Term: text, Why: "exp stands twice"}
		}
		r.exp, err = parseTarget(value)
	default:
		_, err = parseSpec(value, false)
	}
	if err != nil {
		return &Syntax{Term: text, Why: err.Error()}
	}
	return nil
}

func modifierName(s string) bool {
	if s == "" || !isAlpha(s[0]) {
		return false
	}
	for i := range len(s) {
		if !isAlpha(s[i]) && !isDigit(s[i]) && s[i] != '-' && s[i] != '_' && s[i] != '.' {
			return false
		}
	}
	return true
}

// cutBits takes the network sizes off the end of an a or mx: /24, //64, /24//64.
func cutBits(s string) (rest string, bits4, bits6 int, err error) {
	bits4, bits6 = 32, 128
	if i := strings.LastIndex(s, "//"); i >= 0 && digits(s[i+2:]) {
		if bits6, err = size(s[i+2:], 128); err != nil {
			return "", 0, 0, err
		}
		s = s[:i]
	}
	if i := strings.LastIndexByte(s, '/'); i >= 0 && digits(s[i+1:]) {
		if bits4, err = size(s[i+1:], 32); err != nil {
			return "", 0, 0, err
		}
		s = s[:i]
	}
	return s, bits4, bits6, nil
}

func parsePrefix(s string, six bool) (netip.Prefix, error) {
	most := 32
	if six {
		most = 128
	}
	addr, bits, found := strings.Cut(s, "/")
	n := most
	if found {
		var err error
		if n, err = size(bits, most); err != nil {
			return netip.Prefix{}, err
		}
	}
	a, err := netip.ParseAddr(addr)
	if err != nil || a.Is4() == six || a.Zone() != "" {
		return netip.Prefix{}, fmt.Errorf("%q is no such address", short(addr))
	}
	return netip.PrefixFrom(a, n), nil
}

func size(s string, most int) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || !digits(s) || n > most || len(s) > 1 && s[0] == '0' {
		return 0, fmt.Errorf("the network size %q is not between 0 and %d", short(s), most)
	}
	return n, nil
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

func isAlpha(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func isDigit(c byte) bool { return c >= '0' && c <= '9' }
