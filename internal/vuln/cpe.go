package vuln

import "strings"

// cpe is what matters here of a CPE name, unescaped and in lower case.
type cpe struct {
	part            byte
	vendor, product string
	version, update string
	edition, target string // software edition and target
}

// parseCPE reads a CPE name in its 2.3 form (cpe:2.3:a:…) or its 2.2 form
// (cpe:/a:…).
func parseCPE(s string) (cpe, bool) {
	var c cpe
	var fields [11]string
	switch {
	case len(s) > 1024:
		return c, false
	case strings.HasPrefix(s, "cpe:2.3:"):
		cpeFields(s[len("cpe:2.3:"):], &fields)
	case strings.HasPrefix(s, "cpe:/"):
		cpeFields(s[len("cpe:/"):], &fields)
		for i, f := range fields {
			fields[i] = unpercent(f)
		}
	default:
		return c, false
	}
	if len(fields[0]) != 1 || !strings.Contains("aoh", strings.ToLower(fields[0])) || fields[1] == "" || fields[2] == "" {
		return c, false
	}
	c.part = lower(fields[0][0])
	c.vendor, c.product, c.version, c.update = fields[1], fields[2], fields[3], anyAsEmpty(fields[4])
	c.edition, c.target = anyAsEmpty(fields[7]), anyAsEmpty(fields[8])
	return c, true
}

// cpeFields splits at colons that no backslash escapes, and takes the
// backslashes away.
func cpeFields(s string, to *[11]string) {
	var b strings.Builder
	n, escaped := 0, false
	for i := 0; i <= len(s); i++ {
		if i == len(s) || s[i] == ':' && !escaped {
			to[n] = b.String()
			if n++; n == len(to) {
				return
			}
			b.Reset()
			continue
		}
		if s[i] == '\\' && !escaped {
			escaped = true
			continue
		}
		escaped = false
		b.WriteByte(lower(s[i]))
	}
}

// unpercent resolves percent encoding; what is none stays.
func unpercent(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			hi, lo := hexDigit(s[i+1]), hexDigit(s[i+2])
			if hi >= 0 && lo >= 0 {
				b.WriteByte(byte(hi<<4 | lo))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func hexDigit(c byte) int {
	switch c = lower(c); {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}
