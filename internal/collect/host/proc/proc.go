// Package proc reads what the Linux kernel tells in /proc and /sys: sockets,
// mounts, processes, network interfaces. Every function is a pure function of bytes.
package proc

import (
	"bytes"
	"encoding/hex"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// maxRows bounds the rows kept of any table.
const maxRows = 500_000

// Socket is a row of /proc/net/tcp, tcp6, udp or udp6.
type Socket struct {
	Local  netip.AddrPort
	Remote netip.AddrPort
	State  uint8
	UID    int64
	Inode  uint64
}

// Socket states of the kernel.
const (
	Listen      = 0x0A // TCP: waits for connections
	Unconnected = 0x07 // UDP: receives from anybody
)

// ParseSockets reads a table of sockets and keeps those in the given state.
func ParseSockets(b []byte, state uint8) []Socket {
	var ss []Socket
	for line := range bytes.Lines(b) {
		f := strings.Fields(string(line[:min(len(line), 1024)]))
		if len(f) < 10 || !strings.HasSuffix(f[0], ":") {
			continue
		}
		st, err := strconv.ParseUint(f[3], 16, 8)
		if err != nil || uint8(st) != state {
			continue
		}
		local, ok := address(f[1])
		remote, ok2 := address(f[2])
		inode, err := strconv.ParseUint(f[9], 10, 64)
		uid, err2 := strconv.ParseInt(f[7], 10, 64)
		if !ok || !ok2 || err != nil || err2 != nil {
			continue
		}
		ss = append(ss, Socket{Local: local, Remote: remote, State: uint8(st), UID: uid, Inode: inode})
		if len(ss) >= maxRows {
			break
		}
	}
	return ss
}

// address reads "0100007F:0016": 32-bit words in the byte order of the
// machine, which is little-endian on every machine Linux still sells for.
func address(s string) (netip.AddrPort, bool) {
	host, port, ok := strings.Cut(s, ":")
	n, err := strconv.ParseUint(port, 16, 16)
	raw, err2 := hex.DecodeString(host)
	if !ok || err != nil || err2 != nil || len(raw) != 4 && len(raw) != 16 {
		return netip.AddrPort{}, false
	}
	for i := 0; i < len(raw); i += 4 {
		slices.Reverse(raw[i : i+4])
	}
	a, _ := netip.AddrFromSlice(raw)
	return netip.AddrPortFrom(a.Unmap(), uint16(n)), true
}

// SocketInode reads the target of a descriptor link, "socket:[1615]".
func SocketInode(link string) (uint64, bool) {
	s, ok := strings.CutPrefix(link, "socket:[")
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(strings.TrimSuffix(s, "]"), 10, 64)
	return n, err == nil
}

// Mount is a row of /proc/self/mountinfo (proc_pid_mountinfo(5)).
type Mount struct {
	Device     string // major:minor
	Root       string // what of the file system is mounted
	Point      string
	Options    []string
	Filesystem string
	Source     string
}

// ParseMounts reads mountinfo.
func ParseMounts(b []byte) []Mount {
	var ms []Mount
	for line := range bytes.Lines(b) {
		f := strings.Fields(string(line[:min(len(line), 64<<10)]))
		sep := slices.Index(f, "-")
		if sep < 6 || len(f) < sep+3 {
			continue
		}
		ms = append(ms, Mount{
			Device: f[2], Root: unescape(f[3]), Point: unescape(f[4]), Options: strings.Split(f[5], ","),
			Filesystem: f[sep+1], Source: unescape(f[sep+2]),
		})
		if len(ms) >= maxRows {
			break
		}
	}
	return ms
}

// unescape turns the kernel's octal escapes (\040 for a space) back.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// Swap is a row of /proc/swaps.
type Swap struct {
	Device string
	Type   string // partition or file
	Bytes  int64
}

// ParseSwaps reads /proc/swaps.
func ParseSwaps(b []byte) []Swap {
	var ss []Swap
	for line := range bytes.Lines(b) {
		f := strings.Fields(string(line[:min(len(line), 4096)]))
		if len(f) < 3 || !strings.HasPrefix(f[0], "/") {
			continue
		}
		kib, err := strconv.ParseInt(f[2], 10, 64)
		if err != nil || kib < 0 || kib > 1<<50 {
			continue
		}
		ss = append(ss, Swap{Device: unescape(f[0]), Type: f[1], Bytes: kib << 10})
	}
	return ss
}

// Address is a row of /proc/net/if_inet6.
type Address struct {
	Addr      netip.Addr
	Interface string
	Temporary bool // a privacy address that is replaced every day
}

// ParseIfInet6 reads /proc/net/if_inet6.
func ParseIfInet6(b []byte) []Address {
	var as []Address
	for line := range bytes.Lines(b) {
		f := strings.Fields(string(line[:min(len(line), 1024)]))
		if len(f) != 6 {
			continue
		}
		raw, err := hex.DecodeString(f[0])
		flags, err2 := strconv.ParseUint(f[4], 16, 32)
		a, ok := netip.AddrFromSlice(raw)
		if err != nil || err2 != nil || !ok {
			continue
		}
		as = append(as, Address{Addr: a, Interface: f[5], Temporary: flags&1 != 0})
	}
	return as
}

// ParseAssignments reads shell-like KEY=value files such as os-release(5) and
// those of /etc/default.
func ParseAssignments(b []byte) map[string]string {
	m := map[string]string{}
	for line := range bytes.Lines(b) {
		s := strings.TrimSpace(string(line[:min(len(line), 64<<10)]))
		if s == "" || s[0] == '#' {
			continue
		}
		name, v, ok := strings.Cut(strings.TrimPrefix(s, "export "), "=")
		if !ok {
			continue
		}
		v = strings.TrimSpace(v)
		if len(v) >= 2 && (v[0] == '"' || v[0] == '\'') {
			if end := strings.LastIndexByte(v, v[0]); end > 0 {
				quote := v[0]
				v = v[1:end]
				if quote == '"' {
					v = strings.NewReplacer(`\"`, `"`, `\\`, `\`, `\$`, `$`, "\\`", "`").Replace(v)
				}
			}
		} else if i := strings.Index(v, " #"); i >= 0 {
			v = strings.TrimSpace(v[:i])
		}
		m[strings.TrimSpace(name)] = v
	}
	return m
}

// BootTime returns the moment of start-up in Unix seconds, from /proc/stat.
func BootTime(stat []byte) (int64, bool) {
	for line := range bytes.Lines(stat) {
		if v, ok := strings.CutPrefix(string(line[:min(len(line), 128)]), "btime "); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(v), 10, 64)
			return n, err == nil && n > 0
		}
	}
	return 0, false
}

// HostName returns the full name that /etc/hosts has for a short name, or "".
func HostName(hosts []byte, short string) string {
	for line := range bytes.Lines(hosts) {
		s, _, _ := strings.Cut(string(line[:min(len(line), 4096)]), "#")
		f := strings.Fields(s)
		if len(f) < 2 || !slices.Contains(f[1:], short) {
			continue
		}
		for _, name := range f[1:] {
			if strings.HasPrefix(name, short+".") && !strings.HasSuffix(name, ".localdomain") {
				return name
			}
		}
	}
	return ""
}
