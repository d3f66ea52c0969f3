package inventory

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/fingerprint"
)

// verdict is what comparing a sighting with what is known comes to.
type verdict uint8

const (
	different verdict = iota // nothing joins them, or something tells them apart
	doubtful                 // a person has to say
	same
)

const (
	second int64 = 1_000_000
	hour         = 3600 * second
	day          = 24 * hour

	// An address is evidence only near in time: a lease of a day is usual, and
	// what was seen there a day before or after may be another device.
	addressWindow = 24 * hour
	// A device of which nothing but an address is known is found again by it for
	// as long as scans usually take to come back.
	loneAddressWindow = 35 * day
	// An address that a list gives for a device was set by hand, as for pumps and
	// servers; lists are brought once a year.
	fixedAddressWindow = 400 * day
	// The cards of one machine are seen under its name within days.
	cardsWindow = 14 * day
	// Names are given again when machines are replaced, after years.
	nameWindow = 180 * day
	// More cards than these under one name are several devices with one name.
	mostCards = 3
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

// judge weighs what a sighting and a group have in common. A list that names
// the group a second time in one delivery means two devices, unless that was
// settled before: then each has its record.
func (w *World) judge(s *signs, v *view, g *group) verdict {
	out := s.judged(v, g)
	switch {
	case out == different:
	case g.continues(v, w.batch):
		out = same // the source saw the same before; that was judged then
	case g.batch == w.batch && !v.address:
		out = doubtful
	}
	return out
}

// judged weighs without regard to what the sighting's own stream saw before.
func (s *signs) judged(v *view, g *group) verdict {
	macs := v.macs
	switch {
	case s.has(s.eq, iCloud):
		return same
	case s.has(s.diff, iCloud):
		return different
	case s.has(s.eq, iUDI):
		if s.has(s.diff, iSerial) {
			return doubtful
		}
		return same
	case s.has(s.diff, iUDI) && !s.has(s.eq, iSerial):
		return different
	case s.has(s.eq, iSerial):
		short := s.by[iSerial].grade == weak
		supported := s.has(s.eq|s.common, iMachine, iMAC, iTag, iName, iFQDN) || v.maker != "" && g.maker != "" && !otherMaker(v.maker, g.maker)
		switch {
		case s.makers, s.has(s.diff, iUDI), short && !supported:
			return doubtful
		case s.has(s.diff, iMachine) && s.has(s.diff, iMAC) && s.has(s.cross, iMachine, iMAC):
			return doubtful // seen by turns as two machines
		}
		return same
	case s.has(s.diff, iSerial):
		if s.has(s.eq, iTag) || s.has(s.eq, iMachine) && s.has(s.eq, iMAC) && s.named() {
			return doubtful // a number that was read wrong, or that two sources read elsewhere
		}
		return different // a clone by its machine id, a dock by its hardware address
	case s.has(s.eq, iMachine):
		switch {
		case s.has(s.eq, iMAC):
			return same
		case s.has(s.diff, iMAC) && (s.renamed() || s.has(s.part, iMachine)):
			return different // a clone
		case s.has(s.diff, iMAC) && !s.named(), s.has(s.part, iMachine), s.renamed() && s.has(s.cross, iName, iFQDN):
			return doubtful
		}
		return same
	case s.has(s.eq, iMAC):
		switch {
		case s.has(s.diff, iTag):
			return doubtful
		case s.named():
			return same
		case s.renamed() && s.has(s.cross, iName, iFQDN):
			return different // passed to and fro: a dock
		case s.renamed() && macs > 1 && !s.has(s.diff, iMachine):
			return different // a machine with more cards than the one: likely a dock
		case s.has(s.diff, iMachine) && s.has(s.part, iMAC):
			return different // two machines, each with a card of its own
		case s.has(s.cross, iMachine):
			return different
		}
		return same
	case s.has(s.eq, iTag):
		short := s.by[iTag].grade == weak
		switch {
		case s.has(s.diff, iMAC) && (s.renamed() || s.has(s.diff, iMachine)), short && !s.named(), s.makers:
			return doubtful
		}
		return same
	}
	return s.supported(v, g)
}

// supported decides where the keys in common are also held by others, or pass
// from device to device: then a name or the address at the time decides, or
// that the same source saw the very same before.
func (s *signs) supported(v *view, g *group) verdict {
	if s.common == 0 || s.has(s.diff, iMachine) || s.renamed() || s.makers {
		return different
	}
	if s.has(s.diff, iMAC) && s.has(s.common, iMachine, iSerial) {
		return different
	}
	if s.named() || s.near && !s.has(s.diff, iMAC) {
		return same
	}
	if g.continues(v, -1) {
		return same
	}
	return different
}

// continues reports that the sighting's stream has a record in the group with
// all keys of the sighting that prove anything, and that the batch has not
// spoken of yet.
func (g *group) continues(v *view, batch int32) bool {
	for _, h := range g.homes {
		for _, r := range h.records {
			if r.Stream == v.Stream && r.batch != batch && !slices.ContainsFunc(v.keys, func(k held) bool {
				return k.k.t <= iTag && k.k.grade > useless && !holds(r.keys, k.k)
			}) {
				return true
			}
		}
	}
	return false
}

// contradiction says in words what tells two groups apart for certain, or
// nothing. It is what ends a likely link.
func contradiction(a, b *group) string {
	s := signsOf(a.keys, b.keys)
	for _, t := range [...]int{iCloud, iUDI, iSerial} {
		if s.has(s.diff, t) {
			return differing(t, a.keys, b.keys)
		}
	}
	if s.has(s.diff, iMachine) && !s.has(s.eq, iSerial, iMAC) && s.has(s.cross, iMachine) {
		return differing(iMachine, a.keys, b.keys)
	}
	return ""
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
