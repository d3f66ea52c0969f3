package zeek

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// host is what the log says of one local address.
type host struct {
	last     time.Time
	macs     []string
	names    []string
	class    string // what it calls itself when it asks for an address
	services map[string]*service
	software map[soft]bool
	rdpPlain bool // remote desktop was reached without network level authentication
	rdp      bool
	internet bool
}

// device is a hardware address that asked for a network address.
type device struct {
	last  time.Time
	ip    netip.Addr
	names []string
	class string
}

// service is a port that answered.
type service struct {
	port      int
	transport string
	name      string
	product   string
	tls       bool
	starts    bool // turns to TLS when asked
	versions  map[string]bool
	cipher    string
	weak      []string
	subject   string
	issuer    string
	chain     string // fingerprint or file id of its certificate
	valid     string // what Zeek says of the chain
	outside   bool   // reached from outside
}

// soft is a piece of software as it was seen on the wire.
type soft struct{ name, version string }

// cert is a certificate of the x509 log.
type cert struct {
	subject, issuer, keyType, signature string
	names                               []string
	bits                                int64
	notAfter                            time.Time
}

const (
	maxServices = 512 // of one host
	maxSoftware = 64
	maxNames    = 8
	maxCerts    = 20_000
	maxNamed    = 100_000
)

// line is one line of a log with its time.
type line struct {
	*record
	at time.Time
}

// addr reads an address.
func addr(s string) netip.Addr {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}

// seen notes that a local host was there.
func (p *parser) seen(a netip.Addr, flag string, at time.Time) *host {
	if !p.isLocal(a, flag) {
		return nil
	}
	h := p.hosts[a]
	if h == nil {
		h = &host{}
		p.hosts[a] = h
	}
	if at.After(h.last) {
		h.last = at
	}
	return h
}

// pair notes the two ends of a connection; answered says that the second answered.
// Either is nil where it is not local, or was not heard.
func (p *parser) pair(l *line, answered bool) (orig, resp *host) {
	a, b := addr(l.get("id.orig_h")), addr(l.get("id.resp_h"))
	orig = p.seen(a, l.get("local_orig"), l.at)
	if answered {
		resp = p.seen(b, l.get("local_resp"), l.at)
	}
	switch {
	case orig != nil:
		orig.mac(l.get("orig_l2_addr"))
	case resp == nil && !p.isLocal(b, l.get("local_resp")):
		p.outside++
	}
	if resp != nil {
		resp.mac(l.get("resp_l2_addr"))
		if orig == nil && a.IsValid() && !p.isLocal(a, l.get("local_orig")) && a.IsGlobalUnicast() && !a.IsPrivate() {
			resp.internet = true
		}
	}
	return orig, resp
}

func (h *host) mac(s string) {
	if s != "" && !slices.Contains(h.macs, s) && len(h.macs) < maxNames {
		h.macs = append(h.macs, s)
	}
}

func (h *host) name(s string) {
	s = strings.TrimSuffix(s, ".")
	if s != "" && len(s) < 254 && !slices.Contains(h.names, s) && len(h.names) < maxNames {
		h.names = append(h.names, s)
	}
}

// service finds or makes the service at a port.
func (h *host) service(port, transport string) *service {
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 || transport != "tcp" && transport != "udp" {
		return nil
	}
	key := port + "/" + transport
	s := h.services[key]
	if s == nil {
		if len(h.services) >= maxServices {
			return nil
		}
		if h.services == nil {
			h.services = make(map[string]*service)
		}
		s = &service{port: int(n), transport: transport}
		h.services[key] = s
	}
	return s
}

// at finds the service that a line of a protocol's log is about.
func (p *parser) at(l *line, h *host, transport string) *service {
	if h == nil {
		return nil
	}
	s := h.service(l.get("id.resp_p"), transport)
	if s != nil && h.internet {
		s.outside = true
	}
	return s
}

// ephemeral is where ports begin that systems hand out for a time: a service
// there has another number tomorrow (RFC 6335, 6, and Linux's default).
const ephemeral = 32768

// names of services in Zeek, in our words. Those of the negotiation inside a
// protocol say nothing of their own.
var serviceNames = map[string]string{
	"gssapi": "", "ntlm": "", "spnego": "", "krb": "kerberos", "krb_tcp": "kerberos", "dce_rpc": "msrpc", "rfb": "vnc", "ldap_tcp": "ldap", "ldap_udp": "ldap",
	"http2": "http", "smb1": "smb", "smb2": "smb", "ftp-data": "", "gridftp-data": "", "quic": "https", "xmpp": "xmpp", "bacnet": "bacnet", "s7comm": "s7comm", "enip": "enip",
	"dicom_tcp": "dicom", "hl7_mllp": "hl7", "mllp": "hl7", "opcua-binary": "opcua",
}

// overTLS names what is inside TLS, by the port that is registered for it.
var overTLS = map[int]string{443: "https", 8443: "https", 636: "ldaps", 3269: "ldaps", 993: "imaps", 995: "pop3s", 465: "smtps", 990: "ftps", 3389: "rdp", 2762: "dicom", 5061: "sip", 8883: "mqtt", 853: "dns", 6514: "syslog"}

// call names a service as Zeek recognized it.
func (s *service) call(words []string) {
	if s == nil {
		return
	}
	var name string
	tls := false
	for _, w := range words {
		w = strings.ToLower(strings.TrimPrefix(strings.TrimSpace(w), "-"))
		if w == "ssl" || w == "tls" {
			tls = true
			continue
		}
		if ours, ok := serviceNames[w]; ok {
			w = ours
		}
		if w != "" {
			name = w
		}
	}
	switch {
	case tls && name != "" && name != "https":
		s.starts = name == "smtp" || name == "imap" || name == "pop3" || name == "ldap" || name == "ftp" || name == "xmpp"
		s.tls = true
	case tls:
		s.tls = true
		name = overTLS[s.port]
	}
	if name != "" && (s.name == "" || s.name == "https" && !tls) {
		s.name = name
	}
}
