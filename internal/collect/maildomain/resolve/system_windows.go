package resolve

import (
	"errors"
	"net"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/windows"
)

// system lists the DNS servers of the network adapters that are up.
func system() ([]string, error) {
	const flags = windows.GAA_FLAG_SKIP_UNICAST | windows.GAA_FLAG_SKIP_ANYCAST | windows.GAA_FLAG_SKIP_MULTICAST | windows.GAA_FLAG_SKIP_FRIENDLY_NAME
	size := uint32(16 << 10)
	for range 4 {
		buf := make([]byte, size)
		first := (*windows.IpAdapterAddresses)(unsafe.Pointer(&buf[0])) //nolint:gosec // the form in which Windows hands its list over
		err := windows.GetAdaptersAddresses(windows.AF_UNSPEC, flags, 0, first, &size)
		if errors.Is(err, windows.ERROR_BUFFER_OVERFLOW) && size <= 1<<20 {
			continue
		}
		if err != nil {
			return nil, err
		}
		return servers(first), nil
	}
	return nil, errors.New("the list of network adapters keeps growing")
}

func servers(first *windows.IpAdapterAddresses) []string {
	var out []string
	for a := first; a != nil; a = a.Next {
		if a.OperStatus != windows.IfOperStatusUp {
			continue
		}
		for d := a.FirstDnsServerAddress; d != nil; d = d.Next {
			ip, ok := netip.AddrFromSlice(d.Address.IP())
			// Windows lists fec0:0:0:ffff::1 to 3 where nobody set a server.
			if ok && !netip.MustParsePrefix("fec0::/10").Contains(ip) {
				out = append(out, net.JoinHostPort(ip.Unmap().String(), "53"))
			}
		}
	}
	return out
}
