package service

import (
	"net/netip"
	"strings"

	"github.com/asepsis/asepsis/internal/fingerprint"
)

// Depth is how far a device may be asked.
type Depth uint8

// The depths, least first.
const (
	// Leave: nothing is sent.
	Leave Depth = iota
	// Touch: a TCP connection is opened and closed without a byte.
	Touch
	// Ask: its services are asked what they speak.
	Ask
)

// Permission is what may be done at an address now.
type Permission struct {
	Depth Depth
	Why   string // why no more, for people; empty for Ask
	// Network is the permitted network that holds the address: its pace is kept for
	// all of its addresses together.
	Network netip.Prefix
	// Rate is new connections a second in that network; 0 leaves it at the scan's.
	Rate float64
}

// Gate says what may be done at an address. It is asked before every connection,
// so what changes while a scan is under way holds at once. Methods are called
// from many goroutines.
type Gate interface {
	Permit(addr netip.Addr) Permission
}

// Network is one network of the permitted scope, as discovery knows it.
type Network struct {
	Prefix  netip.Prefix
	Profile string  // never, cautious or normal
	Rate    float64 // packets a second; 0 for that of the scan, or of a cautious network
	Why     string  // why it is never to be asked
}

// Device is what is known of the device at an address, and what people said.
type Device struct {
	Name    string
	MAC     fingerprint.MAC // zero where it is not known
	Medical bool            // its class is medical_device
	// Safe says that a person marked it as safe to be asked. It does not lift the
	// do-not-touch list.
	Safe bool
}

// Guard is discovery's do-not-touch list.
type Guard interface {
	Forbids(addr netip.Addr, mac fingerprint.MAC) (why string, yes bool)
}

// Rules is the [Gate] made of what discovery and the inventory know:
//
//   - An address outside the permitted networks, one in a network that is never
//     to be asked, and one of the do-not-touch list is left.
//   - A medical device, and any device in a cautious network, is connected to and
//     no more, unless a person marked it as safe.
//   - All others are asked.
type Rules struct {
	// Within returns the smallest permitted network that holds an address.
	Within func(netip.Addr) (Network, bool)
	// Guard is asked before every connection. It must be there.
	Guard Guard
	// Device returns what is known of the device at an address. Nil knows nothing.
	Device func(netip.Addr) Device
}

// CautiousRate is packets a second in a cautious network that names no rate, as
// discovery has it.
const CautiousRate = 4

// PacketsPerConnection is what one question to a service costs on the wire, at
// the least: the connection, a hello, its answer and the end. It turns a
// network's packets a second into connections a second.
const PacketsPerConnection = 10

// Permit implements [Gate].
func (r Rules) Permit(addr netip.Addr) Permission {
	n, ok := r.Within(addr)
	switch {
	case !ok:
		return Permission{Why: "it is outside the networks that may be asked"}
	case n.Profile == "never":
		return Permission{Network: n.Prefix, Why: strings.TrimSuffix("its network is never to be asked: "+n.Why, ": ")}
	}
	var d Device
	if r.Device != nil {
		d = r.Device(addr)
	}
	if why, yes := r.Guard.Forbids(addr, d.MAC); yes {
		return Permission{Network: n.Prefix, Why: why}
	}
	if n.Rate <= 0 && n.Profile != "normal" {
		n.Rate = CautiousRate
	}
	p := Permission{Depth: Ask, Network: n.Prefix, Rate: n.Rate / PacketsPerConnection}
	switch {
	case d.Safe:
	case d.Medical:
		p.Depth, p.Why = Touch, "it is a medical device that nobody marked as safe to be asked: it was connected to and no more"
	case n.Profile != "normal":
		p.Depth, p.Why = Touch, "it is in a cautious network and nobody marked it as safe to be asked: it was connected to and no more"
	}
	return p
}
