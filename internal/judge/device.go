package judge

import (
	"slices"
	"strings"

	"github.com/asepsis/asepsis/content/devices"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/vuln"
	"github.com/asepsis/asepsis/internal/vuln/device"
)

// deviceKey is what advisories about devices are matched by: units of one model
// and version have one answer.
type deviceKey struct{ maker, model, number, di, version, others string }

type deviceAnswer struct {
	matches []Match
	checks  []ToCheck
}

// deviceIndex returns the statements about devices of the feed, or nil where it
// has none.
func (e *feedEngine) deviceIndex() *device.Index {
	e.devicesOnce.Do(func() {
		section := e.db.Section(device.Section)
		if section == nil {
			return
		}
		aliases, err := device.LoadAliases(devices.FS)
		if err != nil {
			return // our own content; a test of the package holds it
		}
		if ix, err := device.Open(section, aliases); err == nil {
			e.devices = ix
		}
		e.byDevice = make(map[deviceKey]deviceAnswer)
	})
	return e.devices
}

// notDevices are classes of which packages and Windows' updates speak.
var notDevices = []string{"server", "workstation", "laptop", "mobile", "application"}

// deviceOf is what an asset is compared by with advisories about devices; false
// where packages and updates speak for it, or its model is not known.
func deviceOf(a *fact.Resource) (deviceKey, bool) {
	maker, model := a.Text("manufacturer"), a.Text("model")
	if model == "" || slices.Contains(notDevices, a.Text("class")) {
		return deviceKey{}, false
	}
	version := a.Text("version")
	if version == "" && a.Text("os_name") == "" {
		version = a.Text("os_version") // a list's column of firmware; no operating system is meant
	}
	return deviceKey{maker, model, a.Text("model_number"), a.Text("udi_di"), version, a.Text("gmdn_term")}, true
}

func (k *deviceKey) asset() device.Asset {
	return device.Asset{Manufacturer: k.maker, Model: k.model, ModelNumber: k.number, DI: k.di, Version: k.version}
}

// Device implements Engine.
func (e *feedEngine) Device(a *fact.Resource) ([]Match, []ToCheck) {
	k, ok := deviceOf(a)
	ix := e.deviceIndex()
	if !ok || ix == nil {
		return nil, nil
	}
	e.devicesMu.Lock()
	defer e.devicesMu.Unlock()
	ans, done := e.byDevice[k]
	if !done {
		ans = e.device(ix, k)
		e.byDevice[k] = ans
	}
	return ans.matches, ans.checks
}

func (e *feedEngine) device(ix *device.Index, k deviceKey) deviceAnswer {
	var out deviceAnswer
	for _, m := range ix.Match(k.asset(), nil, e.feed.BuiltAt) {
		reason := strings.Join(m.Reasons, "; ")
		switch m.Verdict {
		case vuln.NotAffected:
		case vuln.Affected:
			for _, flaw := range m.Flaws {
				out.matches = append(out.matches, Match{
					Flaw: flaw, Advisories: []string{m.Advisory}, By: "device", Likely: m.Grade != device.Certain, Reason: reason,
					Software: []Piece{{Name: m.Product, Version: k.version}},
				})
			}
		default:
			out.checks = append(out.checks, ToCheck{Advisory: m.Advisory, Flaws: m.Flaws, Product: m.Product, Versions: m.Version, Reason: reason})
		}
	}
	return out
}
