package pkgver

import "strings"

// Marks of Composer's normalized versions, in the order of PHP's version_compare.
const (
	phpDev   byte = 0x01
	phpAlpha byte = 0x02
	phpBeta  byte = 0x03
	phpRC    byte = 0x04
	phpEnd   byte = 0x05
	phpPatch byte = 0xa0 // after numbers
)

// appendComposer takes what composer/semver normalizes to numbers: versions of
// one to four numbers, dates, and numeric branches such as 1.2.x-dev. Other
// branches have no order.
func appendComposer(dst []byte, v string) ([]byte, Why) {
	if i := strings.IndexByte(v, '@'); i > 0 {
		if s := v[i+1:]; !equalFold(s, "stable") && !equalFold(s, "rc") && !equalFold(s, "beta") && !equalFold(s, "alpha") && !equalFold(s, "dev") {
			return dst, Form
		}
		v = v[:i]
	}
	if hasFold(v, "dev-") {
		return dst, Word
	}
	if i := strings.IndexByte(v, '+'); i > 0 && i+1 < len(v) {
		v = v[:i]
	}
	bare := v
	if v[0] == 'v' || v[0] == 'V' {
		bare = v[1:]
	}
	end := phpNumbers(bare)
	from := len(dst)
	numbers := 0
	switch {
	case end == 0:
		return dst, Form
	case phpClassical(bare[:end]):
		numbers = 4
	case !phpDate(bare[:end]):
		return appendPHPBranch(dst, bare)
	}
	for i := 0; i < end; i++ {
		j := digits(bare, i)
		dst = appendNum(dst, bare[i:j])
		i = j
		numbers--
	}
	if key, why := appendPHPModifier(pad(dst, numbers), bare[end:]); why == ok {
		return key, ok
	}
	return appendPHPBranch(dst[:from], bare)
}

// phpNumbers returns where the numbers end that a version begins with, with one
// of . : - between each two.
func phpNumbers(v string) int {
	i := digits(v, 0)
	for i > 0 && i+1 < len(v) && (v[i] == '.' || v[i] == ':' || v[i] == '-') && isDigit(v[i+1]) {
		i = digits(v, i+1)
	}
	return i
}

// phpClassical reports whether these are one to four numbers with dots, the first
// of five digits at most.
func phpClassical(v string) bool {
	first := digits(v, 0)
	dots := 0
	for i := first; i < len(v); i++ {
		switch {
		case v[i] == '.':
			dots++
		case !isDigit(v[i]):
			return false
		}
	}
	return first <= 5 && dots <= 3
}

// phpDate reports whether these are a date as composer/semver knows them: four
// digits, one to six groups of two, up to two groups of one to three.
func phpDate(v string) bool {
	return digits(v, 0) >= 4 && phpGroups(v[4:], 6, 2, true)
}

func phpGroups(v string, twos, rest int, first bool) bool {
	if v == "" {
		return !first
	}
	if !isDigit(v[0]) {
		v = v[1:]
	}
	n := digits(v, 0)
	if n >= 2 && twos > 0 && phpGroups(v[2:], twos-1, rest, false) {
		return true
	}
	if first || rest == 0 {
		return false
	}
	for size := 1; size <= min(n, 3); size++ {
		if phpGroups(v[size:], 0, rest-1, false) {
			return true
		}
	}
	return false
}

// appendPHPModifier appends the stability and its numbers: beta2, -RC.1-dev, p1.
func appendPHPModifier(dst []byte, s string) ([]byte, Why) {
	if s != "" && (s[0] == '.' || s[0] == '_' || s[0] == '-') {
		s = s[1:]
	}
	for _, m := range [...]struct {
		word string
		mark byte
	}{
		{"stable", phpEnd},
		{"beta", phpBeta},
		{"b", phpBeta},
		{"rc", phpRC},
		{"alpha", phpAlpha},
		{"a", phpAlpha},
		{"patch", phpPatch},
		{"pl", phpPatch},
		{"p", phpPatch},
	} {
		if !hasFold(s, m.word) {
			continue
		}
		from := len(dst)
		dst = append(dst, m.mark)
		s = s[len(m.word):]
		for s != "" {
			i := 0
			if s[0] == '.' || s[0] == '-' {
				i = 1
			}
			j := digits(s, i)
			if j == i {
				break
			}
			dst = appendNum(dst, s[i:j])
			s = s[j:]
		}
		if m.mark == phpEnd { // a stable version is the version
			dst = dst[:from]
			if s == "" || equalFold(strings.TrimLeft(s, ".-"), "dev") && len(s) <= 4 {
				return append(dst, phpEnd), ok
			}
			return dst, Form
		}
		break
	}
	if s == "" {
		return append(dst, phpEnd), ok
	}
	if s[0] == '.' || s[0] == '-' {
		s = s[1:]
	}
	if equalFold(s, "dev") {
		return append(dst, phpDev, phpEnd), ok
	}
	return dst, Form
}

// appendPHPBranch appends a numeric branch, 1.x-dev: it comes after every
// release of its line.
func appendPHPBranch(dst []byte, v string) ([]byte, Why) {
	if len(v) < 4 || !equalFold(v[len(v)-3:], "dev") {
		return dst, Form
	}
	v = v[:len(v)-3]
	if c := v[len(v)-1]; c == '.' || c == '-' {
		v = v[:len(v)-1]
	}
	n := 0
	for part := range strings.SplitSeq(v, ".") {
		switch {
		case n == 4:
			return dst, Form
		case allDigits(part):
			dst = appendNum(dst, part)
		case n > 0 && (part == "x" || part == "X" || part == "*"):
			dst = appendUint(dst, phpBranchEnd)
		default:
			return dst, Form
		}
		n++
	}
	for ; n < 4; n++ {
		dst = appendUint(dst, phpBranchEnd)
	}
	return append(dst, phpDev, phpEnd), ok
}

// phpBranchEnd is what composer/semver writes for the x of a branch.
const phpBranchEnd = 9999999
