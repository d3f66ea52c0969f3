package network

import (
	"golang.org/x/sys/unix"
)

// Rights says what this program may not do in the plan's networks, and what
// would mend it. It opens the sockets the run would open and closes them at
// once; nothing is sent.
func (p *Plan) Rights() []Note {
	var out []Note
	if !p.sweeps() {
		return nil
	}
	if fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0); err != nil {
		out = append(out, Note{"ARP", "no right to send ARP; " + mendARP + ": devices are looked for by connecting, which takes longer and misses those that refuse nothing"})
	} else {
		_ = unix.Close(fd)
	}
	if c, _, err := listenICMP(); err != nil {
		out = append(out, Note{"ICMP", "no right to send ICMP; " + mendICMP + ": devices behind a router are looked for by connecting only"})
	} else {
		_ = c.Close()
	}
	return out
}
