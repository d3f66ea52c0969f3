package asset

import "testing"

func TestNewKey(t *testing.T) {
	for _, tt := range []struct {
		typ      KeyType
		in, want string // want "" means no key
	}{
		{MAC, "00-1B-44-11-3A-B7", "mac:00:1b:44:11:3a:b7"},
		{MAC, "001b.4411.3ab7", "mac:00:1b:44:11:3a:b7"},
		{MAC, "ff:ff:ff:ff:ff:ff", ""},
		{MAC, "00:00:00:00:00:00", ""},
		{MAC, "00:1b", ""},
		{Serial, "To be filled by O.E.M.", ""},
		{Serial, " 5CG1234XYZ ", "serial:5cg1234xyz"},
		{Serial, "0000000", ""},
		{IP, "10.1.2.3", "ip:10.1.2.3"},
		{IP, "::ffff:10.1.2.3", "ip:10.1.2.3"},
		{IP, "127.0.0.1", ""},
		{IP, "fe80::1%eth0", ""},
		{Name, "EHR-DB-01.hospital.local", "name:ehr-db-01"},
		{Name, "localhost", ""},
		{FQDN, "EHR-DB-01.hospital.local.", "fqdn:ehr-db-01.hospital.local"},
		{FQDN, "ehr-db-01", ""},
	} {
		k, ok := NewKey(tt.typ, tt.in)
		got := ""
		if ok {
			got = k.String()
		}
		if got != tt.want {
			t.Errorf("NewKey(%s, %q) = %q, want %q", tt.typ, tt.in, got, tt.want)
		}
	}
	if !Machine.Strong() || Name.Strong() || IP.Strong() || KeyType("nonsense").Strong() {
		t.Error("machine ids prove identity; names and addresses do not")
	}
}
