package record

import (
	"strings"

	"github.com/asepsis/asepsis/internal/advisory"
)

// ParseCPE reads a CPE name of the form 2.3 (cpe:2.3:a:…) or 2.2 (cpe:/a:…):
// unescaped and in lower case. A name without vendor or product names nothing.
func ParseCPE(s string) (advisory.CPE, bool) {
	var f [11]string
	switch {
	case len(s) > 1024:
		return advisory.CPE{}, false
	case strings.HasPrefix(s, "cpe:2.3:"):
		splitCPE(s[8:], &f)
	case strings.HasPrefix(s, "cpe:/"):
		splitCPE(unpercent(s[5:]), &f)
	default:
		return advisory.CPE{}, false
	}
	for i := range f {
		if f[i] == "" {
			f[i] = "*"
		}
	}
	if len(f[0]) != 1 || !strings.Contains("aoh", f[0]) || f[1] == "*" || f[2] == "*" || f[1] == "-" || f[2] == "-" {
		return advisory.CPE{}, false
	}
	return advisory.CPE{
		Part: f[0][0], Vendor: f[1], Product: f[2], Version: f[3],
		Update: f[4], Edition: f[7], Target: f[8],
	}, true
}

// splitCPE splits at colons that no backslash escapes, and takes the
// backslashes away.
func splitCPE(s string, to *[11]string) {
	s = strings.ToLower(s)
	if strings.IndexByte(s, '\\') < 0 {
		for n := range to {
			var more bool
			if to[n], s, more = strings.Cut(s, ":"); !more {
				return
			}
		}
		return
	}
	var b strings.Builder
	n := 0
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == ':':
			to[n] = b.String()
			b.Reset()
			if n++; n == len(to) {
				return
			}
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		default:
			b.WriteByte(s[i])
		}
	}
	to[n] = b.String()
}

func unpercent(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if hi, lo := nibble(s[i+1]), nibble(s[i+2]); hi >= 0 && lo >= 0 {
				// What was encoded is part of a name, also where it is a colon.
				b.WriteByte('\\')
				b.WriteByte(byte(hi<<4 | lo))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func nibble(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
