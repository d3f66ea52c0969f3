package login

import (
	"bytes"
	"strconv"
	"strings"
)

// Defs is what login.defs(5) says.
type Defs struct {
	MaxDays int64 // PASS_MAX_DAYS; -1 if unset
	MinLen  int64 // PASS_MIN_LEN; -1 if unset. PAM ignores it.
	UIDMin  int64
	UIDMax  int64
}

// ParseDefs reads /etc/login.defs.
func ParseDefs(b []byte) Defs {
	d := Defs{MaxDays: -1, MinLen: -1, UIDMin: 1000, UIDMax: 60000}
	for line := range bytes.Lines(b) {
		f := strings.Fields(string(line[:min(len(line), maxLine)]))
		if len(f) < 2 || f[0][0] == '#' {
			continue
		}
		n, err := strconv.ParseInt(f[1], 10, 64)
		if err != nil {
			continue
		}
		switch f[0] {
		case "PASS_MAX_DAYS":
			d.MaxDays = n
		case "PASS_MIN_LEN":
			d.MinLen = n
		case "UID_MIN":
			d.UIDMin = n
		case "UID_MAX":
			d.UIDMax = n
		}
	}
	return d
}

// Module is a line of a PAM stack.
type Module struct {
	Type    string // auth, account, password, session
	Control string
	Name    string // pam_unix, without folder and ending
	Args    []string
}

// Arg returns the value of an argument "name=value" as a number.
func (m Module) Arg(name string) (int64, bool) {
	for _, a := range m.Args {
		if v, ok := strings.CutPrefix(a, name+"="); ok {
			n, err := strconv.ParseInt(v, 10, 64)
			return n, err == nil
		}
	}
	return 0, false
}

// maxIncludes bounds how deep PAM files include each other.
const maxIncludes = 8

// ParsePAM reads a stack of /etc/pam.d. Files it includes are asked of read,
// which returns nil for those that are not there.
func ParsePAM(b []byte, read func(name string) []byte) []Module {
	return parsePAM(b, read, maxIncludes, "")
}

func parsePAM(b []byte, read func(string) []byte, depth int, only string) []Module {
	if depth == 0 {
		return nil
	}
	var ms []Module
	for _, line := range joined(b) {
		line, _, _ = strings.Cut(line, "#")
		f := strings.Fields(line)
		if len(f) == 2 && f[0] == "@include" {
			ms = append(ms, parsePAM(read(f[1]), read, depth-1, only)...)
			continue
		}
		if len(f) < 3 {
			continue
		}
		typ := strings.TrimPrefix(strings.ToLower(f[0]), "-")
		if only != "" && typ != only {
			continue
		}
		control, i := f[1], 2
		if strings.HasPrefix(control, "[") {
			for !strings.HasSuffix(control, "]") && i < len(f) {
				control += " " + f[i]
				i++
			}
		}
		if i >= len(f) {
			continue
		}
		if control == "include" || control == "substack" {
			ms = append(ms, parsePAM(read(f[i]), read, depth-1, typ)...)
			continue
		}
		name := f[i][strings.LastIndexByte(f[i], '/')+1:]
		ms = append(ms, Module{Type: typ, Control: control, Name: strings.TrimSuffix(name, ".so"), Args: f[i+1:]})
		if len(ms) > 1000 {
			return ms
		}
	}
	return ms
}

// ParseOptions reads "name = value" files: pwquality.conf, faillock.conf.
func ParseOptions(b []byte) map[string]string {
	m := map[string]string{}
	for line := range bytes.Lines(b) {
		s, _, _ := strings.Cut(string(line[:min(len(line), maxLine)]), "#")
		name, value, _ := strings.Cut(s, "=")
		if name = strings.TrimSpace(name); name != "" {
			m[name] = strings.TrimSpace(value)
		}
	}
	return m
}

// Rules are the password rules that hold on the machine.
type Rules struct {
	MinLength  int64
	Lockout    int64 // failed tries; 0 means never
	MaxAgeDays int64
}

// Judge works out the rules from the stacks for signing in and for changing
// passwords, pwquality.conf and faillock.conf.
func Judge(auth, password []Module, pwquality, faillock map[string]string, defs Defs) Rules {
	r := Rules{MaxAgeDays: defs.MaxDays}
	if r.MaxAgeDays < 0 {
		r.MaxAgeDays = neverExpires
	}
	for _, m := range password {
		if m.Type != "password" {
			continue
		}
		var n int64
		switch m.Name {
		case "pam_pwquality", "pam_cracklib":
			n = 8 // the library's own default
			if v, err := strconv.ParseInt(pwquality["minlen"], 10, 64); err == nil && m.Name == "pam_pwquality" {
				n = v
			}
		case "pam_passwdqc":
			n = 8
		case "pam_unix":
			n = 6 // checked where "obscure" or a minimum is set; harmless otherwise
		default:
			continue
		}
		if v, ok := m.Arg("minlen"); ok {
			n = v
		}
		r.MinLength = max(r.MinLength, n)
	}
	for _, m := range auth {
		if m.Type != "auth" && m.Type != "account" {
			continue
		}
		switch m.Name {
		case "pam_faillock":
			n := int64(3) // faillock.conf(5)
			if v, err := strconv.ParseInt(faillock["deny"], 10, 64); err == nil {
				n = v
			}
			if v, ok := m.Arg("deny"); ok {
				n = v
			}
			r.Lockout = n
		case "pam_tally2", "pam_tally":
			if v, ok := m.Arg("deny"); ok {
				r.Lockout = v
			}
		}
	}
	return r
}

// joined returns the lines of a file with those that end in a backslash
// joined to the next.
func joined(b []byte) []string {
	var lines []string
	var open strings.Builder
	for line := range bytes.Lines(b) {
		if len(line) > maxLine {
			continue
		}
		s := strings.TrimRight(string(line), "\r\n")
		if rest, ok := strings.CutSuffix(s, `\`); ok && open.Len() < maxLine {
			open.WriteString(rest + " ")
			continue
		}
		open.WriteString(s)
		lines = append(lines, open.String())
		open.Reset()
		if len(lines) > maxEntries {
			return lines
		}
	}
	if open.Len() > 0 {
		lines = append(lines, open.String())
	}
	return lines
}
