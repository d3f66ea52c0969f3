package host

import (
	"context"
	"errors"
	"os/exec"
	"strings"

	"github.com/asepsis/asepsis/internal/collect/host/login"
	"github.com/asepsis/asepsis/internal/collect/host/proc"
	"github.com/asepsis/asepsis/internal/collect/host/wall"
)

// firewall reads whether a firewall of this machine is up. The front ends say
// so in files that everybody may read; the kernel's own rules need root.
func firewall(ctx context.Context, m *machine, s *section) {
	state := func(kind string, st wall.State) {
		s.set("firewall_active", st.Active)
		s.set("firewall_default_deny", st.Deny)
		if st.Active {
			s.set("firewall_kind", kind)
		} else {
			s.miss("no firewall is active", "firewall_kind")
		}
	}
	conf, err := m.tree.Read("/etc/ufw/ufw.conf")
	if err == nil {
		defaults, _ := m.tree.Read("/etc/default/ufw")
		if st := wall.ParseUFW(proc.ParseAssignments(conf), proc.ParseAssignments(defaults)); st.Active {
			state("ufw", st)
			return
		}
	}
	if m.programs().has("firewalld") {
		state("firewalld", wall.State{Active: true, Deny: firewalldDenies(m.tree)})
		return
	}
	needRoot := []string{"firewall_active", "firewall_default_deny", "firewall_kind"}
	if !m.tree.Live() {
		s.miss("the rules are in the kernel, not in files", needRoot...)
		return
	}
	older := m.tree.Exists("/proc/net/ip_tables_names") || m.tree.Exists("/proc/net/ip6_tables_names")
	if withoutModule(m.tree, "nf_tables") && !older {
		// Asking would make the kernel load it; without it there are no rules.
		state("", wall.State{})
		return
	}
	if !m.root {
		s.miss("reading the kernel's rules needs root", needRoot...)
		s.note("firewall", "reading the kernel's rules needs root")
		return
	}
	var best wall.State
	kind, asked := "", false
	reason := "neither nft nor iptables-save is installed to read the kernel's rules with"
	for _, c := range []struct {
		kind, program string
		args          []string
		parse         func([]byte) wall.State
	}{
		{"nftables", "nft", []string{"list", "ruleset"}, wall.ParseNFT},
		{"iptables", "iptables-save", nil, wall.ParseIptables},
	} {
		out, err := m.runner.Run(ctx, c.program, c.args...)
		if err != nil {
			if !errors.Is(err, exec.ErrNotFound) {
				reason = c.program + " gives no answer: " + why(err)
			}
			continue
		}
		asked = true
		if st := c.parse(out); !best.Active && st.Active || !best.Deny && st.Deny {
			best, kind = st, c.kind
		}
	}
	if !asked && m.tree.Line("/proc/net/ip_tables_names") == "" && m.tree.Line("/proc/net/ip6_tables_names") == "" {
		// No tool is here to read rules with, and no tables of the older kind
		// are in use: the kernel itself tells whether it has any of the newer.
		c, err := kernelChains()
		switch {
		case err != nil:
			reason += ", and " + why(err)
		case c.Drop, !c.Rules:
			state("nftables", wall.State{Active: c.Drop, Deny: c.Drop})
			return
		default:
			s.set("firewall_active", true)
			s.set("firewall_kind", "nftables")
			s.miss("there are rules, but the nft program is not installed to read them with", "firewall_default_deny")
			return
		}
	}
	if !asked {
		s.miss(reason, needRoot...)
		s.note("firewall", reason)
		return
	}
	state(kind, best)
}

// withoutModule reports whether the kernel surely runs without a part of it:
// it is not loaded, and not built in.
func withoutModule(t Tree, name string) bool {
	loaded, err := t.Read("/proc/modules")
	if err != nil || t.Exists("/sys/module/"+name) {
		return false
	}
	for line := range strings.Lines(string(loaded)) {
		if strings.HasPrefix(line, name+" ") {
			return false
		}
	}
	builtin, err := t.Read("/lib/modules/" + t.Line("/proc/sys/kernel/osrelease") + "/modules.builtin")
	return err == nil && !strings.Contains(string(builtin), "/"+name+".ko")
}

// firewalldDenies reads the target of the default zone; only ACCEPT lets in
// what no rule allows.
func firewalldDenies(t Tree) bool {
	zone := "public"
	if b, err := t.Read("/etc/firewalld/firewalld.conf"); err == nil {
		if z := login.ParseOptions(b)["DefaultZone"]; z != "" {
			zone = z
		}
	}
	for _, dir := range []string{"/etc/firewalld/zones/", "/usr/lib/firewalld/zones/"} {
		if b, err := t.Read(dir + zone + ".xml"); err == nil {
			return wall.ParseZone(b) != "ACCEPT"
		}
	}
	return zone != "trusted"
}
