package nmap

import (
	"fmt"

	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/fact"
)

// endpoints states the open services.
func (p *parser) endpoints(out *reports.Host, h *seen) {
	clear := []string{}
	unsure := 0
	for i := range h.ports {
		pt := &h.ports[i]
		f := out.Fact(fact.KindEndpoint, fmt.Sprintf("%d/%s", pt.number, pt.transport))
		f.ObservedAt = out.ObservedAt
		reports.State(f, "port", int64(pt.number))
		reports.State(f, "transport", pt.transport)
		if a := h.address(); a != "" {
			reports.State(f, "address", a)
		}
		if h.local {
			reports.Lack(f, "exposed", "the scan ran on the machine itself")
		} else {
			reports.State(f, "exposed", true)
		}
		if p.in.Options["scope"] == reports.External {
			reports.State(f, "internet_facing", true)
			out.Set("internet_facing", true)
		}
		pt.readScripts(f)
		service := reports.Service(pt.service, pt.tls)
		wrapped := service == "tcpwrapped"
		switch {
		case wrapped:
			reports.Lack(f, "service", "the service closed the connection before it said what it is")
		case service == "" || service == "unknown":
			reports.Lack(f, "service", "nmap did not recognize the service")
		default:
			reports.State(f, "service", service)
		}
		if pt.probed {
			out.Runs(service)
		}
		if pt.product != "" {
			reports.State(f, "product", pt.product)
		}
		if pt.tls || pt.offers {
			reports.State(f, "tls", true)
		}
		is, why := reports.Clear(service, pt.tls)
		switch {
		case pt.offers:
			reports.Lack(f, "clear_text", reports.Offers)
			unsure++
		case wrapped || service == "" || service == "unknown":
			reports.Lack(f, "clear_text", "the service is not known")
			unsure++
		case !pt.probed && !pt.tls:
			reports.Lack(f, "clear_text", "nmap named the service after its port number; scan with -sV to know")
			unsure++
		case is != nil:
			reports.State(f, "clear_text", *is)
			if *is {
				clear = append(clear, service)
			}
		case why != "":
			reports.Lack(f, "clear_text", why)
			unsure++
		}
	}
	p.services(out, clear, unsure)
}

// many is how many of the TCP ports a scan must have covered to speak of a
// host's services as a whole. nmap's own choice of 1,000 are the common ones.
const many = 1000

func (p *parser) services(out *reports.Host, clear []string, unsure int) {
	if !p.sawPorts {
		return
	}
	switch {
	case len(clear) > 0:
		out.Set("clear_text_services", uniq(clear))
	case unsure > 0:
		out.Lack("clear_text_services", fmt.Sprintf("%d open services were not recognized", unsure))
	case p.tcpPorts < many:
		out.Lack("clear_text_services", fmt.Sprintf("the scan looked at %d ports only", p.tcpPorts))
	default:
		out.Set("clear_text_services", []string{})
	}
}

func uniq(in []string) []string {
	out := []string{}
	seen := map[string]bool{}
	for _, s := range in {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

func (h *seen) address() string {
	if len(h.addresses) == 0 {
		return ""
	}
	return h.addresses[0]
}
