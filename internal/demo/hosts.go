package demo

import (
	"time"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/fact"
)

// servers is what the host collectors on the servers measured.
func (w *world) servers(ago int) *fact.Batch {
	b := w.batch("host/demo-servers", "host collectors on the servers", true, ago, "", "")
	b.Assurance = fact.Measured
	for _, d := range w.devices {
		if d.class != asset.Server || !d.here(ago) || !d.known(ago) {
			continue
		}
		b.Sightings = append(b.Sightings, w.host(d, ago, b.ObservedAt))
		b.Facts = append(b.Facts, w.disks(d, ago)...)
		b.Components = append(b.Components, d.software()...)
		if d.os.family == "linux" {
			b.Facts = append(b.Facts, w.localAccounts(d, ago)...)
		}
	}
	return b
}

// fleet is what the management of workstations and laptops reports.
func (w *world) fleet(ago int) *fact.Batch {
	b := w.batch("demo/fleet", "fleet report on workstations and laptops", true, ago, "fleet report.json", "demo/fleet")
	for i, d := range w.devices {
		if d.class != asset.Workstation && d.class != asset.Laptop || !d.here(ago) || !d.known(ago) {
			continue
		}
		if (i+ago)%67 == 0 { // on a shelf, or on vacation
			continue
		}
		b.Sightings = append(b.Sightings, w.host(d, ago, b.ObservedAt))
		b.Facts = append(b.Facts, w.disks(d, ago)...)
	}
	return b
}

// host states what a look at the machine itself shows.
func (w *world) host(d *device, ago int, at time.Time) fact.Sighting {
	windows := d.os.family == "windows"
	old := d.system(ago) == server2012 || d.system(ago) == win10
	n := int(d.serial[2]) + ago
	s := fact.Sighting{
		Ref:  d.ref(),
		Keys: []asset.Key{key(asset.Machine, d.machine), key(asset.Serial, d.serial), key(asset.MAC, d.mac), key(asset.FQDN, d.fqdn(w)), key(asset.Name, d.name)},
		Values: fact.Values{
			"name": d.name, "fqdn": d.fqdn(w), "class": string(d.class), "packages": d.packages, "last_seen_at": at, "virtual": d.class == asset.Server && d.maker == "Tamarack",
			"pending_updates": int64(n % 4), "pending_security_updates": int64(0), "updates_checked_at": at.Add(-20 * time.Hour), "auto_updates": true,
			"reboot_required": n%9 == 0, "uptime_days": int64(1 + n%28),
			"disk_encrypted":  d.encrypted > 0 && ago <= d.encrypted,
			"firewall_active": true, "firewall_default_deny": !old, "time_synced": true,
			"logs_forwarded": ago < 280 && (n%83 != 0 || d.class == asset.Server), "audit_active": ago < 280,
			"endpoint_protection": "Watchful Owl (fictional)", "endpoint_protection_running": !d.dies || ago > protectionDied,
			"security_tools": []string{"watchful-owl"}, "security_tools_running": []string{"watchful-owl"}, "security_tools_modified": []string{},
			"password_min_length": int64(14), "password_lockout_attempts": int64(10), "password_max_age_days": int64(365), "ssh_enabled": false,
			"unneeded_services": []string{},
		},
	}
	w.os(s.Values, d.system(ago))
	if d.dies && ago <= protectionDied {
		s.Values["security_tools_running"] = []string{}
	}
	if ago > 300 {
		s.Values["password_min_length"] = int64(8)
	}
	if old || n%13 == 0 {
		s.Values["pending_security_updates"] = int64(1 + n%5)
	}
	if d.class == asset.Server {
		s.Values["log_retention_days"] = int64(90)
		if n%11 == 0 {
			s.Values["unneeded_services"] = []string{"print spooler"}
		}
	} else if n%19 == 0 {
		s.Values["unneeded_services"] = []string{"remote registry"}
	}
	if windows {
		s.Values["firewall_kind"], s.Values["time_source"] = "windows", "w32time"
		s.Values["rdp_enabled"], s.Values["rdp_nla"] = true, !old
		return s
	}
	s.Values["firewall_kind"], s.Values["time_source"] = "nftables", "chrony"
	s.Values["ssh_enabled"], s.Values["ssh_password_auth"], s.Values["ssh_root_login"] = true, ago > 200, "prohibit-password"
	s.Values["ssh_empty_passwords"], s.Values["ssh_weak_algorithms"] = false, []string{}
	return s
}

// disks states the volumes of a machine.
func (w *world) disks(d *device, ago int) []fact.Fact {
	on := d.encrypted > 0 && ago <= d.encrypted
	mount, fs, kind := "C:", "ntfs", "bitlocker"
	if d.os.family == "linux" {
		mount, fs, kind = "/", "xfs", "luks"
	}
	if !on {
		kind = "none"
	}
	return []fact.Fact{{Kind: fact.KindVolume, Asset: d.ref(), Key: mount, Values: fact.Values{
		"mount": mount, "filesystem": fs, "encrypted": on, "encryption": kind, "removable": false, "holds_data": true, "size_bytes": int64(512) << 30,
	}}}
}

// localAccounts are those of a Linux server.
func (w *world) localAccounts(d *device, ago int) []fact.Fact {
	account := func(name, kind string, privileged, interactive bool, hash string) fact.Fact {
		return fact.Fact{Kind: fact.KindAccount, Asset: d.ref(), Key: name, Values: fact.Values{
			"name": name, "directory": "local", "type": kind, "enabled": true, "interactive": interactive, "privileged": privileged, "sudo": privileged,
			"sudo_without_password": privileged && kind == "person" && ago > 180, "password_empty": false, "password_hash": hash,
			"password_set_at": w.date(ago + 40),
		}}
	}
	admin := w.people[1]
	return []fact.Fact{
		account("root", "system", true, true, "locked"),
		account("l"+admin.number, "person", true, true, "yescrypt"),
		account("svc-monitoring", "service", false, false, "locked"),
	}
}

// packages of Linux servers, for what software runs where.
var packages = []struct{ name, version string }{
	{"bash", "5.2.15-3"},
	{"chrony", "4.3-1"},
	{"curl", "8.5.0-2"},
	{"linux-image", "6.8.0-45"},
	{"nginx", "1.24.0-2"},
	{"openssh-server", "9.6p1-3"},
	{"openssl", "3.0.13-1"},
	{"postgresql-16", "16.4-1"},
	{"python3.12", "3.12.3-1"},
	{"rsyslog", "8.2312.0-3"},
	{"sudo", "1.9.15p5-3"},
	{"zlib1g", "1.3.1-1"},
}

func (d *device) software() []fact.Component {
	if d.os.family != "linux" {
		return nil
	}
	eco, distro := "deb", "ubuntu-22.04"
	if d.os == rhel9 {
		eco, distro = "rpm", "rhel-9"
	}
	cs := make([]fact.Component, 0, len(packages))
	for _, p := range packages {
		cs = append(cs, fact.Component{Asset: d.ref(), Ecosystem: eco, Name: p.name, Version: p.version, Source: p.name, Distro: distro, Arch: "amd64"})
	}
	return cs
}

// logs is what the log collector heard of each machine.
func (w *world) logs(ago int) *fact.Batch {
	b := w.batch("demo/logs", "log collector", true, ago, "log sources.csv", "demo/logs")
	for i, d := range w.devices {
		if !d.computer() && d.class != asset.Network || !d.here(ago) || !d.known(ago) {
			continue
		}
		last := b.ObservedAt.Add(-time.Duration(1+i%40) * time.Minute)
		if ago > 240 && i%9 == 0 {
			last = last.AddDate(0, 0, -20)
		}
		b.Sightings = append(b.Sightings, fact.Sighting{
			Ref: d.ref(), Keys: []asset.Key{key(asset.Name, d.name), key(asset.IP, d.ip)},
			Values: fact.Values{"last_log_at": last},
		})
	}
	return b
}
