package host

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/collect/host/eol"
	"github.com/asepsis/asepsis/internal/collect/host/login"
	"github.com/asepsis/asepsis/internal/collect/host/mac"
	"github.com/asepsis/asepsis/internal/fact"
)

func platformSteps() []step {
	return []step{
		{"packages of programming languages", languages},
		{"identity", macIdentity},
		{"operating system", macSystem},
		{"protection", macProtection},
		{"accounts", macAccounts},
		{"listening services", macPorts},
	}
}

func macIdentity(ctx context.Context, m *machine, s *section) {
	out, err := m.runner.Run(ctx, "ioreg", "-rd1", "-c", "IOPlatformExpertDevice")
	if err != nil {
		s.miss("ioreg gives no answer: "+why(err), "serial", "model", "manufacturer")
	}
	p := mac.ParsePlatform(out)
	if raw, ok := parseMachineID(p.UUID); ok {
		k := machineKey(raw)
		s.key(asset.Machine, k)
		s.identify(k)
	}
	if s.key(asset.Serial, p.Serial) {
		s.set("serial", p.Serial)
	}
	s.setText("manufacturer", p.Maker)
	s.setText("model", p.Model)
	class := asset.Workstation
	if strings.Contains(p.Model, "Book") {
		class = asset.Laptop
	}
	s.set("class", string(class))
	s.set("virtual", strings.Contains(p.Model, "VirtualMac") || strings.Contains(p.Model, "VMware"))
	nativeNetwork(s)
}

func macSystem(ctx context.Context, m *machine, s *section) {
	s.set("os_family", "macos")
	out, err := m.runner.Run(ctx, "sw_vers")
	if err != nil {
		s.miss("sw_vers gives no answer: "+why(err), "os_name", "os_version", "os_build", "os_support_ends_at")
	} else {
		product, version, build := mac.Version(out)
		s.setText("os_name", strings.TrimSpace(product+" "+version))
		s.setText("os_version", version)
		s.setText("os_build", build)
		if at, ok := eol.MacOS(version); ok {
			s.set("os_support_ends_at", at)
		} else {
			s.miss("Apple names no date, and still mends this release by our table", "os_support_ends_at")
		}
	}
	out, err = m.runner.Run(ctx, "defaults", "read", "/Library/Preferences/com.apple.SoftwareUpdate", "CriticalUpdateInstall")
	if err == nil {
		s.set("auto_updates", strings.TrimSpace(string(out)) == "1")
	} else {
		s.miss("the setting was never changed from macOS's own, or is set by management", "auto_updates")
	}
	for _, dir := range []string{"/opt/homebrew/Cellar", "/usr/local/Cellar"} {
		names, _ := m.tree.Dir(dir)
		for _, name := range names {
			versions, _ := m.tree.Dir(dir + "/" + name)
			for _, v := range versions {
				if !strings.HasPrefix(v, ".") {
					s.components = append(s.components, fact.Component{Asset: ref, Ecosystem: "brew", Name: name, Version: v, PURL: purl("brew", "", name, v, "", "")})
				}
			}
		}
	}
	notYet(s, "macOS", "packages", "pending_updates", "pending_security_updates", "updates_checked_at", "reboot_required", "uptime_days", "time_synced", "time_source",
		"logs_forwarded", "log_destinations", "log_retention_days", "audit_active", "security_tools_running", "security_tools_modified", "unneeded_services",
		"password_min_length", "password_max_age_days", "password_lockout_attempts", "ssh_enabled", "ssh_password_auth", "ssh_root_login",
		"ssh_empty_passwords", "ssh_weak_algorithms")
}

// macTools are security tools by the folders their makers install to.
var macTools = map[string]string{
	"/Applications/Falcon.app": "CrowdStrike Falcon", "/Applications/SentinelOne": "SentinelOne", "/Applications/Microsoft Defender.app": "Microsoft Defender for Endpoint",
	"/Library/Sophos Anti-Virus": "Sophos", "/opt/osquery": "osquery", "/Library/Ossec": "Wazuh agent", "/Applications/Cortex XDR.app": "Cortex XDR",
	"/Applications/Malwarebytes.app": "Malwarebytes", "/Applications/Jamf Protect.app": "Jamf Protect", "/Applications/ESET Endpoint Security.app": "ESET",
}

func macProtection(ctx context.Context, m *machine, s *section) {
	out, err := m.runner.Run(ctx, "fdesetup", "status")
	vs := fact.Values{"mount": "/", "filesystem": "apfs", "holds_data": true, "removable": false}
	missing := map[string]string{}
	if on, known := mac.FileVault(out); known {
		vs["encrypted"], vs["encryption"] = on, "none"
		if on {
			vs["encryption"] = "filevault"
		}
		s.set("disk_encrypted", on)
	} else {
		reason := "fdesetup gives no answer: " + why(err)
		missing["encrypted"], missing["encryption"] = reason, reason
		s.miss(reason, "disk_encrypted")
	}
	s.fact(fact.KindVolume, "/", vs, missing)
	s.note("disk encryption", "on macOS only the start-up volume is read")
	out, err = m.runner.Run(ctx, "/usr/libexec/ApplicationFirewall/socketfilterfw", "--getglobalstate")
	if on, deny, known := mac.Firewall(out); known {
		s.set("firewall_active", on)
		s.set("firewall_default_deny", deny)
		s.set("firewall_kind", "application firewall")
	} else {
		s.miss("the firewall gives no answer: "+why(err), "firewall_active", "firewall_default_deny", "firewall_kind")
	}
	found := []string{"XProtect"}
	protector := ""
	for dir, name := range macTools {
		if m.tree.Exists(dir) {
			found = append(found, name)
			if name != "osquery" && (protector == "" || name < protector) {
				protector = name
			}
		}
	}
	s.set("security_tools", sorted(found))
	if protector == "" {
		s.miss("no product that we know is installed beside macOS's own", "endpoint_protection", "endpoint_protection_running")
		return
	}
	s.set("endpoint_protection", protector)
	s.miss("whether it runs is not read on macOS yet", "endpoint_protection_running")
}

func macAccounts(ctx context.Context, m *machine, s *section) {
	ids, err := m.runner.Run(ctx, "dscl", ".", "-list", "/Users", "UniqueID")
	if err != nil {
		s.note("accounts", "dscl gives no answer: "+why(err))
		return
	}
	shells, err := m.runner.Run(ctx, "dscl", ".", "-list", "/Users", "UserShell")
	admins, err2 := m.runner.Run(ctx, "dscl", ".", "-read", "/Groups/admin", "GroupMembership")
	if err := errors.Join(err, err2); err != nil {
		s.note("rights of accounts", "dscl gives no answer: "+why(err))
		return
	}
	shell, admin := mac.List(shells), mac.Members(admins)
	for name, id := range mac.List(ids) {
		uid, err := strconv.ParseInt(id, 10, 64)
		if err != nil {
			continue
		}
		interactive := login.Interactive(shell[name])
		typ := "system"
		if uid > 500 && uid < 65534 {
			typ = "person"
			if strings.HasPrefix(name, "_") || !interactive {
				typ = "service"
			}
		}
		vs := fact.Values{
			"name": name, "directory": "local", "type": typ, "interactive": interactive, "privileged": uid == 0 || slices.Contains(admin, name),
		}
		missing := map[string]string{}
		reason := "the password of a macOS account needs root to be looked at"
		for _, n := range []string{"enabled", "password_empty", "password_hash", "password_set_at", "last_login_at"} {
			missing[n] = reason
		}
		if !interactive {
			vs["enabled"] = false
		}
		s.fact(fact.KindAccount, name, vs, missing)
	}
}

func macPorts(ctx context.Context, m *machine, s *section) {
	out, err := m.runner.Run(ctx, "lsof", "-nP", "-iTCP", "-sTCP:LISTEN", "-Fcn")
	if err != nil && len(out) == 0 {
		s.miss("lsof gives no answer: "+why(err), "listening_services", "clear_text_services")
		s.note("listening services", "lsof gives no answer: "+why(err))
		return
	}
	if !m.root {
		s.note("listening services", "without root, macOS shows the ports of your own programs alone")
		s.miss("without root, macOS shows the ports of your own programs alone", "listening_services", "clear_text_services")
	}
	var ls []listener
	by := map[string]string{}
	for _, p := range mac.Ports(out) {
		l := listener{port: p.Port, transport: "tcp", addr: p.Addr}
		if _, twice := by[l.key()]; !twice && p.Port < 49152 {
			ls = append(ls, l)
			by[l.key()] = p.Process
		}
	}
	part := newSection()
	part.ports(ls, by, probeAll(ctx, m, s, ls))
	s.facts = append(s.facts, part.facts...)
	if m.root {
		s.set("listening_services", part.values["listening_services"])
		s.set("clear_text_services", part.values["clear_text_services"])
	}
}
