package network

import (
	"fmt"
	"net/netip"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/fingerprint"
)

// stateSNMP states what a device says of itself. Its own words on maker and model
// come first; where it has none, its fingerprint told.
func (h *Host) stateSNMP(out *reports.Host) {
	i := h.SNMP
	if i == nil {
		return
	}
	out.Name(i.Name)
	if out.Key(asset.Serial, i.Serial) {
		out.Set("serial", i.Serial)
	}
	if i.Location != "" && i.Location != "Unknown" {
		out.Set("location", i.Location)
	}
	if i.Model != "" {
		out.Set("model", i.Model)
	}
	if i.Maker != "" && out.Values["manufacturer"] == nil {
		out.Set("manufacturer", i.Maker)
	}
	if i.Firmware != "" {
		out.Set("version", i.Firmware)
	}
	f := out.Fact(fact.KindEndpoint, fmt.Sprintf("%d/udp", snmpPort))
	f.ObservedAt = h.SeenAt.UTC()
	reports.State(f, "port", int64(snmpPort))
	reports.State(f, "transport", "udp")
	reports.State(f, "address", h.Addr.String())
	reports.State(f, "exposed", true)
	reports.State(f, "service", "snmp")
	reports.State(f, "clear_text", i.Clear)
}

// stateSighted states what the tables of switches and routers say: where devices
// that were met hang, and devices that were not met.
func (r *Run) stateSighted(hosts *reports.Hosts) {
	byCard, byAddr := map[fingerprint.MAC]*Host{}, map[netip.Addr]*Host{}
	for i := range r.Hosts {
		h := &r.Hosts[i]
		byAddr[h.Addr] = h
		if !h.MAC.IsZero() {
			byCard[h.MAC] = h
		}
	}
	for i := range r.Sighted {
		s := &r.Sighted[i]
		known := byCard[s.MAC]
		for _, a := range s.Addrs {
			if known == nil && byAddr[a] != nil && byAddr[a].MAC.IsZero() {
				known = byAddr[a]
			}
		}
		ref := s.MAC.String()
		if known != nil {
			ref = known.Addr.String()
		}
		out, isNew := hosts.Get(ref)
		if s.Port != "" && out.Values["switch_port"] == nil {
			out.Set("switch_port", reports.Shorten(s.Switch+" "+s.Port, 120))
		}
		if known != nil {
			continue
		}
		out.MAC(s.MAC.String())
		for _, a := range s.Addrs {
			out.Address(a.String())
		}
		at := r.EndedAt.UTC()
		if isNew {
			out.ObservedAt = at
			if m, ok := fingerprint.CardMaker(s.MAC); ok && m.Maker != "Private" {
				out.Set("mac_vendor", reports.Shorten(m.Maker, 100))
			}
		}
		if s.Learned {
			out.Set("network_seen_at", at)
			out.Set("last_seen_at", at)
		} else if out.Values["network_seen_at"] == nil {
			out.Lack("network_seen_at", "a router's table has its address, and does not say when it answered last")
		}
	}
}
