package network

import "slices"

// DefaultPorts are the TCP ports asked where the job names none, most telling
// first: what tells medical devices, imaging, printers, building control and
// computers apart. They are our own choice.
var DefaultPorts = []uint16{
	443, 80, 22, 445, 104, 11112, 3389, 2575, 23, 9100, // most telling
	8080, 8443, 21, 139, 135, 631, 515, 5900, 554, 5060,
	25, 53, 389, 502, 102, 1911, 44818, 1433, 1521, 3306,
	2762, 4242, 6661, 8000, 5985, 111, 10001,
}

// way is what may be done after a port was found open, in a normal network.
type way uint8

const (
	leave  way = iota // nothing: a byte may print a page, start a job or upset the service
	listen            // wait for what it says by itself
	head              // ask a web server for its headers
	hello             // offer TLS, then ask for the headers
)

// port names what commonly listens on a port and what may be done there.
type port struct {
	service string
	way     way
	tls     bool
}

// known are the ports with a common service. DICOM, HL7, raw printing and
// industrial protocols are left alone: some devices act on any byte they get.
var known = map[uint16]port{
	21: {"ftp", listen, false}, 22: {"ssh", listen, false}, 23: {"telnet", listen, false}, 25: {"smtp", listen, false},
	80: {"http", head, false}, 8080: {"http", head, false}, 8000: {"http", head, false}, 8008: {"http", head, false}, 8081: {"http", head, false},
	443: {"https", hello, true}, 8443: {"https", hello, true}, 9443: {"https", hello, true},
	110: {"pop3", listen, false}, 143: {"imap", listen, false}, 587: {"smtp", listen, false},
	5900: {"vnc", listen, false}, 3306: {"mysql", listen, false},
	53: {"dns", leave, false}, 104: {"dicom", leave, false}, 11112: {"dicom", leave, false}, 4242: {"dicom", leave, false},
	2761: {"dicom", leave, false}, 2762: {"dicom-tls", leave, true}, 2575: {"hl7", leave, false}, 6661: {"hl7", leave, false},
	111: {"rpcbind", leave, false}, 135: {"msrpc", leave, false}, 139: {"netbios", leave, false}, 445: {"smb", leave, false},
	389: {"ldap", leave, false}, 636: {"ldaps", leave, true}, 3389: {"rdp", leave, false}, 5985: {"winrm", leave, false}, 5986: {"winrm-https", leave, true},
	515: {"lpd", leave, false}, 631: {"ipp", leave, false}, 9100: {"raw-printer", leave, false},
	502: {"modbus", leave, false}, 102: {"s7", leave, false}, 1911: {"fox", leave, false}, 44818: {"ethernet-ip", leave, false}, 47808: {"bacnet", leave, false},
	554: {"rtsp", leave, false}, 5060: {"sip", leave, false}, 1433: {"mssql", leave, false}, 1521: {"oracle", leave, false}, 5432: {"postgresql", leave, false},
}

// inOrder puts the ports that tell most first and keeps the others as they are.
func inOrder(ports []uint16) []uint16 {
	out := make([]uint16, 0, len(ports))
	for _, p := range DefaultPorts[:10] {
		if slices.Contains(ports, p) {
			out = append(out, p)
		}
	}
	for _, p := range ports {
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}
