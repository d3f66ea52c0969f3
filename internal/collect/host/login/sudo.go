package login

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Sudoers is the part of sudoers(5) that decides who may run what as root.
// Command arguments are not looked into: whoever may run one command as root
// has a right worth knowing.
type Sudoers struct {
	rules        []sudoRule
	users        map[string][]string
	runas        map[string][]string
	hosts        map[string][]string
	cmnds        map[string][]string
	askNobody    bool            // Defaults !authenticate
	askNobodyFor map[string]bool // Defaults:user !authenticate
	includes     []Include
}

// Include names a file or folder that sudoers reads at that place.
type Include struct {
	Path string
	Dir  bool
}

type sudoRule struct {
	users []string
	specs []sudoSpec
}

type sudoSpec struct {
	hosts  []string
	runas  []string // nil means root
	nopass bool
	cmnds  []string
}

// Rights is what a user may do by sudo.
type Rights struct {
	Any      bool // some command as root
	All      bool // every command as root
	NoPasswd bool // some command as root without being asked for a password
}

// maxSudoDepth bounds aliases of aliases and files of files.
const maxSudoDepth = 16

// ParseSudoers reads one file. Included files are the caller's to read and to Add.
func ParseSudoers(b []byte) *Sudoers {
	s := &Sudoers{
		users: map[string][]string{}, runas: map[string][]string{}, hosts: map[string][]string{},
		cmnds: map[string][]string{}, askNobodyFor: map[string]bool{},
	}
	for _, line := range joined(b) {
		if inc, ok := sudoInclude(line); ok {
			s.includes = append(s.includes, inc)
			continue
		}
		s.line(stripComment(line))
	}
	return s
}

// Includes lists the files and folders the file asks for.
func (s *Sudoers) Includes() []Include { return s.includes }

// Add joins the rules of an included file.
func (s *Sudoers) Add(o *Sudoers) {
	s.rules = append(s.rules, o.rules...)
	for _, p := range [...]struct{ to, from map[string][]string }{{s.users, o.users}, {s.runas, o.runas}, {s.hosts, o.hosts}, {s.cmnds, o.cmnds}} {
		maps.Copy(p.to, p.from)
	}
	s.askNobody = s.askNobody || o.askNobody
	for k := range o.askNobodyFor {
		s.askNobodyFor[k] = true
	}
}

func sudoInclude(line string) (Include, bool) {
	f := strings.Fields(strings.TrimSpace(line))
	if len(f) != 2 {
		return Include{}, false
	}
	p := strings.ReplaceAll(strings.Trim(f[1], `"`), `\ `, " ")
	switch f[0] {
	case "@include", "#include":
		return Include{Path: p}, true
	case "@includedir", "#includedir":
		return Include{Path: p, Dir: true}, true
	}
	return Include{}, false
}

// stripComment cuts a comment. "#1000" names a user by number and is no comment.
func stripComment(line string) string {
	for i := 0; i < len(line); i++ {
		if line[i] != '#' || i > 0 && line[i-1] == '\\' {
			continue
		}
		if i+1 < len(line) && digitByte(line[i+1]) && (i == 0 || strings.ContainsRune(" \t,%=(:!", rune(line[i-1]))) {
			continue
		}
		return line[:i]
	}
	return line
}

func digitByte(c byte) bool { return c >= '0' && c <= '9' }

func (s *Sudoers) line(line string) {
	line = strings.TrimSpace(line)
	word, rest, _ := strings.Cut(line, " ")
	if w, r, ok := strings.Cut(line, "\t"); ok && len(w) < len(word) {
		word, rest = w, r
	}
	switch {
	case line == "":
	case word == "User_Alias":
		alias(s.users, rest)
	case word == "Runas_Alias":
		alias(s.runas, rest)
	case word == "Host_Alias":
		alias(s.hosts, rest)
	case word == "Cmnd_Alias" || word == "Cmd_Alias":
		alias(s.cmnds, rest)
	case strings.HasPrefix(word, "Defaults"):
		if !hasOption(rest, "!authenticate") {
			return
		}
		if who, ok := strings.CutPrefix(word, "Defaults:"); ok {
			for _, u := range list(who) {
				s.askNobodyFor[u] = true
			}
		} else if word == "Defaults" {
			s.askNobody = true
		}
	default:
		if r, ok := parseRule(line); ok {
			s.rules = append(s.rules, r)
		}
	}
}

func hasOption(rest, option string) bool {
	return slices.Contains(list(strings.ReplaceAll(rest, " ", ",")), option)
}

// alias reads "A = x, y : B = z".
func alias(m map[string][]string, rest string) {
	for _, def := range splitOutside(rest, ':') {
		name, members, ok := strings.Cut(def, "=")
		if ok {
			m[strings.TrimSpace(name)] = list(members)
		}
	}
}

// parseRule reads "users hosts = (runas) TAG: cmnds : hosts = …".
func parseRule(line string) (sudoRule, bool) {
	left, right, ok := cutOutside(line, '=')
	if !ok {
		return sudoRule{}, false
	}
	users, host, ok := lastWordList(left)
	if !ok {
		return sudoRule{}, false
	}
	r := sudoRule{users: users}
	for {
		var next string
		spec := right
		// "… : HOST = …" begins the next host list; a colon after a tag does not.
		if i := nextHostSpec(right); i >= 0 {
			spec, next = right[:i], right[i+1:]
		}
		r.specs = append(r.specs, parseSpecs(host, spec)...)
		if next == "" {
			return r, true
		}
		h, rest, ok := cutOutside(next, '=')
		if !ok {
			return r, true
		}
		host, right = list(h), rest
	}
}

// nextHostSpec finds a colon, outside parentheses and quotes, that is followed by a host list and "=".
func nextHostSpec(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			depth--
		case ':':
			if depth > 0 || sudoTag(lastWord(s[:i])) {
				continue
			}
			if eq := strings.IndexByte(s[i:], '='); eq > 0 && !strings.ContainsAny(s[i:i+eq], "/(") {
				return i
			}
		}
	}
	return -1
}

func lastWord(s string) string {
	s = strings.TrimSpace(s)
	return s[strings.LastIndexAny(s, " \t,=():")+1:]
}

func sudoTag(w string) bool {
	switch strings.TrimPrefix(w, "NO") {
	case "PASSWD", "EXEC", "SETENV", "LOG_INPUT", "LOG_OUTPUT", "MAIL", "FOLLOW", "INTERCEPT":
		return true
	}
	return false
}

// parseSpecs reads "(runas) TAG: c1, (runas2) c2". Runas and tags hold for the
// commands that follow them.
func parseSpecs(hosts []string, s string) []sudoSpec {
	var specs []sudoSpec
	var runas []string
	nopass := false
	for _, part := range splitOutside(s, ',') {
		part = strings.TrimSpace(part)
		if strings.HasPrefix(part, "(") {
			inside, rest, ok := strings.Cut(part[1:], ")")
			if !ok {
				return specs
			}
			who, _, _ := strings.Cut(inside, ":")
			runas, part = list(who), strings.TrimSpace(rest)
			if len(runas) == 0 {
				runas = []string{"(self)"} // "(:group)" runs as the user, with another group
			}
		}
		for {
			tag, rest, ok := strings.Cut(part, ":")
			if !ok || !sudoTag(strings.TrimSpace(tag)) {
				break
			}
			switch strings.TrimSpace(tag) {
			case "NOPASSWD":
				nopass = true
			case "PASSWD":
				nopass = false
			}
			part = strings.TrimSpace(rest)
		}
		// Options such as ROLE=, CWD=, TIMEOUT= come before the command.
		for {
			word, rest, ok := strings.Cut(part, " ")
			if !ok || strings.HasPrefix(word, "/") || !strings.Contains(word, "=") {
				break
			}
			part = strings.TrimSpace(rest)
		}
		if part != "" {
			specs = append(specs, sudoSpec{hosts: hosts, runas: runas, nopass: nopass, cmnds: []string{part}})
		}
	}
	return specs
}

// lastWordList splits "users hosts": both are lists whose commas may have
// spaces around them.
func lastWordList(s string) (users, hosts []string, ok bool) {
	s = strings.TrimSpace(s)
	cut := -1
	for i := len(s) - 1; i > 0; i-- {
		if s[i] != ' ' && s[i] != '\t' || s[i-1] == '\\' {
			continue
		}
		before, after := strings.TrimRight(s[:i], " \t"), strings.TrimLeft(s[i:], " \t")
		if strings.HasSuffix(before, ",") || strings.HasPrefix(after, ",") || strings.HasSuffix(before, "!") {
			continue
		}
		cut = i
		break
	}
	if cut < 0 {
		return nil, nil, false
	}
	return list(s[:cut]), list(s[cut:]), true
}

func list(s string) []string {
	var out []string
	for _, p := range splitOutside(s, ',') {
		if p = strings.Trim(strings.TrimSpace(p), `"`); p != "" {
			out = append(out, strings.ReplaceAll(p, `\ `, " "))
		}
	}
	return out
}

// splitOutside splits at a mark that is not quoted, escaped or in parentheses.
func splitOutside(s string, mark byte) []string {
	var parts []string
	start, depth, quoted := 0, 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case c == '(' && !quoted:
			depth++
		case c == ')' && !quoted:
			depth--
		case c == mark && !quoted && depth <= 0:
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:])
}

func cutOutside(s string, mark byte) (before, after string, ok bool) {
	parts := splitOutside(s, mark)
	if len(parts) < 2 {
		return s, "", false
	}
	return parts[0], s[len(parts[0])+1:], true
}

// Subject is the user whose rights are asked for.
type Subject struct {
	Name   string
	UID    int64
	Groups []string
	GIDs   []int64
}

// Of returns what a user may do on a host. Later rules override earlier ones
// for the same commands in sudo; here every grant counts, except that a denial
// of ALL later on takes all of them back.
func (s *Sudoers) Of(u Subject, host string) Rights {
	var r Rights
	for _, rule := range s.rules {
		if !s.matches(rule.users, s.users, maxSudoDepth, func(m string) bool { return u.is(m) }) {
			continue
		}
		for _, spec := range rule.specs {
			if !s.matches(spec.hosts, s.hosts, maxSudoDepth, func(m string) bool { return hostIs(m, host) }) {
				continue
			}
			if spec.runas != nil && !s.matches(spec.runas, s.runas, maxSudoDepth, func(m string) bool { return m == "root" || m == "#0" }) {
				continue
			}
			all, some, none := s.commands(spec.cmnds, maxSudoDepth)
			switch {
			case none:
				r = Rights{}
			case all, some:
				r.Any = true
				r.All = r.All || all
				r.NoPasswd = r.NoPasswd || spec.nopass || s.askNobody || s.askNobodyFor[u.Name]
			}
		}
	}
	return r
}

// commands says whether a list grants all commands, some, or takes all back.
func (s *Sudoers) commands(cs []string, depth int) (all, some, none bool) {
	if depth == 0 {
		return false, false, false
	}
	for _, c := range cs {
		switch {
		case c == "ALL":
			all = true
		case c == "!ALL":
			all, some, none = false, false, true
		case strings.HasPrefix(c, "!"):
		default:
			if members, ok := s.cmnds[c]; ok {
				a, b, n := s.commands(members, depth-1)
				all, some, none = all || a, some || b, none || n
			} else {
				some = true
			}
		}
	}
	return all, some, none
}

// matches walks a list in which the last match counts and "!" denies.
func (s *Sudoers) matches(members []string, aliases map[string][]string, depth int, is func(string) bool) bool {
	found := false
	if depth == 0 {
		return false
	}
	for _, m := range members {
		deny := false
		for strings.HasPrefix(m, "!") {
			deny, m = !deny, strings.TrimSpace(m[1:])
		}
		hit := m == "ALL" || is(m)
		if sub, ok := aliases[m]; ok && !hit {
			hit = s.matches(sub, aliases, depth-1, is)
		}
		if hit {
			found = !deny
		}
	}
	return found
}

func (u Subject) is(m string) bool {
	switch {
	case strings.HasPrefix(m, "%#"):
		n, err := strconv.ParseInt(m[2:], 10, 64)
		return err == nil && slices.Contains(u.GIDs, n)
	case strings.HasPrefix(m, "%:"):
		return slices.Contains(u.Groups, m[2:])
	case strings.HasPrefix(m, "%"):
		return slices.Contains(u.Groups, m[1:])
	case strings.HasPrefix(m, "#"):
		n, err := strconv.ParseInt(m[1:], 10, 64)
		return err == nil && u.UID == n
	}
	return m == u.Name
}

// hostIs matches a host name. Addresses and netgroups are taken to match: the
// rule was written for some machine, and it is here.
func hostIs(m, host string) bool {
	if strings.HasPrefix(m, "+") || strings.ContainsAny(m, "/:") || m != "" && strings.Trim(m, "0123456789.") == "" {
		return true
	}
	short, _, _ := strings.Cut(host, ".")
	mShort, _, dotted := strings.Cut(m, ".")
	return strings.EqualFold(m, host) || !dotted && strings.EqualFold(mShort, short)
}
