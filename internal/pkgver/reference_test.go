package pkgver

import (
	"errors"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"testing"

	dsemver "deps.dev/util/semver"
	npm "github.com/aquasecurity/go-npm-version/pkg"
	pep440 "github.com/aquasecurity/go-pep440-version"
	bitnami "github.com/bitnami/go-version/pkg/version"
	apk "github.com/knqyf263/go-apk-version"
	deb "github.com/knqyf263/go-deb-version"
	rpm "github.com/knqyf263/go-rpm-version"
	mvn "github.com/masahiro331/go-mvn-version"
	"golang.org/x/mod/semver"
)

var errRefused = errors.New("refused")

// reference orders two versions, or refuses one of them.
type reference func(a, b string) (int, error)

func parsed[T any](parse func(string) (T, error), compare func(a, b T) int) reference {
	return func(a, b string) (int, error) {
		x, err := parse(a)
		if err != nil {
			return 0, err
		}
		y, err := parse(b)
		if err != nil {
			return 0, err
		}
		return compare(x, y), nil
	}
}

func depsDev(s dsemver.System) reference {
	parse := func(v string) (d *dsemver.Version, err error) {
		// It panics on wildcards inside of a number, such as NuGet's 0*0.
		defer func() {
			if recover() != nil {
				err = errRefused
			}
		}()
		return s.Parse(v)
	}
	return parsed(parse, func(a, b *dsemver.Version) int { return a.Compare(b) })
}

func sign(n int) int { return min(1, max(-1, n)) }

// either leaves out pairs one of which is as the expression says.
func either(expr string) func(a, b string) bool {
	odd := regexp.MustCompile(expr)
	return func(a, b string) bool { return odd.MatchString(a) || odd.MatchString(b) }
}

// both leaves out pairs both of which are.
func both(expr string) func(a, b string) bool {
	odd := regexp.MustCompile(expr)
	return func(a, b string) bool { return odd.MatchString(a) && odd.MatchString(b) }
}

func oddMaven(expr string) func(a, b string) bool {
	more := either(expr)
	return func(a, b string) bool {
		return more(a, b) || mavenOdd.MatchString(a) || mavenOdd.MatchString(b) || mavenOld.MatchString(a) || mavenOld.MatchString(b)
	}
}

// numbers compares lists of numbers as mathematics does, cut at any of the
// separators: what Data.Version, R's package_version and Windows define. They
// have no comparator in a language that is at hand, and need none.
func numbers(separators string, trailingZeros bool) reference {
	parse := func(v string) ([]*big.Int, error) {
		var list []*big.Int
		for _, part := range strings.Split(strings.Map(func(c rune) rune {
			if strings.ContainsRune(separators, c) {
				return '.'
			}
			return c
		}, v), ".") {
			n, ok := new(big.Int).SetString(part, 10)
			if !ok || part[0] == '-' || part[0] == '+' {
				return nil, errRefused
			}
			list = append(list, n)
		}
		for !trailingZeros && len(list) > 0 && list[len(list)-1].Sign() == 0 {
			list = list[:len(list)-1]
		}
		return list, nil
	}
	return parsed(parse, func(a, b []*big.Int) int { return slices.CompareFunc(a, b, (*big.Int).Cmp) })
}

// references are comparators of other people, written in Go, and definitions.
var references = []struct {
	name    string
	scheme  Scheme
	compare reference
	// skip leaves out pairs that the reference is known to order otherwise; each
	// has a line in the comment of the package.
	skip func(a, b string) bool
}{
	{name: "go-deb-version", scheme: Deb, compare: parsed(deb.NewVersion, func(a, b deb.Version) int { return a.Compare(b) })},
	{name: "go-rpm-version", scheme: RPM, compare: func(a, b string) (int, error) {
		return rpm.NewVersion(a).Compare(rpm.NewVersion(b)), nil
	}, skip: either(`-.*-|^-|-[^0-9A-Za-z]|[^0-9].*:`)},
	{name: "go-apk-version", scheme: APK, compare: parsed(apk.NewVersion, apk.Version.Compare), skip: either(`\.0|[0-9]{10}`)},
	{name: "go-npm-version", scheme: SemVer, compare: parsed(npm.NewVersion, npm.Version.Compare), skip: either(`[.-][xX](\W|$)`)},
	{name: "deps.dev npm", scheme: SemVer, compare: depsDev(dsemver.NPM), skip: either(`[.-]-|[0-9]{19}`)},
	{name: "deps.dev cargo", scheme: SemVer, compare: depsDev(dsemver.Cargo), skip: either(`[.-]-|[.-]0[0-9]|[0-9]{19}`)},
	{name: "x/mod/semver", scheme: Go, compare: func(a, b string) (int, error) {
		a, b = "v"+strings.TrimPrefix(a, "v"), "v"+strings.TrimPrefix(b, "v")
		if !semver.IsValid(a) || !semver.IsValid(b) {
			return 0, errRefused
		}
		return semver.Compare(a, b), nil
	}},
	{name: "go-pep440-version", scheme: PEP440, compare: parsed(pep440.Parse, pep440.Version.Compare), skip: both(`\+`)},
	{name: "go-mvn-version", scheme: Maven, compare: parsed(mvn.NewVersion, mvn.Version.Compare), skip: oddMaven(`\.[A-Za-z]|^$`)},
	{name: "deps.dev Maven", scheme: Maven, compare: depsDev(dsemver.Maven), skip: oddMaven(`\.[A-Za-z]|^$|^0|\.0`)},
	{name: "deps.dev NuGet", scheme: NuGet, compare: depsDev(dsemver.NuGet)},
	{name: "lists of numbers, Windows", scheme: Windows, compare: numbers("", false)},
	{name: "lists of numbers, Hackage", scheme: Hackage, compare: numbers("", true)},
	{name: "lists of numbers, CRAN", scheme: CRAN, compare: numbers("-", true)},
	{name: "go-version of Bitnami", scheme: Bitnami, compare: parsed(bitnami.Parse, bitnami.Version.Compare), skip: either(`[.-]x`)},
}

// tally counts how a scheme and a reference stand to each other.
type tally struct {
	pairs, both, differ int
	weTake, theyTake    int // taken by one alone
	samples             []string
	theirs              []string
}

func (c *tally) count(s Scheme, a, b string, want int, refused bool) {
	got, err := Compare(s, a, b)
	c.pairs++
	switch {
	case err == nil && refused:
		c.weTake++
	case err != nil && !refused:
		c.theyTake++
		if e, ok := errors.AsType[*Error](err); ok && len(c.theirs) < 8 {
			c.theirs = append(c.theirs, e.Version)
		}
	case err == nil:
		c.both++
		if got != want {
			c.differ++
			if len(c.samples) < 12 {
				c.samples = append(c.samples, strings.Join([]string{a, b}, " ? "))
			}
		}
	}
}

func (c *tally) report(t *testing.T, name string) {
	t.Helper()
	t.Logf("%s: %d pairs, %d ordered by both, %d differ, %d taken by us alone, %d by it alone %q", name, c.pairs, c.both, c.differ, c.weTake, c.theyTake, c.theirs)
	if c.differ > 0 {
		t.Errorf("%s orders %d of %d pairs otherwise, such as %s", name, c.differ, c.both, strings.Join(c.samples, " | "))
	}
	if c.both < c.pairs/20 {
		t.Errorf("%s and we both order only %d of %d pairs: the pairs prove nothing", name, c.both, c.pairs)
	}
}

func TestReferences(t *testing.T) {
	n := pairsOf(t, 20_000)
	for _, r := range references {
		t.Run(r.name, func(t *testing.T) {
			g := newGenerator(t, r.scheme, 1)
			var c tally
			for c.pairs < n {
				a, b := g.pair()
				if r.skip != nil && r.skip(a, b) {
					continue
				}
				want, err := r.compare(a, b)
				c.count(r.scheme, a, b, sign(want), err != nil)
			}
			c.report(t, r.name)
		})
	}
}
