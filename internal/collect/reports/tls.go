package reports

import (
	"cmp"
	"strings"

	"github.com/asepsis/asepsis/internal/fact"
)

// Endpoint returns the fact about a port of a host, made if there is none.
func (s *Scan) Endpoint(h *Host, port int, transport string) *fact.Fact {
	f := h.Fact(fact.KindEndpoint, portKey(port, transport))
	State(f, "port", int64(port))
	State(f, "transport", cmp.Or(transport, "tcp"))
	return f
}

// OffersTLS states the versions of TLS that an endpoint accepts, by the names facts
// use: ssl3, 1.2. A tool that tried them and was refused each states none.
func OffersTLS(f *fact.Fact, have map[string]bool) {
	vs := TLSVersions(have)
	State(f, "tls_versions", vs)
	State(f, "tls", len(vs) > 0)
	if len(vs) > 0 {
		State(f, "tls_oldest", vs[0])
		State(f, "tls_newest", vs[len(vs)-1])
		State(f, "clear_text", false)
	}
}

// Weak reports whether the name of a cipher suite, IANA's or OpenSSL's, is one that
// no longer protects: without encryption or authentication, for export, RC4, DES.
func Weak(suite string) bool {
	u := strings.ToUpper(suite)
	for _, w := range []string{"NULL", "EXP", "ANON", "ADH", "AECDH", "RC4", "RC2", "_DES_", "DES-CBC", "3DES", "IDEA", "_MD5"} {
		if strings.Contains(u, w) {
			return true
		}
	}
	return false
}
