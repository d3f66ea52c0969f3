package pkgver

import "strings"

// Marks of RPM versions, in the order of rpmvercmp (rpmio/rpmvercmp.c): a tilde
// comes before everything, a caret only behind the end, letters before numbers.
const (
	rpmTilde byte = 0x01
	rpmEnd   byte = 0x02
	rpmCaret byte = 0x03
	rpmText  byte = 0x04
)

// appendRPM takes [epoch:]version[-release]. No epoch is epoch 0; a version
// without a release comes before the same with one.
func appendRPM(dst []byte, v string) ([]byte, Why) {
	for i := range len(v) {
		if v[i] <= ' ' || v[i] >= 0x7f {
			return dst, Character
		}
	}
	epoch := ""
	if i := digits(v, 0); i < len(v) && v[i] == ':' {
		epoch, v = v[:i], v[i+1:]
	}
	release, released := "", false
	if i := strings.LastIndexByte(v, '-'); i >= 0 {
		v, release, released = v[:i], v[i+1:], true
	}
	if letters(v, 0) == 0 && strings.IndexFunc(v, func(r rune) bool { return r < 0x7f && isAlnum(byte(r)) }) < 0 || released && release == "" {
		return dst, Form
	}
	dst = appendNum(dst, epoch)
	dst = appendRPMPart(dst, v)
	if !released {
		return append(dst, 0), ok
	}
	return appendRPMPart(append(dst, 1), release), ok
}

func appendRPMPart(dst []byte, s string) []byte {
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '~':
			dst = append(dst, rpmTilde)
			i++
		case c == '^':
			dst = append(dst, rpmCaret)
			i++
		case isDigit(c):
			j := digits(s, i)
			dst = appendNum(dst, s[i:j])
			i = j
		case isLetter(c):
			j := letters(s, i)
			dst = appendText(append(dst, rpmText), s[i:j])
			i = j
		default: // anything else separates, and counts for nothing
			i++
		}
	}
	return append(dst, rpmEnd)
}
