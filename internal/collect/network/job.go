package network

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/asepsis/asepsis/internal/fingerprint"
)

// Job is one run somebody asks for.
type Job struct {
	Scope Scope
	// Targets are networks, ranges or addresses inside the scope: 10.20.0.0/22,
	// 10.20.1.5, 10.20.1.10-10.20.1.40. None means all that the scope permits.
	Targets []string
	// Ports are the TCP ports to connect to. None means [DefaultPorts].
	Ports []uint16
	// Guard is the do-not-touch list. It must be there; an empty one is made by
	// [NewDoNotTouch].
	Guard Guard
	// NoBanners leaves out reading what services say, also in normal networks.
	NoBanners bool
	// Listen is how long to listen to what devices announce by themselves, before
	// anything is sent; listening then goes on to the end. 0 means not at all.
	Listen time.Duration
	// SNMP is what devices of normal networks are read with; nil reads none.
	SNMP *SNMPAccess
	// Names asks the system's name server for the names of the addresses found.
	Names Resolver
}

// Resolver asks for the names of an address. *net.Resolver is one.
type Resolver interface {
	LookupAddr(ctx context.Context, addr string) ([]string, error)
}

// Checkpoints keeps how far a run came, so that it goes on after a stop. Load
// returns nil bytes and no error where nothing is kept.
type Checkpoints interface {
	Load(ctx context.Context, plan string) ([]byte, error)
	Save(ctx context.Context, plan string, progress []byte) error
	Drop(ctx context.Context, plan string) error
}

// Progress says how far a run is.
type Progress struct {
	Phase           string        // listen, who, ports, snmp, names, done
	Addresses, Of   int           // addresses looked at, of all
	Probes, ProbeOf int           // probes sent, of those that may become necessary
	Found           int           // hosts that answered
	Open            int           // open ports
	Elapsed         time.Duration // since the start of this run
	Left            time.Duration // estimate; 0 if there is none yet
}

// Port is what was learnt of one TCP port.
type Port struct {
	Number      uint16               `json:"port"`
	Service     string               `json:"service,omitempty"` // told from what it said; empty if it said nothing
	Product     string               `json:"product,omitempty"`
	TLS         bool                 `json:"tls,omitempty"`
	Asked       bool                 `json:"asked,omitempty"` // what it says was waited for or asked
	Said        []fingerprint.Signal `json:"said,omitempty"`
	Certificate *Certificate         `json:"certificate,omitempty"`
}

// Certificate is what a service that speaks TLS shows of itself.
type Certificate struct {
	Subject    string    `json:"subject"`
	Issuer     string    `json:"issuer"`
	Names      []string  `json:"names,omitempty"`
	NotAfter   time.Time `json:"not_after"`
	SelfSigned bool      `json:"self_signed,omitempty"`
}

// Host is a device that answered.
type Host struct {
	Addr    netip.Addr      `json:"addr"`
	MAC     fingerprint.MAC `json:"mac,omitzero"`
	Names   []string        `json:"names,omitempty"`
	Zone    string          `json:"zone,omitempty"`
	Profile Profile         `json:"profile"`
	// By says how it was met: arp, icmp, tcp by what it answered first; mdns, ssdp or
	// table (of neighbors) where it was met without being asked.
	By     string    `json:"by"`
	SeenAt time.Time `json:"seen_at"`
	Open   []Port    `json:"open,omitempty"`
	// Asked are how many ports were tried to the end; Silent of them did not
	// answer at all, so whether they are open is not known.
	Asked  int `json:"asked"`
	Silent int `json:"silent,omitempty"`
	// SNMP is what it says of itself by SNMP.
	SNMP *SNMPInfo `json:"snmp,omitempty"`
	// Heard is what it announced by itself.
	Heard []fingerprint.Signal `json:"heard,omitempty"`

	named bool // its names were asked for
}

// Untouched is an address that was left alone.
type Untouched struct {
	Addr netip.Addr `json:"addr"`
	Why  string     `json:"why"`
}

// Run is the outcome of a job.
type Run struct {
	Scope     string      `json:"scope"`
	Plan      string      `json:"plan"` // names what was asked: the same targets and ports have the same plan
	StartedAt time.Time   `json:"started_at"`
	EndedAt   time.Time   `json:"ended_at"`
	Ports     []uint16    `json:"ports"`
	Addresses int         `json:"addresses"`
	Covered   []Range     `json:"covered,omitempty"` // what it was to look at
	Complete  bool        `json:"complete"`          // false if it was stopped before the end
	Hosts     []Host      `json:"hosts"`
	Untouched []Untouched `json:"untouched,omitempty"`
	Packets   int         `json:"packets"` // charged against the rate
	Notes     []Note      `json:"notes,omitempty"`
	// Sighted are devices in the tables of switches and routers.
	Sighted []Sighted `json:"sighted,omitempty"`
	// Alike are networks in which something on the way answers for the devices.
	Alike      []Alike   `json:"alike,omitempty"`
	ResumedAt  time.Time `json:"resumed_at,omitzero"`
	Unfinished int       `json:"unfinished,omitempty"` // addresses not looked at
}

// Note says what the run could not do, and what would mend it.
type Note struct {
	What string `json:"what"`
	Why  string `json:"why"`
}

func joined(faults []error) error { return errors.Join(faults...) }
