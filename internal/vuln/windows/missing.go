package windows

import (
	"cmp"
	"math/bits"
	"slices"
)

// updates returns few updates that mend all that is wanted: each time the one that mends
// most of what is left, by itself and by what it replaces, the newer of two. A monthly
// rollup so stands for all before it and for the security-only updates of its months.
func (j *judging) updates() []Update {
	of := make(map[uint32][]int) // wants by update
	for i := range j.wants {
		for _, kb := range j.wants[i].kbs {
			of[kb] = append(of[kb], i)
		}
	}
	kbs := make([]uint32, 0, len(of))
	for kb := range of {
		kbs = append(kbs, kb)
	}
	// Later numbers first, and a fixed order.
	slices.SortFunc(kbs, func(a, b uint32) int {
		x, y := j.t.kbs[a], j.t.kbs[b]
		return cmp.Or(-cmp.Compare(len(x), len(y)), -cmp.Compare(x, y))
	})
	size := (len(j.wants) + 63) / 64
	covers, reaches := make([][]uint64, len(kbs)), make([][]bool, len(kbs))
	for i, kb := range kbs {
		reach := make([]bool, len(j.t.kbs))
		reach[kb] = true
		j.t.spread(reach, []uint32{kb})
		covers[i], reaches[i] = make([]uint64, size), reach
		for o, list := range of {
			if reach[o] {
				for _, w := range list {
					covers[i][w/64] |= 1 << (w % 64)
				}
			}
		}
	}
	left := make([]uint64, size)
	for w := range j.wants {
		left[w/64] |= 1 << (w % 64)
	}
	var out []Update
	for {
		best, most := -1, 0
		for i := range kbs {
			n := 0
			for k, m := range covers[i] {
				n += bits.OnesCount64(m & left[k])
			}
			if n > most {
				best, most = i, n
			}
		}
		if best < 0 {
			break
		}
		u := Update{KB: j.t.kbs[kbs[best]]}
		for w := range j.wants {
			if covers[best][w/64]&left[w/64]>>(w%64)&1 == 1 {
				u.Flaws = append(u.Flaws, j.t.flaws[j.wants[w].flaw])
			}
		}
		for k := range left {
			left[k] &^= covers[best][k]
		}
		for i, kb := range kbs {
			if i != best && reaches[best][kb] {
				u.Others = append(u.Others, j.t.kbs[kb])
			}
		}
		slices.Sort(u.Flaws)
		u.Flaws = slices.Compact(u.Flaws)
		out = append(out, u)
	}
	slices.SortFunc(out, func(a, b Update) int {
		return cmp.Or(-cmp.Compare(len(a.KB), len(b.KB)), -cmp.Compare(a.KB, b.KB))
	})
	return out
}
