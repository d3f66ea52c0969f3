package reports

// inClear names services that carry data or credentials unencrypted unless
// they run inside TLS.
var inClear = map[string]bool{
	"telnet": true, "ftp": true, "tftp": true, "http": true, "hl7": true, "dicom": true, "ldap": true, "snmp": true,
	"rsh": true, "rlogin": true, "rexec": true, "finger": true, "x11": true, "vnc": true, "rtsp": true, "syslog": true,
	"modbus": true, "bacnet": true, "mqtt": true,
}

// mayUpgrade names services that begin in clear and may turn to TLS when the
// other side asks (STARTTLS and the like).
var mayUpgrade = map[string]bool{
	"smtp": true, "imap": true, "pop3": true, "nntp": true, "xmpp": true,
	"postgresql": true, "mysql": true, "mssql": true,
}

// Upgrades reports whether a service turns to TLS only when the other side asks,
// so that a certificate of its does not make it encrypted.
func Upgrades(service string) bool {
	return mayUpgrade[service] || service == "ftp" || service == "ldap"
}

// Offers is why it is not known whether a service that offers TLS is in clear.
const Offers = "the service offers TLS; whether it insists on it was not tried"

// encrypted names services whose protocol is encrypted from its first byte on.
var encrypted = map[string]bool{"ssh": true, "https": true, "ldaps": true, "imaps": true, "pop3s": true, "smtps": true, "ftps": true}

// services maps the names tools use to ours.
var services = map[string]string{
	"www": "http", "http-proxy": "http", "http-alt": "http", "domain": "dns", "cifs": "smb", "microsoft-ds": "smb", "netbios-ssn": "smb",
	"ms-wbt-server": "rdp", "msrdp": "rdp", "epmap": "msrpc", "acr-nema": "dicom", "hl7-mllp": "hl7",
	"shell": "rsh", "login": "rlogin", "exec": "rexec", "submission": "smtp", "ms-sql-s": "mssql", "postgres": "postgresql",
	"snmptrap": "snmp", "ldapssl": "ldaps", "xmpp-client": "xmpp", "xmpp-server": "xmpp",
}

// Service returns our name of a service that a tool recognized.
func Service(name string, tls bool) string {
	if s, ok := services[name]; ok {
		name = s
	}
	if tls {
		switch name {
		case "http", "ldap", "imap", "pop3", "smtp", "ftp":
			return name + "s"
		}
	}
	return name
}

// Clear says whether a service carries data in clear: true or false, or nil
// with the reason where its name and TLS do not tell. The reason is empty where
// nothing is known of such a service at all.
func Clear(service string, tls bool) (clear *bool, why string) {
	yes, no := true, false
	switch {
	case tls, encrypted[service]:
		return &no, ""
	case inClear[service]:
		return &yes, ""
	case mayUpgrade[service]:
		return nil, "the service may turn to TLS when asked (STARTTLS); the scan did not ask"
	}
	return nil, ""
}

// Runs states what a service that was recognized says of the host itself.
func (h *Host) Runs(service string) {
	switch service {
	case "ssh":
		h.Set("ssh_enabled", true)
	case "rdp":
		h.Set("rdp_enabled", true)
	}
}

// Versions of TLS as facts name them, oldest first.
var tlsVersions = []string{"ssl2", "ssl3", "1.0", "1.1", "1.2", "1.3"}

// TLSVersions sorts the versions a tool named and leaves out what is none.
func TLSVersions(have map[string]bool) []string {
	out := []string{}
	for _, v := range tlsVersions {
		if have[v] {
			out = append(out, v)
		}
	}
	return out
}
