package inventory

import (
	"fmt"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/fingerprint"
)

// signs is what two lists of keys have in common. Masks have a bit for each
// type of key.
type signs struct {
	eq     uint16 // a key that both have and that tells them from all others
	common uint16 // a key that both have and that others have too, or that proves little
	diff   uint16 // both have keys of the type, and none in common
	part   uint16 // some in common, and each has one of its own
	cross  uint16 // of a type that differs: both were seen in the same period
	by     [nTypes]*keyInfo
	gap    int64 // between the times the names in common were seen; -1: no name in common
	near   bool  // the same address within addressWindow
	makers bool  // both name their maker, and not the same
	domain bool  // the same short name in different domains
}

func (s *signs) has(mask uint16, ts ...int) bool {
	for _, t := range ts {
		if mask&(1<<t) != 0 {
			return true
		}
	}
	return false
}

func (s *signs) named() bool { return s.has(s.eq|s.common, iFQDN, iName) }

func (s *signs) renamed() bool {
	return !s.named() && s.has(s.diff, iFQDN, iName)
}

// identifies reports whether a key is one of those that a device has for itself.
func identifies(i *keyInfo) bool { return i.grade > passed && i.t != iIP }

// signsOf compares two lists of keys.
func signsOf(a, b []held) signs {
	s := signs{gap: -1}
	var hasA, hasB, got, ownA uint16
	for i := range b {
		if identifies(b[i].k) {
			hasB |= 1 << b[i].k.t
		}
	}
	for i := range a {
		k := a[i].k
		bit := uint16(1) << k.t
		if identifies(k) {
			hasA |= bit
		}
		j := 0
		for j < len(b) && b[j].k != k {
			j++
		}
		if j == len(b) {
			if identifies(k) {
				ownA |= bit
			}
			continue
		}
		got |= bit
		switch k.t {
		case iIP:
			if distance(a[i], b[j]) <= addressWindow {
				s.near = true
				s.by[iIP] = k
			}
		case iName, iFQDN:
			if k.grade == useless {
				continue
			}
			s.eq |= bit
			s.by[k.t] = k
			if d := distance(a[i], b[j]); s.gap < 0 || d < s.gap {
				s.gap = d
			}
		default:
			if k.grade == useless {
				continue
			}
			if s.by[k.t] == nil || s.eq&bit == 0 {
				s.by[k.t] = k
			}
			if k.grade == passed || shared(k) {
				s.common |= bit
			} else {
				s.eq |= bit
			}
		}
	}
	s.diff = hasA & hasB &^ got
	if both := hasA & hasB & got & ownA; both != 0 {
		for i := range b {
			k := b[i].k
			if both&(1<<k.t) != 0 && identifies(k) && !holds(a, k) {
				s.part |= 1 << k.t
			}
		}
	}
	if s.diff&(1<<iMachine|1<<iName|1<<iFQDN|1<<iMAC) != 0 {
		s.cross = crossing(a, b, s.diff)
	}
	// Names are one thing, however they are written.
	if s.has(s.eq, iName) && s.has(s.diff, iFQDN) {
		s.domain = true
	}
	return s
}

func holds(hs []held, k *keyInfo) bool {
	for i := range hs {
		if hs[i].k == k {
			return true
		}
	}
	return false
}

// distance is how far apart two periods are; 0 where they touch.
func distance(a, b held) int64 {
	return max(0, a.first-b.last, b.first-a.last)
}

// crossing says of which types two lists had different keys in the same period.
// A machine that was renamed or installed anew has one after the other.
func crossing(a, b []held, diff uint16) uint16 {
	var out uint16
	for i := range a {
		if diff&(1<<a[i].k.t) == 0 {
			continue
		}
		for j := range b {
			if b[j].k.t == a[i].k.t && a[i].first < b[j].last && b[j].first < a[i].last ||
				b[j].k.t == a[i].k.t && a[i].first == a[i].last && b[j].first < a[i].first && a[i].first < b[j].last {
				out |= 1 << a[i].k.t
			}
		}
	}
	return out
}

func values(t int, hs []held) string {
	var out []string
	for _, h := range hs {
		if int(h.k.t) == t && h.k.grade > useless && len(out) < 3 {
			out = append(out, h.k.key.Value)
		}
	}
	return strings.Join(out, ", ")
}

func differing(t int, a, b []held) string {
	return fmt.Sprintf("different %s: %s and %s", plural(t), values(t, a), values(t, b))
}

func plural(t int) string {
	if t == iMAC {
		return "hardware addresses"
	}
	return said[t] + "s"
}

func onDay(us int64) string { return time.UnixMicro(us).UTC().Format("2 Jan 2006") }

// cards counts the hardware addresses of a machine's own cards.
func cards(hs []held) int {
	n := 0
	for i := range hs {
		if hs[i].k.t == iMAC && hs[i].k.grade == full && hs[i].k.mac != fingerprint.MACRandom {
			n++
		}
	}
	return n
}

// maker24 is the part of a hardware address that its maker was given.
func maker24(k asset.Key) string { return k.Value[:8] }

// otherMaker reports that two lists of makers have none in common.
func otherMaker(a, b string) bool {
	if a == "" || b == "" || a == b {
		return false
	}
	for one := range strings.SplitSeq(a, "/") {
		for other := range strings.SplitSeq(b, "/") {
			if one == other {
				return false
			}
		}
	}
	return true
}

// withMaker adds makers to a list of them.
func withMaker(list, more string) string {
	for one := range strings.SplitSeq(more, "/") {
		switch {
		case one == "", !otherMaker(list, one) && list != "":
		case list == "":
			list = one
		default:
			list += "/" + one
		}
	}
	return list
}
