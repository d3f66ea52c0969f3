// Package logs reads the configuration of the programs that keep and forward a
// machine's logs. Every function is a pure function of bytes.
package logs

import (
	"bytes"
	"github.com/asepsis/asepsis/internal/lazy"
	"slices"
	"strconv"
	"strings"
)

const (
	maxLine  = 64 << 10
	maxFiles = 200
)

// Rsyslog returns the machines that rsyslog sends to, sorted, as
// "protocol://host:port". It reads both styles of its language. Files it
// includes are asked of read, which returns every file a pattern matches.
func Rsyslog(b []byte, read func(pattern string) [][]byte) []string {
	r := rsyslog{read: read, left: maxFiles}
	r.file(b, 8)
	slices.Sort(r.to)
	return slices.Compact(r.to)
}

type rsyslog struct {
	read func(string) [][]byte
	left int
	to   []string
}

var (
	rsAction  = lazy.Regexp(`(?is)action\s*\((.*?)\)`)
	rsInclude = lazy.Regexp(`(?is)include\s*\((.*?)\)`)
	rsParam   = lazy.Regexp(`(?i)([a-z.]+)\s*=\s*"([^"]*)"`)
	rsLegacy  = lazy.Regexp(`^\s*\S+\s+(@@?)(\([^)]*\))?(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::(\d+))?`)
	rsRELP    = lazy.Regexp(`^\s*\S+\s+:omrelp:(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::(\d+))?`)
)

func (r *rsyslog) file(b []byte, depth int) {
	if depth == 0 || r.left == 0 {
		return
	}
	r.left--
	text := uncomment(b)
	for _, m := range rsAction().FindAllStringSubmatch(text, -1) {
		p := params(m[1])
		switch strings.ToLower(p["type"]) {
		case "omfwd":
			proto := strings.ToLower(p["protocol"])
			if proto == "" {
				proto = "udp"
			}
			if strings.EqualFold(p["streamdriver"], "gtls") || strings.EqualFold(p["streamdriver"], "ossl") || p["streamdrivermode"] == "1" {
				proto = "tls"
			}
			r.add(proto, p["target"], p["port"], "514")
		case "omrelp":
			r.add("relp", p["target"], p["port"], "2514")
		case "omkafka":
			r.add("kafka", p["broker"], "", "")
		case "omelasticsearch":
			r.add("elasticsearch", p["server"], p["serverport"], "9200")
		case "omhttp":
			r.add("http", p["server"], p["serverport"], "443")
		}
	}
	for line := range strings.Lines(text) {
		if m := rsLegacy().FindStringSubmatch(line); m != nil && !strings.Contains(line, "=") {
			proto := "udp"
			if m[1] == "@@" {
				proto = "tcp"
			}
			r.add(proto, m[3], m[4], "514")
		}
		if m := rsRELP().FindStringSubmatch(line); m != nil {
			r.add("relp", m[1], m[2], "2514")
		}
		if f := strings.Fields(line); len(f) == 2 && strings.EqualFold(f[0], "$IncludeConfig") {
			r.include(f[1], depth)
		}
	}
	for _, m := range rsInclude().FindAllStringSubmatch(text, -1) {
		if file := params(m[1])["file"]; file != "" {
			r.include(file, depth)
		}
	}
}

func (r *rsyslog) include(pattern string, depth int) {
	if r.read == nil {
		return
	}
	for _, b := range r.read(pattern) {
		r.file(b, depth-1)
	}
}

func (r *rsyslog) add(proto, host, port, def string) {
	host = strings.TrimSpace(host)
	if host == "" || local(host) {
		return
	}
	if port == "" {
		port = def
	}
	s := proto + "://" + host
	if port != "" {
		s += ":" + port
	}
	r.to = append(r.to, s)
}

func local(host string) bool {
	return host == "localhost" || strings.HasPrefix(host, "127.") || host == "::1" || host == "[::1]"
}

func params(s string) map[string]string {
	m := map[string]string{}
	for _, p := range rsParam().FindAllStringSubmatch(s, -1) {
		m[strings.ToLower(p[1])] = p[2]
	}
	return m
}

// uncomment drops comments: a "#" that begins a line or follows a space.
func uncomment(b []byte) string {
	var out strings.Builder
	for line := range bytes.Lines(b) {
		if len(line) > maxLine {
			continue
		}
		s := string(line)
		if t := strings.TrimSpace(s); strings.HasPrefix(t, "#") {
			out.WriteByte('\n')
			continue
		}
		if i := strings.Index(s, " #"); i >= 0 {
			s = s[:i] + "\n"
		}
		out.WriteString(s)
	}
	return out.String()
}

var ngRemote = lazy.Regexp(`(?is)\b(network|syslog|tcp6?|udp6?)\s*\(\s*(?:ip\s*\(\s*)?["']?([A-Za-z0-9._:-]+)["']?`)

// SyslogNG returns the machines that the destinations of syslog-ng name.
func SyslogNG(b []byte) []string {
	var to []string
	text := uncomment(b)
	for {
		i := strings.Index(text, "destination ")
		if i < 0 {
			break
		}
		text = text[i+len("destination "):]
		end := strings.Index(text, "};")
		if end < 0 {
			end = len(text)
		}
		for _, m := range ngRemote().FindAllStringSubmatch(text[:end], -1) {
			if !local(m[2]) && m[2] != "" {
				to = append(to, strings.ToLower(m[1])+"://"+m[2])
			}
		}
		text = text[end:]
	}
	slices.Sort(to)
	return slices.Compact(to)
}

// INI reads the settings of one section of a file like those of systemd.
// Names are in lower case; the last value counts.
func INI(b []byte, section string) map[string]string {
	m := map[string]string{}
	in := false
	for line := range bytes.Lines(b) {
		s := strings.TrimSpace(string(line[:min(len(line), maxLine)]))
		switch {
		case s == "" || s[0] == '#' || s[0] == ';':
		case s[0] == '[':
			in = strings.EqualFold(strings.Trim(s, "[]"), section)
		case in:
			if k, v, ok := strings.Cut(s, "="); ok {
				m[strings.ToLower(strings.TrimSpace(k))] = strings.TrimSpace(v)
			}
		}
	}
	return m
}

var hostLike = lazy.Regexp(`(?i)^\s*(?:-\s*)?(?:url|host|hosts|server|address|endpoint|<address>)\s*[:=>]?\s*(.*)$`)

// Destinations picks what looks like addresses of other machines out of an
// agent's configuration: url, host, hosts, server, address, endpoint.
func Destinations(b []byte) []string {
	var to []string
	for line := range bytes.Lines(b) {
		s := strings.TrimSpace(string(line[:min(len(line), maxLine)]))
		if s == "" || s[0] == '#' || s[0] == ';' {
			continue
		}
		var rest string
		if v, ok := strings.CutPrefix(s, "<address>"); ok {
			rest, _, _ = strings.Cut(v, "<")
		} else if m := hostLike().FindStringSubmatch(s); m != nil {
			rest = m[1]
		} else {
			continue
		}
		for part := range strings.FieldsFuncSeq(rest, func(r rune) bool { return strings.ContainsRune(" \t,[]\"'", r) }) {
			host := part
			if i := strings.Index(host, "://"); i >= 0 {
				host = host[i+3:]
			}
			// User names and passwords may stand in an address; they are not kept.
			if i := strings.LastIndexByte(host, '@'); i >= 0 {
				part = host[i+1:]
				host = part
			}
			host, _, _ = strings.Cut(host, "/")
			bare, _, _ := strings.Cut(host, ":")
			if !strings.Contains(bare, ".") || local(bare) || bare == "0.0.0.0" || strings.ContainsAny(bare, "${}<>") {
				continue
			}
			to = append(to, part)
		}
	}
	slices.Sort(to)
	return slices.Compact(to)
}

// Rotation is how long logrotate keeps one set of files.
type Rotation struct {
	Files  []string
	Keep   int // old files kept
	Period int // days between turns; 0 where it turns by size
}

// Days is how many days of log the rotation keeps; 0 where it turns by size.
func (r Rotation) Days() int { return r.Keep * r.Period }

// Logrotate reads a file of logrotate.conf(5). Settings outside a block hold
// for the blocks after them; pass those of the main file on to the others.
func Logrotate(b []byte, defaults Rotation) (rs []Rotation, global Rotation) {
	global = defaults
	var cur *Rotation
	var files []string
	for line := range bytes.Lines(b) {
		s := strings.TrimSpace(string(line[:min(len(line), maxLine)]))
		if s == "" || s[0] == '#' {
			continue
		}
		open := strings.HasSuffix(s, "{")
		if cur == nil && (open || s[0] == '/' || s[0] == '"') {
			for f := range strings.FieldsSeq(strings.TrimSuffix(s, "{")) {
				files = append(files, strings.Trim(f, `"`))
			}
			if open {
				r := global
				r.Files = files
				cur, files = &r, nil
			}
			continue
		}
		if s == "}" {
			if cur != nil && len(rs) < maxFiles {
				rs = append(rs, *cur)
			}
			cur = nil
			continue
		}
		to := &global
		if cur != nil {
			to = cur
		}
		f := strings.Fields(s)
		switch f[0] {
		case "hourly":
			to.Period = 1 // a day is as fine as we count
		case "daily":
			to.Period = 1
		case "weekly":
			to.Period = 7
		case "monthly":
			to.Period = 30
		case "yearly":
			to.Period = 365
		case "size":
			to.Period = 0
		case "rotate":
			if len(f) > 1 {
				if n, err := strconv.Atoi(f[1]); err == nil && n >= 0 && n < 100_000 {
					to.Keep = n
				}
			}
		}
	}
	return rs, global
}

// Span reads a time span of systemd.time(7) in days: "1month", "90d", "2week".
// It returns 0 for none and for what it does not understand.
func Span(s string) int {
	total := 0.0
	for len(s) > 0 {
		s = strings.TrimLeft(s, " ")
		i := 0
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			i++
		}
		n, err := strconv.Atoi(s[:i])
		if err != nil || n > 1_000_000_000 {
			return 0
		}
		s = strings.TrimLeft(s[i:], " ")
		j := 0
		for j < len(s) && (s[j] >= 'a' && s[j] <= 'z' || s[j] >= 'A' && s[j] <= 'Z') {
			j++
		}
		unit := s[:j]
		s = s[j:]
		switch unit {
		case "", "s", "sec", "second", "seconds":
			total += float64(n) / 86400
		case "m", "min", "minute", "minutes":
			total += float64(n) / 1440
		case "h", "hr", "hour", "hours":
			total += float64(n) / 24
		case "d", "day", "days":
			total += float64(n)
		case "w", "week", "weeks":
			total += float64(n) * 7
		case "M", "month", "months":
			total += float64(n) * 30.44
		case "y", "year", "years":
			total += float64(n) * 365.25
		default:
			return 0
		}
	}
	return int(total)
}
