package pkgver

import "strings"

// appendNuGet takes what NuGet.Versioning takes: one to four numbers, each of 31
// bits, and a pre-release that has no case. A number in a pre-release that is
// larger than 31 bits is a text there, and so it is here.
func appendNuGet(dst []byte, v string) ([]byte, Why) {
	dst, rest, n := appendNumbers(dst, v, 4)
	if n == 0 {
		return dst, Form
	}
	for part := range strings.SplitSeq(v[:len(v)-len(rest)], ".") {
		if over31(part) {
			return dst, TooLarge
		}
	}
	dst = pad(dst, 4-n)
	rest, build, has := strings.Cut(rest, "+")
	if has {
		if why := identifiers(build); why != ok {
			return dst, why
		}
	}
	if rest == "" {
		return append(dst, semRelease), ok
	}
	if rest[0] != '-' {
		return dst, Form
	}
	if why := identifiers(rest[1:]); why != ok {
		return dst, why
	}
	for id := range strings.SplitSeq(rest[1:], ".") {
		switch {
		case allDigits(id) && !over31(id):
			dst = appendNum(dst, id)
		default:
			dst = append(dst, semText)
			for i := range len(id) {
				c := id[i]
				if 'a' <= c && c <= 'z' {
					c -= 'a' - 'A'
				}
				dst = append(dst, c)
			}
			dst = append(dst, 0)
		}
	}
	return append(dst, semEnd), ok
}

// over31 reports whether a number needs more than 31 bits.
func over31(s string) bool {
	s = strings.TrimLeft(s, "0")
	return len(s) > 10 || len(s) == 10 && s > "2147483647"
}
