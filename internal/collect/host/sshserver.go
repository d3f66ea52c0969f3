package host

import (
	"context"
	"maps"
	"strings"

	"github.com/asepsis/asepsis/internal/collect/host/proc"
	"github.com/asepsis/asepsis/internal/collect/host/sshd"
	"github.com/asepsis/asepsis/internal/collect/pkgdb"
)

// sshServer reads how the SSH server treats those who connect. As root the
// server itself is asked (sshd -T only checks and prints); else its files are read.
func sshServer(ctx context.Context, m *machine, s *section) {
	attrs := []string{"ssh_password_auth", "ssh_root_login", "ssh_empty_passwords", "ssh_weak_algorithms"}
	if !m.tree.Exists("/usr/sbin/sshd") && !m.tree.Exists("/usr/bin/sshd") {
		s.set("ssh_enabled", false)
		s.miss("no SSH server is installed", attrs...)
		return
	}
	b, err := m.tree.Read("/etc/ssh/sshd_config")
	if err != nil {
		// SUSE keeps the vendor's file below /usr/etc.
		if b2, err2 := m.tree.Read("/usr/etc/ssh/sshd_config"); err2 == nil {
			b, err = b2, nil
		}
	}
	if err != nil {
		s.miss("/etc/ssh/sshd_config: "+why(err), append(attrs, "ssh_enabled")...)
		return
	}
	s.set("ssh_enabled", true)
	version := sshVersion(ctx, m)
	unreadable := ""
	cfg := sshd.Parse(b, func(pattern string) [][]byte {
		var files [][]byte
		for _, name := range m.tree.Glob(pattern) {
			inc, err := m.tree.Read(name)
			if err != nil {
				unreadable = name + ": " + why(err)
				continue
			}
			files = append(files, inc)
		}
		return files
	})
	policy := cryptoPolicy(m.tree)
	maps.Copy(cfg.Global, policy) // what stands on the command line comes first
	e := cfg.Effective(version)
	if m.root {
		if out, err := m.runner.Run(ctx, "sshd", "-T"); err == nil {
			loosened := e.Loosened
			said := sshd.ParseTest(out)
			maps.Copy(said, policy) // the test runs without the unit's command line
			global := sshd.FromTest(said, version)
			if len(loosened) == 0 {
				e = global
			} else {
				e.Weak = global.Weak
			}
			unreadable = ""
		}
	}
	if unreadable != "" {
		s.miss("a file it includes cannot be read: "+unreadable, attrs...)
		s.note("SSH server settings", "a file it includes cannot be read: "+unreadable)
		return
	}
	for _, l := range e.Loosened {
		s.note("SSH server settings", "a Match block allows "+l+"; the weaker setting is reported")
	}
	s.set("ssh_password_auth", e.PasswordAuth)
	s.set("ssh_root_login", e.RootLogin)
	s.set("ssh_empty_passwords", e.EmptyPasswords)
	s.set("ssh_weak_algorithms", e.Weak)
}

// cryptoPolicy reads what the system-wide policy adds to the server's command
// line, unless the administrator opted out of it.
func cryptoPolicy(t Tree) map[string]string {
	b, err := t.Read("/etc/crypto-policies/back-ends/opensshserver.config")
	if err != nil {
		return nil
	}
	if own, err := t.Read("/etc/sysconfig/sshd"); err == nil {
		if _, set := proc.ParseAssignments(own)["CRYPTO_POLICY"]; set {
			return nil
		}
	}
	return sshd.ParsePolicy(b)
}

// sshVersion finds the server's release. An unknown one is taken for a current
// one, whose defaults have nothing weak, so nothing is made up.
func sshVersion(ctx context.Context, m *machine) sshd.Version {
	if ps, err := m.dpkg(); err == nil {
		for _, p := range ps {
			if p.Name == "openssh-server" {
				v, _ := sshd.ParseVersion(p.Version)
				return v
			}
		}
	}
	if b, err := m.tree.ReadMax("/lib/apk/db/installed", maxFile); err == nil {
		for _, p := range pkgdb.ParseApk(b) {
			if strings.HasPrefix(p.Name, "openssh-server") {
				v, _ := sshd.ParseVersion(p.Version)
				return v
			}
		}
	}
	if hasRPM(m.tree) {
		if out, err := m.runner.Run(ctx, "rpm", "-q", "--qf", "%{VERSION}\n", "openssh-server"); err == nil {
			v, _ := sshd.ParseVersion(strings.TrimSpace(string(out)))
			return v
		}
	}
	return sshd.Version{}
}
