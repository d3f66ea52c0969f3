package pkgver

import "strings"

// Marks of the part before a release, in the order of SemVer 2.0.0 section 11.
const (
	semEmpty   byte = 0x00 // an identifier without a letter; Julia has it
	semEnd     byte = 0x01 // the end of the identifiers
	semText    byte = 0xa0 // an identifier with letters, after all numbers
	semRelease byte = 0xff // no pre-release
)

// appendSemVer takes what node-semver takes in its loose mode, which npm uses
// for versions published before it was strict, and versions with fewer than three
// numbers, as tags have them: v or = before the version, leading zeros, and a
// pre-release without its hyphen. Build metadata counts for nothing.
func appendSemVer(dst []byte, v string) ([]byte, Why) {
	for v != "" && (v[0] == '=' || v[0] == 'v' || v[0] == 'V' || v[0] == ' ') {
		v = v[1:]
	}
	dst, rest, n := appendNumbers(dst, v, 3)
	if n == 0 {
		return dst, Form
	}
	dst = pad(dst, 3-n)
	return appendPre(dst, rest, true)
}

// appendNumbers appends up to most numbers with dots between them and returns
// what follows.
func appendNumbers(dst []byte, v string, most int) (key []byte, rest string, n int) {
	for n < most {
		i := digits(v, 0)
		if i == 0 {
			break
		}
		dst = appendNum(dst, v[:i])
		n++
		if n == most || i+1 >= len(v) || v[i] != '.' || !isDigit(v[i+1]) {
			return dst, v[i:], n
		}
		v = v[i+1:]
	}
	return dst, v, n
}

func pad(dst []byte, n int) []byte {
	for range n {
		dst = append(dst, numZero)
	}
	return dst
}

// appendPre appends what follows the numbers: a pre-release and build metadata.
func appendPre(dst []byte, rest string, loose bool) ([]byte, Why) {
	rest, build, has := strings.Cut(rest, "+")
	if has {
		if why := identifiers(build); why != ok {
			return dst, why
		}
	}
	if rest == "" {
		return append(dst, semRelease), ok
	}
	switch {
	case rest[0] == '-':
		rest = rest[1:]
	case !loose || !isLetter(rest[0]):
		return dst, Form
	}
	if why := identifiers(rest); why != ok {
		return dst, why
	}
	return appendIdentifiers(dst, rest), ok
}

func appendIdentifiers(dst []byte, list string) []byte {
	for id := range strings.SplitSeq(list, ".") {
		if allDigits(id) {
			dst = appendNum(dst, id)
		} else {
			dst = appendText(append(dst, semText), id)
		}
	}
	return append(dst, semEnd)
}

// identifiers checks a list of identifiers: none is empty, all are letters,
// digits and hyphens.
func identifiers(list string) Why {
	dot := true
	for i := range len(list) {
		c := list[i]
		switch {
		case c == '.':
			if dot {
				return Form
			}
			dot = true
			continue
		case !isAlnum(c) && c != '-':
			return Form
		}
		dot = false
	}
	if dot {
		return Form
	}
	return ok
}
