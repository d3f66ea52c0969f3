package network

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/fingerprint"
)

// Batch states what a run saw: a sighting for each device that answered, with
// what it is if its fingerprint tells, and an endpoint for each open port. The
// stream is network/<scope>; a device that a run did not see stays as it was.
//
// More are signals other sources have of the devices, by address: what a device
// sent to the DHCP server, its name there. Nil is allowed.
func (r *Run) Batch(e *fingerprint.Engine, more map[netip.Addr][]fingerprint.Signal) (fact.Batch, error) {
	if r.EndedAt.IsZero() {
		return fact.Batch{}, errs.New(errs.Invalid, "the run has not ended")
	}
	b := fact.Batch{
		Stream:    fact.Stream{ID: "network/" + reports.Slug(r.Scope), Title: "network discovery of " + r.Scope, PerAsset: true},
		Assurance: fact.Measured, ObservedAt: r.EndedAt.UTC(),
	}
	var hosts reports.Hosts
	for i := range r.Hosts {
		r.Hosts[i].state(&hosts, e, more[r.Hosts[i].Addr], len(r.Ports))
	}
	r.stateSighted(&hosts)
	hosts.Deliver(&b)
	for _, n := range r.Notes {
		b.Notes = append(b.Notes, fact.Note(n))
	}
	if n := len(r.Untouched); n > 0 {
		b.Notes = append(b.Notes, fact.Note{What: reports.Count(n, "address", "addresses") + " left alone", Why: r.Untouched[0].Why + others(n-1)})
	}
	if !r.Complete {
		b.Notes = append(b.Notes, fact.Note{What: "the run", Why: fmt.Sprintf("it was stopped with %s not looked at; start it again and it goes on there", reports.Count(r.Unfinished, "address", "addresses"))})
	}
	return b, nil
}

func others(n int) string {
	if n <= 0 {
		return ""
	}
	return fmt.Sprintf(" (and %d more)", n)
}

// Device gathers what the host shows of itself for the fingerprint.
func (h *Host) Device(more []fingerprint.Signal) fingerprint.Device {
	d := fingerprint.Device{MAC: h.MAC, Scanned: h.Asked >= whoTries(Normal) && h.Silent*2 < h.Asked}
	for _, p := range h.Open {
		d.TCP = append(d.TCP, p.Number)
		d.Signals = append(d.Signals, p.Said...)
	}
	for _, n := range h.Names {
		d.Add(fingerprint.Hostname, n, 0)
	}
	if i := h.SNMP; i != nil {
		d.Add(fingerprint.SNMPDescr, i.Descr, snmpPort)
		d.Add(fingerprint.SNMPObject, i.ObjectID, snmpPort)
		d.Add(fingerprint.Hostname, i.Name, 0)
	}
	d.Signals = append(d.Signals, h.Heard...)
	d.Signals = append(d.Signals, more...)
	return d
}

func (h *Host) state(hosts *reports.Hosts, e *fingerprint.Engine, more []fingerprint.Signal, ports int) {
	out, isNew := hosts.Get(h.Addr.String())
	if !isNew {
		return
	}
	at := h.SeenAt.UTC()
	out.ObservedAt = at
	out.Address(h.Addr.String())
	if fingerprint.KindOf(h.MAC).Identifies() {
		out.MAC(h.MAC.String())
	}
	for _, n := range h.Names {
		out.Name(n)
	}
	out.Set("network_seen_at", at)
	out.Set("last_seen_at", at)
	out.Set("zone", h.Zone)
	if b, ok := fingerprint.CardMaker(h.MAC); ok && b.Maker != "Private" {
		out.Set("mac_vendor", reports.Shorten(b.Maker, 100))
	}
	for _, s := range more {
		switch s.Source {
		case fingerprint.DHCPVendor:
			out.Set("dhcp_vendor_class", reports.Shorten(s.Value, 200))
		case fingerprint.DHCPOptions:
			out.Set("dhcp_fingerprint", reports.Shorten(s.Value, 400))
		default:
		}
	}
	if e != nil {
		Identify(out.Set, e.Identify(h.Device(more)))
	}
	h.stateSNMP(out)
	h.endpoints(out, ports)
}

// Identify states what a fingerprint is sure enough of. What is only possible
// stays out: a guess must not become a fact.
func Identify(set func(attr string, v any), a fingerprint.Answer) {
	for attr, c := range map[string]fingerprint.Claim{
		"class": a.Class, "device_kind": a.Kind, "manufacturer": a.Manufacturer, "model": a.Model,
		"os_family": a.OSFamily, "os_name": a.OSName, "os_version": a.OSVersion,
	} {
		if c.Known() {
			set(attr, c.Value)
		}
	}
	if a.MAC == fingerprint.MACVirtual {
		set("virtual", true)
	}
	if why := a.Why(); a.Class.Known() && len(why) > 0 {
		set("class_evidence", why[:min(len(why), 6)])
	}
}

// endpoints states the open ports.
func (h *Host) endpoints(out *reports.Host, ports int) {
	for _, p := range h.Open {
		f := out.Fact(fact.KindEndpoint, fmt.Sprintf("%d/tcp", p.Number))
		f.ObservedAt = h.SeenAt.UTC()
		reports.State(f, "port", int64(p.Number))
		reports.State(f, "transport", "tcp")
		reports.State(f, "address", h.Addr.String())
		reports.State(f, "exposed", true)
		switch service := p.Service; {
		case service != "" && service != "tls":
			reports.State(f, "service", service)
			out.Runs(service)
			if p.Product != "" {
				reports.State(f, "product", p.Product)
			}
			if is, why := reports.Clear(service, p.TLS); is != nil {
				reports.State(f, "clear_text", *is)
			} else if why != "" {
				reports.Lack(f, "clear_text", why)
			}
		default:
			why := "it said nothing by itself, and nothing was sent to it"
			if h.Profile == Cautious {
				why = "in a cautious network services are not asked what they are"
			}
			if k, ok := known[p.Number]; ok {
				why += "; the port is commonly " + k.service
			}
			reports.Lack(f, "service", why)
			if p.TLS {
				reports.State(f, "clear_text", false)
			} else {
				reports.Lack(f, "clear_text", "the service is not known")
			}
		}
		if p.TLS {
			reports.State(f, "tls", true)
		}
		if c := p.Certificate; c != nil {
			reports.State(f, "cert_subject", c.Subject)
			reports.State(f, "cert_issuer", c.Issuer)
			reports.State(f, "cert_not_after", c.NotAfter)
			reports.State(f, "cert_self_signed", c.SelfSigned)
			if len(c.Names) > 0 {
				reports.State(f, "cert_names", c.Names)
			}
		}
	}
	if len(h.Open) == 0 {
		return
	}
	out.Lack("clear_text_services", fmt.Sprintf("discovery looked at %s only", reports.Count(ports, "port")))
}

// Sightings states the neighbors this machine's own table holds. An entry says
// that a device was there when it last proved so, not that it is there now; one
// that never proved it, or that a person entered, is left out.
func Sightings(ns []Neighbour, host string, now time.Time) fact.Batch {
	b := fact.Batch{
		Stream:    fact.Stream{ID: "neighbors/" + reports.Slug(host), Title: "neighbors of " + host, PerAsset: true},
		Assurance: fact.Measured, ObservedAt: now.UTC(),
	}
	var hosts reports.Hosts
	unproved := 0
	for _, n := range ns {
		if n.Confirmed.IsZero() || n.Static {
			unproved++
			continue
		}
		ref := n.Addr.String()
		if k := fingerprint.KindOf(n.MAC); k.Identifies() {
			ref = n.MAC.String() // a device with several addresses is one
		}
		out, isNew := hosts.Get(ref)
		at := n.Confirmed.UTC()
		if isNew {
			out.ObservedAt = at
			if strings.Contains(ref, n.MAC.String()) {
				out.MAC(n.MAC.String())
			}
			if m, ok := fingerprint.CardMaker(n.MAC); ok && m.Maker != "Private" {
				out.Set("mac_vendor", reports.Shorten(m.Maker, 100))
			}
			out.Set("network_seen_at", at)
			out.Set("last_seen_at", at)
		} else if seen, ok := out.Values["network_seen_at"].(time.Time); ok && at.After(seen) {
			out.ObservedAt = at
			out.Values["network_seen_at"], out.Values["last_seen_at"] = at, at
		}
		out.Address(n.Addr.String())
	}
	hosts.Deliver(&b)
	if unproved > 0 {
		b.Notes = append(b.Notes, fact.Note{What: reports.Count(unproved, "neighbor") + " left out", Why: "the table does not say when they last proved to be there"})
	}
	return b
}
