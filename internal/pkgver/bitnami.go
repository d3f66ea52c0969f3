package pkgver

import "strings"

// appendBitnami takes Bitnami's versions: three numbers, and behind a hyphen a
// revision, which comes after the version without one, whatever it says. Build
// metadata counts for nothing.
func appendBitnami(dst []byte, v string) ([]byte, Why) {
	dst, rest, n := appendNumbers(dst, v, 3)
	if n == 0 {
		return dst, Form
	}
	dst = pad(dst, 3-n)
	rest, build, has := strings.Cut(rest, "+")
	if has {
		if why := identifiers(build); why != ok {
			return dst, why
		}
	}
	if rest == "" {
		return dst, ok
	}
	if rest[0] != '-' {
		return dst, Form
	}
	if why := identifiers(rest[1:]); why != ok {
		return dst, why
	}
	return appendIdentifiers(dst, rest[1:]), ok
}
