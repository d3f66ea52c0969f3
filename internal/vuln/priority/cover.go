package priority

import "math/bits"

// exactly is the number of updates that depend on each other up to which the fewest are
// found by trying: 2^16 sets take some milliseconds.
const exactly = 16

// cover returns as few sets as have all of their elements in them. better breaks ties.
func cover(sets [][]int, elements int, better func(a, b int) bool) []int {
	sets = dominated(sets, better)
	of := make([][]int, elements)
	for s, list := range sets {
		for _, e := range list {
			of[e] = append(of[e], s)
		}
	}
	var chosen []int
	seen := make([]bool, len(sets))
	for s := range sets {
		if seen[s] || len(sets[s]) == 0 {
			continue
		}
		seen[s] = true
		part := []int{s} // the sets that share elements with it, and so on
		for i := 0; i < len(part); i++ {
			for _, e := range sets[part[i]] {
				for _, o := range of[e] {
					if !seen[o] {
						seen[o] = true
						part = append(part, o)
					}
				}
			}
		}
		if len(part) <= exactly {
			chosen = append(chosen, fewest(part, sets, of, better)...)
		} else {
			chosen = append(chosen, greedy(part, sets, better)...)
		}
	}
	return chosen
}

// dominated empties sets that another one contains.
func dominated(sets [][]int, better func(a, b int) bool) [][]int {
	out := make([][]int, len(sets))
	first := make(map[int][]int) // sets by their elements, to compare only neighbors
	for s, list := range sets {
		for _, e := range list {
			first[e] = append(first[e], s)
		}
	}
	for s, list := range sets {
		out[s] = list
		if len(list) == 0 {
			continue
		}
		for _, o := range first[list[0]] {
			// One that was itself left out for another does not count, lest two that
			// are the same go for each other.
			if o < s && out[o] == nil {
				continue
			}
			if o != s && contains(sets[o], list) && (len(sets[o]) > len(list) || better(o, s)) {
				out[s] = nil
				break
			}
		}
	}
	return out
}

// contains reports whether sorted list a has all of sorted list b.
func contains(a, b []int) bool {
	i := 0
	for _, e := range b {
		for i < len(a) && a[i] < e {
			i++
		}
		if i == len(a) || a[i] != e {
			return false
		}
	}
	return true
}

// fewest tries all choices of a few sets.
func fewest(part []int, sets [][]int, of [][]int, better func(a, b int) bool) []int {
	at := make(map[int]int, len(part))
	for i, s := range part {
		at[s] = i
	}
	var wants []uint32 // for each element the sets that have it; one of them must be chosen
	known := make(map[uint32]bool)
	for _, s := range part {
		for _, e := range sets[s] {
			var m uint32
			for _, o := range of[e] {
				m |= 1 << at[o]
			}
			if !known[m] {
				known[m] = true
				wants = append(wants, m)
			}
		}
	}
	best := uint32(1)<<len(part) - 1
	for m := uint32(1); m < 1<<len(part); m++ {
		if n, b := bits.OnesCount32(m), bits.OnesCount32(best); n > b || n == b && !prefer(m, best, part, better) {
			continue
		}
		ok := true
		for _, w := range wants {
			if m&w == 0 {
				ok = false
				break
			}
		}
		if ok {
			best = m
		}
	}
	var out []int
	for i, s := range part {
		if best>>i&1 == 1 {
			out = append(out, s)
		}
	}
	return out
}

// prefer compares two choices of one size by the first set they differ in.
func prefer(a, b uint32, part []int, better func(a, b int) bool) bool {
	d := a ^ b
	if d == 0 {
		return false
	}
	onlyA, onlyB := a&d, b&d
	return better(part[bits.TrailingZeros32(onlyA)], part[bits.TrailingZeros32(onlyB)])
}

// greedy takes the set that adds most, again and again.
func greedy(part []int, sets [][]int, better func(a, b int) bool) []int {
	left := make(map[int]bool)
	for _, s := range part {
		for _, e := range sets[s] {
			left[e] = true
		}
	}
	var out []int
	for len(left) > 0 {
		best, most := -1, 0
		for _, s := range part {
			n := 0
			for _, e := range sets[s] {
				if left[e] {
					n++
				}
			}
			if n > most || n == most && n > 0 && better(s, best) {
				best, most = s, n
			}
		}
		for _, e := range sets[best] {
			delete(left, e)
		}
		out = append(out, best)
	}
	return out
}
