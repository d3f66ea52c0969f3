package host

import (
	"context"
	"errors"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/collect/host/logs"
)

// shippers are agents that send logs on: the program, and the files that say where to.
var shippers = []struct {
	name      string
	processes []string
	files     []string
}{
	{"promtail", []string{"promtail"}, []string{"/etc/promtail/*.y*ml"}},
	{"alloy", []string{"alloy"}, []string{"/etc/alloy/*.alloy"}},
	{"fluent-bit", []string{"fluent-bit"}, []string{"/etc/fluent-bit/*.conf", "/etc/fluent-bit/*.y*ml"}},
	{"fluentd", []string{"fluentd", "td-agent"}, []string{"/etc/fluent/*.conf", "/etc/td-agent/*.conf"}},
	{"vector", []string{"vector"}, []string{"/etc/vector/*"}},
	{"wazuh-agent", []string{"wazuh-agentd", "ossec-agentd"}, []string{"/var/ossec/etc/ossec.conf"}},
	{"filebeat", []string{"filebeat"}, []string{"/etc/filebeat/filebeat.yml"}},
	{"elastic-agent", []string{"elastic-agent"}, []string{"/opt/Elastic/Agent/elastic-agent.yml", "/etc/elastic-agent/elastic-agent.yml"}},
	{"journalbeat", []string{"journalbeat"}, []string{"/etc/journalbeat/journalbeat.yml"}},
	{"splunk forwarder", []string{"splunkd"}, []string{"/opt/splunkforwarder/etc/system/local/outputs.conf"}},
	{"nxlog", []string{"nxlog"}, []string{"/etc/nxlog.conf", "/etc/nxlog/nxlog.conf"}},
	{"azure monitor agent", []string{"mdsd", "azuremonitoragent"}, nil},
	{"cloudwatch agent", []string{"amazon-cloudwatch-agent"}, nil},
	{"google ops agent", []string{"google_cloud_ops_agent_engine"}, nil},
}

// logging reads where logs go and how long they stay.
func logging(_ context.Context, m *machine, s *section) {
	runs := m.programs()
	var to []string
	forwards := false
	var unknown error
	read := func(pattern string) [][]byte {
		var files [][]byte
		for _, name := range m.tree.Glob(pattern) {
			b, err := m.tree.Read(name)
			if err != nil {
				unknown = err
				continue
			}
			files = append(files, b)
		}
		return files
	}
	send := func(found []string, up bool) {
		if up && len(found) > 0 {
			forwards = true
			to = append(to, found...)
		}
	}
	// Where programs are hidden, a service that is set up is taken to run.
	blind := runs.blind != ""
	if b, err := m.tree.Read("/etc/rsyslog.conf"); err == nil {
		send(logs.Rsyslog(b, read), blind || runs.has("rsyslogd"))
	} else if !errors.Is(err, os.ErrNotExist) {
		unknown = err
	}
	for _, b := range append(read("/etc/syslog-ng/syslog-ng.conf"), read("/etc/syslog-ng/conf.d/*.conf")...) {
		send(logs.SyslogNG(b), blind || runs.has("syslog-ng"))
	}
	for _, b := range read("/etc/systemd/journal-upload.conf") {
		if url := logs.INI(b, "Upload")["url"]; url != "" {
			send([]string{"journal://" + url}, blind || runs.has("systemd-journal-upload", "systemd-journal"))
		}
	}
	for _, sh := range shippers {
		if !runs.has(sh.processes...) {
			continue
		}
		forwards = true
		before := len(to)
		for _, f := range sh.files {
			for _, b := range read(f) {
				for _, d := range logs.Destinations(b) {
					to = append(to, sh.name+" to "+d)
				}
			}
		}
		if len(to) == before {
			to = append(to, sh.name)
		}
	}
	switch {
	case forwards:
		s.set("logs_forwarded", true)
	case unknown != nil:
		s.miss("a log service's settings: "+why(unknown), "logs_forwarded", "log_destinations")
		s.note("log forwarding", "a log service's settings: "+why(unknown))
	case blind:
		s.miss(runs.blind, "logs_forwarded", "log_destinations")
	default:
		s.set("logs_forwarded", false)
	}
	if _, missing := s.missing["log_destinations"]; !missing {
		s.set("log_destinations", sorted(to))
	}
	retention(m, s)
	switch {
	case runs.has("auditd", "go-audit", "auditbeat"):
		s.set("audit_active", true)
	case blind:
		s.miss(runs.blind, "audit_active")
	default:
		s.set("audit_active", false)
	}
}

// systemLogs are the files that say who did what on a machine.
var systemLogs = []string{"/var/log/auth.log", "/var/log/secure", "/var/log/syslog", "/var/log/messages", "/var/log/audit/audit.log"}

// retention is the shortest time that a system log stays on the machine:
// what logrotate keeps, or the journal's own limit of time.
func retention(m *machine, s *section) {
	journal := map[string]string{}
	files := append([]string{"/usr/lib/systemd/journald.conf", "/etc/systemd/journald.conf"}, m.tree.Glob("/etc/systemd/journald.conf.d/*.conf")...)
	for _, f := range files {
		if b, err := m.tree.Read(f); err == nil {
			maps.Copy(journal, logs.INI(b, "Journal"))
		}
	}
	days := 0
	take := func(d int) {
		if d > 0 && (days == 0 || d < days) {
			days = d
		}
	}
	var rs []logs.Rotation
	defaults := logs.Rotation{}
	if b, err := m.tree.Read("/etc/logrotate.conf"); err == nil {
		rs, defaults = logs.Logrotate(b, defaults)
	}
	for _, f := range m.tree.Glob("/etc/logrotate.d/*") {
		if b, err := m.tree.Read(f); err == nil {
			more, _ := logs.Logrotate(b, defaults)
			rs = append(rs, more...)
		}
	}
	bySize := false
	for _, r := range rs {
		for _, file := range r.Files {
			if !slices.ContainsFunc(systemLogs, func(l string) bool { ok, _ := path.Match(file, l); return ok && m.tree.Exists(l) }) {
				continue
			}
			bySize = bySize || r.Period == 0
			take(r.Days())
		}
	}
	persistent := strings.EqualFold(journal["storage"], "persistent") || journal["storage"] != "volatile" && journal["storage"] != "none" && m.tree.Exists("/var/log/journal")
	if persistent {
		take(logs.Span(journal["maxretentionsec"]))
	}
	switch {
	case days > 0:
		s.set("log_retention_days", int64(days))
	case bySize || persistent:
		s.miss("logs are kept up to a size, not for a time", "log_retention_days")
	default:
		s.miss("no system log with a rule for how long it is kept was found", "log_retention_days")
	}
}
