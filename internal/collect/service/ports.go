package service

import "github.com/asepsis/asepsis/internal/collect/service/starttls"

// way is how a service is asked.
type way uint8

const (
	unknown   way = iota // nobody knows what it is: it is listened to
	alone                // nothing is sent: a byte may print a page, start a job or upset it
	web                  // HTTP in clear
	secureWeb            // HTTP over TLS
	secure               // TLS at once
	turns                // begins in clear and may turn to TLS
	shell                // SSH
	greets               // it says what it is by itself, and that is all that is wanted
	dicom
	dicomTLS
	hl7
	snmp
)

// ways says how a service is asked, by its name in facts.
var ways = map[string]way{
	"http": web, "https": secureWeb, "ssh": shell,
	"telnet": greets, "vnc": greets, "rsync": greets,
	"dicom": dicom, "dicom-tls": dicomTLS, "hl7": hl7, "snmp": snmp,
	"ldaps": secure, "imaps": secure, "pop3s": secure, "smtps": secure, "ftps": secure, "winrm-https": secure, "amqps": secure,
	"dns-over-tls": secure, "tls": secure,
	"raw-printer": alone, "lpd": alone, "smb": alone, "netbios": alone, "msrpc": alone, "rpcbind": alone, "nfs": alone, "dns": alone,
	"modbus": alone, "s7": alone, "fox": alone, "ethernet-ip": alone, "bacnet": alone, "sip": alone, "rtsp": alone,
	"mssql": alone, "oracle": alone, "mongodb": alone, "redis": alone, "memcached": alone, "rsh": alone, "rlogin": alone, "rexec": alone, "x11": alone,
	"ipp": alone,
}

// wayOf returns how the service is asked; unknown where its name tells nothing.
func wayOf(service string) way {
	if starttls.Known(service) {
		return turns
	}
	return ways[service]
}

// common is what commonly listens on a TCP port: IANA's registry of service
// names and port numbers, and what interface engines and printers ship with.
var common = map[uint16]string{
	21: "ftp", 22: "ssh", 23: "telnet", 25: "smtp", 53: "dns", 80: "http", 104: "dicom", 110: "pop3", 111: "rpcbind", 135: "msrpc", 139: "netbios",
	143: "imap", 389: "ldap", 443: "https", 445: "smb", 465: "smtps", 502: "modbus", 102: "s7", 512: "rexec", 513: "rlogin", 514: "rsh", 515: "lpd",
	554: "rtsp", 587: "smtp", 631: "ipp", 636: "ldaps", 853: "dns-over-tls", 873: "rsync", 990: "ftps", 993: "imaps", 995: "pop3s", 1433: "mssql",
	1521: "oracle", 1911: "fox", 2049: "nfs", 2575: "hl7", 2761: "dicom-tls", 2762: "dicom-tls", 3268: "ldap", 3269: "ldaps", 3306: "mysql",
	3389: "rdp", 4242: "dicom", 5060: "sip", 5432: "postgresql", 5671: "amqps", 5900: "vnc", 5901: "vnc", 5986: "winrm-https", 6000: "x11", 6379: "redis",
	6661: "hl7", 8000: "http", 8008: "http", 8080: "http", 8081: "http", 8443: "https", 9443: "https", 9100: "raw-printer", 9101: "raw-printer",
	9102: "raw-printer", 11112: "dicom", 11211: "memcached", 27017: "mongodb", 44818: "ethernet-ip", 47808: "bacnet",
}
