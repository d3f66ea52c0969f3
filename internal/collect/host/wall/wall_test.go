package wall

import "testing"

func TestParseNFT(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     State
	}{
		{"nothing", "", State{}},
		{"policy drop", "table inet filter {\n\tchain input {\n\t\ttype filter hook input priority filter; policy drop;\n\t\tct state established accept\n\t}\n}\n", State{true, true}},
		{"policy accept without rules", "table inet filter {\n\tchain input {\n\t\ttype filter hook input priority filter; policy accept;\n\t}\n}\n", State{}},
		{"last rule drops", "table ip filter {\n\tchain INPUT {\n\t\ttype filter hook input priority 0; policy accept;\n\t\ttcp dport 22 accept\n\t\tcounter packets 5 bytes 9 drop\n\t}\n}\n", State{true, true}},
		{"last rule drops some", "table ip filter {\n\tchain INPUT {\n\t\ttype filter hook input priority 0; policy accept;\n\t\ttcp dport 23 drop\n\t}\n}\n", State{true, false}},
		{"firewalld rejects at the end", "table inet firewalld {\n\tchain filter_INPUT {\n\t\ttype filter hook input priority filter + 10; policy accept;\n\t\tct state { established, related } accept\n\t\tjump filter_INPUT_ZONES\n\t\treject with icmpx admin-prohibited\n\t}\n}\n", State{true, true}},
		{"only docker's nat", "table ip nat {\n\tchain PREROUTING {\n\t\ttype nat hook prerouting priority dstnat; policy accept;\n\t\tfib daddr type local counter packets 1 bytes 2 jump DOCKER\n\t}\n}\n", State{}},
		{"a forward chain that drops is no answer for input", "table ip filter {\n\tchain FORWARD {\n\t\ttype filter hook forward priority 0; policy drop;\n\t}\n}\n", State{}},
	} {
		if got := ParseNFT([]byte(tt.in)); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

func TestParseIptables(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     State
	}{
		{"open", "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\nCOMMIT\n", State{}},
		{"policy", "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp --dport 22 -j ACCEPT\nCOMMIT\n", State{true, true}},
		{"last rule", "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp --dport 22 -j ACCEPT\n-A INPUT -j REJECT --reject-with icmp-host-prohibited\nCOMMIT\n", State{true, true}},
		{"chain that drops", "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -j END\n-A END -j DROP\n", State{true, true}},
		{"nat does not count", "*nat\n-A INPUT -j DROP\nCOMMIT\n", State{}},
	} {
		if got := ParseIptables([]byte(tt.in)); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

func TestFrontEnds(t *testing.T) {
	if got := ParseUFW(map[string]string{"ENABLED": "yes"}, map[string]string{"DEFAULT_INPUT_POLICY": "DROP"}); got != (State{true, true}) {
		t.Errorf("ufw: %+v", got)
	}
	if got := ParseUFW(map[string]string{"ENABLED": "no"}, map[string]string{"DEFAULT_INPUT_POLICY": "DROP"}); got != (State{}) {
		t.Errorf("ufw that is off: %+v", got)
	}
	if got := ParseZone([]byte(`<?xml version="1.0"?><zone version="1" target="ACCEPT"><short>x</short></zone>`)); got != "ACCEPT" {
		t.Errorf("zone %q", got)
	}
	if got := ParseZone([]byte(`<zone><short>Public</short></zone>`)); got != "default" {
		t.Errorf("zone %q", got)
	}
}

func FuzzParsers(f *testing.F) {
	f.Add([]byte("table inet f {\n chain input {\n type filter hook input priority 0; policy drop;\n drop\n}\n}\n*filter\n-A INPUT -j\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, st := range []State{ParseNFT(b), ParseIptables(b)} {
			if st.Deny && !st.Active {
				t.Fatalf("it refuses without being active: %+v", st)
			}
		}
		ParseZone(b)
	})
}
