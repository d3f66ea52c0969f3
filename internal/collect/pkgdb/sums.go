package pkgdb

import (
	"bytes"
	"encoding/hex"
	"path"
	"strings"
)

// Sum is the MD5 that a package's maker recorded for a file.
type Sum struct {
	Path string // absolute
	MD5  [16]byte
}

// ParseSums reads /var/lib/dpkg/info/NAME.md5sums. Configuration files are not
// in it: they are the administrator's to change.
func ParseSums(b []byte) []Sum {
	var ss []Sum
	for line := range bytes.Lines(b) {
		sum, name, ok := strings.Cut(strings.TrimRight(string(line), "\r\n"), "  ")
		if !ok || len(name) == 0 || len(name) > maxField {
			continue
		}
		var s Sum
		if n, err := hex.Decode(s.MD5[:min(16, hex.DecodedLen(len(sum)))], []byte(sum[:min(len(sum), 32)])); err != nil || n != 16 || len(sum) != 32 {
			continue
		}
		s.Path = path.Clean("/" + name)
		ss = append(ss, s)
	}
	return ss
}

// Change is a file that is not as its package left it.
type Change struct {
	Path string
	What string // "content", "missing"
}

// ParseVerify reads the output of rpm -V and keeps what matters to trust: a
// changed digest or a missing file that is neither configuration nor documentation.
// Lines look like "S.5....T.  c /etc/issue" and "missing     /usr/bin/x".
func ParseVerify(b []byte) (changes []Change, unreadable int) {
	for line := range bytes.Lines(b) {
		s := strings.TrimRight(string(line), "\r\n")
		flags, rest, ok := strings.Cut(s, " ")
		rest = strings.TrimSpace(rest)
		if !ok || rest == "" {
			continue
		}
		mark := ""
		if len(rest) > 2 && rest[1] == ' ' {
			mark, rest = rest[:1], strings.TrimSpace(rest[2:])
		}
		if !strings.HasPrefix(rest, "/") || strings.ContainsAny(mark, "cdglr") && mark != "" {
			continue
		}
		file, note, _ := strings.Cut(rest, " (")
		switch {
		case flags == "missing" && strings.Contains(note, "denied"):
			unreadable++
		case flags == "missing":
			changes = append(changes, Change{Path: file, What: "missing"})
		case len(flags) >= 8 && flags[2] == '5':
			changes = append(changes, Change{Path: file, What: "content"})
		case len(flags) >= 8 && flags[2] == '?':
			unreadable++
		}
	}
	return changes, unreadable
}
