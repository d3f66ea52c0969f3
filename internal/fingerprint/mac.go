package fingerprint

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// MAC is a 48-bit hardware address.
type MAC [6]byte

// IsZero reports whether there is no address.
func (m MAC) IsZero() bool { return m == MAC{} }

func (m MAC) String() string {
	return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5])
}

// ParseMAC reads a hardware address in any of the usual spellings:
// 00:1b:44:11:3a:b7, 00-1B-44-11-3A-B7, 001b.4411.3ab7, 001B44113AB7. It also
// reads the spelling that leaves out leading zeros: 0:1b:44:11:3a:b7.
func ParseMAC(s string) (MAC, bool) {
	s = strings.TrimSpace(s)
	if len(s) < 11 || len(s) > 17 {
		return MAC{}, false
	}
	var m MAC
	if parts := strings.FieldsFunc(s, func(r rune) bool { return r == ':' || r == '-' }); len(parts) == 6 {
		for i, p := range parts {
			if len(p) == 1 {
				p = "0" + p
			}
			if n, err := hex.Decode(m[i:i+1], []byte(p)); len(p) != 2 || n != 1 || err != nil {
				return MAC{}, false
			}
		}
		return m, true
	}
	s = strings.Map(func(r rune) rune {
		if r == '.' || r == ':' || r == '-' {
			return -1
		}
		return r
	}, s)
	if len(s) != 12 {
		return MAC{}, false
	}
	if _, err := hex.Decode(m[:], []byte(s)); err != nil {
		return MAC{}, false
	}
	return m, true
}

// MACKind says what a hardware address can tell of the device that has it.
type MACKind uint8

// The kinds of hardware address.
const (
	MACNone          MACKind = iota // no address, or all zeros
	MACUniversal                    // burnt into one card by its maker: identifies it
	MACVirtual                      // given by a hypervisor: identifies a virtual machine as long as nobody clones it
	MACContainer                    // given by a container runtime: changes with each start
	MACRandom                       // locally administered with no known pattern: a phone or PC that hides its own
	MACVirtualRouter                // shared by the routers of a group (VRRP, HSRP, GLBP): identifies no device
	MACCluster                      // shared by the members of a cluster (Microsoft NLB, anycast gateways)
	MACAdapter                      // of a maker of USB adapters and docks: travels from machine to machine
	MACPlaceholder                  // the same on many machines: VPN drivers, loopback cards, adapters without an own address
	MACGroup                        // multicast or broadcast: no device's own
)

var macKindNames = [...]string{
	"none", "universal", "virtual", "container", "random", "virtual_router", "cluster", "adapter", "placeholder", "group",
}

func (k MACKind) String() string {
	if int(k) < len(macKindNames) {
		return macKindNames[k]
	}
	return fmt.Sprintf("mac_kind(%d)", uint8(k))
}

// Identifies reports whether two sightings with the same address of this kind
// are the same device. A virtual machine's address does, as long as no clone of
// it is about; an adapter's does not, because adapters are passed on.
func (k MACKind) Identifies() bool { return k == MACUniversal || k == MACVirtual }

// Why says in words for people what the kind means for the inventory.
func (k MACKind) Why() string {
	switch k {
	case MACUniversal:
		return "the card's own address"
	case MACVirtual:
		return "a virtual machine's address"
	case MACContainer:
		return "a container's address, new with each start"
	case MACRandom:
		return "a made-up address, as phones and PCs use to stay private"
	case MACVirtualRouter:
		return "the shared address of a group of routers"
	case MACCluster:
		return "the shared address of a cluster"
	case MACAdapter:
		return "the address of a USB adapter or dock, which moves between machines"
	case MACPlaceholder:
		return "an address that many machines have"
	case MACGroup:
		return "a group address, no device's own"
	default:
		return "no hardware address"
	}
}

// pattern is a prefix of hardware addresses with a meaning, in whole nibbles.
type pattern struct {
	prefix string // lower-case hex, no separators
	kind   MACKind
	who    string
}

// patterns are told apart before the bit for local administration is looked at.
// The longest matching prefix decides. Virtual routers: RFC 9568 section 7.3
// (VRRP), Cisco's documents on HSRP and GLBP. Hypervisors: the makers' documents
// and the IEEE listing. Clusters: Microsoft's document on NLB addresses.
var patterns = []pattern{
	{"00005e0001", MACVirtualRouter, "VRRP"},
	{"00005e0002", MACVirtualRouter, "VRRP for IPv6"},
	{"00000c07ac", MACVirtualRouter, "HSRP"},
	{"00000c9ff", MACVirtualRouter, "HSRP version 2"},
	{"000573a0", MACVirtualRouter, "HSRP for IPv6"},
	{"0007b40", MACVirtualRouter, "GLBP"},
	{"02bf", MACCluster, "Microsoft NLB"},
	{"02e0524", MACVirtualRouter, "Foundry VRRP-E"},
	{"001c73000099", MACCluster, "Arista anycast gateway"},
	{"443839ff", MACCluster, "Cumulus MLAG"},

	{"005056c000", MACPlaceholder, "VMware host-only network"},
	{"0a0027", MACPlaceholder, "VirtualBox host-only network"},
	{"00059a3c7", MACPlaceholder, "Cisco AnyConnect"},
	{"00ff", MACPlaceholder, "TAP-Windows adapter"},
	{"02004c4f4f50", MACPlaceholder, "Microsoft loopback adapter"},
	{"020000000000", MACPlaceholder, "hidden by the operating system"},
	{"020054554e01", MACPlaceholder, "PPP adapter"},
	{"204153594e", MACPlaceholder, "Microsoft WAN miniport"},
	{"505054503030", MACPlaceholder, "Microsoft PPTP miniport"},
	{"33506f453030", MACPlaceholder, "Microsoft PPPoE miniport"},
	{"444553540000", MACPlaceholder, "Microsoft dial-up adapter"},
	{"00e04c360001", MACPlaceholder, "Realtek adapter without an own address"},
	{"00e04c534458", MACPlaceholder, "Realtek adapter without an own address"},
	{"00e04c680001", MACPlaceholder, "Realtek adapter without an own address"},
	{"00e04c680002", MACPlaceholder, "Realtek adapter without an own address"},
	{"001122334455", MACPlaceholder, "example address"},
	{"123456789abc", MACPlaceholder, "example address"},
	{"0123456789ab", MACPlaceholder, "example address"},
	{"deadbeefcafe", MACPlaceholder, "example address"},
	{"525400123456", MACPlaceholder, "QEMU's default address"},
	{"525400123457", MACPlaceholder, "QEMU's default address"},

	{"000569", MACVirtual, "VMware"},
	{"000c29", MACVirtual, "VMware"},
	{"001c14", MACVirtual, "VMware"},
	{"005056", MACVirtual, "VMware"},
	{"00155d", MACVirtual, "Hyper-V"},
	{"080027", MACVirtual, "VirtualBox"},
	{"525400", MACVirtual, "QEMU/KVM"},
	{"00163e", MACVirtual, "Xen"},
	{"001c42", MACVirtual, "Parallels"},
	{"506b8d", MACVirtual, "Nutanix AHV"},
	{"bc2411", MACVirtual, "Proxmox"},
	{"589cfc", MACVirtual, "bhyve"},
	{"0021f6", MACVirtual, "Oracle VM"},
	{"00144ff", MACVirtual, "Oracle VM Server for SPARC"},
	{"000f4b", MACVirtual, "Oracle VM"},
	{"001a4a", MACVirtual, "oVirt, Red Hat Virtualization"},
	{"566f", MACVirtual, "oVirt, Red Hat Virtualization"},
	{"fa163e", MACVirtual, "OpenStack"},
	{"000d3a", MACVirtual, "Azure"},
	{"002248", MACVirtual, "Azure"},
	{"4201", MACVirtual, "Google Cloud"},
	{"020017", MACVirtual, "Oracle Cloud"},
	{"0242", MACContainer, "Docker"},

	{"000ec6", MACAdapter, "ASIX"},
	{"00249b", MACAdapter, "Action Star"},
	{"0050b6", MACAdapter, "Good Way"},
	{"8cae4c", MACAdapter, "Plugable"},
	{"00e04c", MACAdapter, "Realtek"},
	{"a0cec8", MACAdapter, "CE Link"},
	{"9cebe8", MACAdapter, "BizLink"},
	{"f8e43b", MACAdapter, "ASIX"},
	{"001cc2", MACAdapter, "Part II Research"},
	{"0011aa", MACAdapter, "Uniclass"},
}

// KindOf says what kind of hardware address m is.
func KindOf(m MAC) MACKind {
	k, _ := m.Describe()
	return k
}

// Describe returns the kind of the address and, for kinds that come from a
// pattern, whose it is: VRRP, Hyper-V, Docker.
func (m MAC) Describe() (MACKind, string) {
	if m.IsZero() {
		return MACNone, ""
	}
	var buf [12]byte
	hex.Encode(buf[:], m[:])
	best := -1
	for i := range patterns {
		p := patterns[i].prefix
		if string(buf[:len(p)]) == p && (best < 0 || len(p) > len(patterns[best].prefix)) {
			best = i
		}
	}
	switch {
	case best >= 0:
		return patterns[best].kind, patterns[best].who
	case m[0]&1 != 0:
		return MACGroup, ""
	case m[0]&2 != 0:
		return MACRandom, ""
	}
	return MACUniversal, ""
}

// MarshalText writes the usual spelling; no address is the empty text.
func (m MAC) MarshalText() ([]byte, error) {
	if m.IsZero() {
		return nil, nil
	}
	return []byte(m.String()), nil
}

// UnmarshalText reads what [ParseMAC] reads; an empty text is no address.
func (m *MAC) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*m = MAC{}
		return nil
	}
	got, ok := ParseMAC(string(b))
	if !ok {
		return fmt.Errorf("hardware address %.30q: want 00:1b:44:11:3a:b7", b)
	}
	*m = got
	return nil
}
