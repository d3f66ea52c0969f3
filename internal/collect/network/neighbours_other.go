//go:build !linux

package network

import (
	"time"

	"github.com/asepsis/asepsis/internal/errs"
)

// Neighbours reads this machine's table of neighbors. It is read on Linux only.
func Neighbours(time.Time) ([]Neighbour, error) {
	return nil, errs.New(errs.Unsupported, "the table of neighbors is read on Linux only; import the output of arp -a instead")
}
