package network

import (
	"cmp"
	"net/netip"
	"slices"
	"time"
)

// Outline says in advance what a plan will do: what is asked, how fast, how
// long it takes, what is left alone and why. Making one sends nothing.
type Outline struct {
	Addresses int      `json:"addresses"` // asked, those left alone not counted
	Ports     []uint16 `json:"ports"`     // TCP ports tried on what answers
	Networks  []Part   `json:"networks"`
	// Least and Most bound how long it takes: where one address in ten has a device,
	// and where every one has.
	Least, Most time.Duration
	// Left are the addresses that are sent nothing, with the reason.
	Left []Untouched
	// Notes are networks that are left alone whole.
	Notes []Note
}

// Part is what is asked in one network.
type Part struct {
	Prefix    netip.Prefix `json:"prefix"`
	Profile   Profile      `json:"profile"`
	Zone      string       `json:"zone,omitempty"`
	Addresses int          `json:"addresses"`
	Rate      float64      `json:"rate"`      // packets a second, to the whole network
	HostRate  float64      `json:"host_rate"` // packets a second, to one device
	AtOnce    int          `json:"at_once"`   // devices asked at the same time
}

// Outline says what the plan will do.
func (p *Plan) Outline() Outline {
	o := Outline{Ports: slices.Clone(p.ports), Notes: slices.Clone(p.Notes)}
	for _, pt := range p.parts {
		part := Part{
			Prefix: pt.net.Prefix, Profile: pt.net.Profile, Zone: pt.net.Zone,
			Rate: pt.net.rate(), HostRate: pt.net.hostRate(), AtOnce: limitsOf(pt.net.Profile).hosts,
		}
		for _, a := range pt.addrs {
			if why, no := p.job.Guard.Forbids(a, [6]byte{}); no {
				o.Left = append(o.Left, Untouched{a, why})
				continue
			}
			part.Addresses++
		}
		o.Addresses += part.Addresses
		least, most := part.takes(len(p.ports))
		if p.job.SNMP != nil && pt.net.Profile == Normal {
			// Two questions where nobody answers, a second each; one and a few where somebody does.
			least, most = least+seconds(float64(part.Addresses)/part.Rate), most+seconds(float64(part.Addresses)*max((1+snmpRetries)/part.Rate, (1+snmpRetries)*snmpTimeout.Seconds()/snmpAtOnce))
		}
		o.Least, o.Most = o.Least+least, o.Most+most
		o.Networks = append(o.Networks, part)
	}
	slices.SortFunc(o.Networks, func(a, b Part) int { return a.Prefix.Compare(b.Prefix) })
	slices.SortFunc(o.Left, func(a, b Untouched) int { return cmp.Or(a.Addr.Compare(b.Addr), cmp.Compare(a.Why, b.Why)) })
	return o
}

// Estimate says how long the run takes at the rates of the scope, if one address
// in ten has a device (least) and if every one has (most).
func (p *Plan) Estimate() (least, most time.Duration) {
	o := p.Outline()
	return o.Least, o.Most
}

// takes bounds the time a network takes. An empty address costs a few packets,
// and where one host is asked at a time, the wait for each of them as well; a
// device costs one packet for each port, some of which are open.
func (p Part) takes(ports int) (least, most time.Duration) {
	const busy = 10 // one address in so many has a device
	n, all := float64(p.Addresses), float64(ports)
	empty := float64(min(whoTries(p.Profile), ports)) / p.Rate
	full := max((all+packetsPerOpen+1)/p.Rate, all/p.HostRate/float64(p.AtOnce))
	if p.AtOnce == 1 {
		// Nobody says no at an empty address, so each attempt there takes its full time.
		empty = max(empty, connectTimeout.Seconds()*float64(min(whoTries(p.Profile), ports)))
	}
	least = seconds(n*(1-1.0/busy)*empty + n/busy*full)
	return least, max(seconds(n*full), least)
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
