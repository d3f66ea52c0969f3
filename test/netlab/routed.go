//go:build linux

package netlab

import (
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// office is where the asking end of a routed lab stands.
var office = netip.MustParsePrefix("10.66.0.0/24") //nolint:gochecknoglobals // does not change

// NewRouted builds a lab in which a router stands between who asks and the
// devices, as between an office and the wards: no ARP reaches beyond it. The
// router's first address there is the network's first.
func NewRouted(t testing.TB, prefix netip.Prefix, live int) *Lab {
	t.Helper()
	return through(t, prefix, live, office)
}

// NewProxied builds a lab in which the asking end believes itself to be part of
// the devices' network, and a router in between answers every ARP question of it
// with its own card.
func NewProxied(t testing.TB, prefix netip.Prefix, live int) *Lab {
	t.Helper()
	l := through(t, prefix, live, prefix)
	l.InRouter(t, func() {
		write(t, "/proc/sys/net/ipv4/conf/a1/proxy_arp", "1")
		write(t, "/proc/sys/net/ipv4/neigh/a1/proxy_delay", "0")
	})
	return l
}

// through builds both ends and the router between them. The asking end is in
// the network near.
func through(t testing.TB, prefix netip.Prefix, live int, near netip.Prefix) *Lab {
	t.Helper()
	l := named(t, prefix)
	router := strings.Replace(l.asking, "ask", "route", 1)
	l.others = []string{router}
	l.namespaces(t)
	ip(t, "link", "add", "name", "v0", "netns", l.asking, "type", "veth", "peer", "name", "a1", "netns", router)
	ip(t, "link", "add", "name", "b0", "netns", router, "type", "veth", "peer", "name", "v1", "netns", l.living)
	for _, at := range [][2]string{{l.asking, "v0"}, {router, "a1"}, {router, "b0"}, {l.living, "v1"}} {
		ip(t, "-n", at[0], "link", "set", at[1], "up")
	}
	gate := near.Addr().Next()
	l.Asker = gate.Next()
	if near == prefix {
		// Router and asking end share the network; only the asking end is before the router.
		ip(t, "-n", l.asking, "addr", "add", l.Asker.String()+"/"+bits(near), "dev", "v0")
		ip(t, "-n", router, "addr", "add", gate.String()+"/32", "dev", "a1")
		ip(t, "-n", router, "route", "add", l.Asker.String()+"/32", "dev", "a1")
		ip(t, "-n", router, "addr", "add", gate.String()+"/"+bits(prefix), "dev", "b0")
	} else {
		ip(t, "-n", l.asking, "addr", "add", l.Asker.String()+"/"+bits(near), "dev", "v0")
		ip(t, "-n", l.asking, "route", "add", "default", "via", gate.String())
		ip(t, "-n", router, "addr", "add", gate.String()+"/"+bits(near), "dev", "a1")
		ip(t, "-n", router, "addr", "add", prefix.Addr().Next().String()+"/"+bits(prefix), "dev", "b0")
	}
	l.InRouter(t, func() {
		tune(t)
		write(t, "/proc/sys/net/ipv4/ip_forward", "1")
	})
	l.In(t, l.asking, func() { tune(t) })
	l.In(t, l.living, func() { tune(t) })
	asker := l.Asker
	if near != prefix {
		l.Asker = prefix.Addr().Next() // devices begin after the router's address there
	}
	l.plug(t, live, 10)
	l.Asker = asker
	ip(t, "-n", l.living, "route", "add", asker.String()+"/32", "via", prefix.Addr().Next().String(), "dev", "m0")
	return l
}

func bits(p netip.Prefix) string { return strings.SplitN(p.String(), "/", 2)[1] }

func write(t testing.TB, file, value string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(value), 0o644); err != nil {
		t.Logf("%s: %v", file, err)
	}
}

// InRouter runs f in the router.
func (l *Lab) InRouter(t testing.TB, f func()) { t.Helper(); l.In(t, l.others[0], f) }

// Firewall puts rules of nftables into force in the router. It skips the test
// where the program or the system lacks them.
func (l *Lab) Firewall(t testing.TB, rules string) {
	t.Helper()
	if _, err := exec.LookPath("nft"); err != nil {
		t.Skip("this test needs the program nft (nftables)")
	}
	cmd := exec.CommandContext(t.Context(), "ip", "netns", "exec", l.others[0], "nft", "-f", "-")
	cmd.Stdin = strings.NewReader("flush ruleset\n" + rules)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("this machine does not take rules of nftables in a namespace: %v: %s", err, out)
	}
}

// AnswerAll makes the router itself answer for every address of the network, as
// a trap or a firewall that hides what is behind it: it answers pings, and
// refuses connections to all ports or, with open, takes them.
func (l *Lab) AnswerAll(t testing.TB, open bool) {
	t.Helper()
	ip(t, "-n", l.others[0], "route", "add", "local", l.Prefix.String(), "dev", "lo")
	if open {
		l.catch(t)
		l.Firewall(t, "table ip trap {\n chain in { type nat hook prerouting priority -100; iifname a1 tcp dport 1-65535 redirect to :9999; }\n}\n")
	}
}

// Intercept makes the router take connections to the ports itself, whatever the
// address, as a web proxy does that nobody is told of.
func (l *Lab) Intercept(t testing.TB, ports string) {
	t.Helper()
	l.catch(t)
	l.Firewall(t, "table ip proxy {\n chain in { type nat hook prerouting priority -100; iifname a1 tcp dport { "+ports+" } redirect to :9999; }\n}\n")
}

// catch takes connections at the router's port 9999.
func (l *Lab) catch(t testing.TB) {
	t.Helper()
	var ln net.Listener
	var err error
	l.InRouter(t, func() { ln, err = net.Listen("tcp4", "0.0.0.0:9999") })
	if err != nil {
		t.Fatal(err)
	}
	l.later(func() { _ = ln.Close() })
	go accept(ln, func(c net.Conn) { _ = c.SetDeadline(time.Now().Add(5 * time.Second)); HTTP("gateway")(c) })
}
