package httpenum

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/collect/service/servertest"
	"github.com/asepsis/asepsis/internal/collect/service/wire"
)

func answer(t testing.TB, said string, secure bool) (*Report, error) {
	t.Helper()
	c, _ := servertest.Said([]byte(said))
	return ask(wire.Bound(t.Context(), c, servertest.Bounds), "clinic.example", secure)
}

func TestAnswers(t *testing.T) {
	for _, tt := range []struct {
		name   string
		said   string
		secure bool
		want   Report
	}{
		{"bare page", "HTTP/1.0 200 OK\r\nServer: GoAhead-Webs\r\n\r\n<html>", false, Report{Status: 200, Server: "GoAhead-Webs", Missing: []Header{ContentPolicy, NoSniff, FrameOptions, Referrer}}},
		{"guarded page", "HTTP/1.1 200 OK\r\nStrict-Transport-Security: max-age=63072000; includeSubDomains\r\ncontent-security-policy: default-src 'self'; frame-ancestors 'none'\r\n" +
			"X-Content-Type-Options: NoSniff\r\nReferrer-Policy: no-referrer\r\nSet-Cookie: id=1; Secure\r\n\r\n", true, Report{Status: 200, HSTS: 2 * 365 * 24 * time.Hour, Missing: []Header{}}},
		{"HSTS in clear is not listened to", "HTTP/1.1 302 Found\r\nStrict-Transport-Security: max-age=9\r\nLocation: /login?token=secret#x\r\n\r\n", false, Report{Status: 302, Location: "/login", Missing: []Header{}}},
		{"to HTTPS", "HTTP/1.1 301 Moved\r\nLocation: HTTPS://user:word@clinic.example/?a=b\r\n\r\n", false, Report{Status: 301, Location: "https://clinic.example/", ToHTTPS: true, Missing: []Header{}}},
		{"HSTS taken back", "HTTP/1.1 301 Moved\r\nLocation: /x\r\nStrict-Transport-Security: max-age=0\r\n\r\n", true, Report{Status: 301, Location: "/x", Missing: []Header{StrictTransport}}},
		{"asks for a password", "HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm=x\r\nWWW-Authenticate: basic realm=\"x\"\r\nSet-Cookie: session=secret; Path=/\r\n\r\n", false, Report{
			Status: 401, Basic: true, BareCookies: []string{"session"}, Missing: []Header{ContentPolicy, NoSniff, FrameOptions, Referrer},
		}},
	} {
		got, err := answer(t, tt.said, tt.secure)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if d := cmp.Diff(tt.want, *got); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
	}
}

func TestNoWebServers(t *testing.T) {
	for name, said := range map[string]string{
		"mail":                "220 mx ESMTP\r\n",
		"a status of letters": "HTTP/1.1 abc\r\n\r\n",
		"headers without end": "HTTP/1.1 200 OK\r\n" + strings.Repeat("X: y\r\n", 5000),
		"a header too long":   "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("y", 100_000),
		"half an answer":      "HTTP/1.1 200 OK\r\nServer: x\r\n",
		"nothing":             "",
	} {
		if r, err := answer(t, said, false); err == nil {
			t.Errorf("%s: believed: %+v", name, r)
		}
	}
}

// TestRealServers asks the servers of the library, with and without TLS.
func TestRealServers(t *testing.T) {
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != "/" || r.Host != "clinic.example" || r.Header.Get("Cookie")+r.Header.Get("Authorization") != "" {
			w.WriteHeader(http.StatusTeapot)
		}
		w.Header().Set("X-Frame-Options", "DENY")
		_, _ = w.Write([]byte("hello"))
	})
	for _, secure := range []bool{false, true} {
		s := httptest.NewUnstartedServer(page)
		if s.Start(); secure {
			s.Close()
			s = httptest.NewTLSServer(page)
		}
		r, err := Ask(t.Context(), servertest.Dial(netip.MustParseAddrPort(s.Listener.Addr().String())), "clinic.example", secure)
		s.Close()
		if err != nil || r.Status != 200 || strings.Contains(strings.Join(names(r.Missing), " "), "frame") {
			t.Errorf("TLS %t: %+v, %v", secure, r, err)
		}
	}
}

func names(hs []Header) []string {
	var out []string
	for _, h := range hs {
		out = append(out, string(h))
	}
	return out
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte("HTTP/1.1 301 Moved\r\nLocation: https://x/\r\nSet-Cookie: a=b\r\nStrict-Transport-Security: max-age=9\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 200\r\n: \r\n\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := answer(t, string(b), true)
		if err == nil && (r.Status < 100 || len(r.Location) > 200 || len(r.Server) > 100 || len(r.BareCookies) > 20 || strings.ContainsAny(r.Server+r.Location, "\n\x00\x1b")) {
			t.Fatalf("%+v", r)
		}
	})
}
