package demo

import "fmt"

// vendor is a supplier with the state of its contract, in days before now.
type vendor struct {
	supply
	name      string
	starts    int
	ends      int // days from now; may be negative: the contract has run out
	signed    int // business associate agreement; 0 means none
	secured   int // security terms agreed since; 0 means none
	noticed   int // notice terms agreed since; 0 means none
	hours     int64
	verified  int // safeguards last verified; 0 means never
	earlier   int // and the time before
	rated     bool
	forgotten bool // its agreement was found missing and then signed
}

func (w *world) makeVendors() {
	total := w.scaled(60)
	for i := range total {
		s := supplies[i%len(supplies)]
		first := vendorFirst[(i+w.c.IntN(3))%len(vendorFirst)]
		v := &vendor{
			supply: s, starts: w.c.between(450, 2500), ends: w.c.between(60, 900), hours: []int64{1440, 240, 120}[i%3], rated: !w.c.percent(2),
			secured: w.c.between(200, 900), noticed: w.c.between(200, 900), verified: w.c.between(20, 300), earlier: w.c.between(400, 700),
		}
		v.name = fmt.Sprintf("%s %s %s", first, s.service, vendorLast[i%len(vendorLast)])
		if i >= len(supplies) {
			v.name = fmt.Sprintf("%s %s %d %s", first, s.service, i/len(supplies)+1, vendorLast[i%len(vendorLast)])
		}
		if s.phi {
			v.signed = v.starts
			if i%7 == 3 { // a review found it missing
				v.forgotten, v.signed = true, w.c.between(290, 330)
			}
		}
		if i%17 == 5 && !s.phi && !s.network {
			v.ends = -w.c.between(20, 200)
		}
		if i%15 == 4 { // terms were negotiated within the history
			v.secured, v.noticed = w.c.between(100, 380), w.c.between(100, 380)
		}
		w.vendors = append(w.vendors, v)
	}
}
