package network

import (
	"fmt"
	"strings"

	"github.com/gosnmp/gosnmp"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/secret"
)

// SNMPAccess is what a person gave so that devices of a scope may be read by
// SNMP. Nothing is guessed: without it, no device is asked, and no community is
// tried that was not given.
type SNMPAccess struct {
	Version   string      // 2c or 3
	Community secret.Text // of 2c; it goes over the network in clear text
	User      string      // of 3, and what follows
	Auth      string      // md5, sha, sha224, sha256, sha384, sha512
	AuthKey   secret.Text // the password of it
	Privacy   string      // des, aes, aes192, aes256, aes192c, aes256c; empty: answers go in clear text
	PrivKey   secret.Text
}

// The versions of SNMP that are spoken.
const (
	SNMPv2c = "2c"
	SNMPv3  = "3"
)

var authProtocols = map[string]gosnmp.SnmpV3AuthProtocol{
	"md5": gosnmp.MD5, "sha": gosnmp.SHA, "sha224": gosnmp.SHA224, "sha256": gosnmp.SHA256, "sha384": gosnmp.SHA384, "sha512": gosnmp.SHA512,
}

var privProtocols = map[string]gosnmp.SnmpV3PrivProtocol{
	"des": gosnmp.DES, "aes": gosnmp.AES, "aes192": gosnmp.AES192, "aes256": gosnmp.AES256,
	"aes192c": gosnmp.AES192C, "aes256c": gosnmp.AES256C, // as Cisco makes the keys
}

// minSNMPKey is the shortest password that SNMPv3 takes (RFC 3414, 11.2).
const minSNMPKey = 8

// Check returns an error of kind errs.Invalid that says what is missing, or nil.
// It names no secret.
func (a *SNMPAccess) Check() error {
	bad := func(mend, format string, args ...any) error {
		return errs.Hint(errs.New(errs.Invalid, "SNMP: "+format, args...), "%s", mend)
	}
	switch a.Version {
	case SNMPv2c:
		switch {
		case a.Community.Empty():
			return bad("give the community that the devices were set up with; none is tried by itself", "there is no community")
		case len(a.Community.Reveal()) > 255:
			return bad("communities have at most 255 characters", "the community is too long")
		case a.User != "" || a.Auth != "" || a.Privacy != "":
			return bad("choose version 3 for a user", "version 2c has no user")
		}
		return nil
	case SNMPv3:
	default:
		return bad("write 3, or 2c", "version %.10q is not spoken", a.Version)
	}
	switch {
	case a.User == "" || len(a.User) > 32:
		return bad("give the name of the user, 32 characters at most", "there is no user")
	case authProtocols[a.Auth] == 0:
		return bad("choose sha256 if the devices know it; md5, sha, sha224, sha384 and sha512 are known too", "how the user proves who it is, %.20q, is not known", a.Auth)
	case len(a.AuthKey.Reveal()) < minSNMPKey:
		return bad("SNMPv3 takes no shorter one", "the user's password has fewer than %d characters", minSNMPKey)
	case a.Privacy == "" && !a.PrivKey.Empty():
		return bad("choose aes", "there is a key for privacy, and no way to use it")
	case a.Privacy != "" && privProtocols[a.Privacy] == 0:
		return bad("choose aes; des, aes192, aes256, aes192c and aes256c are known too", "privacy by %.20q is not known", a.Privacy)
	case a.Privacy != "" && len(a.PrivKey.Reveal()) < minSNMPKey:
		return bad("SNMPv3 takes no shorter one", "the key for privacy has fewer than %d characters", minSNMPKey)
	}
	return nil
}

// clear reports whether what is read goes over the network in clear text.
func (a *SNMPAccess) clear() bool { return a.Version == SNMPv2c || a.Privacy == "" }

// client prepares a conversation. It is not connected.
func (a *SNMPAccess) client() *gosnmp.GoSNMP {
	c := &gosnmp.GoSNMP{
		Port: snmpPort, Transport: "udp", Timeout: snmpTimeout, Retries: snmpRetries, MaxOids: gosnmp.MaxOids, MaxRepetitions: snmpRows,
		Version: gosnmp.Version2c, Community: a.Community.Reveal(),
	}
	if a.Version == SNMPv2c {
		return c
	}
	c.Version, c.Community, c.SecurityModel, c.MsgFlags = gosnmp.Version3, "", gosnmp.UserSecurityModel, gosnmp.AuthNoPriv
	p := &gosnmp.UsmSecurityParameters{UserName: a.User, AuthenticationProtocol: authProtocols[a.Auth], AuthenticationPassphrase: a.AuthKey.Reveal(), PrivacyProtocol: gosnmp.NoPriv}
	if a.Privacy != "" {
		c.MsgFlags = gosnmp.AuthPriv
		p.PrivacyProtocol, p.PrivacyPassphrase = privProtocols[a.Privacy], a.PrivKey.Reveal()
	}
	c.SecurityParameters = p
	return c
}

// SNMPInfo is what a device says of itself by SNMP.
type SNMPInfo struct {
	Descr    string `json:"descr,omitempty"`     // sysDescr
	ObjectID string `json:"object_id,omitempty"` // sysObjectID, dotted
	Name     string `json:"name,omitempty"`      // sysName
	Location string `json:"location,omitempty"`  // sysLocation
	Serial   string `json:"serial,omitempty"`    // of the chassis, the printer or the UPS
	Model    string `json:"model,omitempty"`     // entPhysicalModelName, upsIdentModel
	Maker    string `json:"maker,omitempty"`     // entPhysicalMfgName, upsIdentManufacturer
	Firmware string `json:"firmware,omitempty"`  // entPhysicalSoftwareRev, entPhysicalFirmwareRev
	Clear    bool   `json:"clear,omitempty"`     // read in clear text
	Version  string `json:"version"`             // that was spoken
	services int64
}

// The objects that are read of every device, in one question, and where in the
// answer they go. Printers (RFC 3805) and UPS (RFC 1628) have places of their own.
var snmpObjects = []struct {
	oid  string
	take func(*SNMPInfo, string)
}{
	{"1.3.6.1.2.1.1.1.0", func(i *SNMPInfo, s string) { i.Descr = s }},
	{"1.3.6.1.2.1.1.2.0", func(i *SNMPInfo, s string) { i.ObjectID = strings.TrimPrefix(s, ".") }},
	{"1.3.6.1.2.1.1.5.0", func(i *SNMPInfo, s string) { i.Name = s }},
	{"1.3.6.1.2.1.1.6.0", func(i *SNMPInfo, s string) { i.Location = s }},
	{"1.3.6.1.2.1.1.7.0", func(i *SNMPInfo, s string) { _, _ = fmt.Sscan(s, &i.services) }},
	{"1.3.6.1.2.1.43.5.1.1.17.1", first(func(i *SNMPInfo) *string { return &i.Serial })},
	{"1.3.6.1.2.1.33.1.1.1.0", first(func(i *SNMPInfo) *string { return &i.Maker })},
	{"1.3.6.1.2.1.33.1.1.2.0", first(func(i *SNMPInfo) *string { return &i.Model })},
	{"1.3.6.1.2.1.33.1.1.3.0", first(func(i *SNMPInfo) *string { return &i.Firmware })},
	{"1.3.6.1.4.1.318.1.1.1.1.2.3.0", first(func(i *SNMPInfo) *string { return &i.Serial })}, // UPS of APC, which have no other place for it
}

// entity are columns of the table of physical parts (RFC 6933); its rows are asked
// for the chassis.
var entity = []struct {
	column string
	take   func(*SNMPInfo, string)
}{
	{"1.3.6.1.2.1.47.1.1.1.1.11", first(func(i *SNMPInfo) *string { return &i.Serial })},
	{"1.3.6.1.2.1.47.1.1.1.1.12", first(func(i *SNMPInfo) *string { return &i.Maker })},
	{"1.3.6.1.2.1.47.1.1.1.1.13", first(func(i *SNMPInfo) *string { return &i.Model })},
	{"1.3.6.1.2.1.47.1.1.1.1.10", first(func(i *SNMPInfo) *string { return &i.Firmware })},
	{"1.3.6.1.2.1.47.1.1.1.1.9", first(func(i *SNMPInfo) *string { return &i.Firmware })},
}

const (
	entityClass   = "1.3.6.1.2.1.47.1.1.1.1.5"
	classChassis  = 3
	maxEntityRows = 64
)

// first keeps what was said first.
func first(field func(*SNMPInfo) *string) func(*SNMPInfo, string) {
	return func(i *SNMPInfo, s string) {
		if f := field(i); *f == "" {
			*f = s
		}
	}
}
