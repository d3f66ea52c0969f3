package purl

import (
	"iter"
	"strings"

	"github.com/asepsis/asepsis/internal/errs"
)

// MaxLen is the longest package URL that is read, in bytes.
const MaxLen = 8 << 10

// P is a package URL. Its parts are decoded; where nothing was encoded they are
// slices of what was parsed, and nothing was allocated.
type P struct {
	Type      string // in lower case
	Namespace string // segments with slashes between them
	Name      string
	Version   string
	Subpath   string

	qualifiers string // as written
}

func bad(s, why string) error {
	return errs.Hint(errs.New(errs.Invalid, "%.80q is no package URL: %s", s, why), "one looks like pkg:npm/%%40angular/core@17.0.1")
}

// Parse reads a package URL as the specification says: from the right, each part
// decoded after it was cut out. An error is of kind errs.Invalid.
func Parse(s string) (P, error) {
	var p P
	if len(s) > MaxLen {
		return P{}, bad(s, "it is longer than 8,192 bytes")
	}
	rest := strings.TrimSpace(strings.ToValidUTF8(s, "\uFFFD"))
	if len(rest) < 4 || !strings.EqualFold(rest[:4], "pkg:") {
		return P{}, bad(s, "it does not begin with pkg:")
	}
	rest = strings.TrimLeft(rest[4:], "/")
	if i := strings.LastIndexByte(rest, '#'); i >= 0 {
		p.Subpath = segments(rest[i+1:], true)
		rest = rest[:i]
	}
	if i := strings.LastIndexByte(rest, '?'); i >= 0 {
		p.qualifiers = rest[i+1:]
		rest = rest[:i]
	}
	typ, path, found := strings.Cut(rest, "/")
	switch {
	case !found:
		return P{}, bad(s, "it has no name behind its type")
	case !isType(typ):
		return P{}, bad(s, "its type is made of other characters than letters, digits, dots, hyphens and plus signs")
	}
	p.Type = strings.ToLower(typ)
	path = strings.Trim(path, "/")
	if i := versionAt(path); i >= 0 {
		p.Version = strings.TrimSpace(decode(path[i+1:]))
		path = strings.TrimRight(path[:i], "/")
	}
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		p.Namespace = segments(path[:i], false)
		path = path[i+1:]
	}
	if p.Name = strings.TrimSpace(decode(path)); p.Name == "" || path[0] == '@' {
		return P{}, bad(s, "it has no name")
	}
	return p, nil
}

// versionAt returns where the @ before the version is: the last one that does
// not begin a segment, because that is the scope of an npm package.
func versionAt(path string) int {
	i := strings.LastIndexByte(path, '@')
	if i <= 0 || path[i-1] == '/' {
		return -1
	}
	return i
}

func isType(s string) bool {
	if s == "" || '0' <= s[0] && s[0] <= '9' {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c|0x20 && c|0x20 <= 'z', '0' <= c && c <= '9', c == '.', c == '-', c == '+':
		default:
			return false
		}
	}
	return true
}

// segments decodes a path. A slash that was encoded is one like any other: no
// segment can hold it. Empty segments fall away, and in a subpath those that lead
// elsewhere.
func segments(s string, sub bool) string {
	s = strings.Trim(s, "/")
	if strings.IndexByte(s, '%') < 0 && !strings.Contains(s, "//") && (!sub || strings.IndexByte(s, '.') < 0) {
		return s
	}
	var b strings.Builder
	for seg := range strings.SplitSeq(decode(s), "/") {
		if seg == "" || sub && (seg == "." || seg == "..") {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('/')
		}
		b.WriteString(seg)
	}
	return b.String()
}

// decode takes percent encoding away. A percent sign that encodes nothing stands
// for itself.
func decode(s string) string {
	i := strings.IndexByte(s, '%')
	if i < 0 {
		return s
	}
	b := make([]byte, i, len(s))
	copy(b, s)
	for ; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && unhex(s[i+1]) >= 0 && unhex(s[i+2]) >= 0 {
			b = append(b, byte(unhex(s[i+1])<<4|unhex(s[i+2])))
			i += 2
			continue
		}
		b = append(b, s[i])
	}
	return strings.ToValidUTF8(string(b), "\uFFFD")
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// Qualifier returns a qualifier by its key in lower case, "" where there is none.
func (p *P) Qualifier(key string) string {
	for rest := p.qualifiers; rest != ""; {
		var pair string
		pair, rest, _ = strings.Cut(rest, "&")
		if k, v, found := strings.Cut(pair, "="); found && strings.EqualFold(k, key) {
			return decode(v)
		}
	}
	return ""
}

// Qualifiers lists the qualifiers that have a key as it may be and a value, in the
// order they were written, keys in lower case.
func (p *P) Qualifiers() iter.Seq2[string, string] {
	return func(yield func(k, v string) bool) {
		for pair := range strings.SplitSeq(p.qualifiers, "&") {
			k, v, found := strings.Cut(pair, "=")
			if !found || v == "" || !isKey(k) {
				continue
			}
			if !yield(strings.ToLower(k), decode(v)) {
				return
			}
		}
	}
}

func isKey(k string) bool {
	for i := range len(k) {
		switch c := k[i]; {
		case 'a' <= c|0x20 && c|0x20 <= 'z', '0' <= c && c <= '9', c == '.', c == '-', c == '_':
		default:
			return false
		}
	}
	return k != ""
}
