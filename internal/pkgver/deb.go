package pkgver

import "strings"

// Letters and marks of Debian versions, in dpkg's order (lib/dpkg/version.c): a
// tilde comes before the end of a part, a letter after it, anything else last.
const (
	debTilde  byte = 0x01
	debEnd    byte = 0x02
	debLetter byte = 0xa0 // A … Z, a … z
	debOther  byte = 0xd4 // + - . :
)

// appendDeb takes [epoch:]upstream[-revision], as deb-version(7) has it. An
// upstream version that does not begin with a digit is refused, though dpkg
// orders it with a warning.
func appendDeb(dst []byte, v string) ([]byte, Why) {
	epoch := ""
	if i := strings.IndexByte(v, ':'); i >= 0 {
		epoch, v = v[:i], v[i+1:]
		if !allDigits(epoch) {
			return dst, Form
		}
		if e := strings.TrimLeft(epoch, "0"); len(e) > 10 || len(e) == 10 && e > "2147483647" {
			return dst, TooLarge
		}
	}
	revision := ""
	if i := strings.LastIndexByte(v, '-'); i >= 0 {
		v, revision = v[:i], v[i+1:]
		if revision == "" {
			return dst, Form
		}
	}
	if v == "" || !isDigit(v[0]) {
		return dst, Form
	}
	dst = appendNum(dst, epoch)
	dst, why := appendDebPart(dst, v, true)
	if why != ok {
		return dst, why
	}
	return appendDebPart(dst, revision, false)
}

// appendDebPart appends texts and numbers by turns. A number that is not there
// is 0, so 1.0 and 1.0-0 are the same.
func appendDebPart(dst []byte, s string, upstream bool) ([]byte, Why) {
	for i := 0; ; {
		for ; i < len(s) && !isDigit(s[i]); i++ {
			switch c := s[i]; {
			case c == '~':
				dst = append(dst, debTilde)
			case 'A' <= c && c <= 'Z':
				dst = append(dst, debLetter+c-'A')
			case 'a' <= c && c <= 'z':
				dst = append(dst, debLetter+26+c-'a')
			case c == '+' || c == '.' || upstream && (c == '-' || c == ':'):
				dst = append(dst, debOther+c-'+')
			default:
				return dst, Form
			}
		}
		j := digits(s, i)
		dst = appendNum(dst, s[i:j])
		if j == len(s) {
			return append(dst, debEnd), ok
		}
		i = j
	}
}
