package sshd

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var v92 = Version{9, 2}

func TestEffective(t *testing.T) {
	include := func(pattern string) [][]byte {
		switch pattern {
		case "/etc/ssh/sshd_config.d/*.conf":
			return [][]byte{[]byte("PasswordAuthentication no\nMatch User backup\n  PasswordAuthentication yes\n"), []byte("PermitRootLogin no\n")}
		case "/etc/ssh/loop":
			return [][]byte{[]byte("Include loop\n")}
		}
		return nil
	}
	for _, tt := range []struct {
		name, config string
		version      Version
		want         Effective
	}{
		{"empty means the defaults", "", v92, Effective{PasswordAuth: true, RootLogin: "prohibit-password", Weak: []string{}}},
		{
			"debian's file", "KbdInteractiveAuthentication no\nUsePAM yes\nPermitRootLogin without-password\n", v92,
			Effective{PasswordAuth: true, RootLogin: "prohibit-password", Weak: []string{}},
		},
		{"the first value counts", "passwordauthentication no\nPasswordAuthentication yes\n", v92, Effective{RootLogin: "prohibit-password", Weak: []string{}}},
		{"pam asks for passwords too", "PasswordAuthentication no\nUsePAM yes\n", v92, Effective{PasswordAuth: true, RootLogin: "prohibit-password", Weak: []string{}}},
		{
			"a key is asked for as well", "UsePAM yes\nAuthenticationMethods publickey,password publickey,keyboard-interactive\n", v92,
			Effective{RootLogin: "prohibit-password", Weak: []string{}},
		},
		{
			"included files come first, and a match block loosens", "Include /etc/ssh/sshd_config.d/*.conf\nPasswordAuthentication yes\nPermitRootLogin yes\n", v92,
			Effective{PasswordAuth: true, RootLogin: "no", Weak: []string{}, Loosened: []string{"passwords for User backup"}},
		},
		{
			"a file that includes itself", "Include loop\nPermitEmptyPasswords yes", v92,
			Effective{PasswordAuth: true, RootLogin: "prohibit-password", EmptyPasswords: true, Weak: []string{}},
		},
		{"equal signs and quotes", "PasswordAuthentication=no\nPermitRootLogin = \"yes\" # by order\n", v92, Effective{RootLogin: "yes", Weak: []string{}}},
		{
			"match all ends a block", "Match Address 10.0.0.0/8\nX11Forwarding yes\nMatch all\nPasswordAuthentication no\n", v92,
			Effective{RootLogin: "prohibit-password", Weak: []string{}},
		},
		{
			"weak by choice", "Ciphers aes256-ctr,3des-cbc\nMACs +hmac-md5\nHostKeyAlgorithms +ssh-rsa\n", v92,
			Effective{PasswordAuth: true, RootLogin: "prohibit-password", Weak: []string{"3des-cbc", "hmac-md5", "ssh-rsa"}},
		},
		{"weak by age", "KexAlgorithms -diffie-hellman-group1*\n", Version{6, 6}, Effective{
			PasswordAuth: true, RootLogin: "yes",
			Weak: strings.Fields("3des-cbc aes128-cbc aes192-cbc aes256-cbc arcfour arcfour128 arcfour256 blowfish-cbc cast128-cbc " +
				"diffie-hellman-group-exchange-sha1 hmac-md5 hmac-md5-96 hmac-sha1-96 ssh-dss ssh-rsa"),
		}},
	} {
		got := Parse([]byte(tt.config), include).Effective(tt.version)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestParsePolicy(t *testing.T) {
	got := ParsePolicy([]byte("CRYPTO_POLICY='-oCiphers=aes256-gcm@openssh.com,aes256-cbc -oPubkeyAcceptedKeyTypes=ssh-rsa -x'\n"))
	want := map[string]string{"ciphers": "aes256-gcm@openssh.com,aes256-cbc", "pubkeyacceptedalgorithms": "ssh-rsa"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := ParsePolicy([]byte("Ciphers aes256-gcm@openssh.com\n")); got != nil {
		t.Errorf("plain settings are no command line: %v", got)
	}
}

func TestParseVersion(t *testing.T) {
	for in, want := range map[string]Version{
		"1:9.2p1-2+deb12u5": {9, 2}, "8.7p1-38.el9": {8, 7}, "9.7_p1-r4": {9, 7}, "OpenSSH_10.0": {10, 0},
	} {
		if got, ok := ParseVersion(in); !ok || got != want {
			t.Errorf("ParseVersion(%q) = %v, %v, want %v", in, got, ok, want)
		}
	}
	if v, ok := ParseVersion("nonsense"); ok {
		t.Errorf("nonsense is version %v", v)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("Port 22\nMatch User a,b\nPasswordAuthentication yes\nInclude x\nCiphers +3des-cbc\n"))
	f.Add([]byte("\"unterminated\nMatch\nInclude\n=\n#"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c := Parse(b, func(string) [][]byte { return [][]byte{b} })
		c.Effective(v92)
		FromTest(ParseTest(b), v92)
		ParsePolicy(b)
	})
}
