package dhcp

import (
	"encoding/hex"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// macOf finds the hardware address in a client's identifier: "01" and the
// address (RFC 2132, 9.14), or a DUID of the kinds LLT and LL (RFC 8415, 11). An
// identifier of RFC 4361 has "ff" and four bytes before its DUID.
func macOf(id string) string {
	b, err := hex.DecodeString(strings.NewReplacer(":", "", "-", "", " ", "").Replace(id))
	if err != nil {
		return ""
	}
	if len(b) > 5 && b[0] == 0xFF {
		b = b[5:]
	}
	const ethernet = 1
	switch {
	case len(b) == 7 && b[0] == ethernet:
		b = b[1:]
	case len(b) == 14 && b[0] == 0 && b[1] == 1 && b[2] == 0 && b[3] == ethernet:
		b = b[8:]
	case len(b) == 10 && b[0] == 0 && b[1] == 3 && b[2] == 0 && b[3] == ethernet:
		b = b[4:]
	default:
		return ""
	}
	return pairs(b)
}

// pairs writes bytes as 00:1b:44.
func pairs(b []byte) string {
	out := make([]string, len(b))
	for i, c := range b {
		out[i] = fmt.Sprintf("%02x", c)
	}
	return strings.Join(out, ":")
}

// plainID brings an identifier to pairs of digits; one that is no such thing is "".
func plainID(s string) string {
	s = strings.ToLower(strings.NewReplacer(":", "", "-", "", " ", "", ".", "").Replace(s))
	b, err := hex.DecodeString(s)
	if err != nil || len(b) == 0 || len(b) > 130 {
		return ""
	}
	return pairs(b)
}

// fingerprint brings a list of options to the form 1,3,6,15.
func fingerprint(options []byte) string {
	out := make([]string, 0, len(options))
	for _, o := range options[:min(len(options), 128)] {
		out = append(out, strconv.Itoa(int(o)))
	}
	return strings.Join(out, ",")
}

// text keeps a name or class as the client sent it, if it is text.
func text(s string) string {
	s = strings.Trim(s, "\x00 ")
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7F }) {
		return ""
	}
	return s
}

func sorted(m map[netip.Addr]bool) []netip.Addr {
	return slices.SortedFunc(maps.Keys(m), func(a, b netip.Addr) int { return a.Compare(b) })
}

// epoch reads seconds since 1970; what is out of range is no time.
func epoch(s string) (time.Time, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 || n >= 1<<34 {
		return time.Time{}, false
	}
	return time.Unix(n, 0).UTC(), true
}
