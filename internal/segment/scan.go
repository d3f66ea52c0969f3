package segment

import (
	"math"
	"math/bits"
	"net/netip"
	"slices"
	"time"
)

const (
	scanWindow  = 10 * time.Minute
	maxScanners = 1 << 16
	// small is how much an answered connection may carry and still be a look at
	// an open port. What carries more is traffic, whoever sent it.
	small = 4 << 10
)

// scans watches who tries many things in vain.
type scans struct {
	by   map[netip.Addr]*scanner
	need int // bits of 256 that Targets things set
	seed uint64
	lost uint64
}

type scanner struct {
	windows     [2]window
	found       bool
	first, last time.Time
	attempts    uint64
	hosts       int
}

type window struct {
	number           int64
	things, hosts    [4]uint64 // one bit for each thing tried, by its hash
	failed, answered uint32
	scan             bool
}

func newScans(targets int, seed uint64) *scans {
	// n things thrown into 256 places fill 256(1-e^(-n/256)) of them.
	need := int(math.Round(256 * (1 - math.Exp(-float64(targets)/256))))
	return &scans{by: map[netip.Addr]*scanner{}, need: max(need, 1), seed: seed}
}

// note takes an attempt and reports whether it is part of a scan: its device has
// within ten minutes tried more different ports and hosts in vain than Targets,
// and failed more often than not.
func (s *scans) note(from netip.Addr, to netip.AddrPort, o Outcome, at time.Time, bytes uint64) bool {
	sc := s.by[from]
	if sc == nil {
		if passes(o) {
			return false // who only succeeds is not watched
		}
		if len(s.by) >= maxScanners {
			s.lost++
			return false
		}
		sc = &scanner{}
		s.by[from] = sc
	}
	w := sc.window(at.Unix() / int64(scanWindow/time.Second))
	if passes(o) {
		w.answered++
	} else {
		w.failed++
		set(&w.things, end(s.seed, to))
		set(&w.hosts, end(s.seed, netip.AddrPortFrom(to.Addr(), 0)))
	}
	if !w.scan {
		w.scan = ones(&w.things) >= s.need && w.failed > w.answered
	}
	if !w.scan {
		return false
	}
	if !sc.found || at.Before(sc.first) {
		sc.first = at
	}
	sc.found, sc.attempts, sc.hosts = true, sc.attempts+1, max(sc.hosts, ones(&w.hosts))
	if at.After(sc.last) {
		sc.last = at
	}
	return !passes(o) || o == Answered && bytes < small
}

// window returns the one of the number; of two that are kept the older makes room.
func (s *scanner) window(number int64) *window {
	i := 0
	for j := range s.windows {
		if s.windows[j].number == number {
			return &s.windows[j]
		}
		if s.windows[j].number < s.windows[i].number {
			i = j
		}
	}
	s.windows[i] = window{number: number}
	return &s.windows[i]
}

func set(m *[4]uint64, h uint64) { m[h>>6&3] |= 1 << (h & 63) }

func ones(m *[4]uint64) int {
	n := 0
	for _, w := range m {
		n += bits.OnesCount64(w)
	}
	return n
}

// Scan is a device that looked around.
type Scan struct {
	From     netip.Addr `json:"from"`
	Zone     string     `json:"zone"`
	Kind     string     `json:"kind"` // hosts: many devices; ports: many ports of few
	Attempts uint64     `json:"attempts"`
	First    time.Time  `json:"first"`
	Last     time.Time  `json:"last"`
}

// list returns the devices that scanned, the busiest first, at most most.
func (s *scans) list(f *Fold, most int) []Scan {
	var out []Scan
	for a, sc := range s.by {
		if !sc.found {
			continue
		}
		fz := f.res.find(a, sc.last).zone
		if fz == noZone {
			fz = f.res.outer(a)
		}
		kind := "ports"
		if sc.hosts >= s.need {
			kind = "hosts"
		}
		out = append(out, Scan{From: a, Zone: f.res.zones[fz], Kind: kind, Attempts: sc.attempts, First: sc.first, Last: sc.last})
	}
	slices.SortFunc(out, func(a, b Scan) int {
		if a.Attempts != b.Attempts {
			if a.Attempts > b.Attempts {
				return -1
			}
			return 1
		}
		return a.From.Compare(b.From)
	})
	return out[:min(len(out), most)]
}
