package demo

import (
	"fmt"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/asset"
)

// What happened, in days before now. A story has one place to be told.
const (
	scannerDown    = 210 // the step at which the vulnerability scanner was down
	trainingLapsed = 240 // the yearly round fell due and was not held
	trainingCaught = 170 // and was caught up by
	clinicBought   = 150 // a clinic joined with 40 devices
	clinicListed   = 45  // most of them are on the inventory
	protectionDied = 20  // endpoint protection stopped on 12 laptops
	certExpired    = 9   // the certificate of the image archive expired
	pentest        = 405 // the last penetration test
	never          = 1 << 20
	stranger       = -1
)

// world is the hospital: everything in it with its whole life. What was known
// at a moment is read off it.
type world struct {
	seed  uint64
	now   time.Time
	today time.Time
	size  size
	c     chance

	org     Organization
	domain  string
	devices []*device
	people  []*person
	signIns []*signIn
	vendors []*vendor
	flaws   []*flaw
	rules   []*rule
}

func newWorld(seed uint64, now time.Time, s size) *world {
	w := &world{seed: seed, now: now, today: now.Truncate(24 * time.Hour), size: s, c: newChance(seed)}
	place := pick(w.c, places)
	w.org = Organization{Name: place + " " + pick(w.c, hospitals) + " (demo)", Kind: "community", State: pick(w.c, states), Beds: max(1, int(85*s.scale)), Rural: true}
	w.domain = strings.ToLower(strings.ReplaceAll(place, " ", "")) + ".example"
	w.makeDevices()
	w.makePeople()
	w.makeSignIns()
	w.makeVendors()
	w.makeFlaws()
	w.makeRules()
	return w
}

// scaled is how many there are in a hospital of this size; single things stay
// single.
func (w *world) scaled(n int) int {
	if n <= 1 {
		return n
	}
	return max(1, int(float64(n)*w.size.scale+0.5))
}

// device is a device with its life.
type device struct {
	model
	name, serial, tag, udi, mac, ip, machine string
	os                                       system
	place                                    string

	arrived                         int // days ago; never means it was always here
	listed                          int // on the inventory since, days ago; stranger means it is not
	replaced                        int // the old system was replaced so many days ago; 0 means not yet
	oldOS                           system
	encrypted                       int // disks encrypted since, days ago; 0 means not
	dies                            bool
	mds2                            bool
	ownerGiven, critGiven, udiGiven bool
	packages                        int64
}

// here reports whether the device was there so many days ago.
func (d *device) here(ago int) bool { return ago <= d.arrived }

// known reports whether the inventory listed it.
func (d *device) known(ago int) bool { return ago <= d.listed }

// system is the operating system it ran.
func (d *device) system(ago int) system {
	if d.replaced < ago && d.oldOS.name != "" {
		return d.oldOS
	}
	return d.os
}

// computer reports whether the host reports cover it.
func (d *device) computer() bool {
	return d.class == asset.Server || d.class == asset.Workstation || d.class == asset.Laptop
}

func (d *device) ref() string { return strings.ToLower(d.name) }

func (d *device) fqdn(w *world) string { return strings.ToLower(d.name) + "." + w.domain }

func (w *world) makeDevices() {
	n := 0
	add := func(m model, clinic bool) {
		count := w.scaled(m.count)
		for i := range count {
			n++
			d := &device{
				model: m, name: m.prefix, arrived: never, listed: never,
				os: pick(w.c, m.os), place: m.where[i%len(m.where)],
				serial: strings.ToUpper(string(m.maker[0])) + strings.ToUpper(w.c.hex(9)), tag: fmt.Sprintf("A-%05d", 10000+n),
				mac: mac(n), ip: fmt.Sprintf("10.%d.%d.%d", 20+n/62500, n/250%250, n%250+2),
				machine:    w.c.hex(32),
				ownerGiven: w.c.percent(98), critGiven: w.c.percent(96), udiGiven: w.c.percent(91), mds2: w.c.percent(72),
				packages: int64(w.c.between(60, 900)),
			}
			if count > 1 {
				d.name = fmt.Sprintf("%s-%03d", m.prefix, i+1)
			}
			if d.class == asset.Medical {
				d.udi = fmt.Sprintf("(01)0099%010d(21)%s", 1000000+int(m.name[0])*1000+i, d.serial)
			}
			if d.computer() {
				w.life(d, i, count)
			}
			if clinic {
				d.arrived = clinicBought + w.c.IntN(3)
				d.listed = clinicListed + w.c.IntN(20)
				// Some are still strangers: printers and cameras nobody asked about.
				if (d.class == asset.Printer || d.class == asset.IoT) && i%4 != 3 {
					d.listed = stranger
				}
			}
			w.devices = append(w.devices, d)
		}
	}
	for _, m := range models {
		add(m, false)
	}
	for _, m := range clinicModels {
		add(m, true)
	}
	dying := w.scaled(12)
	for _, d := range w.devices {
		if d.class == asset.Laptop && dying > 0 && d.arrived == never {
			d.dies = true
			dying--
		}
	}
}

// life decides when a computer was renewed and encrypted. Laptops came first.
func (w *world) life(d *device, i, count int) {
	if d.os == win11 && w.c.percent(45) {
		d.oldOS, d.replaced = win10, w.c.between(20, 400)
	}
	switch d.class {
	case asset.Laptop:
		d.encrypted = w.c.between(30, 600)
		if i == count/2 || i == count-1 && count > 8 { // two were forgotten
			d.encrypted = 0
		}
	case asset.Server:
		d.encrypted = w.c.between(60, 500)
		if d.os == server2012 {
			d.encrypted = 0
		}
	default:
		d.encrypted = w.c.between(1, 500)
		if w.c.percent(6) {
			d.encrypted = 0
		}
	}
}
