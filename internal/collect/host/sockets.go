package host

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/asepsis/asepsis/internal/collect/host/known"
	"github.com/asepsis/asepsis/internal/collect/host/proc"
	"github.com/asepsis/asepsis/internal/fact"
)

// listener is a port that something waits on.
type listener struct {
	port      int
	transport string
	addr      netip.Addr // unspecified where it waits on every address
	inode     uint64
}

// key is the endpoint's name within the machine: port/transport, with the
// address in front where it is bound to one.
func (l listener) key() string {
	k := strconv.Itoa(l.port) + "/" + l.transport
	switch {
	case l.addr.IsUnspecified():
		return k
	case l.addr.Is6():
		return "[" + l.addr.String() + "]:" + k
	}
	return l.addr.String() + ":" + k
}

func (l listener) exposed() bool { return !l.addr.IsLoopback() }

// firstClientPort is where the kernel begins to hand out ports to clients,
// unless the machine says otherwise.
const firstClientPort = 32768

// listeners reads the kernel's tables. A UDP socket has no state that tells a
// server from a client that waits for an answer, so those on ports that the
// kernel hands out are left out: they differ from minute to minute.
func listeners(t Tree) ([]listener, error) {
	first := uint64(firstClientPort)
	if f := strings.Fields(t.Line("/proc/sys/net/ipv4/ip_local_port_range")); len(f) == 2 {
		if n, err := strconv.ParseUint(f[0], 10, 16); err == nil && n > 1024 {
			first = n
		}
	}
	byKey := map[string]listener{}
	read := 0
	var failed error
	for _, table := range []struct {
		file, transport string
		state           uint8
	}{
		{"tcp6", "tcp", proc.Listen}, {"tcp", "tcp", proc.Listen}, {"udp6", "udp", proc.Unconnected}, {"udp", "udp", proc.Unconnected},
	} {
		b, err := t.Read("/proc/net/" + table.file)
		if err != nil {
			if !errors.Is(err, os.ErrNotExist) {
				failed = err
			}
			continue
		}
		read++
		for _, s := range proc.ParseSockets(b, table.state) {
			l := listener{port: int(s.Local.Port()), transport: table.transport, addr: s.Local.Addr(), inode: s.Inode}
			if table.transport == "udp" && (uint64(l.port) >= first || s.Remote.Port() != 0) || l.port == 0 {
				continue
			}
			// The IPv6 wildcard also takes IPv4, so it stands for both.
			if _, ok := byKey[l.key()]; !ok {
				byKey[l.key()] = l
			}
		}
	}
	if read == 0 {
		if failed == nil {
			failed = os.ErrNotExist
		}
		return nil, failed
	}
	ls := make([]listener, 0, len(byKey))
	for _, l := range byKey {
		ls = append(ls, l)
	}
	slices.SortFunc(ls, func(a, b listener) int { return strings.Compare(a.key(), b.key()) })
	return ls, nil
}

// sockets reads what waits for connections, and asks each how it protects them.
func sockets(ctx context.Context, m *machine, s *section) {
	ls, err := listeners(m.tree)
	if err != nil {
		reason := "/proc/net/tcp: " + why(err)
		s.note("listening services", reason)
		s.miss(reason, "listening_services", "clear_text_services")
		return
	}
	by := owners(m, m.programs().all)
	answers := probeAll(ctx, m, s, ls)
	open, inClear, unseen := 0, []string{}, 0
	for i, l := range ls {
		vs := fact.Values{"address": l.addr.String(), "port": int64(l.port), "transport": l.transport, "exposed": l.exposed()}
		missing := map[string]string{}
		if name, ok := by[l.inode]; ok {
			vs["process"] = name
		} else {
			missing["process"] = "no process holds it: it is the kernel's, or in another container"
			if !m.root || m.programs().blind != "" {
				missing["process"] = "another user's program: needs root"
				unseen++
			}
		}
		describe(l, answers[i], vs, missing)
		s.fact(fact.KindEndpoint, l.key(), vs, missing)
		if !l.exposed() {
			continue
		}
		open++
		if vs["clear_text"] == true {
			inClear = append(inClear, serviceName(vs))
		}
	}
	if unseen > 0 {
		s.note("programs that listen", fmt.Sprintf("%d ports belong to other users' programs: needs root", unseen))
	}
	s.set("listening_services", int64(open))
	s.set("clear_text_services", sorted(inClear))
}

// overTLS are the names of services that TLS wraps from the first byte.
var overTLS = map[string]string{"http": "https", "ldap": "ldaps", "imap": "imaps", "pop3": "pop3s", "smtp": "smtps", "ftp": "ftps"}

// serviceName is what a list of services calls an endpoint.
func serviceName(vs fact.Values) string {
	if name, ok := vs["service"].(string); ok {
		return name
	}
	return "unknown"
}

// describe states what is known of an endpoint from its port and its answer.
func describe(l listener, a answer, vs fact.Values, missing map[string]string) {
	p, ok := known.PortOf(l.port, l.transport)
	service := p.Service
	if a.Service != "" {
		service = a.Service
	}
	if s, ok := overTLS[service]; ok && a.TLS != nil && p.StartTLS == "" {
		service = s
	}
	if service != "" {
		vs["service"] = service
	} else {
		missing["service"] = "the port is not a known one, and nothing it says gives it away"
	}
	if a.Product != "" {
		vs["product"] = a.Product
	}
	a.tlsFacts(vs, missing)
	switch speaks := a.TLS != nil || a.Refused != ""; {
	case speaks && p.StartTLS != "":
		missing["clear_text"] = "the service offers TLS; whether it insists on it was not tried"
	case speaks, service == "ssh":
		vs["clear_text"] = false
	case a.Clear != "":
		vs["clear_text"] = true
	case p.StartTLS != "" && a.Unsure != "":
		missing["clear_text"] = "the service may turn to TLS when asked; " + a.Unsure
	case ok && p.Clear == "yes":
		vs["clear_text"] = true
	case ok && p.Clear == "no":
		vs["clear_text"] = false
	default:
		missing["clear_text"] = "the protocol is not known"
	}
}
