package pkgver

import "strings"

// Marks of Alpine versions, in the order of apk-tools (src/version.c of version
// 3): where one version ends and the other goes on, the longer one is newer,
// unless it goes on with a mark of a pre-release.
const (
	apkPre      byte = 0x01 // alpha, beta, pre, rc: 0x01 … 0x04
	apkEnd      byte = 0x05
	apkRevision byte = 0x06
	apkCommit   byte = 0x07
	apkCount    byte = 0x08 // the number of a suffix
	apkPost     byte = 0x09 // cvs, svn, git, hg, p: 0x09 … 0x0d
	apkLetter   byte = 0x0e
	apkFraction byte = 0x0f // a number with a leading zero, ordered as text
)

var (
	apkPreNames  = [...]string{"alpha", "beta", "pre", "rc"}
	apkPostNames = [...]string{"cvs", "svn", "git", "hg", "p"}
)

// appendAPK takes digits{.digits}[letter]{_suffix[number]}[~hash][-r#].
func appendAPK(dst []byte, v string) ([]byte, Why) {
	i := digits(v, 0)
	if i == 0 {
		return dst, Form
	}
	dst = appendNum(dst, v[:i])
	for i < len(v) && v[i] == '.' {
		j := digits(v, i+1)
		if j == i+1 {
			return dst, Form
		}
		if v[i+1] == '0' {
			dst = appendText(append(dst, apkFraction), v[i+1:j])
		} else {
			dst = appendNum(dst, v[i+1:j])
		}
		i = j
	}
	if i < len(v) && 'a' <= v[i] && v[i] <= 'z' {
		dst = append(dst, apkLetter, v[i])
		i++
	}
	for i < len(v) && v[i] == '_' {
		j := letters(v, i+1)
		mark := apkSuffix(v[i+1 : j])
		if mark == 0 {
			return dst, Form
		}
		dst = append(dst, mark)
		if i = digits(v, j); i > j {
			dst = appendNum(append(dst, apkCount), v[j:i])
		}
	}
	if i < len(v) && v[i] == '~' {
		j := i + 1
		for j < len(v) && (isDigit(v[j]) || 'a' <= v[j] && v[j] <= 'f') {
			j++
		}
		if j == i+1 {
			return dst, Form
		}
		dst = appendText(append(dst, apkCommit), v[i+1:j])
		i = j
	}
	if strings.HasPrefix(v[i:], "-r") {
		j := digits(v, i+2)
		if j == i+2 {
			return dst, Form
		}
		dst = appendNum(append(dst, apkRevision), v[i+2:j])
		i = j
	}
	if i < len(v) {
		return dst, Form
	}
	return append(dst, apkEnd), ok
}

func apkSuffix(s string) byte {
	for i, n := range apkPreNames {
		if s == n {
			return apkPre + byte(i)
		}
	}
	for i, n := range apkPostNames {
		if s == n {
			return apkPost + byte(i)
		}
	}
	return 0
}
