package arp

import (
	"github.com/asepsis/asepsis/internal/lazy"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	ip4 = `(\d{1,3}(?:\.\d{1,3}){3})`
	ip  = `([0-9A-Fa-f:.]{2,45}(?:%[^\s)]+)?)`
	mac = `((?:[0-9A-Fa-f]{1,2}[:-]){5}[0-9A-Fa-f]{1,2}|(?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4})`
)

// form is one way in which a table writes a line.
type form struct {
	name    string
	machine bool // written by a program into a file, not copied from a screen
	match   func() *regexp.Regexp
	entry   func(m []string) (entry, bool)
}

// forms are tried in this order.
var forms = []form{
	{"ip neigh", false, lazy.Regexp(`^` + ip + ` dev (\S+)(.*?) (REACHABLE|STALE|DELAY|PROBE|FAILED|INCOMPLETE|PERMANENT|NOARP|NONE)$`), func(m []string) (entry, bool) {
		e := entry{state: neighState(m[4]), router: strings.Contains(m[3]+" ", " router ")}
		if _, rest, ok := strings.Cut(m[3], " lladdr "); ok {
			e.mac, _, _ = strings.Cut(rest, " ")
		}
		return e.at(m[1])
	}},
	{"/proc/net/arp", true, lazy.Regexp(`^` + ip4 + `\s+0x[0-9a-fA-F]+\s+0x([0-9a-fA-F]+)\s+` + mac + `\s+\S+\s+\S+$`), func(m []string) (entry, bool) {
		flags, err := strconv.ParseUint(m[2], 16, 16)
		e := entry{mac: m[3], state: stale}
		switch {
		case err != nil || flags&2 == 0:
			e.state = waiting
		case flags&4 != 0:
			e.state = typed
		}
		return e.at(m[1])
	}},
	{"arp -n", false, lazy.Regexp(`^(\S+)\s+ether\s+` + mac + `\s+([CMP]+)\s+(?:\S+\s+)?\S+$`), func(m []string) (entry, bool) {
		e := entry{mac: m[2], state: stale}
		if strings.Contains(m[3], "M") {
			e.state = typed
		}
		if _, err := netip.ParseAddr(m[1]); err != nil {
			e.name = m[1]
			return e, true
		}
		return e.at(m[1])
	}},
	{"arp -n, waiting", false, lazy.Regexp(`^(\S+)\s+\(incomplete\)\s+\S+$`), func([]string) (entry, bool) { return entry{state: waiting}, true }},
	{"arp -a", false, lazy.Regexp(`^(\S+) \(` + ip + `\) at (\S+)(?: (.*))?$`), func(m []string) (entry, bool) {
		// BSD and macOS forget a neighbor after twenty minutes, Linux may keep it for days.
		e := entry{mac: m[3]}
		if strings.Contains(m[4], "[ether] on") {
			e.state = stale
		}
		switch {
		case strings.Trim(m[3], "()<>") == "incomplete":
			e.state, e.mac = waiting, ""
		case !macOnly().MatchString(m[3]) || !strings.Contains(m[4], "on "):
			return e, false
		case strings.Contains(m[4], "permanent") || strings.Contains(m[4], "PERM"):
			e.state = typed
		}
		if m[1] != "?" {
			e.name = m[1]
		}
		return e.at(m[2])
	}},
	{"arp -a of Windows", false, lazy.Regexp(`^\s+` + ip4 + `\s+((?:[0-9A-Fa-f]{2}-){5}[0-9A-Fa-f]{2})\s+(\S+)$`), func(m []string) (entry, bool) {
		e := entry{mac: m[2]}
		// The word follows the system's language: static, statisch, statique, estático, statico.
		word := strings.ToLower(m[3])
		switch {
		case len(word) < 6: // it is cut off
			return e, false
		case strings.HasPrefix(word, "stat"), strings.HasPrefix(word, "est"):
			e.state = typed
			if group(widen(m[2])) {
				e.state = ignorant
			}
		}
		return e.at(m[1])
	}},
	{"Cisco IOS", false, lazy.Regexp(`^\s*Internet\s+` + ip4 + `\s+(\d+|-)\s+(?:` + mac + `|[Ii]ncomplete)\s+(?:ARPA|SNAP|SAP|SMDS)(?:\s+(\S+))?$`), func(m []string) (entry, bool) {
		e := entry{mac: m[3]}
		minutes, err := strconv.Atoi(m[2])
		switch {
		case m[3] == "":
			e.state = waiting
		case err != nil:
			e.state = own
		default:
			e.age = time.Duration(min(minutes, 1<<20)) * time.Minute
		}
		return e.at(m[1])
	}},
	{"Cisco NX-OS", false, lazy.Regexp(`^` + ip4 + `\s+(\d+:\d\d:\d\d|\d+\.\d+|[0-9dwyh]+|-)\s+(?:` + mac + `|INCOMPLETE)\s+(\S+)(?:\s+\S+)*$`), func(m []string) (entry, bool) {
		e := entry{mac: m[3], age: clock(m[2])}
		switch {
		case m[3] == "":
			e.state = waiting
		case m[2] == "-":
			e.state = own
		}
		return e.at(m[1])
	}},
	{"Juniper", false, lazy.Regexp(`^` + mac + `\s+` + ip4 + `\s+(?:(\S+)\s+)?(\S+\.\d+)(?:\s+\[\S+\])?\s+(none|permanent|remote|published)(?:\s+\S+)*$`), func(m []string) (entry, bool) {
		e := entry{mac: m[1]}
		if m[5] == "permanent" {
			e.state = typed
		}
		if _, err := netip.ParseAddr(m[3]); err != nil {
			e.name = m[3]
		}
		return e.at(m[2])
	}},
	{"Cisco ASA", false, lazy.Regexp(`^\s+(\S+)\s+` + ip4 + `\s+((?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4})\s+(\d+|-|alias)$`), func(m []string) (entry, bool) {
		e := entry{mac: m[3]}
		seconds, err := strconv.Atoi(m[4])
		if err != nil {
			e.state = typed
		}
		e.age = time.Duration(min(seconds, 1<<26)) * time.Second
		return e.at(m[2])
	}},
	{"address table of Cisco", false, lazy.Regexp(`^[*+GRO~CsTM\s()-]*(\d+|All|---)\s+((?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4})\s+([A-Za-z_-]+)\s+(?:.*\s)?(\S+)$`), func(m []string) (entry, bool) {
		kind := strings.ToLower(m[3])
		switch {
		case strings.HasPrefix(kind, "dyn"):
			return entry{mac: m[2], state: learned, port: m[4]}, switchPort().MatchString(m[4])
		case strings.HasPrefix(kind, "stat"), kind == "secure", kind == "self":
			return entry{state: ignorant}, true
		}
		return entry{}, false
	}},
	{"address table of Juniper", false, lazy.Regexp(`^\s*(\S+)\s+` + mac + `\s+([A-Z](?:,[A-Z]+)*|Learn|Static)\s+(?:\S+\s+)*?(\S+-\d+/\d+/\d+(?:\.\d+)?|ae\d+(?:\.\d+)?)(?:\s+\S+)*$`), func(m []string) (entry, bool) {
		if m[3] == "Static" || strings.HasPrefix(m[3], "S") {
			return entry{state: ignorant}, true
		}
		return entry{mac: m[2], state: learned, port: m[4]}, true
	}},
	{"SNMP", true, lazy.Regexp(`^(?:\S*(?:ipNetToMediaPhysAddress|atPhysAddress)\.\d+(?:\.1)?|\S*ipNetToPhysicalPhysAddress\.\d+\.(?:ipv4|1\.4)|\.?1\.3\.6\.1\.2\.1\.4\.22\.1\.2\.\d+|\.?1\.3\.6\.1\.2\.1\.4\.35\.1\.4\.\d+\.1\.4|iso\.3\.6\.1\.2\.1\.4\.22\.1\.2\.\d+|iso\.3\.6\.1\.2\.1\.4\.35\.1\.4\.\d+\.1\.4)\."?` + ip4 + `"? = (?:STRING|Hex-STRING): "?([0-9A-Fa-f]{1,2}(?:[: ][0-9A-Fa-f]{1,2}){5})"?$`), func(m []string) (entry, bool) {
		return entry{mac: strings.ReplaceAll(m[2], " ", ":")}.at(m[1])
	}},
}

var (
	macOnly    = lazy.Regexp(`^` + mac + `$`)
	switchPort = lazy.Regexp(`^[A-Za-z-]+\d+(?:[/.]\d+)*$`)
	prompts    = lazy.Regexp(`^(?:[A-Za-z0-9._-]+@)?([A-Za-z][A-Za-z0-9._-]{0,62})(?:\([^)]*\))?(?:/[A-Za-z0-9/]*)?[#>]\s*(?:do )?sh[a-z]* `)
)

// finder finds the form of a line. It tries the form of the line before first.
type finder struct{ last int }

func (f *finder) find(s string) (entry, bool) {
	s = strings.TrimRight(s, " \t\r")
	for i := range forms {
		n := (f.last + i) % len(forms)
		m := forms[n].match().FindStringSubmatch(s)
		if m == nil {
			continue
		}
		if e, ok := forms[n].entry(m); ok {
			f.last = n
			return e, true
		}
	}
	return entry{}, false
}

// machine reports whether the last form is written by a program alone.
func (f *finder) machine() bool { return forms[f.last].machine }

// at sets the address; false where it is none.
func (e entry) at(s string) (entry, bool) {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return e, false
	}
	if a.IsMulticast() || a == netip.MustParseAddr("255.255.255.255") {
		e.state = ignorant
	}
	e.ip = a
	return e, true
}

// neighState reads a state of Linux's neighbor cache.
func neighState(s string) state {
	switch s {
	case "REACHABLE", "DELAY", "PROBE":
		return seen
	case "STALE":
		return stale
	case "PERMANENT", "NOARP":
		return typed
	}
	return waiting
}

// clock reads an age as NX-OS writes it: 00:12:34.
func clock(s string) time.Duration {
	var h, m, sec int
	f := strings.Split(s, ":")
	if len(f) != 3 {
		return 0
	}
	for i, p := range []*int{&h, &m, &sec} {
		n, err := strconv.Atoi(f[i])
		if err != nil {
			return 0
		}
		*p = min(n, 100_000)
	}
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(sec)*time.Second
}

// dataLike reports a line that holds an entry by its looks: it begins with an
// address.
func dataLike(s string) bool {
	f := strings.Fields(s)
	if len(f) == 0 {
		return false
	}
	if f[0] == "Internet" && len(f) > 1 && f[1] != "Address" {
		return true
	}
	if macOnly().MatchString(f[0]) {
		return true
	}
	_, err := netip.ParseAddr(f[0])
	return err == nil || strings.Contains(f[0], "PhysAddress.")
}

// prompt finds the name of the device in the line that a command was typed in.
func prompt(s string) string {
	if m := prompts().FindStringSubmatch(s); m != nil {
		return m[1]
	}
	return ""
}

// widen writes each byte of a hardware address with two digits.
func widen(s string) string {
	sep := ":"
	if strings.Contains(s, "-") {
		sep = "-"
	}
	parts := strings.Split(s, sep)
	if len(parts) != 6 {
		return s
	}
	for i, b := range parts {
		if len(b) == 1 {
			parts[i] = "0" + b
		}
	}
	return strings.ToLower(strings.Join(parts, ":"))
}

// group reports an address of a group or of all: the lowest bit of the first byte.
func group(mac string) bool { return len(mac) > 1 && strings.IndexByte("13579bdf", mac[1]) >= 0 }

// shared reports an address that several routers answer for: VRRP (RFC 9568,
// 7.3), Cisco's HSRP and GLBP.
func shared(mac string) bool {
	for _, p := range []string{"00:00:5e:00:01:", "00:00:5e:00:02:", "00:00:0c:07:ac:", "00:00:0c:9f:f", "00:05:73:a0:0", "00:07:b4:00:"} {
		if strings.HasPrefix(mac, p) {
			return true
		}
	}
	return false
}
