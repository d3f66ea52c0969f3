package service_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/collect/service"
	"github.com/asepsis/asepsis/internal/collect/service/servertest"
)

// BenchmarkOneService asks one nginx as it ships: versions, all suites, chain and
// headers, at the pace of a scan as it ships.
func BenchmarkOneService(b *testing.B) {
	a, cert, key := certificate(b)
	secure, _ := servertest.Nginx(b, cert, key, `location / { return 200 "hello"; }`, "")
	for _, brief := range []bool{false, true} {
		name := "whole"
		if brief {
			name = "brief"
		}
		b.Run(name, func(b *testing.B) {
			connections := 0
			for b.Loop() {
				s := &service.Scanner{Gate: open{}, Now: time.Now, Roots: a.Pool, Brief: brief}
				r := at(b, s, servertest.Addr(secure), "https")
				if r.TLS == nil || r.TLS.Incomplete != "" || r.HTTP == nil {
					b.Fatalf("%+v", r)
				}
				connections = r.Connections
			}
			b.ReportMetric(float64(connections), "connections")
		})
	}
}

// BenchmarkHospital asks 120 services of 40 addresses, as a scan ships, of real
// servers: nginx with TLS, nginx in clear, OpenSSH.
func BenchmarkHospital(b *testing.B) {
	a, cert, key := certificate(b)
	addrs := []string{"127.0.0.1"}
	for i := 2; i <= 40; i++ {
		addrs = append(addrs, fmt.Sprintf("127.0.9.%d", i))
	}
	secure, clear := servertest.NginxOn(b, cert, key, addrs)
	shell := servertest.OpenSSH(b, []string{"rsa:2048", "ecdsa", "ed25519"}, "ListenAddress 0.0.0.0", "AllowUsers nobody-at-all", "MaxStartups 200", "PasswordAuthentication no")
	var targets []service.Target
	for _, addr := range addrs {
		for port, name := range map[int]string{secure: "https", clear: "http", shell: "ssh"} {
			targets = append(targets, service.Target{Addr: netip.AddrPortFrom(netip.MustParseAddr(addr), uint16(port)), Service: name})
		}
	}
	for b.Loop() {
		connections, asked := 0, 0
		s := &service.Scanner{Gate: open{}, Now: time.Now, Roots: a.Pool}
		err := s.Run(b.Context(), targets, func(r service.Result) {
			connections += r.Connections
			if r.Outcome == service.Asked && (r.TLS == nil || r.TLS.Incomplete == "") && (r.SSH == nil || r.SSH.Methods != nil) {
				asked++
			} else {
				b.Logf("%s %s: %s %s %+v", r.Addr, r.Service, r.Outcome, r.Why, r.SSH)
			}
		})
		if err != nil || asked != 120 {
			b.Fatalf("%d of %d services were asked to the end, error %v", asked, len(targets), err)
		}
		b.ReportMetric(float64(connections), "connections")
	}
}
