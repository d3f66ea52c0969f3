package host

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/asepsis/asepsis/internal/collect/host/wall"
)

// netlinkTimeout bounds the kernel's answer, which comes at once or not at all.
const netlinkTimeout = time.Second

// kernelChains asks the kernel for its firewall chains. A kernel without
// nftables answers that it does not know the question, and has no chains.
func kernelChains() (wall.Chains, error) {
	var c wall.Chains
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_NETFILTER)
	if errors.Is(err, unix.EPROTONOSUPPORT) || errors.Is(err, unix.EAFNOSUPPORT) {
		c.Done = true
		return c, nil
	}
	if err != nil {
		return c, fmt.Errorf("open netlink: %w", err)
	}
	defer unix.Close(fd)
	tv := unix.NsecToTimeval(netlinkTimeout.Nanoseconds())
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &tv); err != nil {
		return c, fmt.Errorf("netlink: %w", err)
	}
	if err := unix.Sendto(fd, wall.ChainsRequest(), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return c, fmt.Errorf("ask for the firewall's chains: %w", err)
	}
	buf := make([]byte, 64<<10)
	for !c.Done {
		n, _, err := unix.Recvfrom(fd, buf, 0)
		if err != nil {
			return c, fmt.Errorf("the kernel's answer: %w", err)
		}
		if err := c.Add(buf[:n]); err != nil {
			var refused wall.Errno
			if errors.As(err, &refused) && (unix.Errno(refused) == unix.EOPNOTSUPP || unix.Errno(refused) == unix.EINVAL) {
				c.Done = true
				return c, nil
			}
			return c, err
		}
	}
	return c, nil
}
