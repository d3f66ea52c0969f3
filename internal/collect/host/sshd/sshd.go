// Package sshd works out how an OpenSSH server behaves, from its
// configuration files and the defaults of its version, or from what the server
// itself reports with its test option.
package sshd

import (
	"bytes"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Limits on what a configuration may make us do.
const (
	maxLine     = 16 << 10
	maxIncludes = 16
	maxLines    = 100_000
)

// Config is a parsed configuration. The first value of a keyword counts, as in sshd_config(5).
type Config struct {
	Global  map[string]string // keyword in lower case → value
	Matches []Match
	lines   int
}

// Match is a block that holds for some connections only.
type Match struct {
	Condition string
	Values    map[string]string
}

// Parse reads sshd_config. Files named by Include are asked of read, which
// returns the contents of every file a pattern matches, in order.
func Parse(b []byte, read func(pattern string) [][]byte) *Config {
	c := &Config{Global: map[string]string{}}
	c.file(b, read, c.Global, maxIncludes)
	return c
}

// file reads one file into the section that is open where it is included. A
// Match block ends with the file that holds it.
func (c *Config) file(b []byte, read func(string) [][]byte, section map[string]string, depth int) {
	for line := range bytes.Lines(b) {
		if c.lines++; c.lines > maxLines || len(line) > maxLine {
			return
		}
		words := split(string(line))
		if len(words) == 0 {
			continue
		}
		key, args := strings.ToLower(words[0]), words[1:]
		switch {
		case key == "match":
			if len(args) == 0 {
				continue
			}
			if strings.EqualFold(args[0], "all") {
				section = c.Global
				continue
			}
			c.Matches = append(c.Matches, Match{Condition: strings.Join(args, " "), Values: map[string]string{}})
			section = c.Matches[len(c.Matches)-1].Values
		case key == "include":
			if depth == 0 || read == nil {
				continue
			}
			for _, pattern := range args {
				if !strings.HasPrefix(pattern, "/") {
					pattern = "/etc/ssh/" + pattern
				}
				for _, inc := range read(pattern) {
					c.file(inc, read, section, depth-1)
				}
			}
		case len(args) > 0:
			if alias := aliases[key]; alias != "" {
				key = alias
			}
			if _, set := section[key]; !set {
				section[key] = strings.Join(args, " ")
			}
		}
	}
}

// aliases are the older names of keywords.
var aliases = map[string]string{
	"challengeresponseauthentication": "kbdinteractiveauthentication",
	"skeyauthentication":              "kbdinteractiveauthentication",
	"pubkeyacceptedkeytypes":          "pubkeyacceptedalgorithms",
	"hostbasedacceptedkeytypes":       "hostbasedacceptedalgorithms",
}

// split cuts a line into words: quotes group, "#" begins a comment, "=" may
// stand between keyword and value.
func split(line string) []string {
	var words []string
	var w strings.Builder
	in, quoted, equals := false, false, false
	end := func() {
		if in {
			words = append(words, w.String())
			w.Reset()
			in = false
		}
	}
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case c == '"':
			quoted, in = !quoted, true
		case quoted:
			w.WriteByte(c)
		case c == '#' && !in:
			end()
			return words
		case c == '=' && !equals && (len(words) == 0 || len(words) == 1 && !in):
			equals = true
			end()
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			end()
		default:
			in = true
			w.WriteByte(c)
		}
	}
	end()
	return words
}

// ParseTest reads the output of sshd -T: one lower-case keyword and value a line.
func ParseTest(b []byte) map[string]string {
	m := map[string]string{}
	for line := range bytes.Lines(b) {
		if len(line) > maxLine {
			continue
		}
		key, value, ok := strings.Cut(strings.TrimSpace(string(line)), " ")
		if !ok {
			continue
		}
		key = strings.ToLower(key)
		if alias := aliases[key]; alias != "" {
			key = alias
		}
		if _, set := m[key]; !set {
			m[key] = value
		}
	}
	return m
}

// Version is an OpenSSH release, such as 9.2.
type Version struct{ Major, Minor int }

// ParseVersion reads the release out of a package version ("1:9.2p1-2+deb12u5")
// or a banner ("OpenSSH_8.7").
func ParseVersion(s string) (Version, bool) {
	if i := strings.IndexByte(s, ':'); i >= 0 {
		s = s[i+1:]
	}
	if i := strings.Index(s, "OpenSSH_"); i >= 0 {
		s = s[i+len("OpenSSH_"):]
	}
	major, rest, ok := strings.Cut(s, ".")
	if !ok {
		return Version{}, false
	}
	end := 0
	for end < len(rest) && rest[end] >= '0' && rest[end] <= '9' {
		end++
	}
	a, err := strconv.Atoi(major)
	b, err2 := strconv.Atoi(rest[:end])
	return Version{a, b}, err == nil && err2 == nil
}

func (v Version) atLeast(major, minor int) bool {
	return v.Major > major || v.Major == major && v.Minor >= minor
}

// Effective is how the server treats those who connect.
type Effective struct {
	PasswordAuth   bool
	RootLogin      string // yes, no, prohibit-password, forced-commands-only
	EmptyPasswords bool
	Weak           []string // broken or outdated algorithms on offer, sorted
	// Loosened lists what Match blocks allow beyond the global part.
	Loosened []string
}

// Effective applies a version's defaults. A value that a Match block loosens
// is given loosened: it holds for somebody.
func (c *Config) Effective(v Version) Effective {
	e := effective(c.Global, v)
	for _, m := range c.Matches {
		merged := map[string]string{}
		maps.Copy(merged, c.Global)
		maps.Copy(merged, m.Values)
		me := effective(merged, v)
		if me.PasswordAuth && !e.PasswordAuth {
			e.PasswordAuth = true
			e.Loosened = append(e.Loosened, "passwords for "+m.Condition)
		}
		if rootRank(me.RootLogin) > rootRank(e.RootLogin) {
			e.RootLogin = me.RootLogin
			e.Loosened = append(e.Loosened, "root login "+me.RootLogin+" for "+m.Condition)
		}
		if me.EmptyPasswords && !e.EmptyPasswords {
			e.EmptyPasswords = true
			e.Loosened = append(e.Loosened, "empty passwords for "+m.Condition)
		}
	}
	return e
}

// FromTest reads the effective configuration that the server printed itself.
func FromTest(m map[string]string, v Version) Effective { return effective(m, v) }

func rootRank(s string) int {
	return slices.Index([]string{"no", "forced-commands-only", "prohibit-password", "yes"}, s)
}

func effective(m map[string]string, v Version) Effective {
	yes := func(key, def string) bool { return strings.EqualFold(value(m, key, def), "yes") }
	e := Effective{RootLogin: strings.ToLower(value(m, "permitrootlogin", defaultRoot(v)))}
	if e.RootLogin == "without-password" {
		e.RootLogin = "prohibit-password" // its older name
	}
	// PAM may ask for a password by keyboard-interactive; sshd cannot tell.
	password := yes("passwordauthentication", "yes")
	keyboard := yes("kbdinteractiveauthentication", "yes") && yes("usepam", "no")
	e.PasswordAuth = passwordAlone(value(m, "authenticationmethods", "any"), password, keyboard)
	e.EmptyPasswords = yes("permitemptypasswords", "no") && e.PasswordAuth
	e.Weak = weak(m, v)
	return e
}

func value(m map[string]string, key, def string) string {
	if v, ok := m[key]; ok {
		return v
	}
	return def
}

func defaultRoot(v Version) string {
	if v.Major != 0 && !v.atLeast(7, 0) {
		return "yes"
	}
	return "prohibit-password"
}

// passwordAlone reports whether some way in asks for nothing but a password.
func passwordAlone(methods string, password, keyboard bool) bool {
	if methods == "any" || methods == "" {
		return password || keyboard
	}
	for alternative := range strings.FieldsSeq(methods) {
		alone := true
		for step := range strings.SplitSeq(alternative, ",") {
			name, _, _ := strings.Cut(step, ":")
			switch name {
			case "password":
				alone = alone && password
			case "keyboard-interactive":
				alone = alone && keyboard
			default:
				alone = false
			}
		}
		if alone {
			return true
		}
	}
	return false
}
