package pkgver

import "strings"

// Marks of the builds of Julia versions, which take part in its order: none
// comes before any.
const juliaBuild byte = 0x01

// appendJulia takes what Julia's VersionNumber takes: one to three numbers, a
// pre-release and a build. Unlike in SemVer a build counts: binary packages tell
// rebuilds apart by it.
func appendJulia(dst []byte, v string) ([]byte, Why) {
	if v[0] == 'v' || v[0] == 'V' {
		v = v[1:]
	}
	dst, rest, n := appendNumbers(dst, v, 3)
	if n == 0 {
		return dst, Form
	}
	dst = pad(dst, 3-n)
	pre, build, built := strings.Cut(rest, "+")
	switch {
	case pre == "":
		dst = append(dst, semRelease)
	case pre == "-": // before every other pre-release
		dst = append(dst, semEmpty, semEnd)
	default:
		if pre[0] == '-' {
			pre = pre[1:]
		} else if !isLetter(pre[0]) {
			return dst, Form
		}
		if why := identifiers(pre); why != ok {
			return dst, why
		}
		dst = appendIdentifiers(dst, pre)
	}
	switch {
	case !built:
		return dst, ok
	case build == "":
		return append(dst, juliaBuild, semEmpty, semEnd), ok
	}
	if why := identifiers(build); why != ok {
		return dst, why
	}
	return appendIdentifiers(append(dst, juliaBuild), build), ok
}
