// Package httpenum asks a web server how it protects those who use it: whether it
// sends them to HTTPS, and which of the headers it sets that keep a browser safe.
//
// It asks for the first page and reads the headers alone. It follows nothing,
// sends no cookie and signs in nowhere.
package httpenum

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/collect/service/wire"
)

// Bounds of one answer.
const (
	EachTime   = 4 * time.Second
	maxHeaders = 32 << 10
	maxLine    = 16 << 10
	maxFields  = 200
)

// Header is one of the headers that keep a browser safe, by its name in lower case.
type Header string

// The headers that are looked for: RFC 6797, the CSP and Referrer Policy
// recommendations of the W3C, the Fetch standard for nosniff, RFC 7034.
const (
	StrictTransport Header = "strict-transport-security"
	ContentPolicy   Header = "content-security-policy"
	NoSniff         Header = "x-content-type-options"
	FrameOptions    Header = "x-frame-options"
	Referrer        Header = "referrer-policy"
)

// Report is how a web server answered.
type Report struct {
	Status int    `json:"status"`
	Server string `json:"server,omitempty"` // as it names itself
	// Location is where it sends people, without what follows a question mark.
	Location string `json:"location,omitempty"`
	// ToHTTPS says that it sends whoever comes without TLS to HTTPS and shows no page.
	ToHTTPS bool `json:"to_https,omitempty"`
	// Missing are the headers that it does not set, in order. Those that a page
	// needs are not missed where it shows none.
	Missing []Header `json:"missing,omitempty"`
	// HSTS is for how long browsers remember to use HTTPS; 0 where it does not say.
	HSTS time.Duration `json:"hsts,omitempty"`
	// Basic says that it asks for a password in the way that sends it with every request.
	Basic bool `json:"basic,omitempty"`
	// BareCookies are names of cookies that it sets without Secure.
	BareCookies []string `json:"bare_cookies,omitempty"`
}

// Ask asks for the first page, over TLS or without, by the name given; empty asks
// by address alone.
func Ask(ctx context.Context, dial wire.Dial, host string, secure bool) (*Report, error) {
	open := wire.Open
	if secure {
		open = func(ctx context.Context, dial wire.Dial, l wire.Limits) (*wire.Conn, error) {
			return wire.Secure(ctx, dial, host, l)
		}
	}
	c, err := open(ctx, dial, wire.Limits{Time: EachTime, Bytes: maxHeaders})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return ask(c, host, secure)
}

func ask(c *wire.Conn, host string, secure bool) (*Report, error) {
	if strings.ContainsAny(host, "\r\n /") {
		host = ""
	}
	if strings.Contains(host, ":") && !strings.HasPrefix(host, "[") {
		host = "[" + host + "]"
	}
	// GET and not HEAD: many device's servers answer HEAD with an error and other
	// headers. The page itself is not read.
	if err := c.Say("GET / HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: asepsis-scan\r\nAccept: text/html, */*\r\nConnection: close\r\n\r\n"); err != nil {
		return nil, err
	}
	return read(c, secure)
}

// read reads the status line and the headers.
func read(c *wire.Conn, secure bool) (*Report, error) {
	line, err := c.Line(maxLine)
	if err != nil {
		return nil, err
	}
	r := &Report{}
	proto, rest, _ := strings.Cut(line, " ")
	code, _, _ := strings.Cut(rest, " ")
	if !strings.HasPrefix(proto, "HTTP/") {
		return nil, wire.ErrProtocol
	}
	if r.Status, err = strconv.Atoi(code); err != nil || r.Status < 100 || r.Status > 999 {
		return nil, wire.ErrProtocol
	}
	fields := map[string][]string{}
	read := len(line)
	for n := 0; ; n++ {
		line, err := c.Line(maxLine)
		if err != nil {
			return nil, err
		}
		if line == "" {
			break
		}
		if read += len(line); n > maxFields || read > maxHeaders {
			return nil, wire.ErrTooMuch
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		name = strings.ToLower(strings.TrimSpace(name))
		fields[name] = append(fields[name], strings.TrimSpace(value))
	}
	r.judge(fields, secure)
	return r, nil
}

func (r *Report) judge(f map[string][]string, secure bool) {
	first := func(h string) string {
		if len(f[h]) == 0 {
			return ""
		}
		return f[h][0]
	}
	r.Server = wire.Printable(first("server"), 100)
	location := first("location")
	if r.Status >= 300 && r.Status < 400 && location != "" {
		if u, err := url.Parse(location); err == nil {
			r.ToHTTPS = !secure && strings.EqualFold(u.Scheme, "https")
			u.RawQuery, u.Fragment, u.User = "", "", nil
			r.Location = wire.Printable(u.String(), 200)
		}
	}
	for _, v := range f["www-authenticate"] {
		r.Basic = r.Basic || len(v) >= 5 && strings.EqualFold(v[:5], "basic")
	}
	for _, v := range f["set-cookie"] {
		if len(r.BareCookies) < 20 && !slices.ContainsFunc(strings.Split(v, ";"), func(p string) bool { return strings.EqualFold(strings.TrimSpace(p), "secure") }) {
			name, _, _ := strings.Cut(v, "=")
			r.BareCookies = append(r.BareCookies, wire.Printable(name, 60))
		}
	}
	if age, ok := maxAge(first(string(StrictTransport))); ok && secure {
		r.HSTS = age
	}
	r.Missing = missing(f, r.Status, secure)
}

// maxAge reads how long a browser remembers, at most a hundred years of it.
func maxAge(v string) (time.Duration, bool) {
	for p := range strings.SplitSeq(v, ";") {
		k, s, _ := strings.Cut(strings.TrimSpace(p), "=")
		if !strings.EqualFold(k, "max-age") {
			continue
		}
		n, err := strconv.ParseInt(strings.Trim(s, `"`), 10, 64)
		if err != nil || n < 0 {
			return 0, false
		}
		return time.Duration(min(n, 100*365*24*3600)) * time.Second, true
	}
	return 0, false
}

// missing lists the headers that are not set. HSTS counts over TLS alone, where
// alone browsers listen to it; the others where there is a page.
func missing(f map[string][]string, status int, secure bool) []Header {
	out := []Header{}
	if age, ok := maxAge(strings.Join(f[string(StrictTransport)][:min(1, len(f[string(StrictTransport)]))], "")); secure && (!ok || age == 0) {
		out = append(out, StrictTransport)
	}
	if status >= 300 && status < 400 {
		return out
	}
	csp := strings.ToLower(strings.Join(f[string(ContentPolicy)], ";"))
	if csp == "" {
		out = append(out, ContentPolicy)
	}
	if !strings.EqualFold(strings.Join(f[string(NoSniff)], ""), "nosniff") {
		out = append(out, NoSniff)
	}
	if len(f[string(FrameOptions)]) == 0 && !strings.Contains(csp, "frame-ancestors") {
		out = append(out, FrameOptions)
	}
	if len(f[string(Referrer)]) == 0 {
		out = append(out, Referrer)
	}
	return out
}
