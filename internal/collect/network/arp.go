package network

import (
	"time"

	"github.com/asepsis/asepsis/internal/fingerprint"
)

// answer is one device's answer to the question who has an address.
type answer struct {
	mac fingerprint.MAC
	at  time.Time
	two bool // a second device claims the address as well
}

// arp asks each address of a network this machine is part of who has it, twice
// where nobody answers at first. A reply whose hardware address must not be
// touched is kept from the result.
type arp struct {
	gate *gate
	via  link
	now  func() time.Time
	sent func(int) // called with the number of questions sent so far
}
