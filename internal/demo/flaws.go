package demo

import (
	"fmt"
	"strings"

	"github.com/asepsis/asepsis/internal/asset"
)

// defect is a kind of weakness that scanners report.
type defect struct {
	title, severity string
	cvss            float64
	port            int64
	exploit         bool
	known           bool // known to be exploited
	solution        string
	families        string // of operating systems
	classes         string
	share           int // devices in a hundred that ever have it
}

// defects are invented, and so are their numbers.
var defects = []defect{
	{"Web engine: a page can run code", "critical", 9.6, 0, true, true, "Install the newest version.", "windows", "workstation laptop", 9},
	{"Print service: code runs with all rights", "critical", 9.8, 445, true, true, "Install the update of the operating system.", "windows", "server workstation", 4},
	{"Remote desktop: code runs before sign-in", "critical", 9.8, 3389, true, false, "Install the update of the operating system.", "windows", "server workstation", 4},
	{"Office program: a document can run code", "high", 7.8, 0, true, false, "Install the newest version.", "windows", "workstation laptop", 30},
	{"Operating system: rights can be raised", "high", 7.8, 0, false, false, "Install the update of the operating system.", "windows", "workstation laptop server", 35},
	{"Archive program: code runs on unpacking", "high", 7.8, 0, true, false, "Install the newest version.", "windows", "workstation laptop", 16},
	{"Database client: memory is overrun", "high", 8.1, 0, false, false, "Install the newest version.", "windows", "workstation server", 10},
	{"Secure shell: sign-in can be delayed and guessed", "high", 8.1, 22, false, false, "Install the update of the distribution.", "linux", "server", 40},
	{"Cryptographic library: denial of service", "medium", 5.9, 443, false, false, "Install the update of the distribution.", "linux", "server", 60},
	{"Kernel: rights can be raised", "high", 7.8, 0, true, false, "Install the update and restart.", "linux", "server", 50},
	{"Runtime environment: several weaknesses", "medium", 6.5, 0, false, false, "Install the newest version.", "windows", "workstation laptop server", 28},
	{"PDF reader: memory is read", "medium", 5.5, 0, false, false, "Install the newest version.", "windows", "workstation laptop", 34},
	{"File sharing: messages are not signed", "medium", 5.3, 445, false, false, "Demand signed messages by policy.", "windows", "workstation server", 18},
	{"Web server shows its version", "low", 2.6, 443, false, false, "Switch the banner off.", "other linux windows", "network_device printer server", 25},
	{"Management page: old cipher suites", "medium", 5.9, 443, false, false, "Update the firmware.", "other", "network_device medical_device printer", 12},
	{"Firmware: a crafted message restarts the device", "high", 7.5, 443, false, false, "Ask the maker for the update.", "other", "medical_device", 6},
	{"Management page: session can be taken over", "high", 7.1, 443, false, false, "Update the firmware.", "other", "printer network_device iot", 10},
	{"Operating system without security updates", "critical", 10, 0, false, false, "Replace the system.", "windows", "server medical_device", 0},
}

// flaw is a weakness on a device with its life, in days before now.
type flaw struct {
	defect
	device *device
	id     string
	first  int
	fixed  int // 0 means open
}

func (f *flaw) open(ago int) bool { return ago <= f.first && (f.fixed == 0 || ago > f.fixed) }

func (w *world) makeFlaws() {
	for _, d := range w.devices {
		for i, x := range defects {
			if !strings.Contains(x.families, d.os.family) || !strings.Contains(x.classes, string(d.class)) || !w.c.percent(x.share) {
				continue
			}
			// Most come back with every round of updates: one life after another.
			for n, first := 0, w.c.between(330, 440); first > 6 && n < 4; n++ {
				f := &flaw{defect: x, device: d, first: first, id: fmt.Sprintf("9%02d%d", i, n)}
				f.fixed = max(0, first-w.mending(f, first))
				if f.fixed > 0 && f.fixed <= 1 {
					f.fixed = 2
				}
				w.flaws = append(w.flaws, f)
				if f.fixed == 0 {
					break
				}
				first = f.fixed - w.c.between(40, 130)
			}
		}
	}
	w.overdue()
}

// mending is how many days it took to mend a weakness found so many days ago.
// The hospital became quicker over the year, most of all with what matters most.
func (w *world) mending(f *flaw, first int) int {
	slow := first / 30 // months ago
	switch {
	case f.device.class == asset.Medical:
		return w.c.between(60, 150)
	case f.known:
		return w.c.between(4, 9+2*slow)
	case f.severity == "critical":
		return w.c.between(6, 16+3*slow)
	case f.exploit:
		return w.c.between(6, 22+4*slow)
	case f.severity == "high":
		return w.c.between(10, 45+8*slow)
	}
	return w.c.between(20, 90+8*slow)
}

// overdue leaves three weaknesses open that are known to be exploited and past
// their date, and a few others beyond their time: what there is to do next.
func (w *world) overdue() {
	var kev, late int
	for _, d := range w.devices {
		switch {
		case d.class == asset.Workstation && kev < 3 && d.here(30):
			w.flaws = append(w.flaws, &flaw{defect: defects[0], device: d, first: 24, id: "9990"})
			kev++
		case d.class == asset.Server && d.os.family == "windows" && late < 4:
			w.flaws = append(w.flaws, &flaw{defect: defects[17], device: d, first: 41, id: "9991"})
			late++
		}
	}
}
