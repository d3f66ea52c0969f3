//go:build !linux

package host

import (
	"net"
	"net/netip"
	"os"
	"strings"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/fact"
)

// nativeNetwork reads names and addresses the way Go does on every system.
// Hardware addresses that software made up identify nothing.
func nativeNetwork(s *section) {
	var macs, ips []string
	ifs, err := net.Interfaces()
	if err != nil {
		s.miss("network interfaces: "+why(err), "macs", "ips")
	}
	for _, i := range ifs {
		if i.Flags&net.FlagLoopback != 0 {
			continue
		}
		if len(i.HardwareAddr) == 6 && i.HardwareAddr[0]&2 == 0 {
			if k, ok := asset.NewKey(asset.MAC, i.HardwareAddr.String()); ok {
				macs = append(macs, k.Value)
			}
		}
		as, _ := i.Addrs()
		for _, a := range as {
			p, err := netip.ParsePrefix(a.String())
			if err != nil || i.Flags&net.FlagUp == 0 || p.Addr().Is6() && !p.Addr().IsPrivate() {
				continue // IPv6 addresses other than local ones are replaced every day here
			}
			if k, ok := asset.NewKey(asset.IP, p.Addr().String()); ok {
				ips = append(ips, k.Value)
			}
		}
	}
	macs, ips = sorted(macs), sorted(ips)
	for _, v := range macs {
		s.key(asset.MAC, v)
		s.identify(machineKey([]byte("mac:" + v)))
	}
	for _, v := range ips {
		s.key(asset.IP, v)
	}
	s.set("macs", macs)
	s.set("ips", ips)
	name, err := os.Hostname()
	if err != nil || name == "" {
		return
	}
	name = strings.ToLower(name)
	short, _, dotted := strings.Cut(name, ".")
	s.set("name", short)
	if s.key(asset.Name, short) {
		s.identify(machineKey([]byte("name:" + name)))
	}
	if dotted && !strings.HasSuffix(name, ".local") && s.key(asset.FQDN, name) {
		s.set("fqdn", name)
	}
}

// notYet states what is not read on this system, so that no check takes
// silence for an answer.
func notYet(s *section, system string, attrs ...string) {
	s.miss("not read on "+system+" yet; bring a report of osquery or a baseline tool", attrs...)
}

// ports states the listening ports another tool listed, after asking each how it speaks.
func (s *section) ports(ls []listener, by map[string]string, answers []answer) {
	open, inClear := 0, []string{}
	for i, l := range ls {
		vs := fact.Values{"address": l.addr.String(), "port": int64(l.port), "transport": l.transport, "exposed": l.exposed()}
		missing := map[string]string{}
		if name := by[l.key()]; name != "" {
			vs["process"] = name
		} else {
			missing["process"] = "the program belongs to another user"
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
	s.set("listening_services", int64(open))
	s.set("clear_text_services", sorted(inClear))
}
