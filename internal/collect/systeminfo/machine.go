package systeminfo

import (
	"fmt"
	"strings"

	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/collect/safe"
	"github.com/asepsis/asepsis/internal/lazy"
)

var errNothing = &safe.Fault{Reason: "the listing is empty, or was cut short", Mend: "run systeminfo > FILE again and bring that file unchanged"}

var (
	versionOf = lazy.Regexp(`^([0-9]{1,2}\.[0-9]{1,2}\.([0-9]{4,5}))(?: (Service Pack [0-9]))?`)
	// marks are the signs of a trademark, and what small character sets make of them.
	marks = strings.NewReplacer("®", "", "™", "", "(R)", "", "(TM)", "", "Microsoftr ", "Microsoft ", "VistaT ", "Vista ", "Serverr ", "Server ")
)

// machine states what a listing says.
func (p *parser) machine(m *machine) error {
	// systeminfo has room for some 240 updates and leaves out the rest, in the middle of a
	// line; a file that ends there was cut short by somebody else.
	left := m.said - m.entries
	if m.said < 0 && m.entries == 0 || !m.ended || left > 0 && !m.behind {
		return &safe.Fault{
			Line: m.line, Reason: fmt.Sprintf("the list of updates of this listing is cut short: it has %d of %s", m.entries, said(m.said)),
			Mend: "run systeminfo > FILE again and bring that file unchanged",
		}
	}
	name := m.fields["host name"]
	h, isNew := p.hosts.Get(strings.ToLower(name))
	if !isNew {
		return &safe.Fault{Line: m.line, Reason: fmt.Sprintf("the machine %.60q stands in the file twice", name), Mend: "bring the newer of its listings alone"}
	}
	if name != "" {
		h.Name(name)
	}
	if d := m.fields["domain"]; name != "" && strings.Contains(d, ".") && !strings.ContainsAny(d, " \\/") {
		h.Name(name + "." + d)
	}
	h.Set("os_name", reports.Shorten(marks.Replace(m.fields["os name"]+" "), 200))
	if v := versionOf().FindStringSubmatch(m.fields["os version"]); v != nil {
		h.Set("os_version", strings.TrimSpace(v[1]+" "+v[3]))
		h.Set("os_build", v[2])
	} else {
		h.Lack("os_version", "the listing does not state it in a form that is known")
		h.Lack("os_build", "the listing does not state it in a form that is known")
	}
	h.Set("os_arch", archOf(m.fields["system type"]))
	if c := strings.ToLower(m.fields["os configuration"]); strings.Contains(c, "server") || strings.Contains(c, "domain controller") {
		h.Set("class", "server")
	}
	maker, model := m.fields["system manufacturer"], m.fields["system model"]
	if real(maker) && real(model) {
		h.Set("manufacturer", maker)
		h.Set("model", model)
	}
	if all := strings.ToLower(maker + " " + model); strings.Contains(all, "virtual") || strings.Contains(all, "vmware") || strings.Contains(all, "qemu") || strings.Contains(all, "kvm") {
		h.Set("virtual", true)
	}
	for _, c := range m.cards {
		if virtualCard().MatchString(c.name) {
			continue
		}
		for _, ip := range c.ips {
			h.Address(ip)
		}
	}
	if left > 0 {
		h.Lack("windows_updates", fmt.Sprintf("systeminfo leaves out %d of its %d updates, as it does with long lists; bring the output of wmic qfe or Get-HotFix too", left, m.said))
		return nil
	}
	p.updates(h, m.updates, m.entries)
	return nil
}

func said(n int) string {
	if n < 0 {
		return "an unknown number"
	}
	return fmt.Sprint(n)
}

// virtualCard names cards whose addresses other machines do not see.
var virtualCard = lazy.Regexp(`(?i)VMnet|VirtualBox Host-Only|Hyper-V Virtual Ethernet|Loopback|Npcap|TAP-`)

// real reports a name of a maker or model that was filled in.
func real(s string) bool {
	l := strings.ToLower(strings.TrimSpace(s))
	return l != "" && !strings.Contains(l, "o.e.m") && !strings.Contains(l, "system manufacturer") && !strings.Contains(l, "system product") && l != "n/a" && l != "none" && l != "default string"
}

func archOf(s string) string {
	switch l := strings.ToLower(s); {
	case strings.HasPrefix(l, "x64"):
		return "x64"
	case strings.HasPrefix(l, "x86"):
		return "x86"
	case strings.HasPrefix(l, "arm64"):
		return "arm64"
	}
	return ""
}

// updates states the installed updates of a host. A list of which nothing could be read
// is no list.
func (p *parser) updates(h *reports.Host, kbs []string, entries int) {
	if len(kbs) == 0 && entries > 0 {
		h.Lack("windows_updates", "none of the entries of the list has the number of an update")
		return
	}
	list, _ := h.Values["windows_updates"].([]string)
	if list == nil {
		list = []string{}
	}
	h.Values["windows_updates"] = append(list, kbs...)
	if n := entries - len(kbs); n > 0 {
		p.note("updates of "+h.Ref, reports.Count(n, "entry of the list has", "entries of the list have")+" no number of an update and "+map[bool]string{true: "was", false: "were"}[n == 1]+" left out")
	}
}
