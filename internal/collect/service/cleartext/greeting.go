package cleartext

import (
	"strings"

	"github.com/asepsis/asepsis/internal/collect/service/wire"
)

// Recognize tells a protocol from what a server says by itself. The service is
// named as facts name it; it is empty where the words tell nothing.
func Recognize(said []byte) (service, product string) {
	s := string(said[:min(len(said), 4096)])
	line, _, _ := strings.Cut(s, "\n")
	upper := strings.ToUpper(line)
	switch {
	case strings.HasPrefix(s, "SSH-"):
		if parts := strings.SplitN(wire.Printable(line, 200), "-", 3); len(parts) == 3 {
			product = parts[2]
		}
		return "ssh", product
	case strings.HasPrefix(s, "RFB 00"):
		return "vnc", wire.Printable(line, 20)
	case strings.HasPrefix(s, "* OK"), strings.HasPrefix(s, "* PREAUTH"):
		return "imap", ""
	case strings.HasPrefix(s, "+OK"):
		return "pop3", ""
	case strings.HasPrefix(s, "220") && (strings.Contains(upper, "SMTP") || strings.Contains(upper, "MAIL")):
		return "smtp", ""
	case strings.HasPrefix(s, "220"):
		return "ftp", wire.Printable(strings.Trim(strings.TrimLeft(line[3:], "- "), "() \r"), 80)
	case strings.HasPrefix(s, "@RSYNCD:"):
		return "rsync", ""
	case telnet(said):
		return "telnet", ""
	case len(said) > 6 && said[3] == 0 && said[4] == 10 && said[5] >= '3' && said[5] <= '9':
		return "mysql", ""
	case strings.HasPrefix(s, "HTTP/"):
		return "http", ""
	}
	return "", ""
}

// telnet reports whether the words begin with one of Telnet's commands: IAC and
// WILL, WONT, DO or DONT (RFC 854).
func telnet(b []byte) bool {
	return len(b) >= 3 && b[0] == 0xff && b[1] >= 0xfb && b[1] <= 0xfe
}
