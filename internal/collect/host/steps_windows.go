package host

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/windows/registry"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/collect/host/eol"
	"github.com/asepsis/asepsis/internal/collect/host/win"
	"github.com/asepsis/asepsis/internal/fact"
)

func platformSteps() []step {
	return []step{
		{"what Windows says of itself", windowsReport},
		{"identity", windowsIdentity},
		{"operating system", windowsSystem},
		{"installed programs", windowsPrograms},
		{"firewall and remote desktop", windowsRegistry},
	}
}

func regText(path, name string) string {
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, path, registry.QUERY_VALUE|registry.WOW64_64KEY)
	if err != nil {
		return ""
	}
	defer k.Close()
	v, _, err := k.GetStringValue(name)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(v)
}

func regNumber(path, name string) (uint64, error) {
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, path, registry.QUERY_VALUE|registry.WOW64_64KEY)
	if err != nil {
		return 0, err
	}
	defer k.Close()
	v, _, err := k.GetIntegerValue(name)
	return v, err
}

func regExists(path string) bool {
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, path, registry.QUERY_VALUE|registry.WOW64_64KEY)
	if err != nil {
		return false
	}
	_ = k.Close()
	return true
}

func windowsIdentity(_ context.Context, _ *machine, s *section) {
	if id := regText(`SOFTWARE\Microsoft\Cryptography`, "MachineGuid"); id != "" {
		if raw, ok := parseMachineID(id); ok {
			k := machineKey(raw)
			s.key(asset.Machine, k)
			s.identify(k)
		}
	}
	const bios = `HARDWARE\DESCRIPTION\System\BIOS`
	maker, model := regText(bios, "SystemManufacturer"), regText(bios, "SystemProductName")
	s.setText("manufacturer", maker)
	s.setText("model", model)
	lower := strings.ToLower(maker + " " + model)
	s.set("virtual", slices.ContainsFunc(hypervisors, func(h string) bool { return strings.Contains(lower, h) }))
	nativeNetwork(s)
}

// windowsArch is the architecture that Windows was installed for.
func windowsArch(s string) string {
	return map[string]string{"AMD64": "x64", "x86": "x86", "ARM64": "arm64"}[s]
}

const currentVersion = `SOFTWARE\Microsoft\Windows NT\CurrentVersion`

func windowsSystem(_ context.Context, _ *machine, s *section) {
	s.set("os_family", "windows")
	build := regText(currentVersion, "CurrentBuild")
	name := regText(currentVersion, "ProductName")
	// The registry of Windows 11 still says 10; the build number tells.
	if len(build) == 5 && build >= "22000" && !strings.Contains(name, "Server") {
		name = strings.Replace(name, "Windows 10", "Windows 11", 1)
	}
	s.setText("os_name", name)
	version := regText(currentVersion, "DisplayVersion")
	if version == "" {
		version = regText(currentVersion, "ReleaseId")
	}
	s.setText("os_version", version)
	if ubr, err := regNumber(currentVersion, "UBR"); err == nil && build != "" {
		s.set("os_build", fmt.Sprintf("%s.%d", build, ubr))
	}
	if arch := windowsArch(regText(`SYSTEM\CurrentControlSet\Control\Session Manager\Environment`, "PROCESSOR_ARCHITECTURE")); arch != "" {
		s.set("os_arch", arch)
	}
	if kind := regText(currentVersion, "InstallationType"); strings.Contains(kind, "Server") {
		s.set("os_core", kind == "Server Core")
	}
	if at, ok := eol.Windows(build, regText(currentVersion, "EditionID")); ok {
		s.set("os_support_ends_at", at)
	} else {
		s.miss("our table of support dates does not have this release", "os_support_ends_at")
	}
	s.set("reboot_required", regExists(`SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootPending`) ||
		regExists(`SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired`))
	// Without a policy Windows installs updates by itself; 4 and absence mean so.
	const au = `SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate\AU`
	off, errOff := regNumber(au, "NoAutoUpdate")
	how, errHow := regNumber(au, "AUOptions")
	s.set("auto_updates", !(errOff == nil && off == 1) && (errHow != nil || how == 4))
	notYet(s, "Windows", "pending_updates", "pending_security_updates", "updates_checked_at", "log_retention_days", "logs_forwarded", "log_destinations",
		"audit_active", "security_tools_modified", "unneeded_services", "password_min_length", "password_max_age_days", "password_lockout_attempts",
		"ssh_password_auth", "ssh_root_login", "ssh_empty_passwords", "ssh_weak_algorithms", "security_tools_running")
}

// windowsPrograms reads the list that Settings shows.
func windowsPrograms(_ context.Context, _ *machine, s *section) {
	var tools []string
	count := 0
	for _, path := range []string{`SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall`, `SOFTWARE\WOW6432Node\Microsoft\Windows\CurrentVersion\Uninstall`} {
		k, err := registry.OpenKey(registry.LOCAL_MACHINE, path, registry.ENUMERATE_SUB_KEYS|registry.WOW64_64KEY)
		if err != nil {
			continue
		}
		subs, _ := k.ReadSubKeyNames(20_000)
		_ = k.Close()
		for _, sub := range subs {
			name, version := regText(path+`\`+sub, "DisplayName"), regText(path+`\`+sub, "DisplayVersion")
			if name == "" {
				continue
			}
			count++
			s.components = append(s.components, fact.Component{
				Asset: ref, Ecosystem: "generic", Name: name, Version: version, PURL: purl("generic", "", name, version, "", ""),
			})
			if tool := windowsTool(name); tool != "" {
				tools = append(tools, tool)
			}
		}
	}
	s.set("packages", int64(count))
	s.set("security_tools", sorted(tools))
}

// windowsTool names a security tool by its entry in the list of programs.
func windowsTool(name string) string {
	lower := strings.ToLower(name)
	for _, t := range [...][2]string{
		{"crowdstrike", "CrowdStrike Falcon"},
		{"sentinel agent", "SentinelOne"},
		{"sophos endpoint", "Sophos"},
		{"trellix", "Trellix"},
		{"mcafee", "McAfee"},
		{"carbon black", "Carbon Black"},
		{"cortex xdr", "Cortex XDR"},
		{"trend micro", "Trend Micro"},
		{"eset", "ESET"},
		{"bitdefender", "Bitdefender"},
		{"wazuh agent", "Wazuh agent"},
		{"osquery", "osquery"},
		{"malwarebytes", "Malwarebytes"},
		{"sysmon", "Sysmon"},
	} {
		if strings.Contains(lower, t[0]) {
			return t[1]
		}
	}
	return ""
}

// windowsRegistry reads the firewall's profiles and remote desktop.
func windowsRegistry(_ context.Context, _ *machine, s *section) {
	const fw = `SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\`
	on, deny, seen := true, true, 0
	for _, profile := range []string{"DomainProfile", "StandardProfile", "PublicProfile"} {
		v, err := regNumber(fw+profile, "EnableFirewall")
		if err != nil {
			continue
		}
		seen++
		on = on && v == 1
		// Windows refuses what no rule allows unless told otherwise.
		if act, err := regNumber(fw+profile, "DefaultInboundAction"); err == nil && act == 0 {
			deny = false
		}
	}
	if seen == 0 {
		s.miss("the firewall's settings cannot be read", "firewall_active", "firewall_default_deny", "firewall_kind")
	} else {
		s.set("firewall_active", on)
		s.set("firewall_default_deny", on && deny)
		s.set("firewall_kind", "windows")
	}
	const ts = `SYSTEM\CurrentControlSet\Control\Terminal Server`
	if v, err := regNumber(ts, "fDenyTSConnections"); err == nil {
		s.set("rdp_enabled", v == 0)
	} else {
		s.miss("the setting cannot be read", "rdp_enabled")
	}
	if v, err := regNumber(ts+`\WinStations\RDP-Tcp`, "UserAuthentication"); err == nil {
		s.set("rdp_nla", v == 1)
	} else {
		s.miss("the setting cannot be read", "rdp_nla")
	}
}

// windowsReport asks PowerShell once for all that the registry does not have.
func windowsReport(ctx context.Context, m *machine, s *section) {
	attrs := []string{
		"serial", "class", "uptime_days", "disk_encrypted", "endpoint_protection", "endpoint_protection_running",
		"listening_services", "clear_text_services", "time_synced", "time_source", "ssh_enabled",
	}
	out, err := m.runner.Run(ctx, `WindowsPowerShell\v1.0\powershell.exe`, "-NoLogo", "-NoProfile", "-NonInteractive", "-Command", win.Script)
	var r *win.Report
	if err == nil {
		r, err = win.Parse(out)
	}
	if err != nil {
		reason := "PowerShell gives no answer: " + why(err)
		s.miss(reason, attrs...)
		s.note("hardware, volumes, accounts and ports", reason)
		return
	}
	windowsHardware(m, s, r)
	windowsVolumes(s, r)
	windowsAccounts(s, r)
	windowsProtection(s, r)
	s.set("ssh_enabled", r.SSH == "Running")
	s.set("time_source", "w32time")
	if r.Time != "Running" {
		s.set("time_synced", false)
	} else {
		s.miss("the time service runs; whether it follows a source is not read yet", "time_synced")
	}
	var ls []listener
	by := map[string]string{}
	for _, p := range r.Ports {
		a, err := netip.ParseAddr(p.Address)
		if err != nil || p.Port < 1 || p.Port > 65535 || p.Port >= 49152 {
			continue // RPC takes a new port there at each start
		}
		l := listener{port: int(p.Port), transport: "tcp", addr: a.WithZone("")}
		if _, twice := by[l.key()]; !twice {
			ls = append(ls, l)
		}
		by[l.key()] = p.Process
	}
	s.ports(ls, by, probeAll(ctx, m, s, ls))
	s.note("listening ports", "UDP ports, and TCP ports from 49152 on, are not listed on Windows")
}

func windowsHardware(m *machine, s *section, r *win.Report) {
	if s.key(asset.Serial, r.Serial) {
		s.set("serial", r.Serial)
	} else {
		s.miss("the maker left it blank", "serial")
	}
	class := asset.Workstation
	if strings.Contains(regText(currentVersion, "ProductName"), "Server") {
		class = asset.Server
	}
	for _, c := range r.Chassis {
		if class != asset.Server && slices.Contains([]int{8, 9, 10, 14, 30, 31, 32}, c) {
			class = asset.Laptop
		}
	}
	s.set("class", string(class))
	if boot := win.Moment(r.Boot); !boot.IsZero() && boot.Before(m.now) {
		s.set("uptime_days", int64(m.now.Sub(boot)/(24*time.Hour)))
	}
}

func windowsVolumes(s *section, r *win.Report) {
	by := map[string]win.BitLocker{}
	for _, b := range r.BitLocker {
		by[strings.TrimRight(b.Mount, `:\`)] = b
	}
	all, unknown, count := true, "", 0
	for _, v := range r.Volumes {
		if v.Type != "Fixed" && v.Type != "Removable" {
			continue
		}
		vs := fact.Values{"mount": v.Letter + ":", "filesystem": strings.ToLower(v.Filesystem), "removable": v.Type == "Removable", "holds_data": true, "size_bytes": v.Size}
		missing := map[string]string{}
		b, ok := by[v.Letter]
		switch {
		case ok:
			vs["encrypted"] = b.Encrypted()
			vs["encryption"] = "none"
			if !strings.HasPrefix(b.Status, "FullyDecrypted") {
				vs["encryption"] = "bitlocker"
			}
			all = all && b.Encrypted()
		default:
			reason := "BitLocker answers administrators only"
			missing["encrypted"], missing["encryption"], unknown = reason, reason, reason
		}
		count++
		s.fact(fact.KindVolume, v.Letter+":", vs, missing)
	}
	switch {
	case count == 0:
		s.miss("no volume is visible", "disk_encrypted")
	case !all:
		s.set("disk_encrypted", false)
	case unknown != "":
		s.miss(unknown, "disk_encrypted")
		s.note("disk encryption", unknown)
	default:
		s.set("disk_encrypted", true)
	}
}

func windowsAccounts(s *section, r *win.Report) {
	if len(r.Users) == 0 {
		s.note("local accounts", "Windows did not list them; a domain controller has none")
	}
	for _, u := range r.Users {
		vs := fact.Values{
			"name": u.Name, "directory": "local", "type": "person", "enabled": u.Enabled, "interactive": true,
			"privileged": slices.Contains(r.Admins, u.SID), "password_never_expires": u.Expires == "",
		}
		if u.BuiltIn() {
			vs["type"] = "system"
		}
		if u.Full != "" {
			vs["display_name"] = u.Full
		}
		if at := win.Moment(u.Set); !at.IsZero() {
			vs["password_set_at"] = at
		}
		missing := map[string]string{"password_empty": "Windows does not tell whether a password is set", "groups": "only the administrators' group is read"}
		if at := win.Moment(u.Last); !at.IsZero() {
			vs["last_login_at"] = at
		} else {
			missing["last_login_at"] = "no sign-in on record"
		}
		if len(r.Admins) == 0 {
			delete(vs, "privileged")
			missing["privileged"] = "the members of the administrators' group were not told"
		}
		s.fact(fact.KindAccount, u.Name, vs, missing)
	}
}

func windowsProtection(s *section, r *win.Report) {
	for _, a := range r.Antivirus {
		if a.Running() && !strings.Contains(a.Name, "Defender") {
			s.set("endpoint_protection", a.Name)
			s.set("endpoint_protection_running", true)
			return
		}
	}
	if r.Defender == nil {
		s.miss("Windows did not say which product protects it", "endpoint_protection", "endpoint_protection_running")
		return
	}
	s.set("endpoint_protection", "Microsoft Defender")
	s.set("endpoint_protection_running", r.Defender.Enabled && r.Defender.RealTime)
}
