package reports_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/fact"
)

func TestKeys(t *testing.T) {
	var hs reports.Hosts
	h, isNew := hs.Get("a")
	if !isNew {
		t.Error("a host is known before it was named")
	}
	for _, v := range []string{"127.0.0.1", "::1", "fe80::1", "0.0.0.0", "web-01", ""} {
		if h.Address(v) {
			t.Errorf("address %q identifies a host", v)
		}
	}
	h.Address("172.17.0.1") // an address of it, but of every other machine with Docker too
	h.Address("::ffff:10.0.0.5")
	h.Address("10.0.0.5")
	h.MAC("00-1B-21-AA-BB-01")
	h.MAC("02:42:0e:7a:f2:27")
	for _, v := range []string{"10.0.0.5", "http://web-01/", "", "localhost"} {
		if h.Name(v) {
			t.Errorf("name %q identifies a host", v)
		}
	}
	h.Name("WEB-01.Example.org.")
	b := &fact.Batch{}
	hs.Deliver(b)
	if got, want := fmt.Sprint(b.Sightings[0].Keys), "[ip:10.0.0.5 mac:00:1b:21:aa:bb:01 fqdn:web-01.example.org name:web-01]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(b.Sightings[0].Values["ips"], b.Sightings[0].Values["macs"]), "[172.17.0.1 10.0.0.5] [00:1b:21:aa:bb:01 02:42:0e:7a:f2:27]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestSharedKeysIdentifyNobody(t *testing.T) {
	var hs reports.Hosts
	for i := range 3 {
		h, _ := hs.Get(fmt.Sprint(i))
		h.Address(fmt.Sprintf("10.0.0.%d", i+1))
		h.MAC("00:1b:21:aa:bb:01")
		h.Name("gateway")
	}
	lost, _ := hs.Get("lost")
	lost.Key(asset.MAC, "00:1b:21:aa:bb:01")
	lost.Add(fact.Fact{Kind: fact.KindEndpoint, Key: "1/tcp"})
	b := &fact.Batch{}
	hs.Deliver(b)
	if len(b.Sightings) != 3 || len(b.Facts) != 0 || len(b.Notes) != 2 {
		t.Fatalf("%d hosts, %d facts, notes %+v", len(b.Sightings), len(b.Facts), b.Notes)
	}
	for _, s := range b.Sightings {
		if len(s.Keys) != 1 || s.Keys[0].Type != asset.IP {
			t.Errorf("%s: %v", s.Ref, s.Keys)
		}
	}
}

func TestTimes(t *testing.T) {
	var hs reports.Hosts
	end := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for i, at := range []time.Time{end.Add(-time.Hour), end.Add(-72 * time.Hour)} {
		h, _ := hs.Get(fmt.Sprint(i))
		h.ObservedAt = at
		h.Name(fmt.Sprintf("host-%d", i))
		h.Fact(fact.KindEndpoint, "1/tcp")
	}
	b := &fact.Batch{ObservedAt: end}
	hs.Deliver(b)
	if !b.Facts[0].ObservedAt.IsZero() || !b.Sightings[0].ObservedAt.IsZero() {
		t.Error("a host of the same run has a time of its own")
	}
	if b.Facts[1].ObservedAt != end.Add(-72*time.Hour) {
		t.Error("a host scanned three days before has lost its time")
	}
}

func TestSetAndLack(t *testing.T) {
	var hs reports.Hosts
	h, _ := hs.Get("a")
	h.Lack("os_name", "unsure")
	h.Set("os_name", "")
	if h.Missing["os_name"] == "" {
		t.Error("an empty value took the reason away")
	}
	h.Set("os_name", "Debian")
	h.Set("os_name", "Ubuntu")
	h.Lack("os_name", "unsure")
	if h.Values["os_name"] != "Debian" || h.Missing["os_name"] != "" {
		t.Errorf("got %v, %v", h.Values, h.Missing)
	}
	h.Runs("telnet")
	h.Runs("ssh")
	if h.Values["ssh_enabled"] != true || h.Values["rdp_enabled"] != nil {
		t.Errorf("got %v", h.Values)
	}
	f := h.Fact(fact.KindEndpoint, "1/tcp")
	reports.Lack(f, "service", "unknown")
	reports.State(f, "service", "ssh")
	reports.Lack(f, "service", "unknown")
	if h.Fact(fact.KindEndpoint, "1/tcp").Values["service"] != "ssh" || len(h.Facts) != 1 || len(h.Facts[0].Missing) != 0 {
		t.Errorf("got %+v", h.Facts)
	}
}

func TestScope(t *testing.T) {
	for a, want := range map[string]string{
		"10.1.2.3": "internal", "172.20.0.1": "internal", "192.168.1.1": "internal", "100.64.1.1": "internal", "fd00::1": "internal", "169.254.1.1": "internal",
		"8.8.8.8": "external", "172.32.0.1": "external", "2001:4860::1": "external", "127.0.0.1": "", "224.0.0.1": "",
	} {
		if got := reports.Scope(netip.MustParseAddr(a)); got != want {
			t.Errorf("%s: got %q, want %q", a, got, want)
		}
	}
}

func TestClear(t *testing.T) {
	for _, c := range []struct {
		service string
		tls     bool
		want    string
	}{
		{"telnet", false, "clear"},
		{"http", false, "clear"},
		{"https", true, "not"},
		{"ssh", false, "not"},
		{"hl7", true, "not"},
		{"smtp", false, "may upgrade"},
		{"something", false, "unknown"},
	} {
		is, why := reports.Clear(c.service, c.tls)
		got := "unknown"
		switch {
		case is != nil && *is:
			got = "clear"
		case is != nil:
			got = "not"
		case why != "":
			got = "may upgrade"
		}
		if got != c.want {
			t.Errorf("%s: got %s, want %s", c.service, got, c.want)
		}
	}
}

func TestShortenAndSlug(t *testing.T) {
	if got := reports.Shorten("one  two\nthree four", 12); got != "one two…" {
		t.Errorf("got %q", got)
	}
	if got := reports.Shorten(strings.Repeat("é", 10), 5); got != "éé…" {
		t.Errorf("got %q", got)
	}
	for in, want := range map[string]string{"Weekly  Internal/DMZ": "weekly-internal-dmz", "": "unnamed", "../../x": "..-..-x"} {
		if got := reports.Slug(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
