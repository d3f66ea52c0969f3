package dhcp

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/collect/lines"
)

// knownISC looks for a lease and its braces, or for the lines the server begins
// its file with.
func knownISC(head []byte) int {
	if bytes.Contains(head, []byte("written by isc-dhcp-")) {
		return 95
	}
	sure := 0
	lines.First(head, func(b []byte) bool {
		f := strings.Fields(string(b[:min(len(b), 200)]))
		switch {
		case len(f) == 3 && f[0] == "lease" && f[2] == "{":
			if _, err := netip.ParseAddr(f[1]); err == nil {
				sure = 90
			}
		case len(f) == 3 && (f[0] == "ia-na" || f[0] == "ia-ta" || f[0] == "ia-pd") && f[2] == "{":
			sure = 90
		}
		return sure == 0
	})
	return sure
}

// isc reads dhcpd.leases(5): statements that end in a semicolon, in braces.
type isc struct {
	*parser
	r    *lines.Reader
	toks []string // of the current line
	done bool
}

func (p *parser) isc(ctx context.Context) error {
	r, err := lines.Open(ctx, p.in, maxLine)
	if err != nil {
		return err
	}
	x := &isc{parser: p, r: r}
	for {
		st, open, err := x.statement()
		if err != nil || x.done {
			return err
		}
		switch {
		case open && len(st) == 2 && st[0] == "lease":
			err = x.lease(st[1])
		case open && len(st) == 2 && (st[0] == "ia-na" || st[0] == "ia-ta"):
			err = x.association(st[1])
		case open: // a failover state, a host, a group
			err = x.skip(0)
		}
		if err != nil {
			return err
		}
	}
}

const edited = "copy the file again from the server; if it was edited, undo that"

// next returns the next word; done at the end of the file.
func (x *isc) next() (string, error) {
	for len(x.toks) == 0 {
		b, err := x.r.Next()
		if errors.Is(err, io.EOF) {
			x.done = true
			return "", nil
		}
		if err != nil {
			return "", err
		}
		toks, ok := words(string(b))
		if !ok {
			return "", x.r.Fault("a quote is not closed", edited)
		}
		x.toks = toks
	}
	t := x.toks[0]
	x.toks = x.toks[1:]
	return t, nil
}

// words splits a line; braces and semicolons are words of their own, a quoted
// text keeps its first quote, a comment ends the line.
func words(s string) ([]string, bool) {
	var out []string
	for s = strings.TrimLeft(s, " \t"); s != ""; s = strings.TrimLeft(s, " \t") {
		switch s[0] {
		case '#':
			return out, true
		case '{', '}', ';':
			out, s = append(out, s[:1]), s[1:]
		case '"':
			t, rest, ok := quoted(s)
			if !ok {
				return nil, false
			}
			out, s = append(out, `"`+t), rest
		default:
			i := strings.IndexAny(s, " \t{};\"#")
			if i < 0 {
				i = len(s)
			}
			out, s = append(out, s[:i]), s[i:]
		}
	}
	return out, true
}

// quoted reads a text in quotes, in which bytes stand as \ooo.
func quoted(s string) (text, rest string, ok bool) {
	var b []byte
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return string(b), s[i+1:], true
		case c == '\\' && i+3 < len(s) && octal(s[i+1:i+4]):
			n, _ := strconv.ParseUint(s[i+1:i+4], 8, 16)
			b = append(b, byte(n))
			i += 3
		case c == '\\' && i+1 < len(s):
			i++
			b = append(b, s[i])
		default:
			b = append(b, c)
		}
	}
	return "", "", false
}

func octal(s string) bool {
	return s[0] >= '0' && s[0] <= '3' && s[1] >= '0' && s[1] <= '7' && s[2] >= '0' && s[2] <= '7'
}

// statement reads the words up to a semicolon, or up to an opening brace. A
// closing brace is a statement of its own.
func (x *isc) statement() (st []string, open bool, err error) {
	for {
		t, err := x.next()
		switch {
		case err != nil:
			return nil, false, err
		case x.done && len(st) == 0:
			return nil, false, nil
		case x.done:
			return nil, false, x.r.Fault("the file ends inside a statement", "copy it again")
		case t == ";":
			return st, false, nil
		case t == "{":
			return st, true, nil
		case t == "}":
			return []string{"}"}, false, nil
		}
		if st = append(st, t); len(st) > 1000 {
			return nil, false, x.r.Fault("a statement has more than 1,000 words", edited)
		}
	}
}

// block calls f with each statement up to the closing brace.
func (x *isc) block(f func(st []string, open bool) error) error {
	for {
		st, open, err := x.statement()
		switch {
		case err != nil:
			return err
		case x.done:
			return x.r.Fault("the file ends inside a lease", "copy it again")
		case len(st) == 1 && st[0] == "}":
			return nil
		}
		if err := f(st, open); err != nil {
			return err
		}
	}
}

func (x *isc) skip(depth int) error {
	if depth > x.in.Limits.Depth {
		return x.r.Fault("blocks are nested too deep", edited)
	}
	return x.block(func(_ []string, open bool) error {
		if open {
			return x.skip(depth + 1)
		}
		return nil
	})
}

func (x *isc) lease(address string) error {
	line := x.r.Line()
	if err := x.row(line); err != nil {
		return err
	}
	ip, ipErr := netip.ParseAddr(address)
	l := lease{ip: ip.Unmap().WithZone("")}
	var starts, contact time.Time
	state := ""
	err := x.block(func(st []string, open bool) error {
		if open {
			return x.skip(1)
		}
		if len(st) == 0 {
			return nil
		}
		var ok bool
		arg := ""
		if len(st) > 1 {
			arg = st[1]
		}
		switch st[0] {
		case "starts":
			if starts, _, ok = iscTime(st[1:]); !ok {
				return x.badTime(st)
			}
		case "ends":
			if l.ends, _, ok = iscTime(st[1:]); !ok {
				return x.badTime(st)
			}
		case "cltt":
			if contact, _, ok = iscTime(st[1:]); !ok {
				return x.badTime(st)
			}
		case "binding":
			if len(st) == 3 && st[1] == "state" {
				state = st[2]
			}
		case "abandoned":
			state = "abandoned"
		case "hardware":
			if len(st) == 3 && st[1] == "ethernet" {
				l.mac = widen(st[2])
			}
		case "uid":
			if strings.HasPrefix(arg, `"`) {
				l.client = pairs([]byte(arg[1:]))
			} else {
				l.client = plainID(arg)
			}
		case "client-hostname":
			l.name = iscText(arg)
		case "vendor-class-identifier":
			l.vendorClass = iscText(arg)
		case "set":
			if len(st) == 4 && st[2] == "=" {
				l.set(st[1], st[3])
			}
		case "option":
			if len(st) >= 3 {
				l.option(st[1], strings.Join(st[2:], " "))
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if ipErr != nil {
		return x.faults.Add(line, "", "the lease is of no address", edited)
	}
	if l.seen = contact; l.seen.IsZero() {
		l.seen = starts
	}
	if l.seen.IsZero() {
		l.why = "the lease does not say when it began"
	}
	switch state {
	case "free", "backup":
		// A free address that was never given out, or whose client is long gone.
		l.over = true
		if l.mac == "" {
			x.idle++
			return nil
		}
	case "expired", "released", "reset", "bootp":
		l.over = state != "bootp"
	case "abandoned":
		x.declined++
		return nil
	}
	x.take(line, l)
	return nil
}

// set takes a variable that a configuration keeps with the lease, under the names
// that are in use.
func (l *lease) set(name, value string) {
	v := iscText(value)
	switch strings.ToLower(strings.ReplaceAll(name, "_", "-")) {
	case "vendor-class-identifier", "vendor-class", "vendor-string", "vci":
		l.vendorClass = v
	case "ddns-client-fqdn", "client-fqdn":
		l.name = strings.TrimSuffix(v, ".")
	case "ddns-fwd-name", "host-name", "hostname", "client-hostname":
		if l.name == "" || strings.Contains(v, ".") {
			l.name = strings.TrimSuffix(v, ".")
		}
	case "parameter-request-list", "dhcp-parameter-request-list", "fingerprint", "dhcp-fingerprint":
		l.fingerprint = requested(value)
	}
}

// option takes an option that a server writes into the file when it is told to.
func (l *lease) option(name, value string) {
	switch strings.TrimPrefix(name, "agent.") {
	case "vendor-class-identifier":
		l.vendorClass = iscText(value)
	case "host-name":
		if l.name == "" {
			l.name = iscText(value)
		}
	case "dhcp-parameter-request-list":
		l.fingerprint = requested(value)
	}
}

// requested reads a list of options: as bytes in quotes, as numbers between
// commas, or as hexadecimal pairs between colons.
func requested(s string) string {
	s = strings.TrimPrefix(s, `"`)
	if s == "" {
		return ""
	}
	var b []byte
	sep := ","
	base := 10
	if strings.Contains(s, ":") {
		sep, base = ":", 16
	}
	for f := range strings.SplitSeq(s, sep) {
		n, err := strconv.ParseUint(strings.TrimSpace(f), base, 8)
		if err != nil {
			return fingerprint([]byte(s))
		}
		b = append(b, byte(n))
	}
	if len(b) == 1 && base == 10 && len(s) > 3 {
		return fingerprint([]byte(s))
	}
	return fingerprint(b)
}

// iscText is a text in quotes, or a word; the bytes of a text that is none are left out.
func iscText(s string) string { return text(strings.TrimPrefix(s, `"`)) }

func (x *isc) badTime(st []string) error {
	return x.faults.Add(x.r.Line(), st[0], "the time cannot be read", edited)
}

// widen writes each byte of a hardware address with two digits: old servers
// leave zeros out.
func widen(mac string) string {
	parts := strings.Split(mac, ":")
	for i, s := range parts {
		if len(s) == 1 {
			parts[i] = "0" + s
		}
	}
	return strings.Join(parts, ":")
}

// iscTime reads "4 2023/11/16 10:00:00" in UTC, "epoch 1700000000", which
// db-time-format local writes, and "never".
func iscTime(f []string) (t time.Time, never, ok bool) {
	switch {
	case len(f) == 1 && f[0] == "never":
		return time.Time{}, true, true
	case len(f) == 2 && f[0] == "epoch":
		t, ok = epoch(f[1])
		return t, false, ok
	case len(f) == 3 || len(f) == 4: // old servers add the zone, in seconds
		at, err := time.Parse("2006/01/02 15:04:05", f[1]+" "+f[2])
		if err != nil {
			return time.Time{}, false, false
		}
		if len(f) == 4 {
			n, err := strconv.Atoi(f[3])
			if err != nil || n < -86400 || n > 86400 {
				return time.Time{}, false, false
			}
			at = at.Add(-time.Duration(n) * time.Second)
		}
		return at.UTC(), false, true
	}
	return time.Time{}, false, false
}

// association reads the addresses of one client of DHCPv6. Its name is four bytes
// of the association's number and the client's DUID.
func (x *isc) association(name string) error {
	id := ""
	if s := strings.TrimPrefix(name, `"`); len(s) > 4 {
		id = pairs([]byte(s[4:]))
	}
	line := x.r.Line()
	var contact time.Time
	return x.block(func(st []string, open bool) error {
		switch {
		case !open && len(st) > 1 && st[0] == "cltt":
			t, _, ok := iscTime(st[1:])
			if !ok {
				return x.badTime(st)
			}
			contact = t
		case open && len(st) == 2 && st[0] == "iaaddr":
			if err := x.row(line); err != nil {
				return err
			}
			ip, ipErr := netip.ParseAddr(st[1])
			l := lease{ip: ip, client: id, seen: contact}
			err := x.block(func(st []string, open bool) error {
				if open {
					return x.skip(1)
				}
				switch {
				case len(st) > 1 && st[0] == "ends":
					t, _, ok := iscTime(st[1:])
					if !ok {
						return x.badTime(st)
					}
					l.ends = t
				case len(st) == 3 && st[0] == "binding":
					l.over = st[2] != "active"
				case len(st) == 4 && st[0] == "set":
					l.set(st[1], st[3])
				}
				return nil
			})
			if err != nil {
				return err
			}
			if ipErr != nil {
				return x.faults.Add(line, "", "the lease is of no address", edited)
			}
			if l.seen.IsZero() {
				l.why = "the lease does not say when the client was last heard of"
			}
			x.take(line, l)
		case open:
			return x.skip(1)
		}
		return nil
	})
}
