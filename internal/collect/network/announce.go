package network

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/asepsis/asepsis/internal/fingerprint"
)

// said is what one announcement gives away of its sender.
type said struct {
	names   []string
	signals []fingerprint.Signal
}

func (s *said) add(source fingerprint.Source, value string, port uint16) {
	value = shortText(value, maxSaid)
	if value == "" || len(s.signals) >= maxAnnounced {
		return
	}
	if sig := (fingerprint.Signal{Source: source, Value: value, Port: port}); !slices.Contains(s.signals, sig) {
		s.signals = append(s.signals, sig)
	}
}

// Bounds of what one announcement may bring.
const (
	maxAnnounced = 32
	maxRecords   = 256
)

// readMDNS reads a multicast DNS message (RFC 6762). A question gives away that
// its sender is there; an announcement its name, its services and their texts.
// Those of devices that speak for others (reflectors, sleep proxies) are taken
// for the sender only where the message names the sender's own address or none.
func readMDNS(b []byte, from netip.Addr) (said, bool) {
	var out said
	var p dnsmessage.Parser
	h, err := p.Start(b)
	if err != nil {
		return out, false
	}
	if !h.Response {
		return out, true
	}
	if err := p.SkipAllQuestions(); err != nil {
		return out, false
	}
	addresses, mine := 0, false
	take := func(r dnsmessage.Resource) {
		name := strings.ToLower(r.Header.Name.String())
		switch body := r.Body.(type) {
		case *dnsmessage.AResource:
			addresses++
			if netip.AddrFrom4(body.A) == from {
				mine = true
				if host := localName(r.Header.Name.String()); host != "" && len(out.names) < 4 && !slices.Contains(out.names, host) {
					out.names = append(out.names, host)
				}
			}
		case *dnsmessage.PTRResource:
			if name == "_services._dns-sd._udp.local." {
				name = strings.ToLower(body.PTR.String())
			}
			if s := serviceOf(name); s != "" {
				out.add(fingerprint.MDNSService, s, 0)
			}
		case *dnsmessage.SRVResource:
			if s := serviceOf(name); s != "" {
				out.add(fingerprint.MDNSService, s, body.Port)
			}
		case *dnsmessage.TXTResource:
			info := serviceOf(name) == "_device-info._tcp"
			for _, t := range body.TXT[:min(len(body.TXT), 32)] {
				if k, _, _ := strings.Cut(strings.ToLower(t), "="); info || k == "ty" || k == "product" || k == "usb_mfg" || k == "usb_mdl" || k == "md" {
					out.add(fingerprint.MDNSInfo, t, 0)
				}
			}
		}
	}
	for n := 0; n < maxRecords; n++ {
		r, err := p.Answer()
		if err != nil {
			break
		}
		take(r)
	}
	if p.SkipAllAnswers() == nil && p.SkipAllAuthorities() == nil {
		for n := 0; n < maxRecords; n++ {
			r, err := p.Additional()
			if err != nil {
				break
			}
			take(r)
		}
	}
	if addresses > 0 && !mine {
		return said{}, true // it speaks for another device
	}
	return out, true
}

// localName returns the host of a .local name.
func localName(name string) string {
	host, ok := strings.CutSuffix(strings.ToLower(name), ".local.")
	if !ok || strings.ContainsAny(host, "._ ") {
		return ""
	}
	return shortText(host, 63)
}

// serviceOf returns the service type within a name: _ipp._tcp of
// "Laser 4._ipp._tcp.local.".
func serviceOf(name string) string {
	name = strings.TrimSuffix(strings.TrimSuffix(name, "."), ".local")
	labels := strings.Split(name, ".")
	n := len(labels)
	if n < 2 || labels[n-1] != "_tcp" && labels[n-1] != "_udp" || !strings.HasPrefix(labels[n-2], "_") {
		return ""
	}
	return labels[n-2] + "." + labels[n-1]
}

// readSSDP reads an announcement or a search of UPnP devices (UPnP Device
// Architecture 2.0, chapter 1).
func readSSDP(b []byte) (said, bool) {
	var out said
	first, rest, ok := bytes.Cut(b, []byte("\n"))
	line := strings.ToUpper(strings.TrimSpace(string(first[:min(len(first), 80)])))
	if !ok || !strings.HasPrefix(line, "NOTIFY ") && !strings.HasPrefix(line, "M-SEARCH ") && !strings.HasPrefix(line, "HTTP/") {
		return out, false
	}
	search := strings.HasPrefix(line, "M-SEARCH")
	for l := range bytes.Lines(rest) {
		name, value, ok := strings.Cut(strings.TrimSpace(string(l)), ":")
		if !ok || len(out.signals) >= 8 {
			continue
		}
		switch strings.ToUpper(strings.TrimSpace(name)) {
		case "SERVER", "USER-AGENT":
			out.add(fingerprint.SSDP, value, 0)
		case "NT", "ST", "USN":
			if !search { // what it searches is not what it is
				out.add(fingerprint.SSDP, value, 0)
			}
		}
	}
	return out, true
}
