package tlsenum

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"encoding/json"
	"net"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestTableOfSuites(t *testing.T) {
	if n := len(table().order); n < 300 || n != len(table().names) {
		t.Fatalf("%d suites, %d names: the table is cut or has one twice", n, len(table().names))
	}
	seen := map[string]bool{}
	for _, s := range table().order {
		name := s.Name()
		if !strings.HasPrefix(name, "TLS_") || seen[name] {
			t.Errorf("%04x: %q is no name of a suite, or is there twice", uint16(s), name)
		}
		seen[name] = true
		if !slices.ContainsFunc(versions, func(v Version) bool { return fits(s, v) }) {
			t.Errorf("%s fits no version", name)
		}
	}
	// The names of the library are the registry's too.
	for _, s := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
		if got := Suite(s.ID).Name(); got != s.Name {
			t.Errorf("%04x is %s, want %s", s.ID, got, s.Name)
		}
	}
	if first := suitesOf(TLS12, nil)[0].Name(); !strings.Contains(first, "GCM") && !strings.Contains(first, "CHACHA20") || !strings.HasPrefix(first, "TLS_ECDHE") {
		t.Errorf("%s is offered first", first)
	}
}

func TestWeakness(t *testing.T) {
	for name, want := range map[string]string{
		"TLS_RSA_WITH_NULL_SHA256":                "no encryption",
		"TLS_SHA256_SHA256":                       "no encryption",
		"TLS_DH_anon_WITH_AES_128_GCM_SHA256":     "no authentication",
		"TLS_RSA_EXPORT_WITH_RC4_40_MD5":          "export grade",
		"TLS_ECDHE_RSA_WITH_RC4_128_SHA":          "RC4",
		"TLS_RSA_WITH_DES_CBC_SHA":                "DES",
		"TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA":     "3DES",
		"TLS_RSA_WITH_IDEA_CBC_SHA":               "IDEA",
		"TLS_RSA_WITH_AES_128_GCM_SHA256":         "no forward secrecy",
		"TLS_ECDH_RSA_WITH_AES_128_CBC_SHA":       "no forward secrecy",
		"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256":   "",
		"TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384": "",
		"TLS_DHE_RSA_WITH_AES_256_GCM_SHA384":     "",
		"TLS_AES_128_GCM_SHA256":                  "",
		"TLS_PSK_WITH_AES_128_GCM_SHA256":         "",
	} {
		if got := weakness(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// TestHelloIsRead has the library's own server read every hello that is sent.
func TestHelloIsRead(t *testing.T) {
	for _, v := range []Version{TLS10, TLS11, TLS12, TLS13} {
		for _, o := range offers(v, nil) {
			h := newHello(o, "clinic.example")
			if len(h.bytes()) > 1400 {
				t.Errorf("%s: a hello of %d bytes does not fit a packet", v, len(h.bytes()))
			}
			var got *tls.ClientHelloInfo
			client, server := net.Pipe()
			go func() {
				_, _ = client.Write(h.bytes())
				_ = client.SetReadDeadline(time.Now().Add(5 * time.Second))
				_, _ = client.Read(make([]byte, 100))
				_ = client.Close()
			}()
			_ = tls.Server(server, &tls.Config{MinVersion: tls.VersionTLS10, GetConfigForClient: func(i *tls.ClientHelloInfo) (*tls.Config, error) {
				got = i
				return nil, net.ErrClosed
			}}).Handshake()
			_ = server.Close()
			if got == nil || got.ServerName != "clinic.example" || !slices.Contains(got.SupportedVersions, uint16(v)) || len(got.CipherSuites) < len(o.suites) {
				t.Fatalf("%s: read as %+v", v, got)
			}
		}
	}
}

// TestHelloLengths: none has a length that load balancers are known to choke on.
func TestHelloLengths(t *testing.T) {
	all := suitesOf(TLS12, nil)
	for n := 1; n <= MaxSuites; n++ {
		for _, name := range []string{"", "a.example", "a-rather-long-name.of-a-department.clinic.example"} {
			size := len(newHello(offer{version: TLS12, suites: all[:n]}, name).bytes()) - 5
			if size > 255 && size < 512 || size > 511 && (size%256 == 10 || size%256 == 14) {
				t.Errorf("%d suites, name %q: a hello of %d bytes", n, name, size)
			}
		}
	}
}

func TestVersionNames(t *testing.T) {
	for _, v := range versions {
		b, err := json.Marshal([]Version{v})
		if err != nil {
			t.Fatal(err)
		}
		var back []Version
		if err := json.Unmarshal(b, &back); err != nil || back[0] != v {
			t.Errorf("%s came back as %v (%v)", b, back, err)
		}
	}
}

func FuzzFlight(f *testing.F) {
	hello := func(v, s uint16, ext []byte) []byte {
		b := binary.BigEndian.AppendUint16(nil, v)
		b = append(b, make([]byte, 33)...)
		b = binary.BigEndian.AppendUint16(b, s)
		b = append(b, 0)
		b = append(b, sized(nil, ext)...)
		b = append([]byte{2, 0, 0, byte(len(b))}, b...)
		return append([]byte{22, 3, 3, 0, byte(len(b))}, b...)
	}
	f.Add(hello(0x0303, 0xc02f, nil))
	f.Add(hello(0x0303, 0x1301, []byte{0, 43, 0, 2, 3, 4}))
	f.Add(append(hello(0x0303, 0x0033, nil), []byte{22, 3, 3, 0, 10, 11, 0, 0, 6, 0, 0, 3, 0, 0, 0}...))
	f.Add(append(hello(0x0301, 0x0016, nil), []byte{22, 3, 1, 0, 8, 12, 0, 0, 4, 0, 2, 1, 255}...))
	f.Add([]byte{21, 3, 1, 0, 2, 2, 40})
	f.Add([]byte("HTTP/1.1 400 Bad Request\r\n"))
	f.Add([]byte{22, 3, 3, 255, 255})
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, want := range []until{untilHello, untilDone} {
			r := bytes.NewReader(b)
			got, err := readFlight(r, want)
			if err == nil && got.version == 0 && got.fatal < 0 {
				t.Fatalf("neither an answer nor an error of %x", b)
			}
			if len(got.certificates) > MaxChain || got.dhBits > 8*maxHandshake {
				t.Fatalf("%d certificates, a group of %d bits", len(got.certificates), got.dhBits)
			}
			_ = lies(got, offer{version: TLS12, suites: suitesOf(TLS12, nil)})
			if len(got.certificates) > 0 {
				_, _ = judge(got.certificates, got.sent, nil, time.Unix(1.8e9, 0), []string{"clinic.example"})
			}
		}
	})
}
