package starttls_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/asepsis/asepsis/internal/collect/service/servertest"
	"github.com/asepsis/asepsis/internal/collect/service/starttls"
	"github.com/asepsis/asepsis/internal/collect/service/wire"
)

var protocols = []starttls.Protocol{
	starttls.SMTP, starttls.IMAP, starttls.POP3, starttls.FTP, starttls.LDAP, starttls.PostgreSQL, starttls.MySQL,
}

func conn(t testing.TB, said string) *wire.Conn {
	t.Helper()
	c, _ := servertest.Said([]byte(said))
	return wire.Bound(t.Context(), c, servertest.Bounds)
}

func word(b *bool) string {
	switch {
	case b == nil:
		return "unknown"
	case *b:
		return "yes"
	}
	return "no"
}

// searchDone is how a directory ends an answer with a result code.
func searchDone(code string) string {
	return "\x30\x0c\x02\x01\x01\x65\x07\x0a\x01" + code + "\x04\x00\x04\x00"
}

// TestShow: servers that real programs cannot be made to be, by their words.
func TestShow(t *testing.T) {
	for _, tt := range []struct {
		name          string
		p             starttls.Protocol
		said          string
		offers        bool
		clear         string
		product, fail string
	}{
		{"mail with passwords in clear", starttls.SMTP, "220 mx ESMTP Exim 4.96\r\n250-mx\r\n250-AUTH LOGIN PLAIN\r\n250 STARTTLS\r\n", true, "yes", "Exim 4.96", ""},
		{"mail with old words", starttls.SMTP, "220 mx ESMTP x\r\n250-mx\r\n250-AUTH=LOGIN\r\n250 STARTTLS\r\n", true, "yes", "x", ""},
		{"mail with strong sign-in only", starttls.SMTP, "220-mx ESMTP x\r\n220 more\r\n250-mx\r\n250-AUTH CRAM-MD5\r\n250 starttls\r\n", true, "unknown", "x", ""},
		{"mail that is busy", starttls.SMTP, "421 too many connections\r\n", false, "unknown", "", "something else"},
		{"mail that knows no EHLO", starttls.SMTP, "220 mx\r\n500 what?\r\n", false, "unknown", "", "something else"},
		{"mailboxes before TLS", starttls.IMAP, "* OK ready\r\n* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\na1 OK done\r\n", true, "no", "", ""},
		{"mailboxes without TLS", starttls.IMAP, "* OK ready\r\n* CAPABILITY IMAP4rev1\r\na1 OK done\r\n", false, "yes", "", ""},
		{"old mailboxes", starttls.POP3, "+OK\r\n-ERR unknown command\r\n", false, "yes", "", ""},
		{"mailboxes with passwords inside TLS", starttls.POP3, "+OK\r\n+OK\r\nSTLS\r\nSASL CRAM-MD5\r\n.\r\n", true, "no", "", ""},
		{"mailboxes with passwords", starttls.POP3, "+OK\r\n+OK\r\nSTLS\r\nUSER\r\n.\r\n", true, "yes", "", ""},
		{"files", starttls.FTP, "220 (vsFTPd 3.0.5)\r\n530 Please login with USER and PASS.\r\n", false, "yes", "vsFTPd 3.0.5", ""},
		{"files with TLS", starttls.FTP, "220-Hello\r\n220 there\r\n234 go on\r\n", true, "unknown", "Hello", ""},
		{"directory that insists", starttls.LDAP, searchDone("\x0d"), true, "no", "", ""},
		{"directory that wants a name", starttls.LDAP, searchDone("\x08"), false, "unknown", "", ""},
		{"directory in clear", starttls.LDAP, searchDone("\x00"), false, "yes", "", ""},
		{"directory that lies", starttls.LDAP, "\x30\x84\x7f\xff\xff\xff", false, "unknown", "", "something else"},
		{"database of before TLS", starttls.PostgreSQL, "E", false, "unknown", "", "something else"},
		{"database that hangs up halfway", starttls.MySQL, "\x2f\x00\x00\x00\xff\x6a\x04Host is blocked, flush hosts", false, "unknown", "", "ended"},
		{"database that says why", starttls.MySQL, "\x0f\x00\x00\x00\xff\x6a\x04Host blocked", false, "unknown", "", "it answered: Host blocked"},
		{"database without TLS", starttls.MySQL, "\x20\x00\x00\x00\x0a8.0.1\x00aaaabbbbbbbb\x00\x00\x00moremoremore", false, "yes", "MySQL 8.0.1", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, err := starttls.Show(conn(t, tt.said), tt.p)
			if tt.fail != "" {
				if err == nil || !strings.Contains(wire.Why(err), tt.fail) {
					t.Errorf("%+v, error %q, want %q", l, wire.Why(err), tt.fail)
				}
				return
			}
			if err != nil || l.Offers != tt.offers || word(l.Clear) != tt.clear || l.Product != tt.product || l.Clear == nil && l.Why == "" {
				t.Errorf("%+v, clear %s, error %v", l, word(l.Clear), err)
			}
		})
	}
}

func TestBegin(t *testing.T) {
	for _, tt := range []struct {
		name string
		p    starttls.Protocol
		said string
		want error
	}{
		{"mail", starttls.SMTP, "220 x\r\n250-x\r\n250 STARTTLS\r\n220 go\r\n", nil},
		{"mail that does not offer it", starttls.SMTP, "220 x\r\n250 x\r\n", starttls.ErrNotOffered},
		{"mail that cannot now", starttls.SMTP, "220 x\r\n250 STARTTLS\r\n454 not now\r\n", starttls.ErrNotOffered},
		{"mailboxes", starttls.IMAP, "* OK\r\n* something\r\na1 OK begin\r\n", nil},
		{"mailboxes that refuse", starttls.IMAP, "* OK\r\na1 BAD what\r\n", starttls.ErrNotOffered},
		{"pop3", starttls.POP3, "+OK\r\n+OK\r\n", nil},
		{"files", starttls.FTP, "220 x\r\n234 go\r\n", nil},
		{"directory", starttls.LDAP, "\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00", nil},
		{"directory that refuses", starttls.LDAP, "\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x34\x04\x00\x04\x00", starttls.ErrNotOffered},
		{"database", starttls.PostgreSQL, "S", nil},
		{"database that refuses", starttls.PostgreSQL, "N", starttls.ErrNotOffered},
		{"desktop", starttls.RDP, "\x03\x00\x00\x13\x0e\xd0\x00\x00\x12\x34\x00\x02\x1f\x08\x00\x02\x00\x00\x00", nil},
		{"desktop that refuses", starttls.RDP, "\x03\x00\x00\x13\x0e\xd0\x00\x00\x12\x34\x00\x03\x00\x08\x00\x02\x00\x00\x00", starttls.ErrNotOffered},
		{"old desktop", starttls.RDP, "\x03\x00\x00\x0b\x06\xd0\x00\x00\x12\x34\x00", starttls.ErrNotOffered},
	} {
		if err := starttls.Begin(conn(t, tt.said), tt.p); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

// TestShowRDP: servers of Windows, which none can be started here, by the answers
// that MS-RDPBCGR gives them.
func TestShowRDP(t *testing.T) {
	answer := func(kind, value byte) string {
		return "\x03\x00\x00\x13\x0e\xd0\x00\x00\x12\x34\x00" + string([]byte{kind, 0, 8, 0, value, 0, 0, 0})
	}
	for _, tt := range []struct {
		name                string
		both, tls, standard string
		offers              bool
		nla, clear          string
	}{
		{"Windows with network level authentication", answer(2, 2), answer(3, 5), answer(3, 5), true, "yes", "no"},
		{"Windows with TLS alone", answer(2, 1), answer(2, 1), answer(3, 1), true, "no", "no"},
		{"Windows that takes everything", answer(2, 2), answer(2, 1), answer(2, 0), true, "no", "unknown"},
		{"Windows of 2003", answer(3, 2), "", "", false, "no", "unknown"},
		{"Windows XP", "\x03\x00\x00\x0b\x06\xd0\x00\x00\x12\x34\x00", "", "", false, "no", "unknown"},
	} {
		said := []string{tt.both, tt.tls, tt.standard}
		l, err := starttls.ShowRDP(func() (*wire.Conn, error) {
			s := said[0]
			said = said[1:]
			return conn(t, s), nil
		})
		if err != nil || l.Offers != tt.offers || word(l.NLA) != tt.nla || word(l.Clear) != tt.clear {
			t.Errorf("%s: %+v, nla %s, clear %s, error %v", tt.name, l, word(l.NLA), word(l.Clear), err)
		}
	}
}

func FuzzBeforeTLS(f *testing.F) {
	for _, s := range []string{
		"220 mx ESMTP x\r\n250-mx\r\n250-AUTH LOGIN\r\n250 STARTTLS\r\n220 go\r\n", "* OK\r\n* CAPABILITY STARTTLS\r\na1 OK\r\n", "+OK\r\n+OK\r\nSASL PLAIN\r\n.\r\n",
		searchDone("\x00"), "\x30\x84\x7f\xff\xff\xff", "S", "\x20\x00\x00\x00\x0a8.0.1\x00aaaabbbbbbbb\x00\x00\x08moremoremore",
		"\x30\x22\x02\x01\x01\x64\x1d\x04\x00\x30\x19\x30\x17\x04\x01x\x31\x12\x04\x10" + "1.3.6.1.4.1.1466", "\x03\x00\x00\x13\x0e\xd0\x00\x00\x12\x34\x00\x02\x1f\x08\x00\x02\x00\x00\x00",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, p := range protocols {
			l, err := starttls.Show(conn(t, string(b)), p)
			if len(l.Product) > 200 || err == nil && l.Clear == nil && l.Why == "" {
				t.Fatalf("%s of %q: %+v", p, b, l)
			}
			_ = starttls.Begin(conn(t, string(b)), p)
		}
		_ = starttls.Begin(conn(t, string(b)), starttls.RDP)
	})
}
