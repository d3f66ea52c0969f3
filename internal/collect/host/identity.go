package host

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/collect/host/proc"
)

// applicationID is ours alone. machine-id(5) asks that the raw machine id is
// not given away, and that applications show its keyed hash instead.
var applicationID = [16]byte{0x5e, 0x1b, 0x0c, 0x7a, 0x94, 0x3d, 0x4e, 0x02, 0xb7, 0x61, 0xd8, 0x2f, 0xa3, 0x70, 0x19, 0xc5}

// machineKey is sd_id128_get_machine_app_specific(3): HMAC-SHA256 keyed by the
// machine id over the application's id, cut to 128 bits and marked as a UUID of
// version 4.
func machineKey(id []byte) string {
	mac := hmac.New(sha256.New, id)
	mac.Write(applicationID[:])
	sum := mac.Sum(nil)[:16]
	sum[6] = sum[6]&0x0F | 0x40
	sum[8] = sum[8]&0x3F | 0x80
	return hex.EncodeToString(sum)
}

// parseMachineID reads /etc/machine-id. The word "uninitialized" and an id of
// zeros identify nothing.
func parseMachineID(line string) ([]byte, bool) {
	raw, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(line), "-", ""))
	if err != nil || len(raw) != 16 || !slices.ContainsFunc(raw, func(b byte) bool { return b != 0 }) {
		return nil, false
	}
	return raw, true
}

// identify takes the strongest thing that names the machine for its stream.
func (s *section) identify(value string) {
	if s.identity == "" {
		s.identity = value
	}
}

// identity reads what tells this machine from every other.
func identity(_ context.Context, m *machine, s *section) {
	for _, name := range []string{"/etc/machine-id", "/var/lib/dbus/machine-id"} {
		if raw, ok := parseMachineID(m.tree.Line(name)); ok {
			k := machineKey(raw)
			s.key(asset.Machine, k)
			s.identify(k)
			break
		}
	}
	dmi := func(name string) string { return m.tree.Line("/sys/class/dmi/id/" + name) }
	maker, model := dmi("sys_vendor"), dmi("product_name")
	s.setText("manufacturer", maker)
	s.setText("model", model)
	switch serial := dmi("product_serial"); {
	case serial != "":
		if s.key(asset.Serial, serial) {
			s.set("serial", serial)
			s.identify(machineKey([]byte("serial:" + serial)))
		} else {
			s.miss("the maker left it blank", "serial")
		}
	case m.tree.Exists("/sys/class/dmi/id/product_serial"):
		s.miss("needs root", "serial")
	default:
		s.miss("the machine has no table of its maker (DMI)", "serial", "manufacturer", "model")
	}
	if id := m.tree.Line("/var/lib/cloud/data/instance-id"); strings.HasPrefix(id, "i-") || strings.Count(id, "-") == 4 {
		s.key(asset.Cloud, id)
	}
	nets := interfaces(m)
	for _, mac := range nets.macs {
		s.identify(machineKey([]byte("mac:" + mac)))
		s.key(asset.MAC, mac)
	}
	if len(nets.macs) > 0 {
		s.set("macs", nets.macs)
	}
	for _, ip := range nets.ips {
		s.key(asset.IP, ip)
	}
	if len(nets.ips) > 0 {
		s.set("ips", nets.ips)
	}
	if name := hostName(m); name != "" {
		short, _, dotted := strings.Cut(name, ".")
		full := ""
		if dotted {
			full = name
		} else if hosts, err := m.tree.Read("/etc/hosts"); err == nil {
			full = proc.HostName(hosts, short)
		}
		s.set("name", short)
		if s.key(asset.Name, short) {
			s.identify(machineKey([]byte("name:" + name)))
		}
		if full != "" && s.key(asset.FQDN, full) {
			s.set("fqdn", full)
		}
	}
	virtual, how := virtualMachine(m, maker, model)
	s.set("virtual", virtual)
	if how == "container" {
		s.note("the machine around this container", "a container sees itself alone; run the collector on its host too")
	}
	s.set("class", string(classOf(m, dmi("chassis_type"), virtual)))
}

func hostName(m *machine) string {
	for _, file := range []string{"/proc/sys/kernel/hostname", "/etc/hostname"} {
		if n := m.tree.Line(file); n != "" && n != "(none)" {
			return strings.ToLower(n)
		}
	}
	if m.tree.Live() {
		if n, err := os.Hostname(); err == nil {
			return strings.ToLower(n)
		}
	}
	return ""
}

type network struct{ macs, ips []string }

// interfaces lists the hardware addresses of network cards, and the addresses
// they carry. Bridges and pairs that containers make come and go and are the
// same on every machine, so neither identifies this one.
func interfaces(m *machine) network {
	var n network
	names, _ := m.tree.Dir("/sys/class/net")
	physical := map[string]bool{}
	for _, name := range names {
		dir := "/sys/class/net/" + name
		card := m.tree.Exists(dir + "/device")
		if !card && !carries(m, dir) {
			continue
		}
		physical[name] = true
		if !card || m.tree.Line(dir+"/type") != "1" {
			continue
		}
		mac := m.tree.Line(dir + "/address")
		if own := m.tree.Line(dir + "/bonding_slave/perm_hwaddr"); own != "" {
			mac = own
		}
		if k, ok := asset.NewKey(asset.MAC, mac); ok {
			n.macs = append(n.macs, k.Value)
		}
	}
	if m.tree.Live() {
		n.ips = addresses(m, physical)
	}
	n.macs = sorted(n.macs)
	return n
}

// carries reports whether an interface lies on top of a network card: a bond,
// a VLAN, a bridge with a card in it.
func carries(m *machine, dir string) bool {
	for _, lower := range m.tree.Glob(dir + "/lower_*") {
		if m.tree.Exists(lower + "/device") {
			return true
		}
	}
	return false
}

// addresses lists the lasting addresses of the interfaces; of all but loopback
// where no interface is a card, as in a container.
func addresses(m *machine, physical map[string]bool) []string {
	temporary := map[netip.Addr]bool{}
	if b, err := m.tree.Read("/proc/net/if_inet6"); err == nil {
		for _, a := range proc.ParseIfInet6(b) {
			temporary[a.Addr] = a.Temporary
		}
	}
	ifs, err := net.Interfaces()
	if err != nil {
		return nil
	}
	var ips []string
	for _, i := range ifs {
		if i.Flags&net.FlagLoopback != 0 || len(physical) > 0 && !physical[i.Name] {
			continue
		}
		as, _ := i.Addrs()
		for _, a := range as {
			p, err := netip.ParsePrefix(a.String())
			if err != nil || temporary[p.Addr()] {
				continue
			}
			if k, ok := asset.NewKey(asset.IP, p.Addr().String()); ok {
				ips = append(ips, k.Value)
			}
		}
	}
	return sorted(ips)
}

// hypervisors are the names that virtual machines carry in place of a maker's.
var hypervisors = []string{
	"qemu", "kvm", "vmware", "virtualbox", "innotek", "xen", "bochs", "parallels", "bhyve", "openstack", "amazon ec2",
	"google compute engine", "virtual machine", "rhev", "ovirt", "nutanix", "hvm domu", "firecracker", "digitalocean", "alibaba cloud ecs",
}

// virtualMachine looks for the marks of a container first, since a container
// may run on a virtual machine, then for those of a virtual machine.
func virtualMachine(m *machine, maker, model string) (virtual bool, how string) {
	// The kernel's own threads are seen from the machine itself alone. A disk
	// image made from a container keeps the mark and is none.
	if m.tree.Line("/proc/2/comm") != "kthreadd" {
		if slices.ContainsFunc([]string{"/.dockerenv", "/run/.containerenv", "/run/systemd/container"}, m.tree.Exists) {
			return true, "container"
		}
	}
	if b, err := m.tree.ReadMax("/proc/1/environ", 1<<20); err == nil && strings.Contains("\x00"+string(b), "\x00container=") {
		return true, "container"
	}
	dmi := strings.ToLower(maker + " " + model)
	for _, h := range hypervisors {
		if strings.Contains(dmi, h) {
			return true, "machine"
		}
	}
	if m.tree.Line("/sys/hypervisor/type") != "" {
		return true, "machine"
	}
	if b, err := m.tree.ReadMax("/proc/cpuinfo", 8<<20); err == nil {
		for line := range strings.Lines(string(b)) {
			if strings.HasPrefix(line, "flags") {
				return slices.Contains(strings.Fields(line), "hypervisor"), "machine"
			}
		}
	}
	return false, ""
}

// classOf reads the kind of case that the maker stated (SMBIOS 3.7, table 17),
// and where that says nothing, whether the machine shows a desktop.
func classOf(m *machine, chassis string, virtual bool) asset.Class {
	if !virtual {
		switch chassis {
		case "8", "9", "10", "14", "30", "31", "32":
			return asset.Laptop
		case "3", "4", "5", "6", "7", "13", "15", "16", "35", "36":
			return asset.Workstation
		case "17", "23", "25", "28", "29":
			return asset.Server
		}
	}
	if b, err := m.tree.Read("/etc/os-release"); err == nil {
		switch proc.ParseAssignments(b)["VARIANT_ID"] {
		case "server", "coreos":
			return asset.Server
		case "workstation", "silverblue", "kde":
			return asset.Workstation
		}
	}
	// A symbolic link that may lead to a file we may not see still says "desktop".
	if _, err := m.tree.Link("/etc/systemd/system/display-manager.service"); err == nil {
		return asset.Workstation
	}
	return asset.Server
}
