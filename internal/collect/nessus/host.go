package nessus

import (
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/fact"
)

// host is what is known of a host while its items are read.
type host struct {
	*reports.Host
	distro string            // of its operating system, as components name it
	ports  map[string]*port  // by endpoint key
	order  []string          // of ports
	kev    bool              // the scan is young enough to know CISA's list
	tags   map[string]string // its HostProperties
}

// port is what the items say of one open port.
type port struct {
	detected bool // a plugin spoke with the service, it was not guessed
	tls      bool // it answers in TLS from the first byte
	cert     bool // it has a certificate
	service  string
}

// host reads a ReportHost.
func (p *parser) host() error {
	name, line := p.r.Attr("name"), p.r.Line()
	if name == "" {
		return p.faults.Add(line, "name", "a host has no name", "export the scan again")
	}
	h := &host{ports: map[string]*port{}, tags: map[string]string{}}
	started := false
	start := func() {
		if !started {
			started = true
			p.begin(h, name)
		}
	}
	err := p.r.Children(func(child string) error {
		switch child {
		case "HostProperties":
			return p.r.Children(func(string) error {
				key := p.r.Attr("name")
				v, err := p.r.Brief(16 << 10)
				if _, twice := h.tags[key]; !twice && len(h.tags) < 10_000 && wanted(key) {
					h.tags[key] = v
				}
				return err
			})
		case "ReportItem":
			start()
			return p.item(h)
		}
		return nil
	})
	start()
	return err
}

func wanted(tag string) bool {
	switch tag {
	case "host-ip", "host-fqdn", "host-rdns", "hostname", "netbios-name", "mac-address", "operating-system", "os",
		"system-type", "HOST_END", "HOST_END_TIMESTAMP", "HOST_START", "HOST_START_TIMESTAMP", "Credentialed_Scan",
		"bios-uuid", "aws-instance-instanceId", "azure-vm-id", "gcp-instance-id", "system-serial-number", "system-model", "system-manufacturer":
		return true
	}
	return false
}

// begin makes the host known by its properties, which come before its items.
func (p *parser) begin(h *host, name string) {
	t := h.tags
	h.Host, _ = p.hosts.Get(name)
	p.states = append(p.states, h)
	end := when(t["HOST_END_TIMESTAMP"], t["HOST_END"])
	if end.After(p.in.Now) {
		end = p.in.Now // a scanner whose clock runs ahead
	}
	if !end.IsZero() || !p.in.ObservedAt.IsZero() {
		h.ObservedAt = p.in.Observed(end)
	}
	if end.After(p.last) {
		p.last = end
	}

	if !h.Address(t["host-ip"]) {
		h.Address(name)
	}
	for mac := range strings.FieldsSeq(t["mac-address"]) {
		h.MAC(mac)
	}
	for key, typ := range map[string]asset.KeyType{
		"bios-uuid": asset.Machine, "system-serial-number": asset.Serial,
		"aws-instance-instanceId": asset.Cloud, "azure-vm-id": asset.Cloud, "gcp-instance-id": asset.Cloud,
	} {
		// A BIOS number is no machine id, but identifies as well, in a space of its own.
		if v := t[key]; v != "" {
			if typ == asset.Machine {
				v = "bios:" + v
			}
			h.Key(typ, v)
		}
	}
	// The name of the reverse look-up is the network's word, not the host's.
	for _, key := range []string{"hostname", "netbios-name", "host-fqdn"} {
		v := t[key]
		if u, err := url.Parse(v); err == nil && u.Host != "" {
			v = u.Hostname()
		}
		h.Name(v)
	}
	if _, err := netip.ParseAddr(name); err != nil && h.Values["name"] == nil {
		h.Name(name)
	}
	h.Set("serial", t["system-serial-number"])
	h.Set("model", t["system-model"])
	h.Set("manufacturer", t["system-manufacturer"])
	h.system()

	if end.IsZero() {
		h.Lack("scanned_at", "the report does not say when the scan of this host ended; it may have been cut short")
	} else {
		h.Set("scanned_at", end)
		h.Set("network_seen_at", end)
		h.Set("last_seen_at", end)
	}
	switch strings.ToLower(t["Credentialed_Scan"]) {
	case "true":
		h.Set("scan_credentialed", true)
	case "false":
		h.Set("scan_credentialed", false)
	}
	// CISA's list began in November 2021 and plugins name it since.
	h.kev = end.After(time.Date(2022, 1, 1, 0, 0, 0, 0, time.UTC))
}

// system states the operating system and, where it is evident, the class.
func (h *host) system() {
	name, _, _ := strings.Cut(h.tags["operating-system"], "\n") // several lines are several guesses
	several := strings.Contains(strings.TrimSpace(h.tags["operating-system"]), "\n")
	low := strings.ToLower(name)
	switch {
	case name == "":
	case several:
		h.Lack("os_name", "Nessus could not decide between several operating systems")
	default:
		h.Set("os_name", reports.Shorten(name, 200))
	}
	switch h.tags["os"] {
	case "linux":
		h.Set("os_family", "linux")
	case "windows":
		h.Set("os_family", "windows")
	case "mac":
		h.Set("os_family", "macos")
	case "other":
		h.Set("os_family", "other")
	}
	switch {
	case several:
	case strings.Contains(low, "windows server"):
		h.Set("class", string(asset.Server))
	default:
		if c, ok := classes[h.tags["system-type"]]; ok {
			h.Set("class", string(c))
		}
	}
	h.distro = distro(low)
}

// classes are the system types of Nessus that tell a class.
var classes = map[string]asset.Class{
	"printer": asset.Printer, "print-server": asset.Printer, "router": asset.Network, "switch": asset.Network, "firewall": asset.Network,
	"wireless-access-point": asset.Network, "load-balancer": asset.Network, "VPN": asset.Network, "packet-shaper": asset.Network,
	"webcam": asset.IoT, "camera": asset.IoT, "scada": asset.IoT, "ups": asset.IoT, "mobile": asset.Mobile, "hypervisor": asset.Server,
}

// distro names a Debian or Ubuntu release that the operating system's name tells.
func distro(low string) string {
	if _, after, ok := strings.Cut(low, "ubuntu "); ok {
		v := versionAt(after)
		if parts := strings.SplitN(v, ".", 3); len(parts) >= 2 {
			return "ubuntu-" + parts[0] + "." + parts[1]
		}
	}
	for _, word := range []string{"debian linux ", "debian "} {
		if _, after, ok := strings.Cut(low, word); ok {
			if v, _, _ := strings.Cut(versionAt(after), "."); v != "" {
				return "debian-" + v
			}
		}
	}
	return ""
}

func versionAt(s string) string {
	i := 0
	for i < len(s) && (s[i] == '.' || '0' <= s[i] && s[i] <= '9') {
		i++
	}
	return strings.Trim(s[:i], ".")
}

// finish settles what only all items of the host together tell.
func (h *host) finish() {
	if _, ok := h.Values["scan_credentialed"]; !ok {
		h.Lack("scan_credentialed", "the report does not say whether the scan signed in")
	}
	clear := []string{}
	unsure := 0
	for _, key := range h.order {
		pt := h.ports[key]
		f := h.Fact(fact.KindEndpoint, key)
		offers := pt.cert && !pt.tls && reports.Upgrades(reports.Service(pt.service, false))
		pt.tls = pt.tls || pt.cert && !offers
		service := reports.Service(pt.service, pt.tls)
		if pt.detected {
			reports.State(f, "service", service)
			h.Runs(service)
		} else {
			reports.Lack(f, "service", "Nessus guessed the service from the port number")
		}
		if pt.tls || offers {
			reports.State(f, "tls", true)
		}
		is, why := reports.Clear(service, pt.tls)
		switch {
		case offers:
			reports.Lack(f, "clear_text", reports.Offers)
			unsure++
		case pt.tls:
			reports.State(f, "clear_text", false)
		case !pt.detected:
			reports.Lack(f, "clear_text", "Nessus did not recognize the service")
			unsure++
		case is != nil:
			reports.State(f, "clear_text", *is)
			if *is {
				clear = append(clear, service)
			}
		case why != "":
			reports.Lack(f, "clear_text", why)
			unsure++
		}
	}
	if len(h.order) == 0 {
		return
	}
	if len(clear) > 0 || unsure == 0 {
		h.Set("clear_text_services", uniq(clear))
	} else {
		h.Lack("clear_text_services", fmt.Sprintf("%d services were not recognized", unsure))
	}
}

func uniq(in []string) []string {
	out := []string{}
	seen := map[string]bool{}
	for _, s := range in {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

// when reads a time of a host: seconds, or one of the texts Nessus has used.
func when(seconds, text string) time.Time {
	if n, err := strconv.ParseInt(seconds, 10, 64); err == nil && n > 0 && n < 1<<34 {
		return time.Unix(n, 0).UTC()
	}
	for _, layout := range []string{"Mon Jan _2 15:04:05 2006", time.RFC3339Nano} {
		if t, err := time.Parse(layout, strings.TrimSpace(text)); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// day reads a date of a plugin.
func day(s string) (time.Time, bool) {
	t, err := time.Parse("2006/01/02", s)
	return t, err == nil
}
