// Package wall reads what firewalls say of themselves: whether they have
// rules for what comes in, and whether they refuse what no rule allows. Every
// function is a pure function of bytes.
package wall

import (
	"bytes"
	"regexp"
	"strings"
)

// State is what a firewall does with connections that come in.
type State struct {
	Active bool // it has rules, or refuses
	// Deny says that what no rule allows is refused.
	Deny bool
}

const maxLine = 64 << 10

var (
	baseChain = regexp.MustCompile(`type\s+filter\s+hook\s+input\b`)
	policy    = regexp.MustCompile(`policy\s+(\w+)`)
)

// ParseNFT reads the output of nft list ruleset. A chain that hooks the input
// refuses by its policy, or by a last rule that drops or rejects everything.
func ParseNFT(b []byte) State {
	var st State
	input, sawRule, last := false, false, ""
	endChain := func() {
		if input && (last == "drop" || last == "reject" || strings.HasPrefix(last, "reject with ")) {
			st.Active, st.Deny = true, true
		}
		input, last = false, ""
	}
	depth := 0
	chain := ""
	for line := range bytes.Lines(b) {
		s := strings.TrimSpace(string(line[:min(len(line), maxLine)]))
		switch {
		case s == "" || strings.HasPrefix(s, "#"):
			continue
		case strings.HasSuffix(s, "{"):
			depth++
			if after, ok := strings.CutPrefix(s, "chain "); ok {
				chain = strings.TrimSpace(strings.TrimSuffix(after, "{"))
			}
		case s == "}":
			depth--
			endChain()
		case baseChain.MatchString(s):
			input = true
			if m := policy.FindStringSubmatch(s); m != nil && m[1] == "drop" {
				st.Active, st.Deny = true, true
			}
		case chain != "" && depth >= 2:
			last = bareVerdict(s)
			if input {
				sawRule = true
			}
		}
	}
	st.Active = st.Active || sawRule
	return st
}

// noise is what does not narrow a rule: counters, logging, comments.
var noise = regexp.MustCompile(`counter( packets \d+ bytes \d+)?|log( prefix "[^"]*"| level \w+| group \d+| flags \w+)*|comment "[^"]*"|limit rate [^ ]+( [a-z]+)?( burst \d+ packets)?`)

// bareVerdict returns what a rule comes to without the noise.
func bareVerdict(rule string) string {
	return strings.Join(strings.Fields(noise.ReplaceAllString(rule, " ")), " ")
}

// ParseIptables reads the output of iptables-save.
func ParseIptables(b []byte) State {
	var st State
	filter := false
	last := ""
	refuses := map[string]bool{}
	for line := range bytes.Lines(b) {
		s := strings.TrimSpace(string(line[:min(len(line), maxLine)]))
		switch {
		case strings.HasPrefix(s, "*"):
			filter = s == "*filter"
		case !filter:
		case strings.HasPrefix(s, ":INPUT DROP"), strings.HasPrefix(s, ":INPUT REJECT"):
			st.Active, st.Deny = true, true
		case strings.HasPrefix(s, "-A "):
			f := strings.Fields(s)
			if len(f) >= 4 && f[2] == "-j" && (f[3] == "DROP" || f[3] == "REJECT") {
				refuses[f[1]] = true
			}
			if f[1] == "INPUT" {
				st.Active = true
				last = strings.Join(f[2:], " ")
			}
		}
	}
	f := strings.Fields(last)
	if len(f) >= 2 && f[0] == "-j" && (f[1] == "DROP" || f[1] == "REJECT" || refuses[f[1]]) {
		st.Deny = true
	}
	return st
}

// ParseUFW reads /etc/ufw/ufw.conf and /etc/default/ufw, both as KEY=value.
func ParseUFW(conf, defaults map[string]string) State {
	var st State
	st.Active = strings.EqualFold(conf["ENABLED"], "yes")
	in := strings.ToUpper(defaults["DEFAULT_INPUT_POLICY"])
	st.Deny = st.Active && (in == "DROP" || in == "REJECT")
	return st
}

// ParseZone reads a zone file of firewalld and returns its target: "default"
// (which rejects), "ACCEPT", "DROP" or "%%REJECT%%".
func ParseZone(b []byte) string {
	m := zoneTarget.FindSubmatch(b)
	if m == nil {
		return "default"
	}
	return string(m[1])
}

var zoneTarget = regexp.MustCompile(`<zone[^>]*\starget="([^"]*)"`)
