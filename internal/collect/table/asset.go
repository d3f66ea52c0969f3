package table

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/collect/safe"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/lazy"
	"github.com/asepsis/asepsis/internal/udi"
)

// inventoryList reads the asset list.
type inventoryList struct {
	keyed
	b        *builder
	keys     map[*entry]keys
	byStrong map[asset.Key]*entry
	unknown  int // devices whose kind the words do not show
	badUDIs  int // device identifiers that are none, or have a wrong check digit
	models   int // identifiers that name a model and no unit
	badKeys  int // addresses and numbers that identify nothing
}

// keys are those of an entry.
type keys struct {
	list []asset.Key
	seen map[asset.Key]bool
}

func newAssets(b *builder) taker {
	return &inventoryList{keyed: newKeyed("last_seen_at", "backup_at"), b: b, keys: make(map[*entry]keys), byStrong: make(map[asset.Key]*entry)}
}

func (l *inventoryList) take(r *row) error {
	vals := r.values()
	keys := l.identity(r, vals)
	if len(keys) == 0 {
		return r.fault("", "nothing identifies the device", "give a serial number, an asset tag, a name or an address")
	}
	if s := r.text("class"); s != "" {
		c := classOf(s)
		if c == asset.Unknown {
			l.unknown++
		}
		vals["class"] = string(c)
	} else if c := classOf(r.text("os") + " " + r.text("model")); c != asset.Unknown {
		vals["class"] = string(c)
	}
	if _, ok := vals["model"]; !ok && r.text("model_number") != "" {
		vals["model"] = r.text("model_number")
	}
	if f := familyOf(r.text("os")); f != "" {
		vals["os_family"] = f
	}
	vals["inventory_listed"] = true

	slices.SortStableFunc(keys, func(a, b asset.Key) int { return a.Type.Rank() - b.Type.Rank() })
	key := keys[0].String()
	for _, k := range keys {
		if k.Type == asset.Serial || k.Type == asset.UDI || k.Type == asset.Tag {
			if e, ok := l.byStrong[k]; ok {
				key = e.key
				break
			}
		}
	}
	e, err := l.add(r, key, vals)
	if err != nil || e == nil {
		return err
	}
	for _, k := range keys {
		have := l.keys[e]
		have.list = safe.AddOnce(have.list, &have.seen, k)
		l.keys[e] = have
		if k.Type.Strong() {
			l.byStrong[k] = e
		}
	}
	return nil
}

// identity returns the row's identity keys and sets the attributes they come from.
func (l *inventoryList) identity(r *row, vals fact.Values) []asset.Key {
	var keys []asset.Key
	add := func(t asset.KeyType, v string) bool {
		if v == "" {
			return false
		}
		k, ok := asset.NewKey(t, v)
		if !ok {
			l.badKeys++
			return false
		}
		if !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
		return true
	}
	for _, f := range [...]struct {
		field string
		t     asset.KeyType
	}{{"serial", asset.Serial}, {"tag", asset.Tag}} {
		if !add(f.t, r.text(f.field)) {
			delete(vals, f.field)
		}
	}
	l.udi(r, vals, add)
	for _, f := range [...]struct {
		field, attr string
		t           asset.KeyType
	}{{"mac", "macs", asset.MAC}, {"ip", "ips", asset.IP}} {
		list, _ := r.vals[f.field].([]string)
		var good []string
		for _, v := range list {
			if k, ok := asset.NewKey(f.t, v); ok {
				good = append(good, k.Value)
			}
			add(f.t, v)
		}
		delete(vals, f.attr)
		if len(good) > 0 {
			slices.Sort(good)
			vals[f.attr] = slices.Compact(good)
		}
	}
	fqdn := r.text("fqdn")
	if n := r.text("name"); fqdn == "" && hostName().MatchString(n) && strings.Contains(n, ".") {
		fqdn = n
	}
	if add(asset.FQDN, fqdn) {
		vals["fqdn"] = strings.ToLower(strings.TrimSuffix(fqdn, "."))
	}
	switch n := r.text("name"); {
	case hostName().MatchString(n):
		short, _, _ := strings.Cut(n, ".")
		vals["name"] = short
		add(asset.Name, n)
	case n != "" && len(keys) == 0:
		add(asset.Name, strings.ReplaceAll(n, ".", " "))
	case n == "" && fqdn != "":
		short, _, _ := strings.Cut(fqdn, ".")
		vals["name"] = short
		add(asset.Name, short)
	}
	return keys
}

// udi reads the unique device identifier: one with a serial number names the unit,
// whatever the order and the form in which it is written; one without names the
// model. One that is wrong is kept as it is written, and proves nothing.
func (l *inventoryList) udi(r *row, vals fact.Values, add func(asset.KeyType, string) bool) {
	di := ""
	if s := r.text("udi"); s != "" {
		u, err := udi.Parse(s)
		switch {
		case err != nil:
			l.badUDIs++
			r.miss("udi_di", shorten("the identifier cannot be read: "+err.Error(), 200))
		case u.Unit() == "":
			l.models++
			di = u.DI
		default:
			di = u.DI
			add(asset.UDI, u.Unit())
			if _, ok := vals["serial"]; !ok && add(asset.Serial, u.Serial) {
				vals["serial"] = u.Serial
			}
		}
	}
	if s := r.text("udi_di"); s != "" {
		_, other, err := udi.ParseDI(s)
		switch {
		case err != nil:
			l.badUDIs++
			if di == "" {
				r.miss("udi_di", shorten("the identifier cannot be read: "+err.Error(), 200))
			}
		case di == "":
			di = other
		}
	}
	if di != "" {
		vals["udi_di"] = di
		delete(r.missing, "udi_di")
	}
}

// hostName is a name that a network knows; "Infusion pump 7" is a description
// that two devices may share.
var hostName = lazy.Regexp(`^[A-Za-z0-9_][A-Za-z0-9_.-]{1,252}$`)

// classes are the words that show what a device is, tried in this order.
var classes = []struct {
	class asset.Class
	words func() *regexp.Regexp
}{
	{asset.Medical, lazy.Regexp(`(?i)medical|infusion|pump|ventilator|monitor.*(patient|vital|bedside)|(patient|vital|bedside|telemetry|fetal).*monitor|imaging|x-?ray|\b(ct|mri|pet|dr|cr) (scanner|system|unit)|ultrasound|mammo|analy[sz]er|defib|ecg|ekg|anesthesia|dialysis|c-arm|fluoro|endoscop|modality|glucom|blood gas|syringe|biomed|clinical device|incubator|telemetry|dispensing|pyxis|omnicell|spirom|sterili`)},
	{asset.Printer, lazy.Regexp(`(?i)print|mfp|copier|plotter|label maker`)},
	{asset.Network, lazy.Regexp(`(?i)network|switch|router|firewall|access point|\bwap\b|\bap\b|wireless controller|load balancer|gateway|\bwlc\b|ip_?switch|netgear`)},
	{asset.Server, lazy.Regexp(`(?i)server|hypervisor|esxi?\b|domain controller|\bvm host|\bnas\b|\bsan\b|storage array|linux computer|cmdb_ci_.*server`)},
	{asset.Laptop, lazy.Regexp(`(?i)laptop|notebook|ultrabook|macbook|portable|convertible|surface|tablet pc|sub notebook`)},
	{asset.Mobile, lazy.Regexp(`(?i)mobile|phone|iphone|ipad|android|tablet|handheld|\bios\b|ipados`)},
	{asset.Workstation, lazy.Regexp(`(?i)workstation|desktop|computer|\bpc\b|thin client|all-?in-?one|imac|tower|mini pc|mac mini|windows$|cmdb_ci_computer|kiosk|wow\b|cart|windows (7|8|10|11)`)},
	{asset.IoT, lazy.Regexp(`(?i)\biot\b|camera|cctv|nvr|badge|door|hvac|\bbms\b|thermostat|sensor|\btv\b|display|signage|ups\b|nurse call|clock|elevator|voip|intercom|pdu|smart`)},
	{asset.Application, lazy.Regexp(`(?i)^(application|software|app)$`)},
}

// classOf finds the class of a device from the words for it.
func classOf(s string) asset.Class {
	f := strings.ToLower(strings.TrimSpace(s))
	for _, c := range asset.Classes {
		if f == string(c) || f == strings.ReplaceAll(string(c), "_", " ") {
			return c
		}
	}
	for _, c := range classes {
		if c.words().MatchString(s) {
			return c.class
		}
	}
	return asset.Unknown
}

// familyOf finds the family of an operating system from its name.
func familyOf(os string) string {
	l := strings.ToLower(os)
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(l, w) })
	}
	switch {
	case l == "":
		return ""
	case has("windows", "win10", "win11", "win 1"):
		return "windows"
	case has("mac os", "macos", "os x", "osx"):
		return "macos"
	case has("linux", "ubuntu", "debian", "red hat", "rhel", "centos", "suse", "alma", "rocky", "fedora"):
		return "linux"
	}
	return "other"
}

func (l *inventoryList) done() {
	b := l.b
	for _, e := range l.list {
		b.batch.Sightings = append(b.batch.Sightings, fact.Sighting{Ref: e.key, Keys: l.keys[e].list, Values: e.vals, Missing: e.missing})
	}
	if l.unknown > 0 {
		b.note("kind of device", fmt.Sprintf("%s of a kind that the words do not show; kept as unknown", count(l.unknown, "device")))
	}
	if l.badUDIs > 0 {
		b.note("unique device identifiers", fmt.Sprintf("%s not well formed, or with a wrong check digit; kept as written, and not used to tell devices apart", count(l.badUDIs, "identifier")))
	}
	if l.models > 0 {
		b.note("unique device identifiers", fmt.Sprintf("%s without a serial number: they name a model and no unit", count(l.models, "identifier")))
	}
	if l.badKeys > 0 {
		b.note("identity", fmt.Sprintf("%s left out: a filler, or not well formed (serial numbers, tags, addresses)", count(l.badKeys, "value")))
	}
}
