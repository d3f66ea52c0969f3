package host

import (
	"net/netip"
	"testing"

	"github.com/asepsis/asepsis/internal/collect/host/probe"
	"github.com/asepsis/asepsis/internal/fact"
)

func TestDescribe(t *testing.T) {
	tlsAnswer := probe.Answer{TLS: &probe.TLS{Versions: []string{"1.2", "1.3"}, Cipher: "TLS_AES_128_GCM_SHA256"}}
	for _, tt := range []struct {
		name      string
		port      int
		transport string
		answer    probe.Answer
		service   any
		clear     any // nil: not known
		tls       any
	}{
		{"web over TLS", 8080, "tcp", tlsAnswer, "https", false, true},
		{"web in clear", 8080, "tcp", probe.Answer{Service: "http", Clear: "http"}, "http", true, false},
		{"web in clear where nobody expects it", 7777, "tcp", probe.Answer{Service: "http", Clear: "http"}, "http", true, false},
		{"mail that offers TLS may not insist", 25, "tcp", tlsAnswer, "smtp", nil, true},
		{"mail that does not", 25, "tcp", probe.Answer{Clear: "smtp"}, "smtp", true, false},
		{"mail that was not asked", 25, "tcp", probe.Answer{Unsure: "x"}, "smtp", nil, nil},
		{"ssh", 22, "tcp", probe.Answer{Service: "ssh", Product: "OpenSSH_9.2"}, "ssh", false, false},
		{"hl7 is never asked", 2575, "tcp", probe.Answer{Unsure: "x"}, "hl7", true, nil},
		{"snmp", 161, "udp", probe.Answer{Unsure: "x"}, "snmp", true, nil},
		{"a stranger", 7777, "tcp", probe.Answer{Unsure: "x"}, nil, nil, nil},
		{"a stranger with TLS", 7777, "tcp", tlsAnswer, nil, false, true},
		{"refuses us", 443, "tcp", probe.Answer{Refused: "handshake failure"}, "https", false, true},
	} {
		vs, missing := fact.Values{}, map[string]string{}
		describe(listener{port: tt.port, transport: tt.transport, addr: netip.IPv4Unspecified()}, answer{tt.answer}, vs, missing)
		for name, want := range map[string]any{"service": tt.service, "clear_text": tt.clear, "tls": tt.tls} {
			if got := vs[name]; got != want {
				t.Errorf("%s: %s = %v, want %v", tt.name, name, got, want)
			}
			if want == nil && missing[name] == "" {
				t.Errorf("%s: %s has neither a value nor a reason", tt.name, name)
			}
		}
		for name, why := range missing {
			if _, ok := vs[name]; ok {
				t.Errorf("%s: %s has a value and is missing: %s", tt.name, name, why)
			}
		}
	}
}
