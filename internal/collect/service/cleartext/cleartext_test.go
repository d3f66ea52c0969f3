package cleartext

import (
	"strings"
	"testing"
)

func TestRecognize(t *testing.T) {
	for said, want := range map[string]string{
		"SSH-2.0-OpenSSH_9.2p1 Debian\r\n": "ssh OpenSSH_9.2p1 Debian", "RFB 003.008\n": "vnc RFB 003.008", "* OK ready": "imap ", "+OK": "pop3 ",
		"220 mx ESMTP Postfix\r\n": "smtp ", "220 (vsFTPd 3.0.5)\r\n": "ftp vsFTPd 3.0.5", "220-x\r\n220 y\r\n": "ftp x", "@RSYNCD: 31.0\n": "rsync ",
		"\xff\xfd\x18\xff\xfd\x20": "telnet ", "\x4a\x00\x00\x00\x0a8.0.3\x00": "mysql ", "HTTP/1.0 400 x": "http ", "\xff\xff\xff\xff": " ", "": " ", "hello": " ",
	} {
		if service, product := Recognize([]byte(said)); service+" "+product != want {
			t.Errorf("%q: %s %s, want %s", said, service, product, want)
		}
	}
}

// response is an answer of SNMP to a request.
func response(version byte, id [4]byte, text string) []byte {
	pdu := ber(tagResponse, ber(tagInteger, id[:]), []byte{2, 1, 0}, []byte{2, 1, 0}, ber(tagSequence, ber(tagSequence, sysDescr, ber(tagOctets, []byte(text)))))
	return ber(tagSequence, []byte{2, 1, version}, ber(tagOctets, []byte("public")), pdu)
}

func TestResponses(t *testing.T) {
	id := [4]byte{0x41, 2, 3, 4}
	if s, ok := parseSNMP(response(V1, id, "HP \x1b JetDirect"), V1, id); !ok || s.Version != "v1" || s.Description != "HP  JetDirect" {
		t.Errorf("%+v, %t", s, ok)
	}
	if s, ok := parseSNMP(response(V2c, id, strings.Repeat("x", 300)), V2c, id); !ok || len(s.Description) != 120 {
		t.Errorf("%+v, %t", s, ok)
	}
	for name, b := range map[string][]byte{
		"another request": response(V1, [4]byte{0x41, 9, 9, 9}, "x"),
		"another version": response(V2c, id, "x"),
		"a request":       request(V1, "public", id),
		"cut":             response(V1, id, "x")[:20],
		"nothing":         nil,
	} {
		if s, ok := parseSNMP(b, V1, id); ok {
			t.Errorf("%s: believed: %+v", name, s)
		}
	}
}

func FuzzSNMP(f *testing.F) {
	id := [4]byte{0x41, 2, 3, 4}
	f.Add(response(V2c, id, "printer"))
	f.Add([]byte("\x30\x84\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, ok := parseSNMP(b, V2c, id); ok && (len(s.Description) > 120 || s.Version == "") {
			t.Fatalf("%+v", s)
		}
		if service, product := Recognize(b); len(product) > 200 || strings.ContainsAny(product, "\x00\n\x1b") {
			t.Fatalf("%s %q", service, product)
		}
	})
}
