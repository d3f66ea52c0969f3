// Package login reads the files that say who may sign in to a Unix machine and
// how: accounts, groups, password hashes, password rules, sudo rights and the
// record of sign-ins. Every function is a pure function of bytes.
//
// A password hash never leaves this package: only its scheme does.
package login

import (
	"bytes"
	"strconv"
	"strings"
	"time"
)

// Limits on what a file may make us keep.
const (
	maxLine    = 64 << 10
	maxEntries = 200_000
)

// User is a line of passwd(5).
type User struct {
	Name  string
	UID   int64
	GID   int64
	Gecos string
	Home  string
	Shell string
}

// Group is a line of group(5).
type Group struct {
	Name    string
	GID     int64
	Members []string
}

// entries calls f with the fields of each line that has exactly n of them.
func entries(b []byte, n int, f func([]string)) {
	count := 0
	for line := range bytes.Lines(b) {
		if len(line) > maxLine {
			continue
		}
		s := strings.TrimRight(string(line), "\r\n")
		if s == "" || s[0] == '#' || s[0] == '+' || s[0] == '-' {
			continue
		}
		fields := strings.Split(s, ":")
		if len(fields) != n || fields[0] == "" {
			continue
		}
		if count++; count > maxEntries {
			return
		}
		f(fields)
	}
}

// ParsePasswd reads /etc/passwd. The first of two lines with the same name counts, as for getpwnam(3).
func ParsePasswd(b []byte) []User {
	var us []User
	seen := map[string]bool{}
	entries(b, 7, func(f []string) {
		uid, err := strconv.ParseInt(f[2], 10, 64)
		gid, err2 := strconv.ParseInt(f[3], 10, 64)
		if err != nil || err2 != nil || seen[f[0]] {
			return
		}
		seen[f[0]] = true
		us = append(us, User{Name: f[0], UID: uid, GID: gid, Gecos: f[4], Home: f[5], Shell: f[6]})
	})
	return us
}

// ParseGroup reads /etc/group.
func ParseGroup(b []byte) []Group {
	var gs []Group
	entries(b, 4, func(f []string) {
		gid, err := strconv.ParseInt(f[2], 10, 64)
		if err != nil {
			return
		}
		g := Group{Name: f[0], GID: gid}
		for m := range strings.SplitSeq(f[3], ",") {
			if m = strings.TrimSpace(m); m != "" {
				g.Members = append(g.Members, m)
			}
		}
		gs = append(gs, g)
	})
	return gs
}

// Directory reports which directories nsswitch.conf(5) asks for a database
// ("passwd", "sudoers") beside the local files, such as sss, ldap or winbind.
func Directory(nsswitch []byte, database string) []string {
	for line := range bytes.Lines(nsswitch) {
		name, rest, ok := strings.Cut(string(line), ":")
		if !ok || strings.TrimSpace(name) != database {
			continue
		}
		rest, _, _ = strings.Cut(rest, "#")
		var found []string
		for s := range strings.FieldsSeq(rest) {
			switch s {
			case "sss", "ldap", "winbind", "nis", "nisplus", "oslogin", "himmelblau", "aad":
				found = append(found, s)
			}
		}
		return found
	}
	return nil
}

// Secret is what may be said of a line of shadow(5) without its hash.
type Secret struct {
	Name   string
	Scheme string // yescrypt, sha512, …, none (empty password), locked
	Empty  bool   // signs in without a password
	Usable bool   // a password can open it
	SetAt  time.Time
	// MaxDays is the password's longest life in days; 0 means no limit.
	MaxDays   int64
	ExpiresAt time.Time // the account's own end; zero means none
}

// neverExpires is the day count that tools write for "no limit".
const neverExpires = 99999

// ParseShadow reads /etc/shadow.
func ParseShadow(b []byte) []Secret {
	var ss []Secret
	entries(b, 9, func(f []string) {
		s := Secret{Name: f[0]}
		s.Scheme = Scheme(f[1])
		s.Empty = f[1] == ""
		s.Usable = s.Empty || s.Scheme != "locked"
		if d := days(f[2]); d > 0 {
			s.SetAt = time.Unix(d*86400, 0).UTC()
		}
		if d := days(f[4]); d > 0 && d < neverExpires {
			s.MaxDays = d
		}
		if d := days(f[7]); d >= 0 && f[7] != "" {
			s.ExpiresAt = time.Unix(d*86400, 0).UTC()
		}
		ss = append(ss, s)
	})
	return ss
}

// days parses a day count; -1 means none, or nonsense.
func days(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n > 1_000_000 {
		return -1
	}
	return n
}

// Scheme names the hash scheme of a password field (crypt(5)).
func Scheme(hash string) string {
	switch {
	case hash == "":
		return "none"
	case hash[0] == '!' || hash[0] == '*' || hash == "x":
		return "locked"
	}
	for _, p := range [...]struct{ prefix, name string }{
		{"$y$", "yescrypt"},
		{"$gy$", "gost-yescrypt"},
		{"$7$", "scrypt"},
		{"$6$", "sha512"},
		{"$5$", "sha256"},
		{"$2", "bcrypt"},
		{"$1$", "md5"},
		{"$md5", "sunmd5"},
		{"$sha1$", "sha1"},
		{"$3$", "nt"},
		{"_", "bsdi-des"},
	} {
		if strings.HasPrefix(hash, p.prefix) {
			return p.name
		}
	}
	if len(hash) == 13 {
		return "des"
	}
	if hash[0] == '$' {
		return "unknown"
	}
	return "locked" // no password hashes to this, so none opens it
}

// Interactive reports whether a login shell gives a session.
func Interactive(shell string) bool {
	base := shell[strings.LastIndexByte(shell, '/')+1:]
	switch base {
	case "nologin", "false", "true", "sync", "halt", "shutdown", "git-shell", "null", "poweroff", "reboot":
		return false
	}
	return true // an empty field means /bin/sh
}
