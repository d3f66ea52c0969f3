package demo

import (
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/fact"
)

// key makes an identity key of what is known to be one.
func key(t asset.KeyType, v string) asset.Key {
	k, _ := asset.NewKey(t, v) // made up in its normal form
	return k
}

// assetList is the hospital's own inventory.
func (w *world) assetList(ago int) *fact.Batch {
	b := w.batch("import/assets", "asset list", true, ago, "assets.xlsx", "csv/assets")
	for _, d := range w.devices {
		if !d.here(ago) || !d.known(ago) {
			continue
		}
		s := fact.Sighting{
			Ref:  d.ref(),
			Keys: []asset.Key{key(asset.Serial, d.serial), key(asset.MAC, d.mac), key(asset.Tag, d.tag), key(asset.Name, d.name)},
			Values: fact.Values{
				"name": d.name, "class": string(d.class), "manufacturer": d.maker, "model": d.model.name, "serial": d.serial, "tag": d.tag,
				"macs": []string{d.mac}, "location": d.place, "zone": d.zone, "status": "in_use", "handles_phi": d.phi, "inventory_listed": true,
			},
		}
		// Owners and importance were filled in over the first months.
		if d.ownerGiven && (ago < 300 || d.class != asset.Workstation) {
			s.Values["owner"] = d.owner
		}
		if d.critGiven && ago < 250 {
			s.Values["criticality"] = string(d.criticality)
		}
		if d.class == asset.Medical {
			s.Values["mds2"] = d.mds2 && ago < 280
			if d.udiGiven && ago < 340 {
				s.Values["udi"] = d.udi
				s.Keys = append(s.Keys, key(asset.UDI, d.udi))
			}
			w.os(s.Values, d.system(ago))
		} else {
			s.Values["internet_facing"] = d.outside()
		}
		if d.class == asset.Server {
			s.Values["backup_encrypted"] = d.os != server2012 && ago < 260
		}
		b.Sightings = append(b.Sightings, s)
	}
	return b
}

// outside reports whether the internet reaches the device.
func (d *device) outside() bool {
	return d.name == "PORTAL-WEB" || strings.HasPrefix(d.name, "FW")
}

// os states an operating system. Firmware has no published end.
func (w *world) os(vs fact.Values, s system) {
	vs["os_name"], vs["os_family"] = s.name, s.family
	if s.version != "" {
		vs["os_version"] = s.version
	}
	if s.ends != "" {
		vs["os_support_ends_at"] = date(s.ends)
	}
}

// roster is the export of the HR system.
func (w *world) roster(ago int) *fact.Batch {
	b := w.batch("import/people", "HR roster", true, ago, "roster.csv", "csv/people")
	for _, p := range w.people {
		if !p.hired(ago) {
			continue
		}
		vs := fact.Values{
			"employee_id": p.number, "name": p.name, "email": p.mail, "role": p.job.role, "department": p.job.department, "type": p.kind,
			"started_at": w.date(p.started),
		}
		if p.ended > 0 && ago <= p.ended {
			vs["ended_at"] = w.date(p.ended)
		}
		b.Facts = append(b.Facts, fact.Fact{Kind: fact.KindPerson, Key: p.number, Values: vs})
	}
	return b
}

// accounts is the export of one directory.
func (w *world) accounts(directory string, ago int) *fact.Batch {
	title := map[string]string{"entra": "accounts of Entra", "ad": "accounts of Active Directory", "ehr": "accounts of the record system"}[directory]
	b := w.batch("import/accounts/"+directory, title, true, ago, directory+" accounts.csv", "csv/accounts")
	for _, a := range w.signIns {
		if a.directory != directory || !a.exists(ago) {
			continue
		}
		off := !a.enabled(ago) && !w.disabledAt(a).After(b.ObservedAt)
		vs := fact.Values{
			"name": a.name, "display_name": a.display, "directory": directory, "type": a.kind, "enabled": !off, "privileged": a.privileged,
			"groups": a.groups, "created_at": w.date(a.created), "mailbox": a.mailbox, "remote_access": a.remote, "reaches_phi": a.phi,
			"last_login_at": w.at(max(ago, a.disabled) + a.idle).Add(-3 * time.Hour),
		}
		if a.mail != "" {
			vs["email"] = a.mail
		}
		if a.owner != "" {
			vs["owner"] = a.owner
		}
		if off {
			vs["disabled_at"] = w.disabledAt(a)
		}
		w.factors(vs, a, ago)
		b.Facts = append(b.Facts, fact.Fact{Kind: fact.KindAccount, Key: directory + ":" + strings.ToLower(a.name), Values: vs})
	}
	return b
}

// factors states the second factors. The record system has none of its own:
// people reach it through the directory.
func (w *world) factors(vs fact.Values, a *signIn, ago int) {
	if a.directory != "entra" {
		if a.kind == "person" {
			vs["mfa_enabled"], vs["mfa_phishing_resistant"] = false, false
		}
		return
	}
	has := a.factor > 0 && ago <= a.factor
	strong := a.strong > 0 && ago <= a.strong
	methods := []string{}
	switch {
	case a.strong > 0 && !strong:
		methods = []string{"push"}
	case has:
		methods = a.methods
	}
	vs["mfa_enabled"], vs["mfa_methods"], vs["mfa_phishing_resistant"] = has, methods, strong
}

// vendorList is the register of contracts.
func (w *world) vendorList(ago int) *fact.Batch {
	b := w.batch("import/vendors", "vendors with contract terms", true, ago, "vendors.xlsx", "csv/vendors")
	for _, v := range w.vendors {
		vs := fact.Values{
			"name": v.name, "service": v.service, "reaches_phi": v.phi, "network_access": v.network,
			"contract_starts_at": w.date(v.starts), "contract_ends_at": w.date(-v.ends),
			"security_terms": ago <= v.secured, "notice_terms": ago <= v.noticed, "vulnerability_notice": false,
		}
		if v.rated && ago < 350 {
			vs["tier"] = v.tier
		}
		if v.phi {
			vs["baa_signed"] = ago <= v.signed
			if ago <= v.signed {
				vs["baa_signed_at"] = w.date(v.signed)
			}
		}
		if ago <= v.noticed {
			vs["notice_hours"] = v.hours
		}
		switch {
		case ago <= v.verified:
			vs["verified_at"] = w.date(v.verified)
		case ago <= v.earlier:
			vs["verified_at"] = w.date(v.earlier)
		}
		b.Facts = append(b.Facts, fact.Fact{Kind: fact.KindVendor, Key: strings.ToLower(v.name), Values: vs})
	}
	return b
}
