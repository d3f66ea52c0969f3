package syscollector

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

// field reads a value wherever the forms have it: agents of version 5 below
// data, the indexer below _source, those of version 4 below data or the kind's
// own name, the manager's interface on top.
func (d doc) field(v5, v4 string, legacy ...string) string {
	keys := []string{"data." + v5, "_source." + v5, "data." + v4, v4}
	return d.get(append(keys, legacy...)...)
}

func (m *machine) take(kind string, d doc) {
	h := m.host
	switch kind {
	case "agent":
		h.Name(d["name"])
		h.Address(d.get("ip"))
		h.Set("os_name", reports.Shorten(strings.TrimSpace(d["os.name"]+" "+d["os.version"]), 200))
		m.os(d["os.platform"], d["os.major"], d["os.minor"], d["os.version"])
	case "system":
		m.system(d)
	case "hardware":
		// The board's serial number is often that of the machine, and often a filler.
		if s := d.field("host.serial_number", "board_serial", "inventory.board_serial"); h.Key(asset.Serial, s) {
			h.Set("serial", s)
		}
	case "interfaces":
		if name := d.field("interface.name", "name"); !virtual(name) {
			for _, mac := range strings.Split(d.field("host.mac", "mac"), list) {
				h.MAC(mac)
			}
		}
	case "networks":
		if name := d.field("interface.name", "iface"); !virtual(name) {
			for _, ip := range strings.Split(d.field("network.ip", "address"), list) {
				h.Address(ip)
			}
		}
	case "legacy network":
		if !virtual(d["iface.name"]) {
			h.MAC(d["iface.mac"])
			for _, ip := range append(d.all("iface.IPv4.address"), d.all("iface.IPv6.address")...) {
				h.Address(ip)
			}
		}
	case "packages", "extensions":
		m.packaged(kind, d)
	case "hotfixes":
		h.Set("os_family", "windows")
		kb := strings.ToUpper(d.field("package.hotfix.name", "hotfix", "data.hotfix.name", "_source.hotfix.name"))
		if kbNumber.MatchString(kb) {
			m.updates = safe.AddOnce(m.updates, &m.hasUpdate, kb)
		}
	case "ports":
		m.port(d)
	case "users":
		m.account(d)
	}
}

var kbNumber = regexp.MustCompile(`^KB\d{6,8}$`)

func virtual(name string) bool {
	for _, p := range []string{"docker", "veth", "br-", "virbr", "cni", "flannel", "cali", "tun"} {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return name == "lo" || name == "lo0" || strings.Contains(name, "Loopback")
}

func (m *machine) system(d doc) {
	h := m.host
	h.Name(d.field("host.hostname", "hostname", "inventory.hostname"))
	name := d.field("host.os.name", "os.name", "data.os_name", "inventory.os_name")
	version := d.field("host.os.version", "os.version", "data.os_version", "inventory.os_version")
	h.Set("os_name", reports.Shorten(strings.TrimSpace(name+" "+version), 200))
	h.Set("os_version", reports.Shorten(version, 100))
	h.Set("os_build", reports.Shorten(d.field("host.os.build", "os.build", "data.os_build", "release", "inventory.os_build"), 100))
	h.Set("os_arch", archOf(d.field("host.architecture", "architecture", "os_architecture", "data.architecture", "inventory.architecture")))
	m.os(d.field("host.os.platform", "os.platform", "data.os_platform", "inventory.os_platform"), d.field("host.os.major", "os.major", "data.os_major", "inventory.os_major"),
		d.field("host.os.minor", "os.minor", "data.os_minor", "inventory.os_minor"), version)
}

// archOf is the architecture of an operating system.
func archOf(s string) string {
	switch strings.ToLower(s) {
	case "x86_64", "amd64", "x64":
		return "x64"
	case "i386", "i686", "x86":
		return "x86"
	case "arm64", "aarch64":
		return "arm64"
	}
	return ""
}

// os keeps the family and the distribution.
func (m *machine) os(platform, major, minor, version string) {
	platform = strings.ToLower(platform)
	switch platform {
	case "":
		return
	case "windows":
		m.host.Set("os_family", "windows")
		return
	case "darwin", "macos":
		m.host.Set("os_family", "macos")
		return
	}
	m.host.Set("os_family", "linux")
	if major == "" {
		f := number.FindStringSubmatch(version)
		if f == nil {
			return
		}
		major, minor = f[1], f[2]
	}
	m.id = map[string]string{"ol": "ol", "amzn": "amzn", "rhel": "rhel", "suse": "sles"}[platform]
	if m.id == "" {
		m.id = platform
	}
	m.distro = m.id + "-" + major
	if minor != "" && (m.id == "ubuntu" || m.id == "rocky" || m.id == "almalinux" || m.id == "rhel" || m.id == "alpine" || m.id == "ol") {
		m.distro += "." + minor
	}
}

var number = regexp.MustCompile(`(\d+)(?:\.(\d+))?`)

// ecosystems gives our name of an ecosystem by Wazuh's.
var ecosystems = map[string]string{"deb": "deb", "rpm": "rpm", "apk": "apk", "pypi": "pypi", "npm": "npm"}

func (m *machine) packaged(kind string, d doc) {
	name, version := d.field("package.name", "name", "program.name"), d.field("package.version", "version", "program.version")
	if name == "" || len(name) > 300 {
		return
	}
	m.software = m.software || kind == "packages"
	typ := d.field("package.type", "format", "program.format")
	eco := ecosystems[typ]
	if eco == "" || kind == "extensions" {
		eco = "generic"
	}
	c := fact.Component{Ecosystem: eco, Name: name, Version: version}
	if eco == "deb" || eco == "rpm" || eco == "apk" {
		c.Arch = strings.TrimSpace(d.field("package.architecture", "architecture", "program.architecture"))
		src, rest, _ := strings.Cut(d.field("package.source", "source", "program.source"), " ")
		v := strings.Trim(strings.TrimSpace(rest), "()")
		if eco == "deb" && src != "" && (src != name || v != "" && v != version) {
			c.Source, c.SourceVersion = src, v
		}
	}
	id := eco + " " + name + " " + version + " " + c.Arch
	if m.seen[id] {
		return
	}
	m.seen[id] = true
	if v := d.field("package.vendor", "vendor", "program.vendor"); eco == "rpm" && v != "" {
		m.vendors[len(m.parts)] = reports.Shorten(v, 100)
	}
	m.parts = append(m.parts, c)
}

func (m *machine) port(d doc) {
	state := d.field("interface.state", "state", "port.state")
	transport := strings.TrimSuffix(d.field("network.transport", "protocol", "port.protocol"), "6")
	n, err := strconv.ParseUint(d.field("source.port", "local.port", "data.local_port", "port.local_port"), 10, 16)
	if err != nil || n == 0 || transport != "tcp" && transport != "udp" || transport == "tcp" && state != "listening" || transport == "udp" && n >= 32768 {
		return
	}
	ips := strings.Split(d.field("source.ip", "local.ip", "data.local_ip", "port.local_ip"), list)
	a, err := netip.ParseAddr(ips[0])
	key := fmt.Sprintf("%d/%s", n, transport)
	if err == nil && !a.Unmap().IsUnspecified() {
		key = netip.AddrPortFrom(a.Unmap(), uint16(n)).String() + "/" + transport
	}
	f := m.host.Fact(fact.KindEndpoint, key)
	reports.State(f, "port", int64(n))
	reports.State(f, "transport", transport)
	if err == nil {
		reports.State(f, "address", a.Unmap().String())
		reports.State(f, "exposed", !a.Unmap().IsLoopback())
	}
	if p := d.field("process.name", "process", "port.process"); p != "" {
		reports.State(f, "process", reports.Shorten(p, 100))
	}
	reports.Lack(f, "service", "Wazuh knows the port and not what is spoken there")
	reports.Lack(f, "clear_text", "the service is not known")
}

func (m *machine) account(d doc) {
	name := d.field("user.name", "user_name")
	if name == "" || len(name) > 256 {
		return
	}
	f := m.host.Fact(fact.KindAccount, name)
	reports.State(f, "name", name)
	reports.State(f, "directory", "local")
	if v := d.field("user.full_name", "user_full_name"); v != "" {
		reports.State(f, "display_name", reports.Shorten(v, 200))
	}
	if v := d.field("user.groups", "user_groups"); v != "" {
		reports.State(f, "groups", strings.Split(v, list))
	}
	shell, sid := d.field("user.shell", "user_shell"), d.field("user.uuid", "user_uuid")
	id, err := strconv.ParseInt(d.field("user.id", "user_id"), 10, 64)
	switch {
	case strings.HasPrefix(sid, "S-1-"):
		if strings.HasSuffix(sid, "-500") {
			reports.State(f, "privileged", true)
		}
	case err == nil:
		reports.State(f, "privileged", id == 0)
		if id == 0 || id < 1000 || id == 65534 {
			reports.State(f, "type", "system")
		}
		if shell != "" {
			reports.State(f, "interactive", !strings.HasSuffix(shell, "nologin") && !strings.HasSuffix(shell, "false") && !strings.HasSuffix(shell, "sync"))
		}
		switch d.field("user.password.status", "user_password_status") {
		case "empty":
			reports.State(f, "password_empty", true)
		case "active", "locked", "not_set":
			reports.State(f, "password_empty", false)
		}
	}
}

// finish states what follows from all pieces, and gives packages their distribution.
func (m *machine) finish(said string, whole bool) {
	h := m.host
	if said = strings.ToLower(strings.TrimSpace(said)); said != "" {
		m.distro = said
		m.id, _, _ = strings.Cut(said, "-")
	}
	for i := range m.parts {
		c := &m.parts[i]
		ns := ""
		switch c.Ecosystem {
		case "deb", "rpm", "apk":
			c.Distro, ns = m.distro, m.id
		}
		c.Asset = h.Ref
		c.PURL = pkgdb.PURL(c.Ecosystem, ns, c.Name, c.Version, c.Arch, c.Distro)
		if v := m.vendors[i]; purl.ForeignVendor(c.Distro, v) {
			c.PURL = purl.WithVendor(c.PURL, v)
		}
	}
	switch {
	case m.software && whole:
		h.Set("packages", int64(len(m.parts)))
	case m.software:
		h.Lack("packages", "the file holds what changed and not all there is")
	}
	if len(m.updates) > 0 {
		slices.Sort(m.updates)
		h.Set("windows_updates", m.updates)
	}
}
