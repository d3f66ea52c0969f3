package inventory

import (
	"slices"
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

// judge weighs what a sighting and a group have in common. A list that names
// the group a second time in one delivery means two devices, unless that was
// settled before: then each has its record.
func (w *World) judge(s *signs, v *view, g *group) verdict {
	out := s.judged(v, g)
	switch {
	case out == different:
	case g.continues(v, w.batch):
		out = same // the source saw the same before; that was judged then
	case g.batch == w.batch && !v.address && !w.settledBy(v, g):
		out = doubtful
	}
	return out
}

// settledBy reports that a person made one of what a list names twice, and that
// the sighting has a home there which the list has not spoken of.
func (w *World) settledBy(v *view, g *group) bool {
	person, waits := false, false
	for _, h := range g.homes {
		person = person || w.links[h.id].Grade == Person
		waits = waits || h.shares(v) > 0 && !slices.ContainsFunc(h.records, func(r *record) bool { return r.batch == w.batch })
	}
	return person && waits
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
