// Package mac reads what macOS says of itself through its own tools. Every
// function is a pure function of their output.
package mac

import (
	"bytes"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

const maxLine = 64 << 10

// Version reads the output of sw_vers.
func Version(b []byte) (product, version, build string) {
	for line := range bytes.Lines(b) {
		k, v, ok := strings.Cut(string(line[:min(len(line), maxLine)]), ":")
		if !ok {
			continue
		}
		v = strings.TrimSpace(v)
		switch strings.TrimSpace(k) {
		case "ProductName":
			product = v
		case "ProductVersion":
			version = v
		case "BuildVersion":
			build = v
		}
	}
	return product, version, build
}

// Platform is the machine's own record of itself.
type Platform struct{ UUID, Serial, Model, Maker string }

var ioreg = regexp.MustCompile(`^\s*"([A-Za-z-]+)" = <?"([^"]*)"`)

// ParsePlatform reads the output of ioreg -rd1 -c IOPlatformExpertDevice.
func ParsePlatform(b []byte) Platform {
	var p Platform
	for line := range bytes.Lines(b) {
		m := ioreg.FindStringSubmatch(strings.TrimLeft(string(line[:min(len(line), maxLine)]), " |"))
		if m == nil {
			continue
		}
		v := strings.TrimRight(m[2], "\x00")
		switch m[1] {
		case "IOPlatformUUID":
			p.UUID = v
		case "IOPlatformSerialNumber":
			p.Serial = v
		case "model":
			p.Model = v
		case "manufacturer":
			p.Maker = v
		}
	}
	return p
}

// FileVault reads the output of fdesetup status. Encryption under way is not
// done yet.
func FileVault(b []byte) (on, known bool) {
	s := string(b)
	switch {
	case strings.Contains(s, "in progress"):
		return false, true
	case strings.Contains(s, "FileVault is On"):
		return true, true
	case strings.Contains(s, "FileVault is Off"):
		return false, true
	}
	return false, false
}

// Firewall reads the output of socketfilterfw --getglobalstate. State 2 blocks
// everything that is not needed.
func Firewall(b []byte) (on, deny, known bool) {
	s := string(b)
	switch {
	case strings.Contains(s, "State = 2"), strings.Contains(s, "blocking all"):
		return true, true, true
	case strings.Contains(s, "enabled"):
		return true, false, true
	case strings.Contains(s, "disabled"):
		return false, false, true
	}
	return false, false, false
}

// List reads the two columns of dscl . -list PATH KEY.
func List(b []byte) map[string]string {
	m := map[string]string{}
	for line := range bytes.Lines(b) {
		f := strings.Fields(string(line[:min(len(line), maxLine)]))
		if len(f) >= 2 && len(m) < 100_000 {
			m[f[0]] = strings.Join(f[1:], " ")
		}
	}
	return m
}

// Members reads the output of dscl . -read /Groups/NAME GroupMembership.
func Members(b []byte) []string {
	_, rest, ok := strings.Cut(string(b), ":")
	if !ok {
		return nil
	}
	return strings.Fields(rest)
}

// Port is a listening TCP port.
type Port struct {
	Addr    netip.Addr // unspecified for all
	Port    int
	Process string
}

// Ports reads the output of lsof -nP -iTCP -sTCP:LISTEN -Fcn.
func Ports(b []byte) []Port {
	var ps []Port
	process := ""
	for line := range bytes.Lines(b) {
		s := strings.TrimSpace(string(line[:min(len(line), maxLine)]))
		if len(s) < 2 || len(ps) > 100_000 {
			continue
		}
		switch s[0] {
		case 'c':
			process = s[1:]
		case 'n':
			i := strings.LastIndexByte(s, ':')
			n, err := strconv.Atoi(s[i+1:])
			if i < 1 || err != nil || n < 1 || n > 65535 {
				continue
			}
			host := strings.Trim(s[1:i], "[]")
			addr := netip.IPv6Unspecified()
			if host != "*" {
				if addr, err = netip.ParseAddr(host); err != nil {
					continue
				}
			}
			ps = append(ps, Port{Addr: addr.WithZone(""), Port: n, Process: process})
		}
	}
	return ps
}
