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
		case len(id) > 1 && id[0] == '0' && allDigits(id): // NuGet refuses it too
			return dst, Form
		case allDigits(id) && !over31(id):
			dst = appendNum(dst, id)
		case id[0] == '-' && allDigits(id[1:]) && !over31(id[1:]): // int.TryParse takes a sign
			dst = appendNegative(dst, id[1:])
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

// nugNegative marks a number below zero, which comes before the others.
const nugNegative byte = 0x02

func appendNegative(dst []byte, num string) []byte {
	if zero(num) {
		return appendNum(dst, num)
	}
	from := len(dst) + 1
	dst = appendNum(append(dst, nugNegative), num)
	for i := from; i < len(dst); i++ {
		dst[i] = ^dst[i]
	}
	return dst
}
