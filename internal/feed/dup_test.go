package feed

import (
	"sync"
	"testing"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/testshared"
	"github.com/asepsis/asepsis/internal/vuln"
)

type dupPart struct {
	mu sync.Mutex
	m  map[string]int
	n  map[string]int
}

func (d *dupPart) Add(a *advisory.Advisory) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.n[a.Source]++
	d.m[a.Source+"\x00"+a.ID]++
}
func (d *dupPart) Finish(*vuln.Builder) error { return nil }

func TestDup(t *testing.T) {
	dir := testshared.Path(t, "corpora", "advisories")
	files, _ := list([]string{dir})
	l := newLedger(testNow())
	d := &dupPart{m: map[string]int{}, n: map[string]int{}}
	l.parts = []part{d}
	b := &builder{ledger: l, ctx: t.Context(), kinds: kinds(), texts: texts(testNow())}
	if err := b.readAll(files, Options{}); err != nil {
		t.Fatal(err)
	}
	dups := map[string]int{}
	shown := map[string]int{}
	for k, n := range d.m {
		if n > 1 {
			var s string
			for i := range k {
				if k[i] == 0 {
					s = k[:i]
				}
			}
			dups[s] += n - 1
			if shown[s]++; shown[s] < 4 {
				t.Logf("%q %d", k, n)
			}
		}
	}
	t.Log(dups)
}
