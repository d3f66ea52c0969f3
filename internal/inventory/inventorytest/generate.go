package inventorytest

import (
	"fmt"
	"math/rand/v2"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/inventory"
)

// Config says what world to make. Everything in it is made up.
type Config struct {
	Seed    uint64
	Devices int
	Days    int // each source speaks once a day of what it sees
	// Trouble turns on what makes merging hard: machines installed anew, renamed,
	// replaced under their old name, cloned, with another card, docks that move,
	// and one night in which the network changes all addresses.
	Trouble bool
}

// kind is a sort of device.
type kind uint8

const (
	laptop kind = iota
	workstation
	virtual
	medical
	printer
	phone
	kinds
)

type device struct {
	n       int32
	kind    kind
	maker   string
	serial  string
	machine string
	tag     string
	name    string
	macs    []string
	udi     string
}

type generator struct {
	Config
	r       *rand.Rand
	devices []*device
	labels  int32
	docks   []string
	network int
}

const (
	at0 = int64(1_772_438_400_000_000) // 2 March 2026, 08:00 UTC
	day = int64(86_400_000_000)
)

var ouis = [kinds][]string{
	{"3c:52:82", "a4:c3:f0", "8c:16:45", "dc:71:96"}, {"3c:52:82", "6c:2b:59"}, {"00:50:56", "00:15:5d"},
	{"00:07:a8", "00:09:fb", "00:d0:2d"}, {"00:17:c8", "9c:93:4e"}, {"da:a1:19", "f2:b1:3c"},
}

var makersOf = [kinds][]string{
	{"HP Inc.", "Lenovo", "Dell Inc."}, {"Dell Inc.", "HP"}, {"VMware, Inc."}, {"Philips", "B. Braun", "GE HealthCare", "Baxter"}, {"Kyocera", "Xerox"}, {""},
}

// Generate makes a world and what its sources say, in the order of time. The
// same configuration gives the same world.
func Generate(c Config) []Delivery {
	g := &generator{Config: c, r: rand.New(rand.NewPCG(c.Seed, 0xa5e5))} //nolint:gosec // a made-up world needs no secrets
	for range c.Devices {
		g.devices = append(g.devices, g.device(kind(g.pick(30, 60, 75, 90, 96, 100))))
	}
	for range 1 + c.Devices/20 {
		g.docks = append(g.docks, g.mac("48:2a:e3"))
	}
	var out []Delivery
	for d := range c.Days {
		if c.Trouble && d > 0 {
			g.trouble(d)
		}
		out = append(out, g.sources(d)...)
	}
	return out
}

// pick returns which of ascending percentages a throw falls under.
func (g *generator) pick(upTo ...int) int {
	n := g.r.IntN(100)
	for i, u := range upTo {
		if n < u {
			return i
		}
	}
	return len(upTo) - 1
}

func (g *generator) chance(perMille int) bool { return g.r.IntN(1000) < perMille }

func (g *generator) mac(oui string) string {
	return fmt.Sprintf("%s:%02x:%02x:%02x", oui, g.r.IntN(256), g.r.IntN(256), g.r.IntN(256))
}

func (g *generator) label() int32 { g.labels++; return g.labels }

func (g *generator) device(k kind) *device {
	n := g.label()
	d := &device{n: n, kind: k, tag: fmt.Sprintf("H-%06d", n), maker: makersOf[k][g.r.IntN(len(makersOf[k]))]}
	d.serial = fmt.Sprintf("%c%c%07d%c", 'A'+g.r.IntN(26), 'A'+g.r.IntN(26), g.r.IntN(10_000_000), 'A'+g.r.IntN(26))
	d.machine = fmt.Sprintf("%016x%016x", g.r.Uint64(), g.r.Uint64())
	d.macs = []string{g.mac(ouis[k][0])}
	switch k {
	case laptop:
		d.name = fmt.Sprintf("lap-%05d", n)
		d.macs = append(d.macs, g.mac(ouis[k][1+g.r.IntN(3)]))
	case workstation:
		d.name = fmt.Sprintf("ws-%05d", n)
	case virtual:
		d.name = fmt.Sprintf("srv-%05d", n)
		d.serial = "VMware-" + d.machine[:16]
	case medical:
		d.name, d.machine = fmt.Sprintf("med-%05d", n), ""
		if g.chance(300) {
			d.name = "" // it does not tell one
		}
		d.macs = []string{g.mac(ouis[k][g.r.IntN(3)])}
		d.udi = fmt.Sprintf("(01)00885403215349(21)%s", d.serial)
	case printer:
		d.name, d.machine = fmt.Sprintf("prn-%05d", n), ""
	default:
		d.name, d.machine, d.serial, d.tag = "", "", "", ""
	}
	return d
}

// trouble changes some devices overnight.
func (g *generator) trouble(day int) {
	if day == g.Days/2 {
		g.network++
	}
	for i, d := range g.devices {
		switch {
		case !g.chance(20):
		case d.kind == laptop || d.kind == workstation:
			switch g.pick(35, 55, 70, 100) {
			case 0: // installed anew, with another name
				d.machine, d.name = fmt.Sprintf("%016x%016x", g.r.Uint64(), g.r.Uint64()), d.name[:3]+fmt.Sprintf("n%05d", g.r.IntN(100_000))
			case 1:
				d.name = d.name[:3] + fmt.Sprintf("r%05d", g.r.IntN(100_000))
			case 2:
				d.macs[0] = g.mac(ouis[d.kind][0])
			default: // replaced by a new one under its name
				fresh := g.device(d.kind)
				fresh.name = d.name
				g.devices[i] = fresh
			}
		case d.kind == virtual: // a clone of it appears
			c := g.device(virtual)
			c.machine = d.machine
			g.devices = append(g.devices, c)
		}
	}
}

func (g *generator) ip(d *device) string {
	n := int(d.n)
	if g.network > 0 {
		n = n*7919%60_000 + 1 // everybody's address is somebody else's now
	}
	return fmt.Sprintf("10.%d.%d.%d", 20, n/250, 1+n%250)
}

// sources lets each source speak of a day.
func (g *generator) sources(n int) []Delivery {
	at := func(minutes int) int64 { return at0 + int64(n)*day + int64(minutes)*60_000_000 }
	cmdb, biomed, agent := Delivery{Stream: "import/cmdb"}, Delivery{Stream: "import/biomed"}, Delivery{Stream: "import/osquery"}
	dhcp, arp, scan := Delivery{Stream: "import/dhcp"}, Delivery{Stream: "import/arp"}, Delivery{Stream: "import/scan"}
	for _, d := range g.devices {
		ip := g.ip(d)
		i := g.r.IntN(len(d.macs))
		mac := d.macs[i]
		dock := ""
		if g.Trouble && d.kind == laptop && g.chance(300) {
			dock = g.docks[g.r.IntN(len(g.docks))]
		}
		if n%7 == 0 && d.tag != "" && d.kind != medical && g.chance(950) {
			cmdb.add(d, at(0), d.maker, "serial", d.serial, "tag", d.tag, "name", d.name)
		}
		if n%7 == 0 && d.kind == medical {
			biomed.add(d, at(10), d.maker, "serial", d.serial, "tag", d.tag, "udi", d.udi)
			if !g.Trouble || g.chance(500) {
				last := &biomed.Sightings[len(biomed.Sightings)-1]
				last.Keys = append(last.Keys, key("mac", d.macs[0]))
			}
		}
		if d.machine != "" && g.chance(900) {
			pairs := []string{"machine", d.machine, "serial", d.serial, "fqdn", d.name + ".hospital.example", "ip", ip}
			for _, m := range d.macs {
				pairs = append(pairs, "mac", m)
			}
			if dock != "" {
				pairs = append(pairs, "mac", dock)
			}
			agent.add(d, at(60), d.maker, pairs...)
		}
		seen := mac
		if dock != "" {
			seen = dock
		}
		dhcp.add(d, at(90+g.r.IntN(60)), "", "mac", seen, "name", d.name, "ip", ip)
		if dock == "" {
			arp.add(d, at(180), "", "mac", mac, "ip", ip)
		}
		if g.chance(500) {
			scan.add(d, at(200), "", "ip", ip)
		}
	}
	var out []Delivery
	for _, d := range []Delivery{cmdb, biomed, agent, dhcp, arp, scan} {
		if len(d.Sightings) > 0 {
			out = append(out, d)
		}
	}
	return out
}

func key(typ, v string) asset.Key {
	k, ok := asset.NewKey(asset.KeyType(typ), v)
	if !ok {
		panic("made up no key: " + typ + " " + v)
	}
	return k
}

// add adds a sighting with the keys that are not empty.
func (to *Delivery) add(d *device, at int64, maker string, pairs ...string) {
	s := inventory.Sighting{Stream: to.Stream, At: at, Maker: maker}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			s.Keys = append(s.Keys, key(pairs[i], pairs[i+1]))
		}
	}
	to.Sightings = append(to.Sightings, s)
	to.Devices = append(to.Devices, d.n)
}
