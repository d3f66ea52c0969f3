package logs

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRsyslog(t *testing.T) {
	const main = `module(load="imuxsock") # provides local logging
$IncludeConfig /etc/rsyslog.d/*.conf
*.* @@siem.example.org:6514
auth.* @10.1.2.3
#*.* @@commented.example.org
*.* /var/log/all
*.* @127.0.0.1:5140
& @@[2001:db8::1]:514
*.* :omrelp:relay.example.org:2514
action(type="omfwd" target="tls.example.org" port="6514" protocol="tcp"
       StreamDriver="gtls" StreamDriverMode="1")
action(type="omfile" file="/var/log/x")
ruleset(name="r") { action(type="omrelp" target="relp.example.org") }
include(file="/etc/rsyslog.extra")
`
	read := func(p string) [][]byte {
		switch p {
		case "/etc/rsyslog.d/*.conf":
			return [][]byte{[]byte("local0.* @@(o,z9)included.example.org\n"), []byte("$IncludeConfig /etc/rsyslog.d/*.conf\n")}
		case "/etc/rsyslog.extra":
			return [][]byte{[]byte("action(type=\"omfwd\" Target=\"extra.example.org\")\n")}
		}
		return nil
	}
	want := []string{
		"relp://relay.example.org:2514", "relp://relp.example.org:2514", "tcp://[2001:db8::1]:514", "tcp://included.example.org:514",
		"tcp://siem.example.org:6514", "tls://tls.example.org:6514", "udp://10.1.2.3:514", "udp://extra.example.org:514",
	}
	if diff := cmp.Diff(want, Rsyslog([]byte(main), read)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := Rsyslog([]byte("*.*;auth,authpriv.none -/var/log/syslog\nmail.err root@localhost\n"), nil); len(got) != 0 {
		t.Errorf("local files and mail are taken for another machine: %v", got)
	}
}

func TestSyslogNG(t *testing.T) {
	got := SyslogNG([]byte("source s { network(ip(0.0.0.0)); };\ndestination d { network(\"siem.example.org\" port(6514)); };\ndestination f { file(\"/var/log/x\"); };\ndestination t { tcp(\"10.0.0.9\"); };\n"))
	if diff := cmp.Diff([]string{"network://siem.example.org", "tcp://10.0.0.9"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDestinations(t *testing.T) {
	for in, want := range map[string][]string{
		"clients:\n  - url: https://bob:secret@loki.example.org:3100/loki/api/v1/push\n":  {"loki.example.org:3100/loki/api/v1/push"},
		"<address>wazuh.example.org</address>\n":                                          {"wazuh.example.org"},
		"output.logstash:\n  hosts: [\"ls1.example.org:5044\", 'ls2.example.org:5044']\n": {"ls1.example.org:5044", "ls2.example.org:5044"},
		"[tcpout:x]\nserver = idx.example.org:9997\n":                                     {"idx.example.org:9997"},
		"#hosts: [\"x.example.org\"]\nhost: localhost\nhost: 127.0.0.1\nurl: ${LOKI}.x\n": nil,
	} {
		if diff := cmp.Diff(want, Destinations([]byte(in))); diff != "" {
			t.Errorf("%q (-want +got):\n%s", in, diff)
		}
	}
}

func TestLogrotate(t *testing.T) {
	_, defaults := Logrotate([]byte("weekly\nrotate 4\ncreate\n"), Rotation{})
	got, _ := Logrotate([]byte("/var/log/syslog\n/var/log/auth.log\n{\n\trotate 13\n\tmonthly\n}\n/var/log/x \"/var/log/y z\" {\n  size 1M\n}\n/var/log/d {\n daily\n}\n"), defaults)
	want := []Rotation{
		{Files: []string{"/var/log/syslog", "/var/log/auth.log"}, Keep: 13, Period: 30},
		{Files: []string{"/var/log/x", "/var/log/y", "z"}, Keep: 4},
		{Files: []string{"/var/log/d"}, Keep: 4, Period: 1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if d := got[0].Days(); d != 390 {
		t.Errorf("%d days", d)
	}
}

func TestSpanAndINI(t *testing.T) {
	for in, want := range map[string]int{"1month": 30, "90d": 90, "2 weeks 1day": 15, "7776000": 90, "": 0, "soon": 0, "1year": 365} {
		if got := Span(in); got != want {
			t.Errorf("Span(%q) = %d, want %d", in, got, want)
		}
	}
	got := INI([]byte("[Journal]\nStorage=persistent\n#MaxRetentionSec=1d\n[Other]\nStorage=no\n"), "Journal")
	if diff := cmp.Diff(map[string]string{"storage": "persistent"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func FuzzParsers(f *testing.F) {
	f.Add([]byte("*.* @@(x)a:1\naction(type=\"omfwd\" target=\"a\"\n$IncludeConfig x\ninclude(file=\"x\")\ndestination d { tcp(\"a\") };\n/x {\nrotate 1\n}\n[A]\nb=1day"))
	f.Fuzz(func(t *testing.T, b []byte) {
		Rsyslog(b, func(string) [][]byte { return [][]byte{b} })
		SyslogNG(b)
		Destinations(b)
		Logrotate(b, Rotation{})
		INI(b, "A")
		Span(string(b))
	})
}
