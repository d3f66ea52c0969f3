package native

import (
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/pkgver"
)

// bound is an end of an interval; open is the end of the line.
type bound struct {
	version string
	in      bool // the version itself is inside
	open    bool
}

type interval struct{ low, high bound }

// intervals is a set of versions: intervals that may overlap, until they are put in
// order. A version that cannot be compared makes the set unusable.
type intervals struct {
	scheme pkgver.Scheme
	list   []interval
	broken bool
}

func (s *intervals) compare(a, b string) int {
	c, err := pkgver.Compare(s.scheme, a, b)
	if err != nil {
		s.broken = true
	}
	return c
}

// compareLow orders lower bounds: one that has its version inside comes first.
func (s *intervals) compareLow(a, b bound) int {
	switch {
	case a.open || b.open:
		return btoi(b.open) - btoi(a.open)
	}
	if c := s.compare(a.version, b.version); c != 0 {
		return c
	}
	return btoi(b.in) - btoi(a.in)
}

// compareHigh orders upper bounds: one that has its version inside comes last.
func (s *intervals) compareHigh(a, b bound) int {
	switch {
	case a.open || b.open:
		return btoi(a.open) - btoi(b.open)
	}
	if c := s.compare(a.version, b.version); c != 0 {
		return c
	}
	return btoi(a.in) - btoi(b.in)
}

// touches reports whether nothing lies between an upper bound and the lower one
// that follows.
func (s *intervals) touches(high, low bound) bool {
	if high.open || low.open {
		return true
	}
	c := s.compare(low.version, high.version)
	return c < 0 || c == 0 && (low.in || high.in)
}

// empty reports whether an interval holds nothing.
func (s *intervals) empty(i interval) bool {
	if i.low.open || i.high.open {
		return false
	}
	c := s.compare(i.low.version, i.high.version)
	return c > 0 || c == 0 && !(i.low.in && i.high.in)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// ordered returns the set without overlaps.
func (s *intervals) ordered() []interval {
	list := slices.DeleteFunc(slices.Clone(s.list), s.empty)
	slices.SortFunc(list, func(a, b interval) int { return s.compareLow(a.low, b.low) })
	var out []interval
	for _, i := range list {
		if n := len(out); n > 0 && s.touches(out[n-1].high, i.low) {
			if s.compareHigh(i.high, out[n-1].high) > 0 {
				out[n-1].high = i.high
			}
			continue
		}
		out = append(out, i)
	}
	return out
}

// complement returns every version that is not in the set.
func (s intervals) complement() intervals {
	out := intervals{scheme: s.scheme}
	low := bound{open: true}
	list := s.ordered()
	for _, i := range list {
		if !i.low.open {
			out.list = append(out.list, interval{low, bound{version: i.low.version, in: !i.low.in}})
		}
		if i.high.open {
			out.broken = s.broken
			return out
		}
		low = bound{version: i.high.version, in: !i.high.in}
	}
	out.list = append(out.list, interval{low, bound{open: true}})
	out.broken = s.broken
	return out
}

// and returns what is in both.
func (s intervals) and(t intervals) intervals {
	out := intervals{scheme: s.scheme, broken: s.broken || t.broken}
	for _, a := range s.list {
		for _, b := range t.list {
			i := a
			if out.compareLow(b.low, i.low) > 0 {
				i.low = b.low
			}
			if out.compareHigh(b.high, i.high) < 0 {
				i.high = b.high
			}
			if !out.empty(i) {
				out.list = append(out.list, i)
			}
		}
	}
	return out
}

func (s intervals) minus(t intervals) intervals {
	c := t.complement()
	return s.and(c)
}

// ranges returns the set as ranges of an advisory; false where a version could not
// be compared.
func (s intervals) ranges() ([]advisory.Range, bool) {
	var out []advisory.Range
	for _, i := range s.ordered() {
		var g advisory.Range
		if !i.low.open {
			g.Introduced, g.AfterIntroduced = i.low.version, !i.low.in
		}
		if !i.high.open {
			if i.high.in {
				g.LastAffected = i.high.version
			} else {
				g.Fixed = i.high.version
			}
		}
		out = append(out, g)
	}
	return out, !s.broken
}

// maxTerms bounds a statement about versions.
const maxTerms = 200

// parseAll reads several statements of which any may hold.
func parseAll(scheme pkgver.Scheme, list []string, syntax func(string) (intervals, bool)) (intervals, bool) {
	out := intervals{scheme: scheme}
	for _, s := range list {
		one, ok := syntax(s)
		if !ok || len(out.list) > maxTerms {
			return out, false
		}
		out.list = append(out.list, one.list...)
		out.broken = out.broken || one.broken
	}
	return out, true
}

// gemSyntax reads a requirement of RubyGems: comparators that hold together, as in
// ">= 1.0, < 2" and "~> 3.2.1".
func gemSyntax(s string) (intervals, bool) {
	out := intervals{scheme: pkgver.Gem, list: []interval{{bound{open: true}, bound{open: true}}}}
	for part := range strings.SplitSeq(s, ",") {
		op, v := operator(strings.TrimSpace(part))
		if !versionLike(v) {
			return out, false
		}
		i, ok := simple(op, v)
		if op == "~>" {
			// At least this, and less than what the last part but one gives when it
			// is raised.
			parts := strings.Split(v, ".")
			for k, p := range parts { // letters begin a prerelease
				if !digits(p) {
					parts = parts[:max(k, 1)]
					break
				}
			}
			if len(parts) > 1 {
				parts = parts[:len(parts)-1]
			}
			up, isNumber := raise(parts[len(parts)-1])
			if !isNumber {
				return out, false
			}
			parts = append(slices.Clone(parts[:len(parts)-1]), up)
			i, ok = interval{bound{version: v, in: true}, bound{version: strings.Join(parts, ".")}}, true
		}
		if !ok {
			return out, false
		}
		out = out.and(intervals{scheme: pkgver.Gem, list: []interval{i}})
	}
	return out, true
}

func simple(op, v string) (interval, bool) {
	switch op {
	case ">=":
		return interval{bound{version: v, in: true}, bound{open: true}}, true
	case ">":
		return interval{bound{version: v}, bound{open: true}}, true
	case "<=":
		return interval{bound{open: true}, bound{version: v, in: true}}, true
	case "<":
		return interval{bound{open: true}, bound{version: v}}, true
	case "=", "":
		return interval{bound{version: v, in: true}, bound{version: v, in: true}}, true
	}
	return interval{}, false
}

func operator(s string) (op, rest string) {
	for _, o := range [...]string{"~>", "<=", ">=", "!=", "==", "<", ">", "=", "^", "~"} {
		if rest, ok := strings.CutPrefix(s, o); ok {
			if o == "==" {
				o = "="
			}
			return o, strings.TrimSpace(rest)
		}
	}
	return "", s
}

func versionLike(v string) bool {
	if v == "" || len(v) > 100 {
		return false
	}
	for i := range len(v) {
		c := v[i]
		if !('0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '.' || c == '-' || c == '+' || c == '*' || c == '_') {
			return false
		}
	}
	return true
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != "" && len(s) < 18
}

// raise adds one to a number.
func raise(s string) (string, bool) {
	if !digits(s) {
		return "", false
	}
	b := []byte(s)
	for i := len(b) - 1; ; i-- {
		if b[i] < '9' {
			b[i]++
			return string(b), true
		}
		b[i] = '0'
		if i == 0 {
			return "1" + string(b), true
		}
	}
}

// npmSyntax reads a range of node-semver: alternatives by ||, comparators by blanks,
// hyphens, carets, tildes, and versions with parts left open (8.x).
func npmSyntax(s string) (intervals, bool) {
	out := intervals{scheme: pkgver.SemVer}
	for alt := range strings.SplitSeq(s, "||") {
		one, ok := npmAlternative(strings.TrimSpace(alt))
		if !ok || len(out.list) > maxTerms {
			return out, false
		}
		out.list = append(out.list, one.list...)
		out.broken = out.broken || one.broken
	}
	return out, true
}

func npmAlternative(s string) (intervals, bool) {
	all := intervals{scheme: pkgver.SemVer, list: []interval{{bound{open: true}, bound{open: true}}}}
	if from, to, ok := strings.Cut(s, " - "); ok {
		s = ">=" + strings.TrimSpace(from) + " <=" + strings.TrimSpace(to)
	}
	s = strings.ReplaceAll(s, ",", " ")
	for _, o := range [...]string{"<= ", ">= ", "< ", "> ", "= ", "^ ", "~ "} {
		for strings.Contains(s, o) {
			s = strings.ReplaceAll(s, o, strings.TrimSpace(o))
		}
	}
	out := all
	for i, term := range strings.Fields(s) {
		if i > maxTerms {
			return out, false
		}
		t, ok := npmTerm(term)
		if !ok {
			return out, false
		}
		out = out.and(intervals{scheme: pkgver.SemVer, list: []interval{t}})
	}
	return out, true
}

// npmTerm reads one comparator.
func npmTerm(s string) (interval, bool) {
	op, v := operator(s)
	v = strings.TrimPrefix(strings.TrimPrefix(v, "v"), "V")
	if v == "*" || v == "x" || v == "X" || v == "latest" && op == "" {
		return interval{bound{open: true}, bound{open: true}}, v != "latest" && op != "<" && op != ">"
	}
	if !versionLike(v) {
		return interval{}, false
	}
	core, pre, _ := strings.Cut(v, "-")
	core, _, _ = strings.Cut(core, "+")
	parts := strings.Split(core, ".")
	known := 0
	for _, p := range parts {
		if p == "x" || p == "X" || p == "*" {
			break
		}
		if !digits(p) {
			return interval{}, false
		}
		known++
	}
	if known == 0 || len(parts) > 3 {
		return interval{}, false
	}
	full := func(list []string) string {
		l := slices.Clone(list)
		for len(l) < 3 {
			l = append(l, "0")
		}
		return strings.Join(l, ".")
	}
	// next is the first version beyond those that share the first n parts.
	next := func(n int) string {
		l := slices.Clone(parts[:n])
		l[n-1], _ = raise(l[n-1])
		return full(l)
	}
	low := full(parts[:known])
	if pre != "" && known == 3 {
		low += "-" + pre
	}
	from, below := bound{version: low, in: true}, func(n int) bound { return bound{version: next(n)} }
	switch op {
	case "^":
		n := 1
		for n < known && strings.Trim(parts[n-1], "0") == "" {
			n++
		}
		return interval{from, below(n)}, true
	case "~", "~>":
		return interval{from, below(min(known, 2))}, true
	case "", "=":
		if known < 3 {
			return interval{from, below(known)}, true
		}
		return interval{from, from}, true
	case ">":
		if known < 3 {
			return interval{bound{version: next(known), in: true}, bound{open: true}}, true
		}
	case "<=":
		if known < 3 {
			return interval{bound{open: true}, below(known)}, true
		}
	}
	return simple(op, low)
}
