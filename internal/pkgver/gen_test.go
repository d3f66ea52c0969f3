package pkgver

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

// pieces are what versions of a scheme are put together from. What comes out is
// right often enough to be ordered, and wrong often enough to try refusals.
var pieces = map[Scheme][]string{
	Deb:      {".", ".", "-", "+", "~", ":", "a", "b", "Z", "rc", "dfsg", "~~", "deb12u", "+b", "ubuntu", "git"},
	RPM:      {".", ".", "-", "~", "^", "_", "a", "b", "Z", "rc", "el8", ".el9_2", "+", "git", "alpha"},
	APK:      {".", ".", "-r", "-r", "_alpha", "_beta", "_pre", "_rc", "_p", "_git", "_cvs", "_svn", "_hg", "a", "b", "~1a2b"},
	SemVer:   {".", ".", ".", "-", "-alpha.", "-beta.", "-rc.", "+", "+build.", "a", "B", "-x-", ".0"},
	Go:       {".", ".", ".", "-", "-rc.", "-0.20191109021931-daa7c04131f5", "-20200622213623-75b288015ac9", "+incompatible", "-pre", "a"},
	PEP440:   {".", ".", "a", "b", "rc", "c", ".dev", ".post", "-", "_", "alpha", "-beta.", "preview", "rev", "r", "+local.", "+", "!", "-r.", "POST"},
	Maven:    {".", ".", "-", "-alpha-", "-beta", "-rc", "-m", ".Final", ".GA", "-SNAPSHOT", "a", "-sp", "-jre", ".RELEASE", "-cr", "x", "b"},
	NuGet:    {".", ".", ".", "-", "-alpha.", "-Beta", "-rc.", "+meta", "A", "b", "-preview."},
	Gem:      {".", ".", ".", "-", "a", "b", ".pre", ".rc", ".beta.", ".x", "Z", ".0"},
	Composer: {".", ".", ".", "-", "-beta", "-RC", "-alpha.", "-dev", ".x-dev", "-p", "pl", "-patch", "a", "b", "_", "@dev", "-stable", "+x"},
	Bitnami:  {".", ".", "-", "-rc.", "+x", "-a", "-x."},
	Windows:  {"."}, Hackage: {"."}, CRAN: {".", "-"},
	Julia:   {".", ".", "-", "-rc", "+", "-alpha.", "+a.", "rc"},
	Generic: {".", ".", "-", "_", " ", "a", "b", "p", "rc", "-beta", "SP", " build ", "(", ")", "R"},
}

// generator makes pairs of versions, most of them near each other.
type generator struct {
	rnd  *rand.Rand
	s    Scheme
	seen []string
}

func newGenerator(t testing.TB, s Scheme, seed uint64) *generator {
	g := &generator{rnd: rand.New(rand.NewPCG(seed, uint64(s))), s: s} //nolint:gosec // tests want the same numbers again
	for name, of := range vectorFiles {
		if of == s {
			vectors(t, name, func(_ int, a, _, b string) {
				for _, v := range []string{a, b} {
					if v != "" && len(v) < 60 && !strings.ContainsAny(v, "\t\\") && isASCII(v) {
						g.seen = append(g.seen, v)
					}
				}
			})
		}
	}
	return g
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x7f {
			return false
		}
	}
	return true
}

func (g *generator) number() string {
	switch g.rnd.IntN(12) {
	case 0:
		return "0"
	case 1:
		return "0" + strconv.Itoa(g.rnd.IntN(20))
	case 2:
		return strconv.Itoa(g.rnd.IntN(300))
	case 3:
		return strconv.FormatInt(g.rnd.Int64N(1<<31), 10)
	}
	return strconv.Itoa(g.rnd.IntN(4))
}

func (g *generator) version() string {
	if g.rnd.IntN(3) == 0 {
		return g.seen[g.rnd.IntN(len(g.seen))]
	}
	var b strings.Builder
	b.WriteString(g.number())
	if (g.s == SemVer || g.s == Go || g.s == Bitnami) && g.rnd.IntN(4) > 0 { // they want three
		b.WriteString("." + strconv.Itoa(g.rnd.IntN(12)) + "." + strconv.Itoa(g.rnd.IntN(12)))
	}
	for range g.rnd.IntN(6) {
		list := pieces[g.s]
		b.WriteString(list[g.rnd.IntN(len(list))])
		if g.rnd.IntN(5) > 0 {
			b.WriteString(g.number())
		}
	}
	return b.String()
}

// near changes a version a little.
func (g *generator) near(v string) string {
	at := g.rnd.IntN(len(v) + 1)
	list := pieces[g.s]
	switch g.rnd.IntN(6) {
	case 0:
		return v[:at] + list[g.rnd.IntN(len(list))] + v[at:]
	case 1:
		return v[:at] + g.number() + v[at:]
	case 2:
		if at < len(v) {
			return v[:at] + v[at+1:]
		}
	case 3:
		return v + list[g.rnd.IntN(len(list))] + g.number()
	case 4:
		return v + ".0"
	}
	if at < len(v) && isDigit(v[at]) {
		return v[:at] + strconv.Itoa(g.rnd.IntN(10)) + v[at+1:]
	}
	return v[:at]
}

func (g *generator) pair() (a, b string) {
	a = g.version()
	if g.rnd.IntN(4) == 0 {
		return a, g.version()
	}
	b = g.near(a)
	if g.rnd.IntN(3) == 0 && b != "" {
		b = g.near(b)
	}
	if g.rnd.IntN(2) == 0 {
		return b, a
	}
	return a, b
}
