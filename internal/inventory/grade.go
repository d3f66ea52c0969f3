package inventory

import (
	"strings"
	"unicode"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/fingerprint"
	"github.com/asepsis/asepsis/internal/udi"
)

// grade says what a shared key is worth before its context is looked at.
type grade uint8

const (
	useless grade = iota // many devices have it: a virtual router's address, a default host name
	passed               // moves between devices: an adapter's address
	weak                 // proves little alone: a short serial number, an address, a name
	full                 // identifies one device, as long as nobody copied it
)

// The positions of the key types in a mask, strongest first.
const (
	iMachine = iota
	iSerial
	iUDI
	iCloud
	iMAC
	iTag
	iFQDN
	iName
	iIP
	nTypes
)

var typeNames = [nTypes]asset.KeyType{
	asset.Machine, asset.Serial, asset.UDI, asset.Cloud, asset.MAC, asset.Tag, asset.FQDN, asset.Name, asset.IP,
}

// said is how each type is called in a sentence.
var said = [nTypes]string{
	"machine id", "serial number", "UDI", "cloud instance", "hardware address", "asset tag", "host name", "host name", "address",
}

func typeIndex(t asset.KeyType) (uint8, bool) {
	for i, n := range typeNames {
		if n == t {
			return uint8(i), true
		}
	}
	return 0, false
}

// gradeOf judges a key by itself. detail says why it is worth less than others.
func gradeOf(k asset.Key) (g grade, detail string, kind fingerprint.MACKind) {
	switch k.Type {
	case asset.MAC:
		m, ok := fingerprint.ParseMAC(k.Value)
		if !ok {
			return useless, "", kind
		}
		switch kind = fingerprint.KindOf(m); kind {
		case fingerprint.MACUniversal, fingerprint.MACVirtual, fingerprint.MACRandom:
			return full, "", kind
		case fingerprint.MACAdapter:
			return passed, kind.Why(), kind
		default:
			return useless, kind.Why(), kind
		}
	case asset.UDI:
		if unitOf(k.Value) == "" {
			return useless, "it names a model, not a unit", kind
		}
		return full, "", kind
	case asset.Serial:
		if plain(k.Value) < 5 || oneDigitOnly(k.Value) {
			return weak, "a short number that makers use again", kind
		}
		return full, "", kind
	case asset.Tag:
		if plain(k.Value) < 3 {
			return weak, "a short number that lists use again", kind
		}
		return full, "", kind
	case asset.Machine:
		if oneDigitOnly(k.Value) || sampleMachine[strings.ReplaceAll(k.Value, "-", "")] {
			return useless, "many machines have it", kind
		}
		return full, "", kind
	case asset.FQDN, asset.Name:
		if commonName(k.Value) {
			return useless, "a name that many devices have by default", kind
		}
		return weak, "", kind
	case asset.IP:
		return weak, "", kind
	}
	return full, "", kind
}

// sampleMachine are identifiers that makers of boards and images left as they
// were in the sample: the SMBIOS UUID of the reference code (AMI, Phoenix).
var sampleMachine = map[string]bool{
	"03000200040005000006000700080009": true,
	"00020003000400050006000700080009": true,
	"12345678123456781234567812345678": true,
	"fefefefefefefefefefefefefefefefe": true,
	"b08dfa6083e7567a1921a715000001fb": true, // systemd's example
}

// unitOf returns what a UDI says of the unit, or "".
func unitOf(v string) string {
	u, err := udi.Parse(strings.ToUpper(v))
	if err != nil {
		return ""
	}
	return u.Unit()
}

// plain counts the letters and digits.
func plain(s string) int {
	n := 0
	for i := range len(s) {
		if c := s[i]; '0' <= c && c <= '9' || 'a' <= c && c <= 'z' {
			n++
		}
	}
	return n
}

// oneDigitOnly reports a filler: one character over and over, or an ascending run.
func oneDigitOnly(s string) bool {
	var last byte
	n, same, up := 0, true, true
	for i := range len(s) {
		c := s[i]
		if c == '-' || c == ' ' || c == '.' {
			continue
		}
		if n > 0 {
			same = same && c == last
			up = up && (c == last+1 || last == '9' && c == '0')
		}
		last = c
		n++
	}
	return n >= 4 && (same || up)
}

// defaultNames are host names that devices come with. One that only adds
// numbers of an address is one too.
var defaultNames = map[string]bool{
	"localhost": true, "iphone": true, "ipad": true, "android": true, "macbook": true, "macbook-pro": true, "macbook-air": true, "imac": true,
	"desktop": true, "laptop": true, "pc": true, "computer": true, "server": true, "client": true, "host": true, "user-pc": true, "admin-pc": true,
	"windows": true, "win10": true, "win11": true, "windows10": true, "windows11": true, "linux": true, "ubuntu": true, "debian": true, "raspberrypi": true,
	"router": true, "switch": true, "gateway": true, "ap": true, "printer": true, "scanner": true, "camera": true, "ipcam": true, "phone": true,
	"unknown": true, "default": true, "device": true, "new-host": true, "amazon": true, "chromecast": true, "roku": true, "appletv": true, "espressif": true,
	"www": true, "mail": true, "dhcp": true, "guest": true, "test": true, "template": true, "golden-image": true, "minint": true, "sysprep": true, "kali": true,
	"wlan0": true, "eth0": true, "ilo": true, "idrac": true, "bmc": true, "esxi": true, "vcenter": true, "nas": true, "synology": true, "node": true,
}

func commonName(v string) bool {
	short, _, _ := strings.Cut(v, ".")
	if len(short) < 2 || defaultNames[short] {
		return true
	}
	for _, p := range [...]string{"android-", "iphone-", "esp_", "esp-", "minint-"} {
		if strings.HasPrefix(short, p) {
			return false // these end in something of the device's own
		}
	}
	// ip-10-0-0-5, dhcp-10-20-3-4, 10-0-0-5: the address once more.
	numbers, letters := 0, 0
	for _, part := range strings.FieldsFunc(short, func(r rune) bool { return r == '-' || r == '_' }) {
		if allDigits(part) && len(part) <= 3 {
			numbers++
		} else {
			letters++
		}
	}
	return numbers >= 3 && letters <= 1
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// makerOf brings the names of makers to one form, so that only those that
// really differ contradict: "HP Inc." and "Hewlett-Packard" are one.
func makerOf(s string) string {
	words := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(",.®()", r) })
	if len(words) == 0 {
		return ""
	}
	if one, ok := makers[words[0]]; ok {
		return one
	}
	if len(words) > 1 {
		if one, ok := makers[words[0]+" "+words[1]]; ok {
			return one
		}
	}
	return words[0]
}

// makers are the names under which one company's devices are listed: by what
// it was called, whom it bought, and how its firmware spells it.
var makers = map[string]string{
	"hewlett": "hp", "hewlett-packard": "hp", "hpe": "hp", "hp": "hp",
	"dell": "dell", "emc": "dell", "ge": "ge", "general electric": "ge", "gehc": "ge", "gehealthcare": "ge", "datex-ohmeda": "ge",
	"philips": "philips", "koninklijke": "philips", "respironics": "philips", "draeger": "draeger", "dräger": "draeger", "drager": "draeger",
	"b braun": "bbraun", "b": "bbraun", "bbraun": "bbraun", "braun": "bbraun",
	"hill-rom": "baxter", "hillrom": "baxter", "welch": "baxter", "baxter": "baxter",
	"becton": "bd", "carefusion": "bd", "bd": "bd", "alaris": "bd", "hospira": "icu", "icu": "icu", "smiths": "icu",
	"siemens": "siemens", "healthineers": "siemens", "acuson": "siemens", "lenovo": "lenovo", "ibm": "lenovo",
	"cisco": "cisco", "meraki": "cisco", "fujifilm": "fujifilm", "sonosite": "fujifilm", "covidien": "medtronic", "medtronic": "medtronic", "nellcor": "medtronic",
}
