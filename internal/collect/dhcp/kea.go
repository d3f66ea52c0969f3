package dhcp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/jsonsafe"
	"github.com/asepsis/asepsis/internal/collect/lines"
)

// firstLine returns the first line that is not blank.
func firstLine(head []byte) []byte {
	var first []byte
	lines.First(head, func(b []byte) bool {
		first = bytes.TrimSpace(b)
		return len(first) == 0
	})
	return first
}

func knownKeaCSV(head []byte) int {
	s := string(firstLine(head))
	if strings.HasPrefix(s, "address,hwaddr,client_id,valid_lifetime,expire") || strings.HasPrefix(s, "address,duid,valid_lifetime,expire") {
		return 95
	}
	return 0
}

// keaStates are the states of a lease.
const (
	keaAssigned = "0"
	keaDeclined = "1"
)

// keaCSV reads a lease file of Kea's memfile back end: a journal, in which the
// last line of an address counts, and a life of zero takes the lease away.
func (p *parser) keaCSV(ctx context.Context) error {
	r, err := lines.Open(ctx, p.in, maxLine)
	if err != nil {
		return err
	}
	var cols []int
	width := 0
	for {
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if len(b) == 0 {
			continue
		}
		if !r.Ended() {
			return p.faults.Add(r.Line(), "", "the last line is cut off", "copy the file again")
		}
		cells := strings.Split(string(b), ",")
		if cols == nil {
			cols, width = lines.Columns(cells, "address", "hwaddr", "client_id", "duid", "valid_lifetime", "expire", "hostname", "state", "lease_type"), len(cells)
			if cols[0] < 0 || cols[4] < 0 || cols[5] < 0 {
				return r.Fault("the first line does not hold Kea's headers", "copy the lease file again, unchanged")
			}
			continue
		}
		if cells[0] == "address" { // a file that was put together from several
			continue
		}
		if err := p.row(r.Line()); err != nil {
			return err
		}
		at := func(i int) string { return keaText(lines.At(cells, cols[i])) }
		ip, ipErr := netip.ParseAddr(at(0))
		life, lifeErr := strconv.ParseInt(at(4), 10, 64)
		ends, endErr := strconv.ParseInt(at(5), 10, 64)
		if len(cells) != width && len(cells) < 10 || ipErr != nil || lifeErr != nil || endErr != nil || life < 0 || life >= 1<<33 || ends < 0 || ends >= 1<<34 {
			if err := p.faults.Add(r.Line(), "", "the line is no lease: its address, life or end cannot be read", "copy the file again; if it was edited, undo that"); err != nil {
				return err
			}
			continue
		}
		p.kea(r.Line(), ip, at(1), firstOf(plainID(at(2)), plainID(at(3))), at(6), at(7), at(8), life, ends)
	}
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// keaText undoes the marks with which Kea writes what would end a cell.
func keaText(s string) string {
	if !strings.Contains(s, "&#x") {
		return s
	}
	return strings.NewReplacer("&#x2c", ",", "&#x2C", ",", "&#x0a", " ", "&#x0d", " ").Replace(s)
}

func (p *parser) kea(line int, ip netip.Addr, mac, id, name, state, kind string, life, ends int64) {
	l := lease{ip: ip.Unmap(), mac: mac, client: id, name: strings.TrimSuffix(text(name), "."), ends: time.Unix(ends, 0).UTC()}
	if kind == "2" || kind == "IA_PD" {
		l.ip = netip.Addr{} // a prefix for the networks behind a router
	}
	switch {
	case state == keaDeclined:
		p.declined++
		return
	case life == 0:
		l.over = true
		l.why = "the lease was taken back, and the file does not say when it began"
	default:
		l.seen = time.Unix(ends-life, 0).UTC()
		l.over = state != keaAssigned && state != ""
	}
	const forever = 1<<32 - 1
	if life == forever {
		l.ends = time.Time{}
	}
	p.take(line, l)
}

func knownKeaJSON(head []byte) int {
	h := bytes.TrimSpace(head)
	if len(h) == 0 || h[0] != '{' && h[0] != '[' {
		return 0
	}
	r := jsonsafe.New(bytes.NewReader(h), collect.DefaultLimits())
	sure := 0
	lease := func() error {
		keys := map[string]bool{}
		return r.Object(func(key string) error {
			keys[key] = true
			if keys["ip-address"] && (keys["cltt"] || keys["valid-lft"]) {
				sure = 95
			}
			return nil
		})
	}
	answer := func() error {
		keys := map[string]bool{}
		return r.Object(func(key string) error {
			keys[key] = true
			if key != "arguments" {
				return nil
			}
			return r.Object(func(key string) error {
				if key != "leases" {
					return nil
				}
				return r.Array(lease)
			})
		})
	}
	// The head may end anywhere, so an error is no news.
	if h[0] == '[' {
		_ = r.Array(answer)
	} else {
		_ = answer()
	}
	return sure
}

// keaJSON reads the answers of lease4-get-all and lease6-get-all.
func (p *parser) keaJSON(ctx context.Context) error {
	r, err := jsonsafe.Open(ctx, p.in)
	if err != nil {
		return err
	}
	answer := func() error {
		return r.Object(func(key string) error {
			switch key {
			case "arguments":
				return r.Object(func(key string) error {
					if key != "leases" {
						return nil
					}
					return r.Array(func() error { return p.keaLease(r) })
				})
			case "result":
				s, err := r.Brief(20)
				if err == nil && s != "0" && s != "3" { // 3: the server has none
					return r.Fault("the server answered with an error and not with leases", "send the command again, and bring its answer")
				}
				return err
			}
			return nil
		})
	}
	k, err := r.Kind()
	if err != nil {
		return err
	}
	if k == jsonsafe.Array {
		err = r.Array(answer)
	} else {
		err = answer()
	}
	if err != nil {
		return err
	}
	return r.End()
}

func (p *parser) keaLease(r *jsonsafe.Reader) error {
	line := r.Line()
	v := make(map[string]string)
	err := r.Object(func(key string) error {
		switch key {
		case "ip-address", "hw-address", "client-id", "duid", "hostname", "state", "type", "cltt", "valid-lft":
			s, err := r.Brief(300)
			v[key] = s
			return err
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := p.row(line); err != nil {
		return err
	}
	ip, ipErr := netip.ParseAddr(v["ip-address"])
	seen, seenErr := strconv.ParseInt(v["cltt"], 10, 64)
	life, lifeErr := strconv.ParseInt(v["valid-lft"], 10, 64)
	if ipErr != nil || seenErr != nil || lifeErr != nil || seen < 0 || seen >= 1<<34 || life < 0 || life >= 1<<33 {
		return p.faults.Add(line, "", fmt.Sprintf("the lease of %.40q has no address, life or time that can be read", v["ip-address"]), "ask the server again, and bring its answer unchanged")
	}
	p.kea(line, ip, v["hw-address"], firstOf(plainID(v["client-id"]), plainID(v["duid"])), v["hostname"], v["state"], v["type"], life, seen+life)
	return nil
}
