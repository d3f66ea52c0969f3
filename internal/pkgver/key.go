package pkgver

import (
	"bytes"
	"strings"
)

// MaxLen is the longest version that is read, in bytes.
const MaxLen = 1024

// Compare returns -1, 0 or 1 as a is older than, the same as, or newer than b.
// An error is an *Error and says which of the two has no place in the order, and
// why; nothing is then known of their order.
func Compare(s Scheme, a, b string) (int, error) {
	var bufA, bufB [96]byte
	ka, err := AppendKey(bufA[:0], s, a)
	if err != nil {
		return 0, err
	}
	kb, err := AppendKey(bufB[:0], s, b)
	if err != nil {
		return 0, err
	}
	return bytes.Compare(ka, kb), nil
}

// AppendKey appends to dst the bytes that stand for a version: bytes.Compare of
// two keys of one scheme is the order of their versions. It allocates nothing
// where dst has room; a key is seldom longer than the version, and never longer
// than three times it plus 16. On an error, an *Error, it returns dst as it was.
//
// Blanks around the version are not part of it.
func AppendKey(dst []byte, s Scheme, v string) ([]byte, error) {
	if len(v) > MaxLen {
		return dst, &Error{Scheme: s, Version: v[:40] + "…", Why: TooLong}
	}
	t := strings.Trim(v, " \t\r\n")
	if t == "" {
		return dst, &Error{Scheme: s, Version: v, Why: Empty}
	}
	from := len(dst)
	key, why := appendKey(dst, s, t)
	if why == ok {
		return key, nil
	}
	if why == Form {
		why = reason(t)
	}
	return dst[:from], &Error{Scheme: s, Version: v, Why: why}
}

func appendKey(dst []byte, s Scheme, v string) ([]byte, Why) {
	switch s {
	case Deb:
		return appendDeb(dst, v)
	case RPM:
		return appendRPM(dst, v)
	case APK:
		return appendAPK(dst, v)
	case SemVer:
		return appendSemVer(dst, v)
	case Go:
		return appendGo(dst, v)
	case PEP440:
		return appendPEP440(dst, v)
	case Maven:
		return appendMaven(dst, v)
	case NuGet:
		return appendNuGet(dst, v)
	case Gem:
		return appendGem(dst, v)
	case Composer:
		return appendComposer(dst, v)
	case Windows:
		return appendWindows(dst, v)
	case Hackage:
		return appendHackage(dst, v)
	case CRAN:
		return appendCRAN(dst, v)
	case Julia:
		return appendJulia(dst, v)
	case Bitnami:
		return appendBitnami(dst, v)
	case Generic:
		return appendGeneric(dst, v)
	case None, count:
	}
	return dst, NoOrder
}
