package collecttest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/collect"
)

// Generated is a file that is made as it is read: Head, then Unit over and
// over, then Tail. It costs no memory, whatever its size. Where Unit holds the
// mark ########, it becomes the number of the unit.
type Generated struct {
	Head, Unit, Tail string
	Units            int64
}

const numberMark = "########"

// Size is the size of the file.
func (g Generated) Size() int64 {
	return int64(len(g.Head)) + g.Units*int64(len(g.Unit)) + int64(len(g.Tail))
}

// ReadAt reads a piece of the file.
func (g Generated) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	for n < len(p) {
		at := off + int64(n)
		switch body := int64(len(g.Head)) + g.Units*int64(len(g.Unit)); {
		case at < int64(len(g.Head)):
			n += copy(p[n:], g.Head[at:])
		case at < body:
			unit, in := (at-int64(len(g.Head)))/int64(len(g.Unit)), (at-int64(len(g.Head)))%int64(len(g.Unit))
			n += copy(p[n:], g.numbered(unit)[in:])
			if end := off + int64(n); end > body {
				n -= int(end - body)
			}
		case at < g.Size():
			n += copy(p[n:], g.Tail[at-body:])
		default:
			return n, io.EOF
		}
	}
	return n, nil
}

func (g Generated) numbered(n int64) string {
	if !strings.Contains(g.Unit, numberMark) {
		return g.Unit
	}
	return strings.ReplaceAll(g.Unit, numberMark, fmt.Sprintf("%08d", n))
}

// Input makes an input of the file.
func (g Generated) Input(name string) collect.Input {
	return collect.Input{Name: name, R: g, Size: g.Size(), Now: Now, Limits: collect.DefaultLimits()}
}

// Peak runs f and returns how much more memory the heap held at its fullest
// than before. It looks every few milliseconds and collects garbage often, so
// that the figure is what f keeps rather than what it has thrown away.
func Peak(f func()) int64 {
	defer debug.SetGCPercent(debug.SetGCPercent(20))
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before, most := m.HeapAlloc, m.HeapAlloc
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
			select {
			case <-stop:
				return
			case <-tick.C:
			}
		}
	})
	f()
	close(stop)
	wg.Wait()
	return int64(most) - int64(before)
}

// flood gives a whole file of 48 MB that is made of one small thing. Whether it is
// taken or refused is the importer's choice; memory and time are not.
func (s Suite) flood(t *testing.T, g Generated) {
	if testing.Short() {
		t.Skip("reads 48 MB")
	}
	const size, most = 48 << 20, time.Minute
	g.Units = size / int64(len(g.Unit))
	var p *collect.Parsed
	var err error
	start := time.Now()
	grown := Peak(func() { p, err = s.Importer.Parse(context.Background(), g.Input("flood")) })
	if err != nil {
		refused(t, "flood", err)
	} else {
		CheckBatch(t, p, g.Input("flood"))
	}
	if grown > s.heap() || time.Since(start) > most {
		t.Errorf("took %d MB and %v, want at most %d and %v", grown>>20, time.Since(start), s.heap()>>20, most)
	}
}

func (s Suite) heap() int64 {
	if s.HeapMB > 0 {
		return int64(s.HeapMB) << 20
	}
	return 64 << 20
}

func (s Suite) survive(t *testing.T, what string, in collect.Input) {
	t.Helper()
	var err error
	grown := Peak(func() { _, err = s.Importer.Parse(context.Background(), in) })
	refused(t, what, err)
	if grown > s.heap() {
		t.Errorf("%s: took %d MB, want at most %d", what, grown>>20, s.heap()>>20)
	}
}

// bombs hides the classic attacks of XML in a file of the format.
func (s Suite) bombs(t *testing.T) {
	var lol strings.Builder
	lol.WriteString("<!ENTITY l0 'lol'>")
	for i := 1; i < 10; i++ {
		lol.WriteString(fmt.Sprintf("<!ENTITY l%d '%s'>", i, strings.Repeat(fmt.Sprintf("&l%d;", i-1), 10)))
	}
	for name, c := range map[string]struct{ subset, text string }{
		"billion laughs":    {lol.String(), "&l9;"},
		"quadratic":         {"<!ENTITY q '" + strings.Repeat("q", 50_000) + "'>", strings.Repeat("&q;", 5000)},
		"external entity":   {"<!ENTITY x SYSTEM 'file:///etc/passwd'>", "&x;"},
		"external over net": {"<!ENTITY x SYSTEM 'http://127.0.0.1:9/x'>", "&x;"},
		"parameter entity":  {"<!ENTITY % p SYSTEM 'file:///etc/passwd'> %p;", ""},
		"recursive":         {"<!ENTITY a '&b;'><!ENTITY b '&a;'>", "&a;"},
	} {
		doc := fmt.Sprintf("<?xml version=\"1.0\"?>\n<!DOCTYPE %s [%s]>\n<%s>%s</%s>", s.XMLRoot, c.subset, s.XMLRoot, c.text, s.XMLRoot)
		s.survive(t, name, Input("bomb.xml", []byte(doc)))
	}
}

// endless gives a file that is one line of a gigabyte.
func (s Suite) endless(t *testing.T) {
	if testing.Short() {
		t.Skip("reads up to a gigabyte")
	}
	const size = 1 << 30
	g := Generated{Head: s.Open, Unit: strings.Repeat("a", 1<<16), Units: size / (1 << 16)}
	in := g.Input("endless")
	in.Limits.Bytes = 2 * size
	s.survive(t, "a line of a gigabyte", in)
}

// nesting gives a file that never stops opening things.
func (s Suite) nesting(t *testing.T) {
	g := Generated{Head: s.Open, Unit: s.Nest, Units: int64(64<<20) / int64(len(s.Nest))}
	s.survive(t, "endless nesting", g.Input("deep"))
}

// Fuzz is the body of a fuzz target: whatever the bytes, the importer comes
// back with a batch that is valid or with a refusal.
func Fuzz(t *testing.T, im collect.Importer, name string, data []byte) {
	in := Input(name, data)
	in.Limits = collect.Limits{Bytes: 1 << 20, Items: 10_000, Depth: 64, Field: 1 << 16, Findings: 10}
	im.Recognize(name, head(data))
	for _, on := range []collect.OnFault{collect.RefuseFile, collect.SkipRows} {
		in.OnFault = on
		p, err := im.Parse(context.Background(), in)
		if err == nil {
			CheckBatch(t, p, in)
			continue
		}
		if _, ok := errors.AsType[*collect.Refusal](err); !ok {
			t.Fatalf("neither a batch nor a refusal: %v", err)
		}
	}
}
