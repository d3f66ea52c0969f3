package segment

import (
	"fmt"
	"net/netip"
	"strconv"
	"time"
)

// Proto is the IANA number of a protocol above IP.
type Proto uint8

// The protocols that have names here.
const (
	ICMP   Proto = 1
	TCP    Proto = 6
	UDP    Proto = 17
	ICMPv6 Proto = 58
	SCTP   Proto = 132
)

var protoNames = map[Proto]string{ICMP: "icmp", TCP: "tcp", UDP: "udp", ICMPv6: "icmp6", SCTP: "sctp"}

func (p Proto) String() string {
	if n := protoNames[p]; n != "" {
		return n
	}
	return "ip-" + strconv.Itoa(int(p))
}

// MarshalText writes the protocol as people write it.
func (p Proto) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (p *Proto) UnmarshalText(b []byte) error {
	for q, n := range protoNames {
		if n == string(b) {
			*p = q
			return nil
		}
	}
	if len(b) > 3 && string(b[:3]) == "ip-" {
		if n, err := strconv.ParseUint(string(b[3:]), 10, 8); err == nil {
			*p = Proto(n)
			return nil
		}
	}
	return fmt.Errorf("%.20q is no protocol; write tcp, udp, icmp or ip- and its number", b)
}

// Outcome says how far a flow got.
type Outcome uint8

// The outcomes, weakest first: where two sources differ, the later one counts.
const (
	Blocked    Outcome = iota // a firewall did not let it through
	Refused                   // the other end said no
	Unanswered                // nobody answered a request to connect
	HalfOpen                  // the other end was ready, the first never went on
	OneWay                    // data went one way, as syslog does, and nothing came back
	Answered                  // both ends spoke
	outcomes
)

// Flow is one record of a source about one connection. Where a connection has
// several records, they are joined by [Fold.Add].
type Flow struct {
	Source         int // as [Fold.Watch] returned it
	Start          time.Time
	Duration       time.Duration
	From, To       netip.AddrPort // who opened and who was called, as they call each other
	NATFrom, NATTo netip.AddrPort // what a firewall made of them; zero where it left them
	Proto          Proto
	VLAN           uint16
	Outcome        Outcome
	Out, Back      uint64 // bytes that From and To sent
	// Running says that the bytes are of the whole connection up to now, not of the
	// time since the record before.
	Running bool
	// ID is a number for the connection by which the source itself knows it; 0 where it has none.
	ID uint64
	// Midstream says that the source saw no beginning: who called whom is a guess,
	// and the lower port is taken for the one that was called.
	Midstream bool
	// Half says that the source writes each direction down by itself (NetFlow).
	Half bool
}

// Source is a sensor, a firewall or an exporter of flows.
type Source struct {
	Name string `json:"name"`
	// Between names the zones whose traffic with each other must pass this source;
	// a person states it. Empty means nobody said.
	Between []string `json:"between,omitempty"`
	// OneIn says that the source looks at one packet in so many. 0 and 1 mean all.
	OneIn int `json:"one_in,omitempty"`
	// Offset is added to its times, where its clock is known to be wrong.
	Offset time.Duration `json:"offset,omitempty"`
}

// Asset is what an inventory knows of the device behind an address.
type Asset struct {
	ID     string
	Labels map[string]string // what a [Selector] may pick by
}

// Tenure says which asset had an address from when until when. A zero From or
// Until is open. A zero Asset says that the address was nobody's that is known.
type Tenure struct {
	Asset       Asset
	From, Until time.Time
}

// Assets joins addresses to assets.
type Assets interface {
	// At returns who had the address at the moment. Addresses change hands (DHCP),
	// so the answer says for how long it is true; it is kept for that long.
	At(a netip.Addr, at time.Time) Tenure
}
