package network

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/asepsis/asepsis/internal/fingerprint"
)

// Neighbours reads this machine's table of neighbors. Nothing is sent to them.
// Entries that failed or are still being asked for are left out.
func Neighbours(now time.Time) ([]Neighbour, error) {
	b, err := syscall.NetlinkRIB(unix.RTM_GETNEIGH, unix.AF_UNSPEC)
	if err != nil {
		return nil, fmt.Errorf("read the table of neighbors: %w", err)
	}
	ms, err := syscall.ParseNetlinkMessage(b)
	if err != nil {
		return nil, fmt.Errorf("read the table of neighbors: %w", err)
	}
	names := map[int]string{}
	if ifs, err := net.Interfaces(); err == nil {
		for _, i := range ifs {
			names[i.Index] = i.Name
		}
	}
	var out []Neighbour
	for _, m := range ms[:min(len(ms), maxNeighbours)] {
		if m.Header.Type != unix.RTM_NEWNEIGH {
			continue
		}
		if n, index, ok := readNeighbour(m.Data, now); ok {
			if n.Interface = names[index]; n.Interface == "" {
				n.Interface = strconv.Itoa(index)
			}
			out = append(out, n)
		}
	}
	slices.SortFunc(out, func(a, b Neighbour) int { return a.Addr.Compare(b.Addr) })
	return out, nil
}

const (
	sizeOfNdmsg = 12
	userHZ      = 100 // the unit of times that the kernel shows to programs
)

// readNeighbour reads a struct ndmsg and its attributes (linux/neighbour.h).
func readNeighbour(b []byte, now time.Time) (n Neighbour, index int, ok bool) {
	if len(b) < sizeOfNdmsg {
		return n, 0, false
	}
	index = int(int32(binary.NativeEndian.Uint32(b[4:])))
	state := binary.NativeEndian.Uint16(b[8:])
	n.Router = b[10]&unix.NTF_ROUTER != 0
	n.Static = state&unix.NUD_PERMANENT != 0
	if state&(unix.NUD_INCOMPLETE|unix.NUD_FAILED|unix.NUD_NOARP) != 0 {
		return n, 0, false
	}
	for b = b[sizeOfNdmsg:]; len(b) >= 4; {
		size := int(binary.NativeEndian.Uint16(b))
		if size < 4 || size > len(b) {
			return n, 0, false
		}
		v := b[4:size]
		switch binary.NativeEndian.Uint16(b[2:]) {
		case unix.NDA_DST:
			n.Addr, _ = netip.AddrFromSlice(v)
			n.Addr = n.Addr.Unmap()
		case unix.NDA_LLADDR:
			if len(v) == 6 {
				n.MAC = fingerprint.MAC(v)
			}
		case unix.NDA_CACHEINFO: // confirmed, used, updated, references
			if len(v) >= 4 {
				n.Confirmed = now.Add(-time.Duration(binary.NativeEndian.Uint32(v)) * time.Second / userHZ)
			}
		}
		b = b[min((size+3)&^3, len(b)):]
	}
	return n, index, n.Addr.IsValid() && !n.Addr.IsMulticast() && !n.MAC.IsZero() && n.MAC[0]&1 == 0
}
