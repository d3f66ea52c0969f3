package network

import (
	"net/netip"
	"time"

	"github.com/asepsis/asepsis/internal/fingerprint"
)

// Neighbour is an entry of this machine's table of neighbors (ARP and NDP).
type Neighbour struct {
	Addr      netip.Addr
	MAC       fingerprint.MAC
	Interface string
	// Confirmed says when the neighbor last proved that it is there; zero where the
	// system does not tell. An entry alone proves nothing: tables keep what is gone.
	Confirmed time.Time
	Router    bool
	Static    bool // entered by a person, not learnt
}

// maxNeighbours bounds the table that is read.
const maxNeighbours = 1 << 17
