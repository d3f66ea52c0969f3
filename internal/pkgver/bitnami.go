package pkgver

import "strings"

// appendBitnami takes Bitnami's versions: three numbers and a revision, which
// comes after the version without one.
func appendBitnami(dst []byte, v string) ([]byte, Why) {
	if v[0] == 'v' {
		v = v[1:]
	}
	dst, rest, n := appendNumbers(dst, v, 3)
	if n == 0 {
		return dst, Form
	}
	dst = pad(dst, 3-n)
	if rest == "" {
		return append(dst, numZero), ok
	}
	revision, isRevision := strings.CutPrefix(rest, "-")
	if !isRevision || !allDigits(revision) {
		return dst, Form
	}
	return appendNum(dst, revision), ok
}
