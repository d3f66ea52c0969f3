package app

import (
	"cmp"
	"math/rand/v2"
	"strings"
	"testing"
)

// naturalPlain compares two texts without a key: case is nothing, and numbers
// stand by their worth.
func naturalPlain(a, b string) int {
	a, b = strings.ToLower(a), strings.ToLower(b)
	for a != "" && b != "" {
		na, nb := digits(a), digits(b)
		if na > 0 && nb > 0 {
			x, y := strings.TrimLeft(a[:na], "0"), strings.TrimLeft(b[:nb], "0")
			if c := cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y)); c != 0 {
				return c
			}
			a, b = a[na:], b[nb:]
			continue
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(len(a), len(b))
}

func TestNaturalKeysAreInTheOrderOfTheTexts(t *testing.T) {
	for _, pair := range [][2]string{{"ws-9", "ws-10"}, {"WS-09", "ws-10"}, {"10.20.1.5", "10.20.1.40"}, {"a", "a1"}, {"a/1", "a1"}, {"a:1", "a:b"}, {"", "0"}} {
		if natural(pair[0], pair[1]) >= 0 {
			t.Errorf("%q does not come before %q", pair[0], pair[1])
		}
	}
	const letters = "aB0019:/-. "
	r := rand.New(rand.NewPCG(1, 2))
	text := func() string {
		b := make([]byte, r.IntN(8))
		for i := range b {
			b[i] = letters[r.IntN(len(letters))]
		}
		return string(b)
	}
	for range 200_000 {
		a, b := text(), text()
		if got, want := natural(a, b), naturalPlain(a, b); got != want {
			t.Fatalf("natural(%q, %q) = %d, want %d", a, b, got, want)
		}
	}
}
