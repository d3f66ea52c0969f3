package osquery

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/collect/pkgdb"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/collect/safe"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/purl"
)

// state states what the rows of a machine say, and returns its software.
func (m *machine) state(h *reports.Host) []fact.Component {
	s := &stater{h: h}
	// The operating system first: packages need to know the distribution.
	for _, first := range []bool{true, false} {
		for _, q := range m.order {
			if (q.table == "os_version") != first {
				continue
			}
			s.table = q.table
			if q.table == "bitlocker_info" && len(q.rows) > 0 {
				s.bitlocker = true
			}
			if isSoftware[q.table] {
				s.listed = true
				s.partial = s.partial || !q.whole
			}
			for _, k := range q.order {
				if q.rows[k] {
					s.row(unkey(k))
				}
			}
		}
	}
	s.finish()
	return s.parts
}

// isSoftware lists the tables that list what is installed.
var isSoftware = map[string]bool{
	"deb_packages": true, "rpm_packages": true, "programs": true, "apps": true, "homebrew_packages": true, "python_packages": true, "npm_packages": true, "gem_packages": true,
	"chrome_extensions": true, "firefox_addons": true, "vscode_extensions": true, "chocolatey_packages": true,
}

type stater struct {
	h          *reports.Host
	table      string
	id, distro string // of the distribution
	parts      []fact.Component
	seen       map[string]bool
	listed     bool
	partial    bool
	updates    []string
	hasUpdate  map[string]bool
	bitlocker  bool
	open       bool // a volume is not encrypted
	products   []string
	running    bool
}

func (s *stater) row(r row) {
	h := s.h
	switch s.table {
	case "system_info":
		s.system(r)
	case "os_version":
		s.os(r)
	case "kernel_info":
		v := reports.Shorten(r["version"], 100)
		// Of Windows it states the revision too, which tells the updates: 10.0.22631.4460.
		if have, _ := h.Values["os_build"].(string); have != "" && strings.Contains(v, "."+have+".") {
			h.Values["os_build"] = v
		}
		h.Set("os_build", v)
	case "interface_details":
		if !virtual(r["interface"]) {
			h.MAC(r["mac"])
		}
	case "interface_addresses":
		if !virtual(r["interface"]) {
			h.Address(r["address"])
		}
	case "uptime":
		if n, err := strconv.ParseInt(r["days"], 10, 32); err == nil && n >= 0 {
			h.Set("uptime_days", n)
		}
	case "chassis_info":
		s.chassis(r)
	case "patches":
		s.update(r["hotfix_id"])
	case "windows_update_history":
		if c := strings.ToLower(r["result_code"]); c == "succeeded" || c == "2" {
			s.update(r["title"])
		}
	case "users", "shadow":
		s.account(r)
	case "listening_ports":
		s.port(r)
	case "disk_encryption", "bitlocker_info":
		s.volume(r)
	case "windows_security_products":
		if strings.EqualFold(r["type"], "Antivirus") && r["name"] != "" {
			s.products = append(s.products, r["name"])
			s.running = s.running || strings.EqualFold(r["state"], "On")
		}
	case "windows_security_center":
		if v := r["firewall"]; v == "Good" || v == "Poor" {
			h.Set("firewall_active", v == "Good")
		}
		if v := r["autoupdate"]; v == "Good" || v == "Poor" {
			h.Set("auto_updates", v == "Good")
		}
	case "alf":
		if n, err := strconv.Atoi(r["global_state"]); err == nil {
			h.Set("firewall_active", n > 0)
			h.Set("firewall_kind", "pf")
		}
	default:
		s.component(r)
	}
}

func (s *stater) system(r row) {
	h := s.h
	for _, n := range []string{r["hostname"], r["computer_name"], r["local_hostname"]} {
		if !uuid(n) {
			h.Name(n)
		}
	}
	h.Set("manufacturer", reports.Shorten(r["hardware_vendor"], 100))
	h.Set("model", reports.Shorten(r["hardware_model"], 100))
	// The identifier of the hardware is not the one of the operating system, by
	// which machines are known, so it is no key.
	switch v := r["hardware_serial"]; {
	case h.Key(asset.Serial, v):
		h.Set("serial", v)
	case v != "":
		h.Lack("serial", "the maker left it blank")
	}
	if isVirtual.MatchString(r["hardware_vendor"] + " " + r["hardware_model"]) {
		h.Set("virtual", true)
	}
}

var isVirtual = regexp.MustCompile(`(?i)vmware|virtualbox|innotek|qemu|kvm|bochs|xen|parallels|virtual machine`)

// ids gives a distribution's own name by what osquery calls it.
var ids = []struct{ words, id string }{
	{"rocky", "rocky"},
	{"almalinux", "almalinux"},
	{"centos", "centos"},
	{"red hat", "rhel"},
	{"fedora", "fedora"},
	{"amazon linux", "amzn"},
	{"oracle linux", "ol"},
	{"ubuntu", "ubuntu"},
	{"debian", "debian"},
	{"sles", "sles"},
	{"opensuse", "opensuse-leap"},
}

// archOf is the architecture of an operating system, as osquery names it on each.
func archOf(s string) string {
	switch strings.ToLower(s) {
	case "64-bit", "x86_64", "amd64", "x64":
		return "x64"
	case "32-bit", "x86", "i386", "i686":
		return "x86"
	case "arm64", "aarch64", "arm 64-bit processor":
		return "arm64"
	}
	return ""
}

func (s *stater) os(r row) {
	h := s.h
	name, version, platform := r["name"], r["version"], strings.ToLower(r["platform"])
	full := name
	if version != "" && !strings.Contains(name, version) {
		full += " " + version
	}
	h.Set("os_name", reports.Shorten(full, 200))
	h.Set("os_version", reports.Shorten(version, 100))
	build := r["build"]
	if n, err := strconv.Atoi(r["revision"]); err == nil && n > 0 && build != "" && !strings.Contains(build, ".") {
		build += "." + r["revision"]
	}
	h.Set("os_build", reports.Shorten(build, 100))
	h.Set("os_arch", archOf(r["arch"]))
	switch {
	case platform == "windows":
		h.Set("os_family", "windows")
		if strings.Contains(name, "Server") {
			h.Set("class", string(asset.Server))
		}
		return
	case platform == "darwin":
		h.Set("os_family", "macos")
		return
	case platform == "":
		return
	}
	h.Set("os_family", "linux")
	for _, d := range ids {
		if !strings.Contains(strings.ToLower(name), d.words) && platform != d.id {
			continue
		}
		major, minor := r["major"], r["minor"]
		if major == "" || major == "0" {
			m := versionNumber.FindStringSubmatch(version)
			if m == nil {
				return
			}
			major, minor = m[1], m[2]
		}
		s.id, s.distro = d.id, d.id+"-"+major
		switch d.id {
		case "ubuntu":
			if len(minor) == 1 {
				minor = "0" + minor // osquery reads 22.04 as two numbers
			}
			s.distro += "." + minor
		case "rocky", "almalinux", "rhel", "ol", "sles", "opensuse-leap":
			if minor != "" {
				s.distro += "." + minor
			}
		}
		return
	}
}

var versionNumber = regexp.MustCompile(`(\d+)(?:\.(\d+))?`)

// virtual reports a network card that exists on every machine with the same
// software.
func virtual(name string) bool {
	for _, p := range []string{"lo", "docker", "veth", "br-", "virbr", "cni", "flannel", "cali", "tun", "utun", "awdl", "llw"} {
		if name == p || strings.HasPrefix(name, p) && p != "lo" || p == "lo" && len(name) == 3 && name[:2] == "lo" {
			return true
		}
	}
	return strings.Contains(name, "Loopback")
}

func (s *stater) chassis(r row) {
	t := strings.ToLower(r["chassis_types"])
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(t, w) })
	}
	switch {
	case has("laptop", "notebook", "portable", "convertible", "detachable", "tablet"):
		s.h.Set("class", string(asset.Laptop))
	case has("server", "rack mount", "blade"):
		s.h.Set("class", string(asset.Server))
	case has("desktop", "tower", "all in one", "mini pc", "space-saving", "low profile"):
		s.h.Set("class", string(asset.Workstation))
	}
}

var kb = regexp.MustCompile(`(?i)\bKB\d{6,8}\b`)

func (s *stater) update(text string) {
	s.h.Set("os_family", "windows")
	for _, k := range kb.FindAllString(text, 10) {
		s.updates = safe.AddOnce(s.updates, &s.hasUpdate, strings.ToUpper(k))
	}
}

// component keeps a piece of software.
func (s *stater) component(r row) {
	name, version := r["name"], r["version"]
	c := fact.Component{Asset: s.h.Ref, Ecosystem: "generic", Name: name, Version: version}
	ns, vendor := "", ""
	switch s.table {
	case "deb_packages":
		if v := r["status"]; v != "" && !strings.HasSuffix(v, " installed") {
			return
		}
		c.Ecosystem, c.Arch, c.Distro, ns = "deb", r["arch"], s.distro, s.id
		src, rest, _ := strings.Cut(r["source"], " ")
		v := strings.Trim(strings.TrimSpace(rest), "()")
		if src != "" && src != "deb_packages" && (src != name || v != "" && v != version) {
			c.Source, c.SourceVersion = src, v
		}
	case "rpm_packages":
		q, ok := pkgdb.RPMLine(strings.Join([]string{name, r["epoch"], version, r["release"], r["arch"], r["source"], reports.Shorten(strings.ReplaceAll(r["vendor"], "\t", " "), 100)}, "\t"))
		if !ok || name == "gpg-pubkey" {
			return
		}
		c.Ecosystem, c.Version, c.Arch, c.Source, c.SourceVersion, c.Distro, ns = "rpm", q.Version, q.Arch, q.Source, q.SourceVersion, s.distro, s.id
		vendor = q.Vendor
	case "apps":
		c.Name = strings.TrimSuffix(name, ".app")
		if v := r["bundle_short_version"]; v != "" {
			c.Version = v
		} else if c.Version == "" {
			c.Version = r["bundle_version"]
		}
	case "homebrew_packages":
		c.Ecosystem = "brew"
	case "python_packages":
		c.Ecosystem, c.Name = "pypi", strings.ToLower(strings.NewReplacer("_", "-", ".", "-").Replace(name))
	case "npm_packages":
		c.Ecosystem = "npm"
		if scope, rest, ok := strings.Cut(name, "/"); ok {
			ns, name = scope, rest
		}
	case "gem_packages":
		c.Ecosystem = "gem"
	case "chrome_extensions", "firefox_addons", "vscode_extensions", "programs", "chocolatey_packages":
	default:
		return
	}
	if c.Name == "" || len(c.Name) > 300 {
		return
	}
	if c.Ecosystem == "npm" {
		c.PURL = pkgdb.PURL("npm", ns, name, c.Version, "", "")
	} else {
		c.PURL = pkgdb.PURL(c.Ecosystem, ns, c.Name, c.Version, c.Arch, c.Distro)
	}
	if purl.ForeignVendor(c.Distro, vendor) {
		c.PURL = purl.WithVendor(c.PURL, vendor)
	}
	if s.seen == nil {
		s.seen = make(map[string]bool)
	}
	if !s.seen[c.PURL] {
		s.seen[c.PURL] = true
		s.parts = append(s.parts, c)
	}
}

// account states a local account from the tables users and shadow.
func (s *stater) account(r row) {
	name := r["username"]
	if name == "" || len(name) > 256 {
		return
	}
	f := s.h.Fact(fact.KindAccount, name)
	reports.State(f, "name", name)
	reports.State(f, "directory", "local")
	if s.table == "shadow" {
		switch r["password_status"] {
		case "active":
			reports.State(f, "enabled", true)
			reports.State(f, "password_empty", false)
		case "locked", "not_set":
			reports.State(f, "password_empty", false)
		case "empty":
			reports.State(f, "password_empty", true)
		}
		return
	}
	if v := r["description"]; v != "" {
		reports.State(f, "display_name", reports.Shorten(v, 200))
	}
	uid, err := strconv.ParseInt(r["uid"], 10, 64)
	switch {
	case err != nil:
	case strings.HasPrefix(r["shell"], `C:\`) || strings.HasPrefix(r["directory"], `C:\`) || r["type"] == "local" || r["type"] == "special" || r["type"] == "roaming":
		if r["type"] == "special" {
			reports.State(f, "type", "system")
		}
		if uid == 500 { // the administrator that every Windows has
			reports.State(f, "privileged", true)
		}
	default:
		reports.State(f, "privileged", uid == 0)
		if uid == 0 || uid < 1000 && uid != 501 || uid == 65534 {
			reports.State(f, "type", "system")
		}
		if sh := r["shell"]; sh != "" {
			reports.State(f, "interactive", !strings.HasSuffix(sh, "nologin") && !strings.HasSuffix(sh, "false") && !strings.HasSuffix(sh, "sync"))
		}
	}
}

// port states a listening service. Ports of UDP that systems hand out for a time
// are left out, since they are others tomorrow.
func (s *stater) port(r row) {
	n, err := strconv.ParseUint(r["port"], 10, 16)
	transport := map[string]string{"6": "tcp", "17": "udp", "tcp": "tcp", "udp": "udp"}[r["protocol"]]
	if err != nil || n == 0 || transport == "" || transport == "udp" && n >= 32768 {
		return
	}
	key := fmt.Sprintf("%d/%s", n, transport)
	a, err := netip.ParseAddr(r["address"])
	if err != nil && r["address"] != "" {
		return
	}
	a = a.Unmap()
	if bound := err == nil && !a.IsUnspecified(); bound {
		key = netip.AddrPortFrom(a, uint16(n)).String() + "/" + transport
	}
	f := s.h.Fact(fact.KindEndpoint, key)
	reports.State(f, "port", int64(n))
	reports.State(f, "transport", transport)
	if a.IsValid() {
		reports.State(f, "address", a.String())
		reports.State(f, "exposed", !a.IsLoopback())
	}
	p := r["process_name"]
	if p == "" {
		p = r["name"]
	}
	if p != "" {
		reports.State(f, "process", reports.Shorten(p, 100))
	}
	reports.Lack(f, "service", "osquery knows the port and not what is spoken there")
	reports.Lack(f, "clear_text", "the service is not known")
}

func (s *stater) volume(r row) {
	if s.table == "bitlocker_info" {
		letter := strings.ToUpper(r["drive_letter"])
		if letter == "" {
			return
		}
		f := s.h.Fact(fact.KindVolume, letter)
		reports.State(f, "mount", letter)
		switch r["protection_status"] {
		case "0", "1":
			// Protection may be on while the drive is still being encrypted.
			on := r["protection_status"] == "1" && (r["conversion_status"] == "1" || r["conversion_status"] == "")
			reports.State(f, "encrypted", on)
			reports.State(f, "encryption", map[bool]string{true: "bitlocker", false: "none"}[on])
			s.open = s.open || !on
		default:
			reports.Lack(f, "encrypted", "BitLocker does not know: the drive is locked")
			s.bitlocker = false
		}
		return
	}
	name := r["name"]
	if name == "" || strings.Contains(name, "/loop") || strings.Contains(name, "/ram") {
		return
	}
	f := s.h.Fact(fact.KindVolume, name)
	reports.State(f, "device", name)
	on := r["encrypted"] == "1"
	reports.State(f, "encrypted", on)
	switch {
	case !on:
		reports.State(f, "encryption", "none")
	case r["filevault_status"] == "on":
		reports.State(f, "encryption", "filevault")
	case strings.Contains(strings.ToUpper(r["type"]), "LUKS"):
		reports.State(f, "encryption", "luks")
	}
	if v := r["filevault_status"]; v == "on" || v == "off" {
		s.h.Set("disk_encrypted", v == "on")
	}
}

// finish states what follows from all rows.
func (s *stater) finish() {
	h := s.h
	switch {
	case s.listed && !s.partial:
		h.Set("packages", int64(len(s.parts)))
	case s.listed:
		h.Lack("packages", "the log begins in the middle, so the list is not whole")
	}
	if len(s.updates) > 0 {
		slices.Sort(s.updates)
		h.Set("windows_updates", s.updates)
	}
	if s.bitlocker {
		h.Set("disk_encrypted", !s.open)
	}
	if len(s.products) > 0 {
		slices.Sort(s.products)
		h.Set("endpoint_protection", reports.Shorten(strings.Join(slices.Compact(s.products), ", "), 200))
		h.Set("endpoint_protection_running", s.running)
	}
}
