package app

import (
	"os"
	"strings"
	"testing"

	"github.com/asepsis/asepsis/internal/config"
	"github.com/asepsis/asepsis/internal/web/api"
)

// TestSecretsOfSNMP gives, keeps, changes and takes back what devices are read
// with.
func TestSecretsOfSNMP(t *testing.T) {
	a := &App{cfg: config.Config{DataDir: t.TempDir()}}
	with := func(access *api.SNMPAccess) api.DiscoveryScope {
		s := scope("ward 3 / west", "normal", "10.20.0.0/24")
		s.SNMP = access
		return s
	}
	user := api.SNMPAccess{Version: "3", User: "reader", Auth: "sha256", Privacy: "aes", AuthKey: "authentic-pass", PrivKey: "private-pass"}
	s, err := a.keepSNMP("tn_test", with(&user))
	if err != nil {
		t.Fatal(err)
	}
	if *s.SNMP != (api.SNMPAccess{Version: "3", User: "reader", Auth: "sha256", Privacy: "aes"}) {
		t.Errorf("what is kept in the database is %+v", *s.SNMP)
	}
	file := a.snmpFile("tn_test", s.Name)
	if i, err := os.Stat(file); err != nil || i.Mode().Perm() != 0o600 {
		t.Errorf("the file of secrets: %v, %v", i, err)
	}
	got, err := a.snmpOf("tn_test", s)
	if err != nil || got.AuthKey.Reveal() != "authentic-pass" || got.PrivKey.Reveal() != "private-pass" {
		t.Errorf("read again: %+v, %v", got, err)
	}
	changed := with(&api.SNMPAccess{Version: "3", User: "reader", Auth: "sha512", Privacy: "aes", AuthKey: "another-pass"})
	if _, err := a.keepSNMP("tn_test", changed); err != nil {
		t.Fatal(err)
	}
	if got, err = a.snmpOf("tn_test", s); err != nil || got.AuthKey.Reveal() != "another-pass" || got.PrivKey.Reveal() != "private-pass" {
		t.Errorf("after one was changed: %v", err)
	}
	for want, bad := range map[string]api.DiscoveryScope{
		"fewer than 8":  with(&api.SNMPAccess{Version: "3", User: "somebody", Auth: "sha256"}), // another user's password is not taken
		"no community":  with(&api.SNMPAccess{Version: "2c"}),
		"not one byte":  {Name: "icu", Profile: "cautious", SNMP: &user},
		"is not spoken": with(&api.SNMPAccess{Version: "1", Community: "x"}),
	} {
		if _, err := a.keepSNMP("tn_test", bad); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if _, err := a.keepSNMP("tn_test", with(nil)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("the secrets are kept where SNMP is not permitted any more: %v", err)
	}
	if err := a.dropSNMP("tn_test", "never was"); err != nil {
		t.Error(err)
	}
}
