package pkgver

import "strings"

// The schemes here have numbers alone.

const dotEnd byte = 0x01

// appendWindows takes builds and file versions: numbers with dots, where zeros
// at the end count for nothing. A build's name in parentheses is left out.
func appendWindows(dst []byte, v string) ([]byte, Why) {
	v, _, _ = strings.Cut(v, " (")
	kept := len(dst)
	for part := range strings.SplitSeq(v, ".") {
		if !allDigits(part) {
			return dst, Form
		}
		dst = appendNum(dst, part)
		if !zero(part) {
			kept = len(dst)
		}
	}
	return append(dst[:kept], dotEnd), ok
}

// appendHackage takes numbers with dots, as Data.Version orders them: 1.0 comes
// after 1. Tags are no longer part of Haskell's versions and are refused.
func appendHackage(dst []byte, v string) ([]byte, Why) {
	for part := range strings.SplitSeq(v, ".") {
		if !allDigits(part) {
			return dst, Form
		}
		dst = appendNum(dst, part)
	}
	return append(dst, dotEnd), ok
}

// appendCRAN takes numbers with dots and hyphens, which mean the same, as R's
// package_version orders them: 1.0 comes after 1.
func appendCRAN(dst []byte, v string) ([]byte, Why) {
	for i := 0; ; i++ {
		j := digits(v, i)
		if j == i {
			return dst, Form
		}
		dst = appendNum(dst, v[i:j])
		if j == len(v) {
			return append(dst, dotEnd), ok
		}
		if v[j] != '.' && v[j] != '-' {
			return dst, Form
		}
		i = j
	}
}
