package zeek

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/lazy"
)

// handlers read the lines of each log. Logs that say nothing about devices or
// services are not here, and are counted.
var handlers = map[string]func(*parser, *line){
	"dhcp": (*parser).dhcp, "conn": (*parser).conn, "ssl": (*parser).ssl, "x509": (*parser).x509, "software": (*parser).software,
	"known_hosts": (*parser).knownHost, "known_services": (*parser).knownService, "known_devices": (*parser).knownDevice, "known_certs": (*parser).knownCert,
	"ntlm": (*parser).ntlm, "snmp": (*parser).snmp, "rdp": (*parser).rdp, "ssh": (*parser).ssh, "dns": (*parser).dns, "modbus": (*parser).modbus,
	"smb_mapping": protocol("smb", "tcp"), "smb_files": protocol("smb", "tcp"), "ftp": protocol("ftp", "tcp"), "rfb": protocol("vnc", "tcp"), "smtp": protocol("smtp", "tcp"),
	"ldap": protocol("ldap", "tcp"), "ldap_search": protocol("ldap", "tcp"), "http": protocol("http", "tcp"), "mysql": protocol("mysql", "tcp"), "mqtt_connect": protocol("mqtt", "tcp"),
	"dicom": protocol("dicom", "tcp"), "hl7": protocol("hl7", "tcp"), "dnp3": protocol("dnp3", "tcp"), "s7comm": protocol("s7comm", "tcp"), "enip": protocol("enip", "tcp"),
	"bacnet": protocol("bacnet", "udp"), "dce_rpc": protocol("msrpc", "tcp"), "kerberos": (*parser).kerberos, "ntp": (*parser).ntp, "syslog": (*parser).syslog, "radius": protocol("radius", "udp"), "sip": protocol("sip", "udp"),
}

// protocol reads the log of a protocol, of which Zeek writes a line only when
// both ends spoke it.
func protocol(name, transport string) func(*parser, *line) {
	return func(p *parser, l *line) {
		_, resp := p.pair(l, true)
		if s := p.at(l, resp, transport); s != nil {
			if s.port >= ephemeral && name == "msrpc" {
				p.drop(resp, s)
				return
			}
			s.call([]string{name})
		}
	}
}

// drop takes back a service whose port is not its own.
func (p *parser) drop(h *host, s *service) {
	p.dynamic++
	delete(h.services, strconv.Itoa(s.port)+"/"+s.transport)
}

// conn reads connections.
func (p *parser) conn(l *line) {
	answered := false
	switch l.get("conn_state") {
	case "S1", "SF", "S2", "S3", "RSTO", "RSTR", "REJ", "SHR", "RSTRH":
		answered = true
	default:
		n := l.get("resp_pkts")
		answered = n != "" && n != "0"
	}
	if !answered {
		p.unheard++
	}
	_, resp := p.pair(l, answered)
	if resp == nil {
		return
	}
	proto := l.get("proto")
	if proto == "icmp" {
		return
	}
	// Whoever refuses is there, and offers nothing.
	open := false
	switch l.get("conn_state") {
	case "S1", "SF", "S2", "S3", "RSTO", "RSTR":
		open = true
	}
	words := strings.Split(l.get("service"), ",")
	named := words[0] != ""
	if !open || !named && proto != "tcp" {
		return
	}
	port, err := strconv.Atoi(l.get("id.resp_p"))
	if err != nil || port >= ephemeral || words[0] == "ftp-data" {
		p.dynamic++
		return
	}
	p.at(l, resp, proto).call(words)
}

// weak suites: those that RFC 7465, 7568, 8996 and 9325 tell everybody to leave.
var weak = lazy.Regexp(`_(NULL|EXPORT|RC4|RC2|DES|3DES|MD5|anon)_|_(NULL|MD5)$|EXPORT|_anon_|_3DES_|_DES_`)

var tlsNames = map[string]string{"SSLv2": "ssl2", "SSLv3": "ssl3", "TLSv10": "1.0", "TLSv11": "1.1", "TLSv12": "1.2", "TLSv13": "1.3"}

// ssl reads handshakes. What a server accepted once, it accepts.
func (p *parser) ssl(l *line) {
	done := l.get("established")
	_, resp := p.pair(l, l.get("version") != "" || l.get("cipher") != "")
	if resp == nil || done != "true" && done != "T" {
		return
	}
	if port, err := strconv.Atoi(l.get("id.resp_p")); err != nil || port >= ephemeral {
		p.dynamic++
		return
	}
	s := p.at(l, resp, "tcp")
	if s == nil {
		return
	}
	s.tls = true
	if s.name == "" {
		s.name = overTLS[s.port]
	}
	if v, ok := tlsNames[l.get("version")]; ok {
		if s.versions == nil {
			s.versions = make(map[string]bool)
		}
		s.versions[v] = true
	}
	if c := l.get("cipher"); c != "" {
		s.cipher = c
		if weak().MatchString(c) && !slices.Contains(s.weak, c) && len(s.weak) < 32 {
			s.weak = append(s.weak, c)
		}
	}
	if v := l.get("subject"); v != "" {
		s.subject, s.issuer = v, l.get("issuer")
	}
	for _, key := range []string{"cert_chain_fps", "cert_chain_fuids"} {
		if chain := l.all(key); len(chain) > 0 {
			s.chain = chain[0]
		}
	}
	if v := l.get("validation_status"); v != "" {
		s.valid = v
	}
}

// x509 reads certificates, which the log of handshakes names by their fingerprint.
func (p *parser) x509(l *line) {
	c := &cert{
		subject: l.get("certificate.subject"), issuer: l.get("certificate.issuer"), keyType: l.get("certificate.key_type"), signature: l.get("certificate.sig_alg"),
		names: l.all("san.dns"),
	}
	c.notAfter, _ = stamp(l.get("certificate.not_valid_after"))
	if n, err := strconv.ParseInt(l.get("certificate.key_length"), 10, 32); err == nil {
		c.bits = n
	}
	for _, id := range []string{l.get("fingerprint"), l.get("id")} {
		if id != "" && len(p.certs) < maxCerts {
			p.certs[id] = c
		}
	}
}

// program is a name that software may have; what attackers put in its place is none.
var program = lazy.Regexp(`^[A-Za-z][A-Za-z0-9 ._+/-]{1,60}$`)

func (p *parser) software(l *line) {
	h := p.seen(addr(l.get("host")), "", l.at)
	if h == nil {
		p.outside++
		return
	}
	kind := l.get("software_type")
	name, version := l.get("name"), l.get("version.major")
	if kind == "HTTP::BROWSER" {
		p.browsers++
		return
	}
	for _, part := range []string{l.get("version.minor"), l.get("version.minor2"), l.get("version.minor3")} {
		if version != "" && part != "" {
			version += "." + part
		}
	}
	if addl := l.get("version.addl"); version != "" && strings.HasPrefix(name, "OpenSSH") && strings.HasPrefix(addl, "p") {
		version += addl // OpenSSH 7.4p1: the portable release
	}
	if !program().MatchString(name) || version == "" || len(version) > 40 {
		return
	}
	if len(h.software) < maxSoftware {
		if h.software == nil {
			h.software = make(map[soft]bool)
		}
		h.software[soft{name, version}] = true
	}
	if port := l.get("host_p"); port != "" && strings.HasSuffix(kind, "SERVER") {
		if s := h.service(port, "tcp"); s != nil {
			s.product = name + " " + version
		}
	}
}

func (p *parser) knownHost(l *line) { p.seen(addr(l.get("host")), "T", l.at) }

func (p *parser) knownService(l *line) {
	h := p.seen(addr(l.get("host")), "", l.at)
	if h == nil {
		p.outside++
		return
	}
	words := l.all("service")
	if n, err := strconv.Atoi(l.get("port_num")); err != nil || n >= ephemeral {
		p.dynamic++
		return
	}
	h.service(l.get("port_num"), l.get("port_proto")).call(words)
}

func (p *parser) knownCert(l *line) {
	h := p.seen(addr(l.get("host")), "", l.at)
	if h == nil {
		p.outside++
		return
	}
	if s := h.service(l.get("port_num"), "tcp"); s != nil {
		s.call([]string{"ssl"})
		s.subject, s.issuer = l.get("subject"), l.get("issuer_subject")
	}
}

// card finds or makes the device with a hardware address.
func (p *parser) card(s string, at time.Time) *device {
	k, ok := asset.NewKey(asset.MAC, s)
	if !ok {
		return nil
	}
	d := p.devices[k.Value]
	if d == nil {
		d = &device{}
		p.devices[k.Value] = d
	}
	if at.After(d.last) {
		d.last = at
	}
	return d
}

func (p *parser) knownDevice(l *line) {
	if d := p.card(l.get("mac"), l.at); d != nil {
		d.name(l.get("dhcp_host_name"))
	}
}

func (d *device) name(s string) {
	s = strings.TrimSuffix(s, ".")
	if s != "" && !slices.Contains(d.names, s) && len(d.names) < maxNames {
		d.names = append(d.names, s)
	}
}

func (p *parser) dhcp(l *line) {
	d := p.card(l.get("mac"), l.at)
	if d != nil {
		for _, key := range []string{"assigned_addr", "client_addr", "assigned_ip"} {
			if ip := addr(l.get(key)); ip.IsValid() && !ip.IsUnspecified() && !l.at.Before(d.last) {
				d.ip = ip
				break
			}
		}
		d.name(l.get("client_fqdn"))
		d.name(l.get("host_name"))
		if v := l.get("client_software"); v != "" {
			d.class = v
		}
	}
	server := addr(l.get("server_addr"))
	if slices.ContainsFunc(l.all("msg_types"), func(s string) bool { return s == "OFFER" || s == "ACK" || s == "NAK" }) {
		if h := p.seen(server, "", l.at); h != nil {
			h.service("67", "udp").call([]string{"dhcp"})
		}
	}
}

func (p *parser) ntlm(l *line) {
	orig, resp := p.pair(l, true)
	if orig != nil {
		orig.name(l.get("hostname"))
	}
	if resp == nil {
		return
	}
	if fqdn := l.get("server_dns_computer_name"); strings.Contains(fqdn, ".") {
		resp.name(fqdn)
	} else {
		resp.name(l.get("server_nb_computer_name"))
	}
	if l.get("id.resp_p") == "445" {
		p.at(l, resp, "tcp").call([]string{"smb"})
	}
}

func (p *parser) snmp(l *line) {
	n := l.get("get_responses")
	_, resp := p.pair(l, n != "" && n != "0")
	s := p.at(l, resp, "udp")
	s.call([]string{"snmp"})
	if d := l.get("display_string"); s != nil && d != "" {
		s.product = d
	}
}

func (p *parser) rdp(l *line) {
	orig, resp := p.pair(l, l.get("result") != "" || l.get("security_protocol") != "")
	if orig != nil {
		orig.name(l.get("client_name"))
	}
	if resp == nil {
		return
	}
	p.at(l, resp, "tcp").call([]string{"rdp"})
	resp.rdp = true
	// A server that asks for network level authentication turns everything else away.
	if v := l.get("security_protocol"); v == "RDP" || v == "SSL" {
		resp.rdpPlain = true
	}
}

func (p *parser) ssh(l *line) {
	banner := l.get("server")
	_, resp := p.pair(l, banner != "")
	s := p.at(l, resp, "tcp")
	s.call([]string{"ssh"})
	if s != nil {
		s.product = strings.TrimPrefix(strings.TrimPrefix(banner, "SSH-2.0-"), "SSH-1.99-")
	}
}

// dns reads answers. A name is taken for a host that is seen otherwise: an answer
// alone does not show that anything is there.
func (p *parser) dns(l *line) {
	answered := l.get("rcode") != "" || l.get("rcode_name") != ""
	_, resp := p.pair(l, answered && l.get("id.resp_p") != "5353")
	if resp != nil && l.get("id.resp_p") == "53" {
		p.at(l, resp, l.get("proto")).call([]string{"dns"})
	}
	if len(p.names) >= maxNamed {
		return
	}
	answers := l.all("answers")
	switch l.get("qtype_name") {
	case "A", "AAAA":
		name := l.get("query")
		for _, s := range answers {
			a, err := netip.ParseAddr(s)
			if err != nil {
				name = s // the canonical name
				continue
			}
			if p.isLocal(a, "") {
				p.call(a.Unmap(), name)
			}
		}
	case "PTR":
		if a := reverse(l.get("query")); len(answers) == 1 && p.isLocal(a, "") {
			p.call(a, answers[0])
		}
	}
}

func (p *parser) call(a netip.Addr, name string) {
	if strings.Contains(name, ".") && !strings.HasSuffix(name, ".arpa") {
		p.names[named{a, name}] = true
	}
}

// reverse reads 31.4.20.10.in-addr.arpa.
func reverse(s string) netip.Addr {
	q, ok := strings.CutSuffix(strings.TrimSuffix(strings.ToLower(s), "."), ".in-addr.arpa")
	if !ok {
		return netip.Addr{}
	}
	f := strings.Split(q, ".")
	slices.Reverse(f)
	return addr(strings.Join(f, "."))
}

func (p *parser) modbus(l *line) {
	kind := l.get("pdu_type")
	_, resp := p.pair(l, kind != "REQ")
	p.at(l, resp, "tcp").call([]string{"modbus"})
}

func (p *parser) kerberos(l *line) {
	_, resp := p.pair(l, l.get("success") != "" || l.get("error_msg") != "")
	if resp != nil && l.get("id.resp_p") == "88" {
		p.at(l, resp, "tcp").call([]string{"krb"})
	}
}

func (p *parser) ntp(l *line) {
	server := l.get("mode") == "4"
	_, resp := p.pair(l, server)
	if server {
		p.at(l, resp, "udp").call([]string{"ntp"})
	}
}

// syslog reads messages, which nobody answers: only the sender is seen.
func (p *parser) syslog(l *line) { p.pair(l, false) }
