package fingerprint

import (
	"regexp/syntax"
	"strings"
)

// literals returns texts of which one must be in a value, in lower case, for the
// expression to match it. Looking for them is some fifty times faster than the
// expression, and most rules say no to most values. Nil means nothing is known.
func literals(expr string) []string {
	re, err := syntax.Parse("(?i)"+expr, syntax.Perl)
	if err != nil {
		return nil
	}
	return required(re.Simplify())
}

// most bounds the alternatives looked for; beyond it the expression is as fast.
const most = 12

func required(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		s := strings.ToLower(string(re.Rune))
		if !ascii(s) {
			return nil
		}
		return []string{s}
	case syntax.OpCapture, syntax.OpPlus:
		return required(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return required(re.Sub[0])
		}
	case syntax.OpConcat:
		var best []string
		for _, sub := range re.Sub {
			if got := required(sub); better(got, best) {
				best = got
			}
		}
		return best
	case syntax.OpAlternate:
		var all []string
		for _, sub := range re.Sub {
			got := required(sub)
			if got == nil {
				return nil
			}
			all = append(all, got...)
		}
		if len(all) <= most {
			return all
		}
	default:
	}
	return nil
}

// better prefers the set whose shortest text is longest.
func better(a, b []string) bool {
	if a == nil {
		return false
	}
	return b == nil || shortest(a) > shortest(b)
}

func shortest(ss []string) int {
	n := len(ss[0])
	for _, s := range ss {
		n = min(n, len(s))
	}
	return n
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
