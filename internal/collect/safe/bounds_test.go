package safe_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
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

func TestUnpacked(t *testing.T) {
	const free = 16 << 20
	for _, tt := range []struct {
		size, packed, limit int64
		refused             bool
	}{
		{free, 1, 1 << 30, false},
		{free + 1, 1, 1 << 30, true},
		{free + 1, free / 100, 1 << 30, false},
		{free, free / 100, free - 1, true},
	} {
		n, err := io.Copy(io.Discard, safe.Unpacked(context.Background(), io.LimitReader(spaces{}, tt.size), tt.packed, tt.limit))
		if fault, ok := errors.AsType[*safe.Fault](err); ok != tt.refused || ok && fault.Mend == "" || !ok && n != tt.size {
			t.Errorf("%+v: %d bytes, %v", tt, n, err)
		}
	}
}

type spaces struct{}

func (spaces) Read(p []byte) (int, error) { return copy(p, strings.Repeat(" ", len(p))), nil }
