package demo

import (
	"fmt"
	"strconv"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/fact"
)

// network is a search of the network with nmap.
func (w *world) network(ago int) *fact.Batch {
	b := w.batch("import/nmap/inside", "network scan of all zones", true, ago, "network scan.xml", "nmap")
	for i, d := range w.devices {
		// Now and then a device is switched off.
		if !d.here(ago) || (i+ago)%41 == 0 && d.class != asset.Server {
			continue
		}
		s := fact.Sighting{Ref: d.ref(), Keys: []asset.Key{key(asset.MAC, d.mac), key(asset.IP, d.ip)}, Values: fact.Values{
			"macs": []string{d.mac}, "ips": []string{d.ip}, "network_seen_at": b.ObservedAt, "last_seen_at": b.ObservedAt,
		}}
		if d.computer() || d.class == asset.Printer {
			s.Keys = append(s.Keys, key(asset.Name, d.name))
			s.Values["name"] = d.name
		}
		if !d.known(ago) && d.class != asset.Medical {
			s.Values["class"] = string(d.class)
		}
		clear := []string{}
		for _, p := range d.open(ago) {
			if p.clear {
				clear = append(clear, p.service)
			}
			b.Facts = append(b.Facts, w.endpoint(d, p, ago))
		}
		s.Values["clear_text_services"], s.Values["listening_services"] = clear, int64(len(d.open(ago)))
		b.Sightings = append(b.Sightings, s)
	}
	b.Facts = append(b.Facts, fact.Fact{Kind: fact.KindActivity, Key: "nmap/inside/" + b.ObservedAt.Format("2006-01-02"), Values: fact.Values{
		"type": "network_discovery", "title": "Network scan of all zones", "performed_at": b.ObservedAt, "performer": "nmap", "scope": "internal",
		"assets": int64(len(b.Sightings)),
	}})
	return b
}

// open lists the ports that were open. Plain web pages of the hospital's own
// devices were closed one after another.
func (d *device) open(ago int) []port {
	var ps []port
	for _, p := range d.ports {
		if p == pHTTP && d.class == asset.IoT && d.arrived == never && ago < 230 {
			continue
		}
		ps = append(ps, p)
	}
	return ps
}

// endpoint states a service. Old protocol versions were switched off over the
// year; one certificate ran out.
func (w *world) endpoint(d *device, p port, ago int) fact.Fact {
	vs := fact.Values{
		"address": d.ip, "port": p.number, "transport": "tcp", "service": p.service, "exposed": true, "internet_facing": d.outside() && p == pHTTPS,
		"clear_text": p.clear,
	}
	if p.tls {
		old := d.class == asset.Medical && d.serial[1] < '3' || d.class == asset.Printer && ago > 150 || d.class == asset.Network && ago > 260
		vs["tls"], vs["tls_oldest"], vs["tls_newest"] = true, "1.2", "1.3"
		vs["tls_versions"] = []string{"1.2", "1.3"}
		if old {
			vs["tls_oldest"], vs["tls_versions"] = "1.0", []string{"1.0", "1.1", "1.2"}
			vs["tls_newest"] = "1.2"
		}
		weak := []string{}
		if old && d.class != asset.Medical {
			weak = append(weak, "TLS_RSA_WITH_3DES_EDE_CBC_SHA")
		}
		vs["tls_weak_ciphers"], vs["tls_cipher"] = weak, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"
		own := d.class == asset.Printer || d.class == asset.IoT || d.name == "BADGE-SRV"
		vs["cert_subject"], vs["cert_names"] = d.fqdn(w), []string{d.fqdn(w)}
		vs["cert_self_signed"], vs["cert_chain_valid"] = own, !own
		vs["cert_issuer"] = w.domain + " issuing authority"
		if own {
			vs["cert_issuer"] = d.fqdn(w)
		}
		vs["cert_key_type"], vs["cert_key_bits"], vs["cert_signature"] = "rsa", int64(2048), "sha256WithRSAEncryption"
		vs["cert_not_after"] = w.date(-200 - int(d.serial[1])%60)
		if d.name == "PACS-01" && p == pHTTPS {
			vs["cert_not_after"] = w.date(certExpired)
		}
	}
	return fact.Fact{Kind: fact.KindEndpoint, Asset: d.ref(), Key: fmt.Sprintf("%d/tcp", p.number), Values: vs}
}

// scan is a vulnerability scan of the inside.
func (w *world) scan(ago int) *fact.Batch {
	b := w.batch("import/nessus/inside", "vulnerability scan of the inside", true, ago, "vulnerability scan.nessus", "nessus")
	seen := make(map[*device]bool)
	for i, d := range w.devices {
		if !d.here(ago) || (i+ago)%53 == 0 && d.class != asset.Server {
			continue
		}
		seen[d] = true
		s := fact.Sighting{Ref: d.ref(), Keys: []asset.Key{key(asset.MAC, d.mac), key(asset.IP, d.ip)}, Values: fact.Values{
			"ips": []string{d.ip}, "macs": []string{d.mac}, "scanned_at": b.ObservedAt, "scan_credentialed": d.computer() && (i%23 != 0 || ago < 200),
		}}
		if d.computer() {
			s.Keys = append(s.Keys, key(asset.Name, d.name))
		}
		b.Sightings = append(b.Sightings, s)
	}
	found := int64(0)
	for _, f := range w.flaws {
		if !f.open(ago) || !seen[f.device] {
			continue
		}
		found++
		vs := fact.Values{
			"title": f.title, "scanner": "nessus", "scanner_id": f.id, "severity": f.severity, "cvss": f.cvss, "known_exploited": f.known,
			"exploit_available": f.exploit, "port": f.port, "first_seen_at": w.day(f.first), "last_seen_at": b.ObservedAt,
			"published_at": w.date(f.first + 20), "fix_available": f.solution != "Replace the system.", "solution": f.solution, "status": "open",
		}
		if f.known {
			vs["known_exploited_due_at"] = w.date(f.first - 14)
		}
		b.Facts = append(b.Facts, fact.Fact{Kind: fact.KindVulnerability, Asset: f.device.ref(), Key: "nessus:" + f.id + ":" + strconv.FormatInt(f.port, 10), Values: vs})
	}
	b.Facts = append(b.Facts, fact.Fact{Kind: fact.KindActivity, Key: "nessus/inside/" + b.ObservedAt.Format("2006-01-02"), Values: fact.Values{
		"type": "vulnerability_scan", "title": "Vulnerability scan of the inside", "performed_at": b.ObservedAt, "performer": "nessus", "scope": "internal",
		"assets": int64(len(b.Sightings)), "findings": found, "credentialed": true,
	}})
	return b
}

// outside is a scan of what the internet can reach.
func (w *world) outside(ago int) *fact.Batch {
	b := w.batch("import/nessus/outside", "vulnerability scan from outside", true, ago, "scan from outside.nessus", "nessus")
	b.Facts = append(b.Facts, fact.Fact{Kind: fact.KindActivity, Key: "nessus/outside/" + b.ObservedAt.Format("2006-01-02"), Values: fact.Values{
		"type": "vulnerability_scan", "title": "Vulnerability scan from outside", "performed_at": b.ObservedAt, "performer": "nessus", "scope": "external",
		"assets": int64(3), "findings": int64(0), "credentialed": false,
	}})
	return b
}
