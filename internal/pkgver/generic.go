package pkgver

import "strings"

// Marks of versions of no ecosystem.
const (
	genPre  byte = 0x01 // dev, alpha, beta, milestone, preview, rc: 0x01 … 0x06
	genEnd  byte = 0x08
	genWord byte = 0x09
)

// appendGeneric orders versions as makers of products and devices write them. Its
// rules are in the comment of the package; what they do not speak of is refused.
func appendGeneric(dst []byte, v string) ([]byte, Why) {
	for _, p := range [...]string{"version", "ver", "v"} {
		if hasFold(v, p) {
			if rest := strings.TrimLeft(v[len(p):], ". "); rest != "" && isDigit(rest[0]) {
				v = rest
				break
			}
		}
	}
	if why := checkGeneric(v); why != ok {
		return dst, why
	}
	kept := len(dst)
	for i := 0; i < len(v); {
		switch c := v[i]; {
		case isDigit(c):
			j := digits(v, i)
			dst = appendNum(dst, v[i:j])
			if !zero(v[i:j]) {
				kept = len(dst)
			}
			i = j
		case isLetter(c):
			j := letters(v, i)
			if lower(c) == 'x' && j == i+1 && (i == 0 || !isDigit(v[i-1])) && (j == len(v) || !isDigit(v[j])) {
				return dst, Range // 1.x means many
			}
			mark, word, known := genericWord(v[i:j])
			switch {
			case !known:
				return dst, Word
			case mark == genWord:
				dst = appendLower(append(dst[:kept], genWord), word)
				kept = len(dst)
			case mark != genEnd:
				dst = append(dst[:kept], mark)
				kept = len(dst)
			}
			i = j
		default:
			i++
		}
	}
	return append(dst[:kept], genEnd), ok
}

// checkGeneric refuses what is no version: a text that begins with neither a
// number nor a short word before one, a hash, a range.
func checkGeneric(v string) Why {
	first := letters(v, 0)
	at := first
	for at < len(v) && first > 0 && strings.IndexByte(".-_ ", v[at]) >= 0 {
		at++
	}
	if first > 3 || at == len(v) || !isDigit(v[at]) {
		return Form
	}
	from := 0
	for i := 0; i <= len(v); i++ {
		if i < len(v) && isAlnum(v[i]) {
			continue
		}
		if isHash(v[from:i]) {
			return Commit
		}
		from = i + 1
		if i < len(v) && strings.IndexByte(".-_+~ ()/:", v[i]) < 0 {
			return Form
		}
	}
	return ok
}

// isHash reports whether a part looks like the hash of a commit: seven and more
// hexadecimal digits, in which letters and digits change places three times.
func isHash(s string) bool {
	if s != "" && s[0] == 'g' {
		s = s[1:]
	}
	if len(s) < 7 {
		return false
	}
	changes := 0
	for i := range len(s) {
		if c := lower(s[i]); !isDigit(c) && (c < 'a' || c > 'f') {
			return false
		}
		if i > 0 && isDigit(s[i]) != isDigit(s[i-1]) {
			changes++
		}
	}
	return changes >= 3
}

// genericWord returns what a word in a version means.
func genericWord(w string) (mark byte, word string, known bool) {
	var buf [16]byte
	if len(w) > len(buf) {
		return 0, "", false
	}
	for i := range len(w) {
		buf[i] = lower(w[i])
	}
	switch string(buf[:len(w)]) {
	case "dev", "devel", "snapshot", "nightly":
		return genPre, "", true
	case "alpha":
		return genPre + 1, "", true
	case "beta":
		return genPre + 2, "", true
	case "milestone":
		return genPre + 3, "", true
	case "pre", "preview", "prerelease":
		return genPre + 4, "", true
	case "rc", "cr":
		return genPre + 5, "", true
	case "final", "ga", "release", "stable":
		return genEnd, "", true
	case "patch", "pl":
		return genWord, "p", true
	case "update":
		return genWord, "u", true
	case "hotfix":
		return genWord, "hf", true
	case "build":
		return genWord, "build", true
	}
	return genWord, w, len(w) <= 3
}
