package host

import (
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/fact"
)

// TestSeesItsOwnServers opens ports in this process and finds them with their
// program, their TLS and their certificate.
func TestSeesItsOwnServers(t *testing.T) {
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // the probe leaves lines in the logs of servers
	secure.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	secure.StartTLS()
	defer secure.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	b, err := New(Options{}).Collect(t.Context(), time.Now(), nil)
	if err != nil {
		t.Fatal(err)
	}
	get := func(s *httptest.Server) fact.Fact {
		p := netip.MustParseAddrPort(s.Listener.Addr().String())
		return find(t, b, fact.KindEndpoint, "127.0.0.1:"+strconv.Itoa(int(p.Port()))+"/tcp")
	}
	first := []fact.Fact{get(secure), get(plain)}
	if b, err = New(Options{}).Collect(t.Context(), time.Now(), nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, []fact.Fact{get(secure), get(plain)}); diff != "" {
		t.Errorf("the same servers twice (-first +second):\n%s", diff)
	}
	f := get(secure)
	for name, want := range map[string]any{
		"tls": true, "tls_oldest": "1.2", "tls_newest": "1.3", "cert_chain_valid": false, "cert_self_signed": true, "cert_key_type": "rsa",
		"exposed": false, "clear_text": false, "process": "host.test", "tls_cipher": "TLS_AES_128_GCM_SHA256",
	} {
		if !fact.Equal(f.Values[name], want) {
			t.Errorf("TLS server: %s = %v, want %v (missing: %s)", name, f.Values[name], want, f.Missing[name])
		}
	}
	if at, ok := f.Values["cert_not_after"].(time.Time); !ok || !at.Equal(secure.Certificate().NotAfter) {
		t.Errorf("expiry %v, want %v", f.Values["cert_not_after"], secure.Certificate().NotAfter)
	}
	f = get(plain)
	if f.Values["tls"] != false || f.Values["clear_text"] != true || f.Values["service"] != "http" {
		t.Errorf("web server without TLS: %v %v", f.Values, f.Missing)
	}
}
