package fleet

import (
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fact"
)

// memory is a storage that fails when told to, before or after the effect, and
// polices the caller.
type memory struct {
	t       testing.TB
	blobs   map[string][]byte
	records [][]byte
	steps   int // writes until it fails; negative: never
	after   bool
	down    bool
}

var errDown = errors.New("the power is out")

func (m *memory) write(effect func()) error {
	if m.down {
		m.t.Error("a write after one that failed")
		return errDown
	}
	if m.steps == 0 {
		m.down = true
		if m.after {
			effect()
		}
		return errDown
	}
	m.steps--
	effect()
	return nil
}

func (m *memory) Append(r []byte) error {
	return m.write(func() { m.records = append(m.records, slices.Clone(r)) })
}

func (m *memory) Records(f func([]byte) error) error {
	for _, r := range m.records {
		if err := f(r); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) Truncate() error { return m.write(func() { m.records = nil }) }

func (m *memory) Write(name string, data []byte) error {
	return m.write(func() { m.blobs[name] = slices.Clone(data) })
}

func (m *memory) Remove(name string) error {
	return m.write(func() { delete(m.blobs, name) })
}

func (m *memory) Read(name string) ([]byte, error) {
	b, ok := m.blobs[name]
	if !ok {
		return nil, errs.New(errs.NotFound, "no blob %s", name)
	}
	return slices.Clone(b), nil
}

func (m *memory) Names() ([]string, error) { return slices.Sorted(maps.Keys(m.blobs)), nil }

func newMemory(t testing.TB) *memory { return &memory{t: t, blobs: make(map[string][]byte), steps: -1} }

func reopen(t testing.TB, m *memory) *Index {
	t.Helper()
	m.down, m.steps = false, -1
	x, err := Open(m)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestReopen(t *testing.T) {
	m := newMemory(t)
	x := reopen(t, m)
	fill(t, x)
	s := &script{r: rand.New(rand.NewPCG(5, 6)), m: naive{}}
	feeds := []map[string]string{{"p1": "5.0.0"}, {"p1": "5.0.0", "p7": "3.0.0"}, {"p7": "4.0.0"}}
	for i := range 60 {
		s.step(t, x)
		feed := feedOf(t, feeds[i%len(feeds)])
		if _, err := x.Judge(feed); err != nil {
			t.Fatal(err)
		}
		if i%7 == 6 {
			if err := x.Checkpoint(); err != nil {
				t.Fatal(err)
			}
		}
		if i%5 == 4 {
			x = reopen(t, m)
			if x.Feed() != feed.ID() {
				t.Fatal("the feed in force is forgotten")
			}
			if changed, err := x.Judge(feed); err != nil || len(changed) != 0 {
				t.Fatalf("after opening, the same feed changes %d, %v", len(changed), err)
			}
			if d, err := x.Verify(feed, s.m.lists()); err != nil || len(d) > 0 {
				t.Fatalf("after %d steps: %v, %v", i+1, d, err)
			}
		}
	}
}

// TestCrash cuts the power before and after every single write of a checkpoint
// with changes around it, opens again, and checks everything.
// TestOtherRules checks that outcomes an earlier program kept are not believed where
// it judged by other rules, though the feed is the same.
func TestOtherRules(t *testing.T) {
	m := newMemory(t)
	x := reopen(t, m)
	fill(t, x)
	feed := feedOf(t, map[string]string{"p1": "5.0.0"})
	right, err := x.Judge(feed)
	if err != nil || len(right) == 0 {
		t.Fatalf("%d outcomes, %v", len(right), err)
	}
	x.feed = feed.ID() + " by rules 0"
	x.outcomes.of[right[0].Component] = 0
	if err := x.Checkpoint(); err != nil {
		t.Fatal(err)
	}
	x = reopen(t, m)
	if got := x.Feed(); got != "" {
		t.Errorf("the feed in force is %q, judged by other rules", got)
	}
	changed, err := x.Judge(feed)
	if err != nil || len(changed) != 1 || changed[0].Component != right[0].Component {
		t.Errorf("judged again: %v, %v", changed, err)
	}
	if x.Feed() != feed.ID() {
		t.Error("the feed is not in force")
	}
}

func TestCrash(t *testing.T) {
	feed := feedOf(t, map[string]string{"p1": "5.0.0"})
	build := func(m *memory) (*Index, *script) {
		x := reopen(t, m)
		fill(t, x)
		s := &script{r: rand.New(rand.NewPCG(7, 8)), m: naive{}}
		if _, err := x.Judge(feed); err != nil {
			t.Fatal(err)
		}
		for range 10 {
			s.step(t, x)
		}
		if err := x.Checkpoint(); err != nil {
			t.Fatal(err)
		}
		for range 30 {
			s.step(t, x)
		}
		late := fact.Component{Ecosystem: "npm", Name: "late", Version: "1"}
		id, err := x.Component(&late)
		if err != nil {
			t.Fatal(err)
		}
		s.m["late"] = map[string][]ID{"a": {id}}
		if err := x.Put("late", Asset{"a", []ID{id}}); err != nil {
			t.Fatal(err)
		}
		return x, s
	}
	for _, after := range []bool{false, true} {
		for step := 0; ; step++ {
			m := newMemory(t)
			x, s := build(m)
			m.steps, m.after = step, after
			err := x.Checkpoint()
			x = reopen(t, m)
			if d, verr := x.Verify(nil, s.m.lists()); verr != nil || len(d) > 0 {
				t.Fatalf("power out at write %d (after the effect: %t): %v, %v", step, after, d, verr)
			}
			if _, jerr := x.Judge(feed); jerr != nil {
				t.Fatal(jerr)
			}
			if d, verr := x.Verify(feed, s.m.lists()); verr != nil || len(d) > 0 {
				t.Fatalf("power out at write %d, judged: %v, %v", step, d, verr)
			}
			if err == nil {
				break
			}
		}
	}
}

// TestUnwritten checks that a change that could not be made durable did not
// happen.
func TestUnwritten(t *testing.T) {
	m := newMemory(t)
	x := reopen(t, m)
	fill(t, x)
	if err := x.Put("t", Asset{"a", []ID{1}}); err != nil {
		t.Fatal(err)
	}
	m.steps = 0
	if err := x.Put("t", Asset{"a", []ID{2}}); !errors.Is(err, errDown) {
		t.Fatalf("error %v", err)
	}
	if got := named(x, x.Holders(nil, 1)); len(got) != 1 || len(x.Holders(nil, 2)) != 0 {
		t.Errorf("holders of the old list: %v", got)
	}
}

// FuzzReplay gives the log records that nobody wrote.
func FuzzReplay(f *testing.F) {
	m := newMemory(f)
	x := reopen(f, m)
	c := component(1)
	if _, err := x.Component(&c); err != nil {
		f.Fatal(err)
	}
	if err := x.Put("t", Asset{"a", []ID{0}}); err != nil {
		f.Fatal(err)
	}
	if err := x.Load("u", []Asset{{"b", []ID{0}}}); err != nil {
		f.Fatal(err)
	}
	if _, err := x.Judge(feedOf(f, map[string]string{"p0": "5.0.0"})); err != nil {
		f.Fatal(err)
	}
	for _, r := range m.records {
		f.Add(r)
	}
	records := m.records
	f.Fuzz(func(t *testing.T, b []byte) {
		m := newMemory(t)
		m.records = append(slices.Clone(records), b)
		x, err := Open(m)
		if err != nil {
			return
		}
		x.Holders(nil, 0)
		d, err := x.Verify(nil, nil)
		for _, d := range d {
			// Segments may come in other bytes, or in another segment's place.
			if d.What != "the same lists are written in other bytes" && d.Asset == "" {
				t.Errorf("difference %s, %v", d, err)
			}
		}
	})
}
