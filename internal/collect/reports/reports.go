// Package reports holds what the importers of machine reports have in common:
// the hosts of one report, which keys truly identify them, and whether a scan
// looked at the inside or came from outside.
package reports

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/collect/safe"
	"github.com/asepsis/asepsis/internal/fact"
)

// Hosts gathers the hosts of one report. A host met twice is one.
type Hosts struct {
	list  []*Host
	byRef map[string]*Host
}

// Host is one host of a report with the facts about it.
type Host struct {
	Ref        string
	ObservedAt time.Time
	Values     fact.Values
	Missing    map[string]string
	Facts      []fact.Fact
	Addresses  []netip.Addr

	keys  []asset.Key
	index map[string]int // of Facts, by kind and key

	// Of long lists, what they have: of keys, of Addresses, and of the lists in Values.
	hasKey     map[asset.Key]bool
	hasAddress map[netip.Addr]bool
	hasText    map[string]*map[string]bool
}

// Get returns the host with the ref, new if it is the first time.
func (hs *Hosts) Get(ref string) (h *Host, isNew bool) {
	if h := hs.byRef[ref]; h != nil {
		return h, false
	}
	if hs.byRef == nil {
		hs.byRef = make(map[string]*Host)
	}
	h = &Host{Ref: ref, Values: fact.Values{}, Missing: map[string]string{}, index: map[string]int{}}
	hs.byRef[ref] = h
	hs.list = append(hs.list, h)
	return h, true
}

// All returns the hosts in the order of the report.
func (hs *Hosts) All() []*Host { return hs.list }

// virtualMACs begin hardware addresses that every machine with the same
// software has: Docker's bridge and the host-only cards of VMware and VirtualBox.
var virtualMACs = []string{"02:42:", "00:50:56:c0:00:", "0a:00:27:00:00:"}

// Key adds an identity key and reports whether the value identifies anything.
func (h *Host) Key(t asset.KeyType, value string) bool {
	k, ok := asset.NewKey(t, value)
	if !ok {
		return false
	}
	if t == asset.MAC && slices.ContainsFunc(virtualMACs, func(p string) bool { return strings.HasPrefix(k.Value, p) }) {
		return false
	}
	h.keys = safe.AddOnce(h.keys, &h.hasKey, k)
	return true
}

// virtualIPs are addresses that every machine with the same software has: the
// bridges of libvirt and Docker, and what VirtualBox gives its guests.
var virtualIPs = []netip.Addr{
	netip.MustParseAddr("192.168.122.1"), netip.MustParseAddr("172.17.0.1"), netip.MustParseAddr("10.0.2.15"),
}

// Address adds an IP address. It returns false for what is none, and for one
// that says nothing to other machines, such as loopback.
func (h *Host) Address(s string) bool {
	a, err := netip.ParseAddr(strings.TrimSpace(s))
	if err != nil {
		return false
	}
	a = a.Unmap().WithZone("")
	if _, ok := asset.NewKey(asset.IP, a.String()); !ok {
		return false
	}
	if !slices.Contains(virtualIPs, a) {
		h.Key(asset.IP, a.String())
	}
	h.Addresses = safe.AddOnce(h.Addresses, &h.hasAddress, a)
	h.Append("ips", a.String())
	return true
}

// MAC adds a hardware address.
func (h *Host) MAC(s string) bool {
	k, ok := asset.NewKey(asset.MAC, s)
	if !ok {
		return false
	}
	h.Key(asset.MAC, s)
	h.Append("macs", k.Value)
	return true
}

// Name adds a host name, full or short, as key and as value. A numeric address
// in place of a name adds nothing.
func (h *Host) Name(s string) bool {
	s = strings.TrimSuffix(strings.TrimSpace(s), ".")
	if _, err := netip.ParseAddr(s); err == nil || strings.ContainsAny(s, " /:\t") {
		return false
	}
	full := h.Key(asset.FQDN, s)
	if full {
		h.Set("fqdn", strings.ToLower(s))
	}
	short := h.Key(asset.Name, s)
	if short {
		name, _, _ := strings.Cut(s, ".")
		h.Set("name", name)
	}
	return full || short
}

// Append adds a text to an attribute that is a list, unless it has it.
func (h *Host) Append(attr, v string) {
	seen := h.hasText[attr]
	if seen == nil {
		seen = new(map[string]bool)
		if h.hasText == nil {
			h.hasText = make(map[string]*map[string]bool)
		}
		h.hasText[attr] = seen
	}
	list, _ := h.Values[attr].([]string)
	h.Values[attr] = safe.AddOnce(list, seen, v)
}

// Set states an attribute of the host unless the report has stated it already.
// An empty text states nothing.
func (h *Host) Set(attr string, v any) {
	if _, ok := h.Values[attr]; ok || v == "" {
		return
	}
	h.Values[attr] = v
	delete(h.Missing, attr)
}

// Lack says why an attribute of the host could not be read.
func (h *Host) Lack(attr, why string) {
	if _, ok := h.Values[attr]; !ok {
		h.Missing[attr] = why
	}
}

// Add adds a fact about what lives on the host. Of two with the same key the
// first stands; it reports whether this one was new.
func (h *Host) Add(f fact.Fact) bool {
	id := string(f.Kind) + " " + f.Key
	if _, ok := h.index[id]; ok {
		return false
	}
	f.Asset = h.Ref
	h.index[id] = len(h.Facts)
	h.Facts = append(h.Facts, f)
	return true
}

// Fact returns the fact of the kind with the key, made if there is none.
func (h *Host) Fact(kind fact.Kind, key string) *fact.Fact {
	h.Add(fact.Fact{Kind: kind, Key: key, ObservedAt: h.ObservedAt, Values: fact.Values{}, Missing: map[string]string{}})
	return &h.Facts[h.index[string(kind)+" "+key]]
}

// State states an attribute of a fact and takes back that it was missing.
func State(f *fact.Fact, attr string, v any) {
	f.Values[attr] = v
	delete(f.Missing, attr)
}

// Lack says why an attribute of a fact could not be read, unless it was.
func Lack(f *fact.Fact, attr, why string) {
	if _, ok := f.Values[attr]; !ok {
		f.Missing[attr] = why
	}
}

// sameRun is how far apart the times of one scan may be to count as one. A fact
// with the time of its batch stays the same row from scan to scan.
const sameRun = 24 * time.Hour

func own(at, batch time.Time) time.Time {
	if d := batch.Sub(at); -sameRun < d && d < sameRun {
		return time.Time{}
	}
	return at
}

// Deliver puts the hosts and their facts into the batch, whose time is set. What several hosts of
// one report share identifies none of them: a router that answers for a whole
// network shows its own hardware address on every one. A host that is left
// without any key is left out, with a note.
func (hs *Hosts) Deliver(b *fact.Batch) {
	shared := make(map[asset.Key]int)
	for _, h := range hs.list {
		for _, k := range h.keys {
			shared[k]++
		}
	}
	var nameless, dropped []string
	for _, h := range hs.list {
		keys := slices.Clone(h.keys)
		keys = slices.DeleteFunc(keys, func(k asset.Key) bool { return shared[k] > 1 })
		if len(keys) == 0 {
			nameless = append(nameless, h.Ref)
			continue
		}
		b.Sightings = append(b.Sightings, fact.Sighting{
			Ref: h.Ref, Keys: keys, ObservedAt: own(h.ObservedAt, b.ObservedAt), Values: h.Values, Missing: h.Missing,
		})
		for i := range h.Facts {
			h.Facts[i].ObservedAt = own(h.Facts[i].ObservedAt, b.ObservedAt)
		}
		b.Facts = append(b.Facts, h.Facts...)
	}
	for k, n := range shared {
		if n > 1 {
			dropped = append(dropped, fmt.Sprintf("%s %s (%d hosts)", k.Type, k.Value, n))
		}
	}
	slices.Sort(dropped)
	if n := len(dropped); n > 0 {
		b.Notes = append(b.Notes, fact.Note{
			What: "identity of hosts",
			Why:  "several hosts share " + list(dropped) + "; it was not used to tell them apart",
		})
	}
	if n := len(nameless); n > 0 {
		b.Notes = append(b.Notes, fact.Note{
			What: Count(n, "host") + " left out",
			Why:  "the report gives nothing that identifies " + list(nameless),
		})
	}
}

func list(s []string) string {
	const most = 3
	if len(s) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(s[:most], ", "), len(s)-most)
	}
	return strings.Join(s, ", ")
}

// Scopes of a scan.
const (
	Internal = "internal"
	External = "external"
)

// Scope says whether an address belongs to an inside network or to the
// internet. Addresses that are no host's have none.
func Scope(a netip.Addr) string {
	switch {
	case !a.IsValid() || a.IsLoopback() || a.IsUnspecified() || a.IsMulticast():
		return ""
	case a.IsPrivate() || a.IsLinkLocalUnicast() || carrierGrade.Contains(a):
		return Internal
	}
	return External
}

// carrierGrade is shared address space (RFC 6598), which no one reaches from outside.
var carrierGrade = netip.MustParsePrefix("100.64.0.0/10")

// Scopes counts hosts by the scope of their first address.
func (hs *Hosts) Scopes() map[string]int {
	n := map[string]int{}
	for _, h := range hs.list {
		if len(h.Addresses) > 0 {
			n[Scope(h.Addresses[0])]++
		}
	}
	delete(n, "")
	return n
}

// Count writes a number with its noun: "1 host", "3 hosts". The plural is given
// where it is not the noun with an s.
func Count(n int, noun string, plural ...string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case len(plural) > 0:
		noun = plural[0]
	default:
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// Shorten returns text on one line, cut to about n bytes.
func Shorten(s string, n int) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) <= n {
		return s
	}
	s = s[:n]
	for len(s) > 0 && !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	if i := strings.LastIndexByte(s, ' '); i > n/2 {
		s = s[:i]
	}
	return s + "…"
}

// Slug makes a part of a stream's id of a name: lower case, words joined.
func Slug(s string) string {
	s = strings.Join(strings.Fields(strings.ToLower(strings.ReplaceAll(s, "/", " "))), "-")
	if len(s) > 120 {
		s = strings.ToValidUTF8(s[:120], "")
	}
	if s == "" {
		return "unnamed"
	}
	return s
}
