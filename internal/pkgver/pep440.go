package pkgver

// Marks of Python versions, in the order of PEP 440. The mark behind the release
// tells what comes first: only a development release comes before a pre-release.
const (
	pepDev   byte = 0x01 // no pre-release and no post-release, but a development release
	pepAlpha byte = 0x02
	pepBeta  byte = 0x03
	pepRC    byte = 0x04
	pepFinal byte = 0x05
	pepEpoch byte = 0xa0

	pepNoPost byte = 0x01
	pepPost   byte = 0x02
	pepIsDev  byte = 0x01
	pepNotDev byte = 0x02

	pepLocalEnd  byte = 0x01
	pepLocalText byte = 0x02
)

// appendPEP440 takes what the specification takes, all spellings that it
// normalizes included. Versions from before it, such as 0.9-horsea, have no order
// that the tools of today agree on, and are refused.
func appendPEP440(dst []byte, v string) ([]byte, Why) {
	i := 0
	if v[0] == 'v' || v[0] == 'V' {
		i++
	}
	if j := digits(v, i); j > i && j < len(v) && v[j] == '!' {
		if !zero(v[i:j]) {
			dst = appendNum(append(dst, pepEpoch), v[i:j])
		}
		i = j + 1
	}
	dst, i = appendPEPRelease(dst, v, i)
	if i < 0 {
		return dst, Form
	}
	pre, preNum, i := pepPreRelease(v, i)
	post, postNum, i := pepPostRelease(v, i)
	dev, devNum, i := pepTag(v, i, "dev")
	switch {
	case pre != 0:
		dst = appendNum(append(dst, pre), preNum)
	case !post && dev:
		dst = append(dst, pepDev)
	default:
		dst = append(dst, pepFinal)
	}
	if post {
		dst = appendNum(append(dst, pepPost), postNum)
	} else {
		dst = append(dst, pepNoPost)
	}
	if dev {
		dst = appendNum(append(dst, pepIsDev), devNum)
	} else {
		dst = append(dst, pepNotDev)
	}
	return appendPEPLocal(dst, v[i:])
}

// appendPEPRelease appends the numbers of a release without the zeros at its end.
func appendPEPRelease(dst []byte, v string, i int) (key []byte, next int) {
	keep := len(dst)
	for first := true; ; first = false {
		j := digits(v, i)
		if j == i {
			return dst, -1
		}
		dst = appendNum(dst, v[i:j])
		if first || !zero(v[i:j]) {
			keep = len(dst)
		}
		i = j
		if i+1 >= len(v) || v[i] != '.' || !isDigit(v[i+1]) {
			return dst[:keep], i
		}
		i++
	}
}

func isPEPSep(c byte) bool { return c == '.' || c == '-' || c == '_' }

// pepTag reads an optional separator, the word, and an optional number.
func pepTag(v string, i int, word string) (found bool, num string, next int) {
	at := i
	if at < len(v) && isPEPSep(v[at]) {
		at++
	}
	if !hasFold(v[at:], word) {
		return false, "", i
	}
	at += len(word)
	n := at
	if n < len(v) && isPEPSep(v[n]) {
		n++
	}
	end := digits(v, n)
	return true, v[n:end], end // a separator may stand without a number
}

func pepPreRelease(v string, i int) (mark byte, num string, next int) {
	for _, w := range [...]struct {
		word string
		mark byte
	}{
		{"alpha", pepAlpha},
		{"beta", pepBeta},
		{"preview", pepRC},
		{"pre", pepRC},
		{"rc", pepRC},
		{"a", pepAlpha},
		{"b", pepBeta},
		{"c", pepRC},
	} {
		if found, num, next := pepTag(v, i, w.word); found {
			return w.mark, num, next
		}
	}
	return 0, "", i
}

func pepPostRelease(v string, i int) (found bool, num string, next int) {
	if i+1 < len(v) && v[i] == '-' {
		if j := digits(v, i+1); j > i+1 {
			return true, v[i+1 : j], j
		}
	}
	for _, word := range [...]string{"post", "rev", "r"} {
		if found, num, next := pepTag(v, i, word); found {
			return true, num, next
		}
	}
	return false, "", i
}

// appendPEPLocal appends the local version: numbers come after words in it, and
// one that goes on after one that ends.
func appendPEPLocal(dst []byte, s string) ([]byte, Why) {
	if s == "" {
		return dst, ok
	}
	if s[0] != '+' {
		return dst, Form
	}
	for i := 1; ; i++ {
		j := i
		for j < len(s) && isAlnum(s[j]) {
			j++
		}
		if j == i {
			return dst, Form
		}
		if allDigits(s[i:j]) {
			dst = appendNum(dst, s[i:j])
		} else {
			dst = appendLower(append(dst, pepLocalText), s[i:j])
		}
		if j == len(s) {
			return append(dst, pepLocalEnd), ok
		}
		if !isPEPSep(s[j]) {
			return dst, Form
		}
		i = j
	}
}

// hasFold reports whether s begins with a word in lower case, whatever its case.
func hasFold(s, word string) bool {
	if len(s) < len(word) {
		return false
	}
	for i := range len(word) {
		if lower(s[i]) != word[i] {
			return false
		}
	}
	return true
}
