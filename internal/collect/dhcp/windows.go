package dhcp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"regexp"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/collect/lines"
	"github.com/asepsis/asepsis/internal/collect/safe"
	"github.com/asepsis/asepsis/internal/collect/xmlsafe"
)

// clock reads the times of a Windows server, which have no zone and follow its
// language. The options "zone" and "dates" say what they mean.
type clock struct {
	zone     *time.Location
	dayFirst bool
}

func (p *parser) clock() (clock, error) {
	c := clock{zone: time.UTC}
	if name := p.in.Options["zone"]; name != "" {
		z, err := time.LoadLocation(name)
		if err != nil {
			return c, &safe.Fault{Reason: fmt.Sprintf("there is no time zone %.40q", name), Mend: `give a name such as "America/Chicago"`}
		}
		c.zone = z
	}
	switch strings.ToLower(p.in.Options["dates"]) {
	case "", "mdy":
	case "dmy":
		c.dayFirst = true
	default:
		return c, &safe.Fault{Reason: fmt.Sprintf("there is no order of dates %.20q", p.in.Options["dates"]), Mend: "choose mdy (month first) or dmy (day first)"}
	}
	return c, nil
}

var (
	monthFirst = []string{"1/2/2006 3:04:05 PM", "1/2/2006 15:04:05", "01/02/06 15:04:05", "1/2/2006 3:04 PM", "1/2/2006 15:04"}
	dayFirst   = []string{"2/1/2006 15:04:05", "2/1/2006 3:04:05 PM", "02/01/06 15:04:05", "2/1/2006 15:04"}
	dotted     = []string{"2.1.2006 15:04:05", "2.1.06 15:04:05", "02-01-2006 15:04:05"}
	iso        = []string{time.RFC3339, "2006-01-02 15:04:05Z", "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006/01/02 15:04:05"}
)

// parse reads a time. One that can be read with the day first alone is read so.
func (c clock) parse(s string) (time.Time, bool) {
	s = strings.Join(strings.Fields(strings.ReplaceAll(s, "\u202f", " ")), " ")
	lists := [][]string{iso, dotted, monthFirst, dayFirst}
	if c.dayFirst {
		lists = [][]string{iso, dotted, dayFirst, monthFirst}
	}
	for _, list := range lists {
		for _, layout := range list {
			if t, err := time.ParseInLocation(layout, s, c.zone); err == nil && t.Year() > 1990 {
				return t.UTC(), true
			}
		}
	}
	return time.Time{}, false
}

var leaseColumns = []string{"IPAddress|IP Address|Client IP Address", "ClientId|ClientDuid|Unique ID", "AddressState", "HostName|Name", "LeaseExpiryTime|Lease Expiration|LeaseExpires", "VendorClass"}

const (
	colIP = iota
	colClient
	colState
	colName
	colEnds
	colClass
)

func leaseHeaders(b []byte) ([]string, byte, bool) {
	sep := lines.Separator(b)
	cells, ok := lines.Cells(b, sep)
	if !ok {
		return nil, 0, false
	}
	c := lines.Columns(cells, leaseColumns...)
	return cells, sep, c[colIP] >= 0 && c[colClient] >= 0 && (c[colState] >= 0 || c[colEnds] >= 0)
}

func knownWindowsCSV(head []byte) int {
	sure := 0
	lines.First(head, func(b []byte) bool {
		if bytes.HasPrefix(b, []byte("#TYPE ")) || len(bytes.TrimSpace(b)) == 0 {
			return true
		}
		if _, _, ok := leaseHeaders(b[:min(len(b), 4096)]); ok {
			sure = 95
		}
		return false
	})
	return sure
}

// each calls f with every line that is not blank.
func (p *parser) each(ctx context.Context, f func(r *lines.Reader, line []byte) error) error {
	r, err := lines.Open(ctx, p.in, maxLine)
	if err != nil {
		return err
	}
	for {
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if len(bytes.TrimSpace(b)) == 0 {
			continue
		}
		if err := f(r, b); err != nil {
			return err
		}
	}
}

const exportAgain = "export the leases again as the documentation gives it"

// windowsCSV reads Get-DhcpServerv4Lease, or v6, by Export-Csv.
func (p *parser) windowsCSV(ctx context.Context) error {
	c, err := p.clock()
	if err != nil {
		return err
	}
	var headers []string
	var cols []int
	var sep byte
	return p.each(ctx, func(r *lines.Reader, b []byte) error {
		if bytes.HasPrefix(b, []byte("#TYPE ")) {
			return nil
		}
		if headers == nil {
			var ok bool
			if headers, sep, ok = leaseHeaders(b); !ok {
				return r.Fault("the first line does not hold the headers of leases", exportAgain)
			}
			cols = lines.Columns(headers, leaseColumns...)
			return nil
		}
		cells, ok := lines.Cells(b, sep)
		if !ok || len(cells) != len(headers) || !r.Ended() && b[len(b)-1] == sep {
			return p.faults.Add(r.Line(), "", fmt.Sprintf("the line has not the %d cells of the headers", len(headers)), "the file may be cut off, or was edited; export it again")
		}
		at := func(i int) string { return lines.At(cells, cols[i]) }
		return p.windows(r.Line(), c, at(colIP), at(colClient), at(colState), at(colName), at(colEnds), at(colClass))
	})
}

// windows takes a lease as the server's tools give it.
func (p *parser) windows(line int, c clock, address, id, state, name, ends, class string) error {
	if err := p.row(line); err != nil {
		return err
	}
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return p.faults.Add(line, "IPAddress", fmt.Sprintf("%.40q is no address", address), exportAgain)
	}
	l := lease{ip: ip.Unmap().WithZone(""), name: strings.TrimSuffix(text(name), "."), vendorClass: text(class)}
	switch id := plainID(id); {
	case len(id) == 17:
		l.mac = id
	default:
		l.client = id
	}
	switch strings.ToLower(state) {
	case "inactivereservation", "reservation":
		p.reserved++
		return nil
	case "declined":
		p.declined++
		return nil
	case "expired", "expiredpendingdns", "released":
		l.over = true
	}
	// The server writes its first or last year for a lease that never ends.
	if ends != "" && !strings.Contains(ends, "1601") && !strings.Contains(ends, "9999") {
		t, ok := c.parse(ends)
		if !ok {
			return p.faults.Add(line, "LeaseExpiryTime", fmt.Sprintf("the time %.40q cannot be read", ends), "export the file with the language of the server set to English, or give the order of dates: --option dates=dmy")
		}
		l.ends = t
	}
	l.seen, l.why = p.fromEnd(l.ends)
	p.take(line, l)
	return nil
}

func knownWindowsXML(head []byte) int {
	if _, name := xmlsafe.Sniff(head); name == "DHCPServer" {
		return 95
	}
	return 0
}

// windowsXML reads Export-DhcpServer -Leases.
func (p *parser) windowsXML(ctx context.Context) error {
	c, err := p.clock()
	if err != nil {
		return err
	}
	r, err := xmlsafe.Open(ctx, p.in, xmlsafe.Options{})
	if err != nil {
		return err
	}
	if err := r.Root(); err != nil {
		return err
	}
	if r.Name() != "DHCPServer" {
		return r.Fault(fmt.Sprintf("the file begins with <%.40s>, not with <DHCPServer>", r.Name()), "run Export-DhcpServer with -Leases and bring that file")
	}
	var walk func(name string) error
	walk = func(name string) error {
		switch name {
		case "Reservation":
			if err := p.row(r.Line()); err != nil {
				return err
			}
			p.reserved++
			return r.Skip()
		case "Lease":
			line := r.Line()
			v := map[string]string{}
			err := r.Children(func(name string) error {
				switch name {
				case "IPAddress", "ClientId", "ClientDuid", "HostName", "LeaseExpiryTime", "AddressState", "VendorClass":
					s, err := r.Brief(300)
					v[name] = strings.TrimSpace(s)
					return err
				}
				return nil
			})
			if err != nil {
				return err
			}
			return p.windows(line, c, v["IPAddress"], firstOf(v["ClientId"], v["ClientDuid"]), v["AddressState"], v["HostName"], v["LeaseExpiryTime"], v["VendorClass"])
		case "IPv4", "IPv6", "Scopes", "Scope", "Leases", "Reservations":
			return r.Children(walk)
		}
		return nil
	}
	if err := r.Children(walk); err != nil {
		return err
	}
	return r.Finish()
}

// auditHeader is the line of headers of DhcpSrvLog; words stand above it.
func auditHeader(b []byte) []string {
	s := string(b)
	if !strings.HasPrefix(s, "ID,Date,Time,Description,IP") {
		return nil
	}
	return strings.Split(s, ",")
}

func knownAudit(head []byte) int {
	sure := 0
	lines.First(head, func(b []byte) bool {
		if auditHeader(b[:min(len(b), 1000)]) != nil {
			sure = 95
		}
		return sure == 0
	})
	return sure
}

// audit reads the server's audit log. An event that gives or renews an address
// is a sign of life; the log has no end of leases.
func (p *parser) audit(ctx context.Context) error {
	c, err := p.clock()
	if err != nil {
		return err
	}
	var cols []int
	return p.each(ctx, func(r *lines.Reader, b []byte) error {
		if h := auditHeader(b); h != nil {
			cols = lines.Columns(h, "ID", "Date", "Time", "Description", "IP Address|IPv6 Address", "Host Name", "MAC Address", "Duid Bytes(Hex)", "VendorClass(ASCII)")
			return nil
		}
		if cols == nil {
			return nil // the words above
		}
		if !r.Ended() {
			return p.faults.Add(r.Line(), "", "the last line is cut off", "copy the file again")
		}
		cells := strings.Split(string(b), ",")
		at := func(i int) string { return lines.At(cells, cols[i]) }
		if len(at(0)) < 2 || strings.Trim(at(0), "0123456789") != "" || len(cells) < 7 {
			return p.faults.Add(r.Line(), "", "the line is no event of the log", "copy the file again; if it was edited, undo that")
		}
		return p.event(r.Line(), c, at)
	})
}

// event takes one line of the audit log.
func (p *parser) event(line int, c clock, at func(int) string) error {
	if err := p.row(line); err != nil {
		return err
	}
	l := lease{name: strings.TrimSuffix(text(at(5)), "."), vendorClass: text(at(8))}
	switch at(0) {
	case "10", "11", "20", "21": // assigned, renewed, BOOTP
	case "12", "16", "17", "18": // released, deleted, run out
		l.over = true
	case "13":
		p.declined++
		return nil
	default:
		if !strings.Contains(at(3), "DHCPV6 Request") && !strings.Contains(at(3), "DHCPV6 Renew") && !strings.Contains(at(3), "DHCPV6 Rebind") {
			return nil // the server's own doings, and what it denied
		}
	}
	when, ok := c.parse(at(1) + " " + at(2))
	if !ok {
		return p.faults.Add(line, "Date", fmt.Sprintf("the time %.40q cannot be read", at(1)+" "+at(2)), "give the order of dates: --option dates=dmy")
	}
	ip, err := netip.ParseAddr(at(4))
	if err != nil {
		return p.faults.Add(line, "IP Address", fmt.Sprintf("%.40q is no address", at(4)), "copy the file again; if it was edited, undo that")
	}
	l.ip = ip.Unmap().WithZone("")
	switch id := plainID(strings.TrimPrefix(at(6), "0x")); {
	case at(7) != "":
		l.client = plainID(strings.TrimPrefix(at(7), "0x"))
	case len(id) == 17:
		l.mac = id
	default:
		l.client = id
	}
	if l.over {
		// The client was silent, or said goodbye; only the latter shows that it was there.
		if at(0) == "12" {
			l.seen = when
		} else {
			l.why = "the log shows only that the lease ran out"
		}
	} else {
		l.seen = when
	}
	p.take(line, l)
	return nil
}

var (
	netshClient   = regexp.MustCompile(`^\s*(\d{1,3}(?:\.\d{1,3}){3})\s*-\s*\d{1,3}(?:\.\d{1,3}){3}\s*-\s*([0-9A-Fa-f-]*[0-9A-Fa-f])\s*-\s*(\S.*?)\s*-\s*([A-Z])\s*(?:-\s*(.*))?$`)
	netshReserved = regexp.MustCompile(`(?i)^\s*dhcp server \S+ (?:v4 )?scope \S+ add reservedip (\S+) (\S+)`)
	netshServer   = regexp.MustCompile(`(?i)^\s*dhcp server \S+ `)
)

func knownNetsh(head []byte) int {
	sure, n := 0, 0
	lines.First(head, func(b []byte) bool {
		n++
		b = b[:min(len(b), 600)]
		if netshClient.Match(b) || netshServer.Match(b) {
			sure = 90
		}
		return sure == 0 && n < 400
	})
	return sure
}

// netsh reads "show clients 1", which lists leases, and "dump", which knows
// reservations alone.
func (p *parser) netsh(ctx context.Context) error {
	c, err := p.clock()
	if err != nil {
		return err
	}
	return p.each(ctx, func(r *lines.Reader, b []byte) error {
		if netshReserved.Match(b) {
			p.reserved++
			return p.row(r.Line())
		}
		m := netshClient.FindSubmatch(b)
		if m == nil {
			if len(b) > 0 && b[0] >= '0' && b[0] <= '9' && bytes.Count(b, []byte(" -")) > 2 {
				return p.faults.Add(r.Line(), "", "the line is cut off or is no lease", "run the command again and bring its output unchanged")
			}
			return nil
		}
		state, ends := "", string(m[3])
		switch up := strings.ToUpper(ends); {
		case strings.Contains(up, "INACTIVE"):
			state, ends = "InactiveReservation", ""
		case strings.Contains(up, "NEVER"):
			ends = ""
		}
		return p.windows(r.Line(), c, string(m[1]), string(m[2]), state, string(m[5]), ends, "")
	})
}
