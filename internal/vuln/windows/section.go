package windows

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/vuln"
)

// Section is the name of the section in the feed file.
const Section = "windows"

// The section is a version byte, then lists that refer to each other by place: texts of
// components and builds, updates with what they replace, flaws with their day and
// severity, sets of flaws, products with their rows. Sorted texts share their beginning
// with the one before; numbers are varints; sorted numbers are differences. A row is an
// update of a product and component with the number of its set of flaws: the sets of two
// editions of Windows are mostly the same, and are kept once.
const sectionVersion = 1

// Limits of what is compiled and read.
const (
	maxText  = 300
	maxCount = 4 << 20
)

// Compiler collects Microsoft's updates from advisories. Its methods may be called at
// once from many goroutines.
type Compiler struct {
	mu    sync.Mutex
	flaws map[string]flawInfo
	rows  map[rowKey]map[string]struct{} // flaws
	over  map[string]map[string]struct{} // what an update replaces
}

type flawInfo struct {
	at       time.Time
	severity string
}

type rowKey struct{ product, component, kb, build string }

// NewCompiler returns an empty compiler.
func NewCompiler() *Compiler {
	return &Compiler{flaws: make(map[string]flawInfo), rows: make(map[rowKey]map[string]struct{}), over: make(map[string]map[string]struct{})}
}

// Add takes the updates of an advisory; others it leaves alone. It keeps nothing of a.
func (c *Compiler) Add(a *advisory.Advisory) {
	if !a.Withdrawn.IsZero() || !slices.ContainsFunc(a.Products, func(p advisory.Product) bool { return p.Windows != nil }) {
		return
	}
	severity := ""
	for _, s := range a.Scores {
		severity = cmp.Or(severity, s.Severity)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range a.Flaws() {
		id = short(id)
		f := c.flaws[id]
		if f.at.IsZero() || !a.Published.IsZero() && a.Published.Before(f.at) {
			f.at = a.Published
		}
		f.severity = cmp.Or(f.severity, short(severity))
		c.flaws[id] = f
		for i := range a.Products {
			w := a.Products[i].Windows
			if w == nil || w.Product == "" {
				continue
			}
			k := rowKey{short(fold(w.Product)), short(w.Component), short(KB(w.KB)), short(w.FixedBuild)}
			if c.rows[k] == nil {
				c.rows[k] = make(map[string]struct{})
			}
			c.rows[k][id] = struct{}{}
			for _, old := range w.Supersedes {
				if old = short(KB(old)); k.kb != "" && old != "" && old != k.kb {
					if c.over[k.kb] == nil {
						c.over[k.kb] = make(map[string]struct{})
					}
					c.over[k.kb][old] = struct{}{}
				}
			}
		}
	}
}

// Finish adds the section, if there is anything in it.
func (c *Compiler) Finish(b *vuln.Builder) error {
	data := c.Encode()
	if data == nil {
		return nil
	}
	return b.Add(Section, data)
}

// Encode returns the section, or nil where no update was added. The same advisories
// give the same bytes, in whatever order they came.
func (c *Compiler) Encode() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.rows) == 0 {
		return nil
	}
	texts, kbs := map[string]int{"": 0}, map[string]int{}
	for k := range c.rows {
		texts[k.component], texts[k.build] = 0, 0
		if k.kb != "" {
			kbs[k.kb] = 0
		}
	}
	for kb, old := range c.over {
		kbs[kb] = 0
		for o := range old {
			kbs[o] = 0
		}
	}
	flaws := make(map[string]int, len(c.flaws))
	for id := range c.flaws {
		flaws[id] = 0
	}
	b := []byte{sectionVersion}
	b, _ = appendSorted(b, texts)
	b, kbNames := appendSorted(b, kbs)
	for _, kb := range kbNames {
		b = appendNumbers(b, places(c.over[kb], kbs))
	}
	b, ids := appendSorted(b, flaws)
	for _, id := range ids {
		f := c.flaws[id]
		b = binary.AppendUvarint(b, dayOf(f.at))
		b = append(b, byte(max(slices.Index(severities[:], f.severity), 0)))
	}
	sets, setOf := make(map[string]int), make(map[rowKey]int)
	var setList []string
	products := make(map[string][]rowKey)
	keys := make([]rowKey, 0, len(c.rows))
	for k := range c.rows {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(x, y rowKey) int {
		return cmp.Or(cmp.Compare(x.product, y.product), cmp.Compare(x.kb, y.kb), cmp.Compare(x.component, y.component), cmp.Compare(x.build, y.build))
	})
	for _, k := range keys {
		s := string(appendNumbers(nil, places(c.rows[k], flaws)))
		n, ok := sets[s]
		if !ok {
			n = len(setList)
			sets[s] = n
			setList = append(setList, s)
		}
		setOf[k] = n
		products[k.product] = append(products[k.product], k)
	}
	b = binary.AppendUvarint(b, uint64(len(setList)))
	for _, s := range setList {
		b = append(b, s...)
	}
	names := make(map[string]int, len(products))
	for p := range products {
		names[p] = 0
	}
	b, list := appendSorted(b, names)
	for _, p := range list {
		b = binary.AppendUvarint(b, uint64(len(products[p])))
		for _, k := range products[p] {
			kb := 0
			if k.kb != "" {
				kb = kbs[k.kb] + 1
			}
			for _, n := range [...]int{kb, texts[k.component], texts[k.build], setOf[k]} {
				b = binary.AppendUvarint(b, uint64(n))
			}
		}
	}
	return b
}

// short cuts a text that no real table holds.
func short(s string) string {
	if len(s) > maxText {
		return strings.ToValidUTF8(s[:maxText], "")
	}
	return s
}

var severities = [...]string{"", "critical", "important", "moderate", "low"}

const dayZero = 631152000 // 1990-01-01

func dayOf(t time.Time) uint64 {
	if d := (t.Unix() - dayZero) / 86400; !t.IsZero() && d > 0 {
		return uint64(d)
	}
	return 0
}

func timeOf(day uint64) time.Time {
	if day == 0 || day > 100_000 {
		return time.Time{}
	}
	return time.Unix(int64(day)*86400+dayZero, 0).UTC()
}

// appendSorted writes the keys in order and notes the place of each.
func appendSorted(b []byte, m map[string]int) ([]byte, []string) {
	list := make([]string, 0, len(m))
	for s := range m {
		list = append(list, s)
	}
	slices.Sort(list)
	b = binary.AppendUvarint(b, uint64(len(list)))
	last := ""
	for i, s := range list {
		m[s] = i
		n := 0
		for n < len(s) && n < len(last) && s[n] == last[n] {
			n++
		}
		b = binary.AppendUvarint(binary.AppendUvarint(b, uint64(n)), uint64(len(s)-n))
		b = append(b, s[n:]...)
		last = s
	}
	return b, list
}

func places(set map[string]struct{}, at map[string]int) []int {
	list := make([]int, 0, len(set))
	for s := range set {
		list = append(list, at[s])
	}
	slices.Sort(list)
	return list
}

func appendNumbers(b []byte, sorted []int) []byte {
	b = binary.AppendUvarint(b, uint64(len(sorted)))
	last := 0
	for _, n := range sorted {
		b = binary.AppendUvarint(b, uint64(n-last))
		last = n
	}
	return b
}

// reader reads what the compiler wrote, whatever the bytes. Once it failed it gives
// zeros.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) number() int {
	n, w := binary.Uvarint(r.b)
	if r.bad || w <= 0 || n > maxCount {
		r.bad = true
		return 0
	}
	r.b = r.b[w:]
	return int(n)
}

// count reads the length of a list whose items take a byte each at the least.
func (r *reader) count() int {
	n := r.number()
	if n > len(r.b) {
		r.bad = true
		return 0
	}
	return n
}

// below reads the place of something in a list of n.
func (r *reader) below(n int) int {
	i := r.number()
	if i >= n {
		r.bad = true
		return 0
	}
	return i
}

// sorted reads texts, each of which must come after the one before: they are searched
// by halves.
func (r *reader) sorted() []string {
	n := r.count()
	list := make([]string, 0, n)
	last := ""
	for i := range n {
		same, more := r.number(), r.number()
		if r.bad || same > len(last) || more > len(r.b) || same+more > maxText {
			r.bad = true
			return nil
		}
		next := last[:same] + string(r.b[:more])
		if i > 0 && next <= last {
			r.bad = true
			return nil
		}
		last, r.b = next, r.b[more:]
		list = append(list, last)
	}
	return list
}

func (r *reader) numbers(below int) []uint32 {
	n := r.count()
	list := make([]uint32, 0, n)
	last := 0
	for range n {
		last += r.number()
		if r.bad || last >= below {
			r.bad = true
			return nil
		}
		list = append(list, uint32(last))
	}
	return list
}

var errDamaged = errs.Hint(errs.New(errs.Invalid, "the table of Windows updates in the feed file is damaged"), "fetch or build it again")
