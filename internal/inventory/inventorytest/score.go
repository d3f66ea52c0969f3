// Package inventorytest measures how well sightings are merged: it reads
// labelled sightings, makes larger labelled worlds from a seed, and counts the
// pairs that were joined rightly and wrongly.
package inventorytest

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/inventory"
)

// Delivery is what one source brings at once, each sighting with the device it
// is of.
type Delivery struct {
	Stream    string
	Sightings []inventory.Sighting
	Devices   []int32 // of each sighting
}

// line is a labelled sighting as it is written in a file.
type line struct {
	Device string            `json:"device"`
	Case   string            `json:"case"`
	Batch  string            `json:"batch"` // sightings of a stream with the same batch came together
	Stream string            `json:"stream"`
	At     time.Time         `json:"at"`
	Keys   map[string]string `json:"keys"`
	MACs   []string          `json:"macs"`
	Maker  string            `json:"maker"`
}

// Labelled is a set of labelled sightings.
type Labelled struct {
	Deliveries []Delivery
	Devices    []string            // by number
	Cases      map[string][]string // case → its devices
	Sightings  int
}

// Read reads labelled sightings, one JSON object a line, in the order they were
// delivered. Lines that begin with # are for people.
func Read(r io.Reader) (*Labelled, error) {
	out := &Labelled{Cases: make(map[string][]string)}
	numbers := make(map[string]int32)
	last := ""
	sc := bufio.NewScanner(r)
	for n := 1; sc.Scan(); n++ {
		if len(sc.Bytes()) == 0 || sc.Bytes()[0] == '#' {
			continue
		}
		var l line
		if err := json.Unmarshal(sc.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		s := inventory.Sighting{Stream: l.Stream, At: inventory.Micros(l.At), Maker: l.Maker}
		for typ, v := range l.Keys {
			k, ok := asset.NewKey(asset.KeyType(typ), v)
			if !ok {
				return nil, fmt.Errorf("line %d: %s %q is no key", n, typ, v)
			}
			s.Keys = append(s.Keys, k)
		}
		for _, m := range l.MACs {
			k, ok := asset.NewKey(asset.MAC, m)
			if !ok {
				return nil, fmt.Errorf("line %d: %q is no hardware address", n, m)
			}
			s.Keys = append(s.Keys, k)
		}
		if l.Device == "" || l.Case == "" || l.Stream == "" || l.At.IsZero() || len(s.Keys) == 0 {
			return nil, fmt.Errorf("line %d: a sighting has a device, a case, a stream, a time and a key", n)
		}
		d, ok := numbers[l.Device]
		if !ok {
			d = int32(len(out.Devices)) //nolint:gosec // a file has not so many lines
			numbers[l.Device] = d
			out.Devices = append(out.Devices, l.Device)
			out.Cases[l.Case] = append(out.Cases[l.Case], l.Device)
		}
		if id := l.Stream + "\x00" + l.Batch; l.Batch == "" || id != last {
			out.Deliveries = append(out.Deliveries, Delivery{Stream: l.Stream})
			last = id
		}
		to := &out.Deliveries[len(out.Deliveries)-1]
		to.Sightings = append(to.Sightings, s)
		to.Devices = append(to.Devices, d)
		out.Sightings++
	}
	if err := sc.Err(); err != nil {
		return nil, fmt.Errorf("read labelled sightings: %w", err)
	}
	return out, nil
}

// Score counts pairs of sightings.
type Score struct {
	Right     int64 // joined, and of one device
	Wrong     int64 // joined, and of two
	Missed    int64 // of one device, and not joined
	Questions int
	Assets    int
	Devices   int
}

// Precision is the part of joined pairs that are of one device.
func (s Score) Precision() float64 { return ratio(s.Right, s.Right+s.Wrong) }

// Recall is the part of pairs of one device that were joined.
func (s Score) Recall() float64 { return ratio(s.Right, s.Right+s.Missed) }

func ratio(a, b int64) float64 {
	if b == 0 {
		return 1
	}
	return float64(a) / float64(b)
}

func (s Score) String() string {
	return fmt.Sprintf("precision %.4f, recall %.4f, %d questions, %d assets of %d devices", s.Precision(), s.Recall(), s.Questions, s.Assets, s.Devices)
}

// Placement is what became of each sighting.
type Placement struct {
	Homes  []string
	Labels []int32
	World  *inventory.World
	Asked  []inventory.Doubt
}

// Place brings deliveries to a fresh world.
func Place(ctx context.Context, ds []Delivery) (*Placement, error) {
	n := 0
	p := &Placement{World: inventory.NewWorld(nil, func() string { n++; return fmt.Sprintf("as_%08d", n) }, nil)}
	for _, d := range ds {
		placed, err := p.World.Place(ctx, d.Sightings)
		if err != nil {
			return nil, err
		}
		for i := range placed {
			p.Homes = append(p.Homes, placed[i].Home)
		}
		p.Labels = append(p.Labels, d.Devices...)
		p.Asked = append(p.Asked, p.World.Take().Asked...)
	}
	return p, nil
}

// Assets returns the asset of each sighting, as things stand at the end.
func (p *Placement) Assets() []string {
	out := make([]string, len(p.Homes))
	for i, h := range p.Homes {
		out[i] = p.World.AssetOf(h)
	}
	return out
}

// Score compares the assets with the labels.
func (p *Placement) Score() Score {
	type cell struct {
		asset  string
		device int32
	}
	cells, assets, devices := map[cell]int64{}, map[string]int64{}, map[int32]int64{}
	for i, a := range p.Assets() {
		cells[cell{a, p.Labels[i]}]++
		assets[a]++
		devices[p.Labels[i]]++
	}
	s := Score{Questions: len(p.Asked), Assets: len(assets), Devices: len(devices)}
	s.Right = pairs(cells)
	s.Wrong = pairs(assets) - s.Right
	s.Missed = pairs(devices) - s.Right
	return s
}

func pairs[K comparable](counts map[K]int64) int64 {
	var n int64
	for _, c := range counts {
		n += c * (c - 1) / 2
	}
	return n
}
