package safe_test

import (
	"slices"
	"testing"

	"github.com/asepsis/asepsis/internal/collect/safe"
)

func TestAddOnce(t *testing.T) {
	for _, n := range []int{1, 63, 64, 65, 200_000} {
		var list, want []int
		var seen map[int]bool
		for i := range 2 * n {
			list = safe.AddOnce(list, &seen, i%n)
		}
		for i := range n {
			want = append(want, i)
		}
		if !slices.Equal(list, want) {
			t.Errorf("%d values, each twice, give a list of %d", n, len(list))
		}
	}
}
