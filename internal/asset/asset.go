// Package asset says what identifies a device and which kinds there are.
//
// A sighting carries identity keys; two sightings that share a strong key are
// the same device. A weak key (a host name, an address) joins sightings only
// where neither side contradicts the other by a strong key of the same type.
package asset

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"unicode"
)

// KeyType names a kind of identity key.
type KeyType string

// The types of identity key, strongest first.
const (
	Machine KeyType = "machine" // the operating system's machine id
	Serial  KeyType = "serial"  // the maker's serial number
	UDI     KeyType = "udi"     // unique device identifier with its production part
	Cloud   KeyType = "cloud"   // an instance id
	MAC     KeyType = "mac"
	Tag     KeyType = "tag"  // the hospital's own asset number
	FQDN    KeyType = "fqdn" // full host name
	Name    KeyType = "name" // short host name
	IP      KeyType = "ip"
)

var types = []KeyType{Machine, Serial, UDI, Cloud, MAC, Tag, FQDN, Name, IP}

// Rank orders key types: 0 is the strongest. Unknown types come last.
func (t KeyType) Rank() int {
	for i, k := range types {
		if k == t {
			return i
		}
	}
	return len(types)
}

// Strong reports whether a shared key of the type alone proves identity.
func (t KeyType) Strong() bool { return t.Rank() <= Tag.Rank() }

// Key identifies a device in one name space. Keys are comparable.
type Key struct {
	Type  KeyType `json:"type"`
	Value string  `json:"value"`
}

func (k Key) String() string { return string(k.Type) + ":" + k.Value }

var (
	hexOnly   = regexp.MustCompile(`[^0-9a-f]`)
	junkValue = regexp.MustCompile(`(?i)^(|none|n/?a|unknown|null|-+|0+|f+|default( string)?|to be filled.*|not (specified|available)|system serial number|x+)$`)
)

// NewKey returns the key in its normal form. It returns false for a value that
// identifies nothing: empty, a maker's filler ("To be filled by O.E.M."), a
// broadcast or loopback address.
func NewKey(t KeyType, value string) (Key, bool) {
	v := strings.ToLower(strings.TrimSpace(value))
	if len(v) > 255 || junkValue.MatchString(v) {
		return Key{}, false
	}
	switch t {
	case MAC:
		v = hexOnly.ReplaceAllString(v, "")
		if len(v) != 12 || junkValue.MatchString(v) {
			return Key{}, false
		}
		v = fmt.Sprintf("%s:%s:%s:%s:%s:%s", v[0:2], v[2:4], v[4:6], v[6:8], v[8:10], v[10:12])
	case IP:
		a, err := netip.ParseAddr(v)
		a = a.Unmap().WithZone("") // with a zone, :: is not told from others
		if err != nil || a.IsLoopback() || a.IsUnspecified() || a.IsMulticast() || a.IsLinkLocalUnicast() {
			return Key{}, false
		}
		v = a.String()
	case FQDN:
		v = strings.TrimRightFunc(v, func(r rune) bool { return r == '.' || unicode.IsSpace(r) })
		if !strings.Contains(v, ".") || strings.HasPrefix(v, "localhost") {
			return Key{}, false
		}
	case Name:
		v, _, _ = strings.Cut(v, ".")
		// A filler stays one with a domain behind it.
		if v = strings.TrimSpace(v); v == "localhost" || junkValue.MatchString(v) {
			return Key{}, false
		}
	case Machine, Serial, UDI, Cloud, Tag:
	}
	return Key{Type: t, Value: v}, true
}

// Class is the broad kind of a device, as people speak of it.
type Class string

// The classes of asset.
const (
	Server      Class = "server"
	Workstation Class = "workstation"
	Laptop      Class = "laptop"
	Medical     Class = "medical_device"
	Network     Class = "network_device"
	Mobile      Class = "mobile"
	Printer     Class = "printer"
	IoT         Class = "iot"
	Application Class = "application" // known by its bill of materials alone
	Unknown     Class = "unknown"
)

// Classes lists every class.
var Classes = []Class{Server, Workstation, Laptop, Medical, Network, Mobile, Printer, IoT, Application, Unknown}

// Criticality says what fails when the device does.
type Criticality string

// The criticalities, gravest first.
const (
	LifeSupporting Criticality = "life_supporting"
	Clinical       Criticality = "clinical"
	Business       Criticality = "business"
	Minor          Criticality = "minor"
)
