package sshenum

import (
	"encoding/binary"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/collect/service/wire"
)

// Bounds of what a server may say before keys are agreed on.
const (
	maxBanner = 8 << 10 // bytes before and in the line with the version
	maxLines  = 50      // lines before it, RFC 4253 section 4.2
	maxPacket = 35000   // RFC 4253 section 6.1
	maxNames  = 200     // algorithms of one list
	ourBanner = "SSH-2.0-asepsis_scan\r\n"
	msgInit   = 20
)

// Offer is what a server offers, as it lists it.
type Offer struct {
	Banner      string   `json:"banner"` // SSH-2.0-OpenSSH_9.2p1 Debian-2
	KeyExchange []string `json:"key_exchange"`
	HostKeys    []string `json:"host_keys"`
	Ciphers     []string `json:"ciphers"` // of either direction
	MACs        []string `json:"macs"`
}

// Protocol1 reports whether the server still speaks SSH 1: "1.99" means both.
func (o Offer) Protocol1() bool { return strings.HasPrefix(o.Banner, "SSH-1.") }

// readBanner reads the line in which a server says its version. Lines before it
// are allowed.
func readBanner(c *wire.Conn) (string, error) {
	left := maxBanner
	for range maxLines {
		s, err := c.Line(left)
		if err != nil {
			return "", err
		}
		if left -= len(s) + 1; left <= 0 {
			return "", wire.ErrTooMuch
		}
		if strings.HasPrefix(s, "SSH-") {
			return wire.Printable(s, 255), nil
		}
		if strings.ContainsRune(s, 0) {
			return "", wire.ErrProtocol
		}
	}
	return "", wire.ErrTooMuch
}

// readOffer reads the first packet, in which a server lists its algorithms. It is
// not encrypted.
func readOffer(c *wire.Conn) (Offer, error) {
	head, err := c.Full(5)
	if err != nil {
		return Offer{}, err
	}
	n, padding := int(binary.BigEndian.Uint32(head)), int(head[4])
	if n < 2 || n > maxPacket || padding > n-2 {
		return Offer{}, wire.ErrProtocol
	}
	b, err := c.Full(n - 1)
	if err != nil {
		return Offer{}, err
	}
	return parseOffer(b[:n-1-padding])
}

// parseOffer reads SSH_MSG_KEXINIT, RFC 4253 section 7.1.
func parseOffer(b []byte) (Offer, error) {
	if len(b) < 17 || b[0] != msgInit {
		return Offer{}, wire.ErrProtocol
	}
	b = b[17:]
	var lists [6][]string
	for i := range lists {
		if len(b) < 4 {
			return Offer{}, wire.ErrProtocol
		}
		n := int(binary.BigEndian.Uint32(b))
		if n < 0 || n > len(b)-4 {
			return Offer{}, wire.ErrProtocol
		}
		lists[i] = names(string(b[4 : 4+n]))
		b = b[4+n:]
	}
	return Offer{
		KeyExchange: lists[0], HostKeys: lists[1],
		Ciphers: union(lists[2], lists[3]), MACs: union(lists[4], lists[5]),
	}, nil
}

// names splits a list of algorithms. What is no name of one is left out.
func names(s string) []string {
	var out []string
	for n := range strings.SplitSeq(s, ",") {
		if n == "" || len(n) > 64 || strings.ContainsFunc(n, func(r rune) bool { return r <= ' ' || r > '~' }) {
			continue
		}
		if out = append(out, n); len(out) == maxNames {
			break
		}
	}
	return out
}

func union(a, b []string) []string {
	out := slices.Clone(a)
	for _, n := range b {
		if !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}
