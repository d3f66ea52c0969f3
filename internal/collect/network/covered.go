package network

import "net/netip"

// Range is a row of addresses, both ends included.
type Range struct {
	First netip.Addr `json:"first"`
	Last  netip.Addr `json:"last"`
}

// rows lists the addresses of the plan as rows.
func (p *Plan) rows() []Range {
	var out []Range
	for _, pt := range p.parts {
		for _, a := range pt.addrs {
			if n := len(out); n > 0 && out[n-1].Last.Next() == a {
				out[n-1].Last = a
				continue
			}
			out = append(out, Range{a, a})
		}
	}
	return out
}

// covers reports whether the run was to look at the address. Runs that were kept
// before they said so are taken to have looked everywhere. Where something on the
// way answered for all, it could not tell.
func (r *Run) covers(a netip.Addr) bool {
	for _, x := range r.Alike {
		if x.Prefix.Contains(a) {
			return false
		}
	}
	for _, x := range r.Covered {
		if !a.Less(x.First) && !x.Last.Less(a) {
			return true
		}
	}
	return len(r.Covered) == 0
}
