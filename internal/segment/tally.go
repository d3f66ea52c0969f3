package segment

import (
	"math"
	"net/netip"
	"slices"
	"time"
)

// tally is what was seen of one service of two zones, on one side of the plan.
type tally struct {
	by          [outcomes]uint64
	scanned     uint64
	out, back   uint64
	first, last int64 // of what passed, microseconds
	tried       int64 // last of anything
	pairs       []pair
	omitted     uint64 // connections and attempts of pairs not kept
	cut         bool
}

// pair is two devices. The pairs with the lowest numbers are kept, so which are
// kept does not hang on the order of the logs, a pair that is kept was counted
// from its first record on, and the highest number tells how many there are.
type pair struct {
	rank     uint64
	from, to netip.Addr
	assets   [2]string
	passed   uint64
	others   uint64
	last     time.Time
}

// count adds n, or takes one away where n is the two's complement of 1.
func (t *tally) count(o Outcome, scan bool, n uint64) {
	if scan && o == Answered {
		t.scanned += n
		return
	}
	t.by[o] += n
}

func (t *tally) bytes(out, back uint64) { t.out, t.back = add(t.out, out), add(t.back, back) }

func (t *tally) times(o Outcome, scan bool, start, end int64) {
	t.tried = max(t.tried, end)
	if !passes(o) || scan {
		return
	}
	if t.first == 0 || start < t.first {
		t.first = start
	}
	t.last = max(t.last, end)
}

func rank(o Options, h hit) uint64 {
	who := func(name string, a netip.Addr) uint64 {
		if name == "" {
			hi, lo := halves(a)
			return mix(hi^o.Seed, lo)
		}
		n := o.Seed
		for _, c := range []byte(name) {
			n = mix(n, uint64(c))
		}
		return n
	}
	return mix(who(h.assets[0], h.from.Addr()), who(h.assets[1], h.to.Addr()))
}

func (t *tally) pair(o Options, h hit, out Outcome, scan bool) {
	k := rank(o, h)
	i, found := slices.BinarySearchFunc(t.pairs, k, byRank)
	if !found {
		if i == o.Pairs {
			t.cut = true
			t.omitted++
			return
		}
		if len(t.pairs) == o.Pairs {
			lost := t.pairs[o.Pairs-1]
			t.omitted += lost.passed + lost.others
			t.cut, t.pairs = true, t.pairs[:o.Pairs-1]
		}
		t.pairs = slices.Insert(t.pairs, i, pair{rank: k, from: h.from.Addr(), to: h.to.Addr(), assets: h.assets})
	}
	p := &t.pairs[i]
	if passes(out) && !scan {
		p.passed++
	} else {
		p.others++
	}
	if h.end.After(p.last) {
		p.last, p.from, p.to = h.end, h.from.Addr(), h.to.Addr()
	}
}

// unpair takes back what pair counted.
func (t *tally) unpair(o Options, h hit, out Outcome, scan bool) {
	i, found := slices.BinarySearchFunc(t.pairs, rank(o, h), byRank)
	switch {
	case !found:
		t.omitted = sub(t.omitted, 1)
	case passes(out) && !scan:
		t.pairs[i].passed = sub(t.pairs[i].passed, 1)
	default:
		t.pairs[i].others = sub(t.pairs[i].others, 1)
	}
}

func byRank(p pair, k uint64) int {
	switch {
	case p.rank < k:
		return -1
	case p.rank > k:
		return 1
	}
	return 0
}

// distinct is how many pairs there are: exact while all are kept, else estimated
// from how thick they lie below the highest kept (Bar-Yossef et al., 2002).
func (t *tally) distinct() uint64 {
	n := len(t.pairs)
	if !t.cut || n < 2 {
		return uint64(n)
	}
	return max(uint64(n)+1, uint64(float64(n-1)/(float64(t.pairs[n-1].rank)/math.MaxUint64)))
}
