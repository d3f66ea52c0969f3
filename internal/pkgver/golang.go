package pkgver

import "strings"

// appendGo takes versions of modules, with or without their v, and of the tool
// chain: go1.21rc2 is what the vulnerability database calls 1.21.0-rc.2. The
// order is SemVer's, so pseudo-versions come before the release they lead to.
func appendGo(dst []byte, v string) ([]byte, Why) {
	if v[0] == 'v' {
		v = v[1:]
	} else {
		v = strings.TrimPrefix(v, "go")
	}
	dst, rest, n := appendNumbers(dst, v, 3)
	if n == 0 {
		if strings.HasPrefix(v, "(devel") {
			return dst, Word
		}
		return dst, Form
	}
	dst = pad(dst, 3-n)
	if rest != "" && isLetter(rest[0]) {
		i := letters(rest, 0)
		if word := rest[:i]; word == "rc" || word == "beta" {
			if j := digits(rest, i); j > i && j == len(rest) {
				dst = appendText(append(dst, semText), word)
				return append(appendNum(dst, rest[i:j]), semEnd), ok
			}
		}
		return dst, Form
	}
	if rest != "" && n < 3 { // Go takes no v1-pre
		return dst, Form
	}
	return appendPre(dst, rest, false)
}
