// Package flows says what a reader of logs of connections is. Sensors, firewalls
// and exporters write one line a connection; the readers below this package turn
// each into a [segment.Flow], which a segment.Fold folds into the matrix of zones.
// Nothing of a log is kept in memory; how long a log may be is the caller's to say
// (collect.Limits.Bytes, after unpacking), and no other limit of rows holds.
package flows

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/lines"
	"github.com/asepsis/asepsis/internal/collect/safe"
	"github.com/asepsis/asepsis/internal/segment"
)

// Reader reads one kind of log.
type Reader interface {
	Format() collect.Format
	// Recognize returns how sure it is, 0 to 100, from the first bytes.
	Recognize(name string, head []byte) int
	// Read calls take with each flow, in the order of the log; the flow is take's
	// until it returns. A log that cannot be taken is a *collect.Refusal: flows
	// before the fault were taken, so the fold is of no use then. With
	// collect.SkipRows wrong lines are left out and listed. An error of take ends
	// the reading and is returned.
	Read(ctx context.Context, in collect.Input, take func(*segment.Flow) error) (Stats, error)
}

// Stats count the lines of a log.
type Stats struct {
	Lines   int
	Flows   int
	Other   int // lines that speak of no connection
	Skipped []collect.RowFault
}

const maxLine = 64 << 10

// Parse fills in the flow that a line holds, and reports whether it holds one.
// What is wrong with the line is a *safe.Fault, without its place.
type Parse func(line []byte, f *segment.Flow) (bool, error)

// Each reads a log line by line. Where whole is set, a last line that does not
// end is a fault: its last number may be cut short and look whole.
func Each(ctx context.Context, in collect.Input, format string, whole bool, parse Parse, take func(*segment.Flow) error) (Stats, error) {
	var s Stats
	r, err := lines.Open(ctx, in, maxLine)
	if err != nil {
		return s, safe.Refuse(in, format, err)
	}
	faults := safe.NewFaults(in, format)
	var f segment.Flow // one for all lines: it is take's only until take returns
	for {
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return s, safe.Refuse(in, format, err)
		}
		if len(b) == 0 {
			continue
		}
		s.Lines++
		f = segment.Flow{}
		ok, err := parse(b, &f)
		if !r.Ended() && (whole || err != nil) {
			ok, err = false, &safe.Fault{Reason: "the last line is cut off", Mend: "copy the log again when its writer has closed it"}
		}
		if err != nil {
			fault, mine := errors.AsType[*safe.Fault](err)
			if !mine {
				return s, fmt.Errorf("read %s: %w", in.Name, err)
			}
			if err := faults.Add(r.Line(), fault.Column, fault.Reason, fault.Mend); err != nil {
				return s, err
			}
			continue
		}
		if !ok {
			s.Other++
			continue
		}
		s.Flows++
		if err := take(&f); err != nil {
			return s, err
		}
	}
	if s.Skipped, err = faults.Done(); err != nil {
		return s, err
	}
	if s.Flows == 0 {
		return s, collect.Refuse(in, format, 0, "the log tells of no connection", "bring a log of connections, of a time in which there was traffic")
	}
	return s, nil
}

// Bad is the fault of one value of a line.
func Bad(column string, value []byte) error {
	return &safe.Fault{Column: column, Reason: fmt.Sprintf("the value is %.40q", value), Mend: "export the log again; if it was edited, undo that"}
}

// Addr reads an address. IPv4 is read without allocating.
func Addr(b []byte) (netip.Addr, bool) {
	var q [4]byte
	part, digits, at := 0, 0, 0
	for _, c := range b {
		switch {
		case c >= '0' && c <= '9' && digits < 3:
			part, digits = part*10+int(c-'0'), digits+1
		case c == '.' && digits > 0 && at < 3 && part < 256:
			q[at] = byte(part)
			part, digits, at = 0, 0, at+1
		default:
			if len(b) > 60 {
				return netip.Addr{}, false
			}
			a, err := netip.ParseAddr(string(b))
			return a, err == nil
		}
	}
	if at != 3 || digits == 0 || part > 255 {
		return netip.Addr{}, false
	}
	q[3] = byte(part)
	return netip.AddrFrom4(q), true
}

// Number reads a whole number of at most 19 digits.
func Number(b []byte) (uint64, bool) {
	if len(b) == 0 || len(b) > 19 {
		return 0, false
	}
	n := uint64(0)
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return n, true
}

// Port reads a port.
func Port(b []byte) (uint16, bool) {
	n, ok := Number(b)
	return uint16(n), ok && n <= 65535
}

// Seconds reads seconds with a fraction, as time since 1970 or as a length.
func Seconds(b []byte) (time.Duration, bool) {
	whole, at := int64(0), 0
	for ; at < len(b) && b[at] != '.'; at++ {
		c := b[at]
		if c < '0' || c > '9' || at > 10 {
			return 0, false
		}
		whole = whole*10 + int64(c-'0')
	}
	if at == 0 || whole > 9_000_000_000 {
		return 0, false
	}
	part, unit := int64(0), int64(time.Second)
	for at++; at < len(b); at++ {
		c := b[at]
		if c < '0' || c > '9' {
			return 0, false
		}
		if unit > 1 {
			unit /= 10
			part += int64(c-'0') * unit
		}
	}
	return time.Duration(whole*int64(time.Second) + part), true
}

// Since1970 is a time as Seconds reads it.
func Since1970(d time.Duration) time.Time { return time.Unix(0, int64(d)) }

// ID makes a number of the name a connection has in a log (FNV-1a); never 0.
func ID(parts ...[]byte) uint64 {
	h := uint64(14695981039346656037)
	for _, p := range parts {
		for _, c := range p {
			h = (h ^ uint64(c)) * 1099511628211
		}
		h = (h ^ 0xFF) * 1099511628211
	}
	return h | 1
}

// Zone reads the option "time_zone" for logs that write local time: a name such
// as America/Chicago. Without it times are UTC.
func Zone(in collect.Input) (*time.Location, error) {
	name := in.Options["time_zone"]
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, &safe.Fault{Reason: fmt.Sprintf("the time zone %.40q is not known", name), Mend: "write it like America/Chicago"}
	}
	return loc, nil
}
