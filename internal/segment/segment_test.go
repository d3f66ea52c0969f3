package segment_test

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/segment"
)

var now = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func plan() segment.Plan {
	nets := func(s ...string) (out []netip.Prefix) {
		for _, n := range s {
			out = append(out, netip.MustParsePrefix(n))
		}
		return out
	}
	return segment.Plan{
		Zones: []segment.Zone{
			{Name: "Office", Kind: segment.User, Networks: nets("10.20.0.0/16", "fd00:20::/32")},
			{Name: "Pumps", Kind: segment.Medical, Networks: nets("10.20.40.0/24", "fd00:20:40::/48"), Assets: []segment.Selector{{Label: "class", Value: "medical_device"}}},
			{Name: "PACS", Kind: segment.Clinical, Networks: nets("10.30.1.0/24")},
			{Name: "Guest", Kind: segment.Guest, Networks: nets("10.99.0.0/16"), VLANs: []uint16{99}, Isolated: true},
		},
		Rules: []segment.Rule{
			{From: "pumps", To: "pacs", Services: []segment.Service{{Proto: segment.TCP, Low: 11112}}, Why: "images", By: "R. Roe"},
			{From: "office", To: "pacs", Services: []segment.Service{{Proto: segment.TCP, Low: 443}}, Why: "viewer", By: "R. Roe", Until: now.Add(-24 * time.Hour)},
			{From: "pumps", To: "pacs", Services: []segment.Service{{Proto: segment.UDP, Low: 514}}, Why: "logs", By: "R. Roe"},
		},
	}
}

type lab struct {
	t testing.TB
	*segment.Fold
	src map[string]int
}

func newLab(t testing.TB, assets segment.Assets, sources ...segment.Source) *lab {
	t.Helper()
	f, err := segment.New(plan(), assets, segment.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{t, f, map[string]int{}}
	for _, s := range sources {
		n, err := f.Watch(s)
		if err != nil {
			t.Fatal(err)
		}
		l.src[s.Name] = n
	}
	return l
}

// see adds a flow: "10.20.1.1:50000 > 10.30.1.5:443", so many seconds before now.
func (l *lab) see(source, ends string, o segment.Outcome, ago int, change ...func(*segment.Flow)) {
	l.t.Helper()
	from, to, _ := strings.Cut(ends, " > ")
	fl := segment.Flow{
		Source: l.src[source], Start: now.Add(-time.Duration(ago) * time.Second), Duration: time.Second, Proto: segment.TCP, Outcome: o,
		From: netip.MustParseAddrPort(from), To: netip.MustParseAddrPort(to), Out: 100, Back: 10_000,
	}
	for _, c := range change {
		c(&fl)
	}
	if err := l.Add(&fl); err != nil {
		l.t.Fatal(err)
	}
}

func (l *lab) cell(from, to string) segment.Cell {
	l.t.Helper()
	m := l.Matrix()
	i := slices.IndexFunc(m.Cells, func(c segment.Cell) bool { return c.From == from && c.To == to })
	if i < 0 {
		l.t.Fatalf("no cell %s to %s", from, to)
	}
	return m.Cells[i]
}

func (l *lab) want(from, to string, s segment.State, why string) segment.Cell {
	l.t.Helper()
	c := l.cell(from, to)
	if c.State != s || !strings.Contains(c.Why, why) {
		l.t.Errorf("%s to %s is %s (%s), want %s (%s)", from, to, c.State, c.Why, s, why)
	}
	return c
}

var tap = segment.Source{Name: "core", Between: []string{"Office", "Pumps", "PACS", "Guest"}}

func TestStates(t *testing.T) {
	l := newLab(t, nil, tap)
	l.want("Office", "Pumps", segment.NotObserved, "delivered nothing")
	l.see("core", "10.20.40.7:50000 > 10.30.1.5:11112", segment.Answered, 60)
	l.want("Pumps", "PACS", segment.Seen, "core saw")
	l.want("PACS", "Pumps", segment.Closed, "core saw")
	l.want("Office", "PACS", segment.NotObserved, "saw nothing at all of Office")
	l.see("core", "10.20.1.1:50000 > 10.20.40.7:23", segment.Refused, 50)
	l.want("Office", "Pumps", segment.ForbiddenTried, "core")
	l.want("Office", "PACS", segment.Closed, "stands between") // the rule has run out
	l.see("core", "10.20.1.1:50001 > 10.20.40.7:23", segment.HalfOpen, 50)
	l.want("Office", "Pumps", segment.ForbiddenReached, "")
	l.see("core", "10.20.1.1:50002 > 10.20.40.7:23", segment.Answered, 50)
	c := l.want("Office", "Pumps", segment.ForbiddenSeen, "")
	if r := c.Rows[0]; len(c.Rows) != 1 || r.Answered != 1 || r.Refused != 1 || r.HalfOpen != 1 || r.AllPairs != 1 || r.Pairs[0].Passed != 1 || r.Pairs[0].Others != 2 || r.Service.String() != "tcp/23" {
		t.Errorf("rows %+v", c.Rows)
	}
	l.see("core", "10.20.1.1:50002 > 10.30.1.5:443", segment.Answered, 50)
	l.want("Office", "PACS", segment.ForbiddenSeen, "") // after the rule ended
	l.see("core", "10.20.1.1:50003 > 10.30.1.5:443", segment.Answered, 48*3600)
	c = l.cell("Office", "PACS")
	if len(c.Rows) != 2 || c.Rows[0].Allowed || !c.Rows[1].Allowed {
		t.Errorf("what was allowed when it was seen is not apart: %+v", c.Rows)
	}
	m := l.Matrix()
	if !m.Cells[0].Medical || m.Cells[0].State != segment.ForbiddenSeen || m.Zones[0].Zone != "Pumps" || m.Forbidden != 2 {
		t.Errorf("medical zones do not come first: %+v, %+v, %d", m.Cells[0], m.Zones[0], m.Forbidden)
	}
	if m.Rules[0].Connections != 1 || m.Rules[1].Connections != 1 || m.Rules[2].Connections != 0 {
		t.Errorf("rules %+v", m.Rules)
	}
}

func TestNotObserved(t *testing.T) {
	for name, tt := range map[string]struct {
		source segment.Source
		see    func(*lab)
		want   string
	}{
		"unstated": {segment.Source{Name: "s"}, func(l *lab) {
			l.see("s", "10.20.1.1:5000 > 8.8.8.8:443", segment.Answered, 9)
			l.see("s", "10.30.1.5:5000 > 8.8.8.8:443", segment.Answered, 9)
		}, "nobody said"},
		"stale": {segment.Source{Name: "s", Between: []string{"office", "pacs"}}, func(l *lab) {
			l.see("s", "10.20.1.1:5000 > 10.30.1.5:443", segment.Unanswered, 40*24*3600)
		}, "newest record"},
		"denials only": {segment.Source{Name: "s", Between: []string{"office", "pacs"}}, func(l *lab) {
			l.see("s", "10.20.1.1:5000 > 10.30.1.5:443", segment.Blocked, 9)
		}, "only what it blocks"},
		"sampled": {segment.Source{Name: "s", Between: []string{"office", "pacs"}, OneIn: 512}, func(l *lab) {
			l.see("s", "10.20.1.1:5000 > 10.30.1.5:80", segment.Unanswered, 9)
		}, "one packet in 512"},
		"elsewhere": {segment.Source{Name: "s"}, func(l *lab) {
			l.see("s", "10.20.1.1:5000 > 10.20.40.1:80", segment.Answered, 9)
		}, "no source sees"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, nil, tt.source)
			tt.see(l)
			l.want("Office", "PACS", segment.NotObserved, tt.want)
		})
	}
}

func TestOneConnectionOnce(t *testing.T) {
	const ends = "10.20.40.7:50000 > 10.30.1.5:11112"
	id := func(n uint64) func(*segment.Flow) { return func(f *segment.Flow) { f.ID, f.Running = n, true } }
	for name, tt := range map[string]struct {
		see                   func(*lab)
		answered, oneWay, out uint64
		duplicates, pieces    uint64
	}{
		"two sensors, clocks apart": {func(l *lab) {
			l.see("a", ends, segment.Answered, 100)
			l.see("b", ends, segment.Answered, 10)
		}, 1, 0, 100, 1, 0},
		"the port again an hour later": {func(l *lab) {
			l.see("a", ends, segment.Answered, 4000)
			l.see("b", ends, segment.Answered, 10)
		}, 2, 0, 200, 0, 0},
		"out of order": {func(l *lab) {
			l.see("a", ends, segment.Answered, 10)
			l.see("b", ends, segment.Answered, 100)
		}, 1, 0, 100, 1, 0},
		"each sees one way": {func(l *lab) {
			l.see("a", ends, segment.OneWay, 100)
			l.see("b", ends, segment.Answered, 99)
		}, 1, 0, 100, 1, 0},
		"a running total in pieces": {func(l *lab) {
			l.see("a", ends, segment.Answered, 9000, id(7))
			l.see("a", ends, segment.Answered, 9000, id(7), func(f *segment.Flow) { f.Out, f.Duration = 900, 2*time.Hour })
			l.see("a", ends, segment.Answered, 9000, id(7), func(f *segment.Flow) { f.Out, f.Duration = 900, 2*time.Hour })
		}, 1, 0, 900, 1, 1},
		"another id": {func(l *lab) {
			l.see("a", ends, segment.Answered, 100, id(7))
			l.see("a", ends, segment.Answered, 99, id(8))
		}, 2, 0, 200, 0, 0},
		"pieces that add up": {func(l *lab) {
			l.see("a", ends, segment.Answered, 600)
			l.see("a", ends, segment.Answered, 400)
			l.see("a", ends, segment.Answered, 200)
		}, 1, 0, 300, 0, 2},
		"halves": {func(l *lab) {
			half := func(f *segment.Flow) { f.Half, f.Back = true, 0 }
			l.see("a", "10.30.1.5:11112 > 10.20.40.7:50000", segment.OneWay, 100, half, func(f *segment.Flow) { f.Out = 5 })
			l.see("a", ends, segment.OneWay, 100, half)
			l.see("a", ends, segment.OneWay, 100, half)
		}, 1, 0, 100, 1, 1},
		"behind a firewall": {func(l *lab) {
			l.see("a", ends, segment.Answered, 100, func(f *segment.Flow) { f.NATFrom = netip.MustParseAddrPort("10.99.9.9:1234") })
			l.see("b", "10.99.9.9:1234 > 10.30.1.5:11112", segment.Answered, 100)
		}, 1, 0, 100, 1, 0},
		"the address it was asked for at": {func(l *lab) {
			l.see("a", "10.20.40.7:50000 > 203.0.113.9:104", segment.Answered, 100, func(f *segment.Flow) { f.NATTo = netip.MustParseAddrPort("10.30.1.5:11112") })
			l.see("b", "10.20.40.7:50000 > 203.0.113.9:104", segment.Answered, 100)
		}, 1, 0, 100, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, nil, segment.Source{Name: "a"}, segment.Source{Name: "b"})
			tt.see(l)
			c, m := l.cell("Pumps", "PACS"), l.Matrix()
			if len(c.Rows) != 1 {
				t.Fatalf("%d rows: %+v", len(c.Rows), c.Rows)
			}
			r := c.Rows[0]
			if r.Answered != tt.answered || r.OneWay != tt.oneWay || r.Out != tt.out || m.Totals.Duplicates != tt.duplicates || m.Totals.Pieces != tt.pieces {
				t.Errorf("%d answered, %d one way, %d bytes, %+v", r.Answered, r.OneWay, r.Out, m.Totals)
			}
			if r.Pairs[0].Passed != tt.answered || m.Totals.Counted != tt.answered || m.Rules[0].Connections != tt.answered {
				t.Errorf("the pair has %+v, %+v, %+v", r.Pairs, m.Totals, m.Rules)
			}
		})
	}
}

func TestPlaces(t *testing.T) {
	udp := func(f *segment.Flow) { f.Proto, f.Back = segment.UDP, 0 }
	icmp := func(f *segment.Flow) { f.Proto = segment.ICMP }
	l := newLab(t, nil, tap)
	l.see("core", "[fd00:20:40::7]:50000 > [fd00:20:1::1]:80", segment.Answered, 9)
	l.want("Pumps", "Office", segment.ForbiddenSeen, "")
	l.see("core", "[::ffff:10.30.1.5]:50000 > 198.51.100.7:443", segment.Answered, 9)
	l.want("PACS", "internet", segment.ForbiddenSeen, "")
	l.see("core", "192.168.7.7:50000 > 10.30.1.5:22", segment.Answered, 9)
	l.want("elsewhere", "PACS", segment.ForbiddenSeen, "")
	l.see("core", "192.168.8.8:50000 > 10.30.1.5:22", segment.Answered, 9, func(f *segment.Flow) { f.VLAN = 99 })
	l.want("Guest", "PACS", segment.ForbiddenSeen, "")
	l.see("core", "10.99.0.1:50000 > 10.99.0.2:445", segment.Answered, 9)
	l.want("Guest", "Guest", segment.ForbiddenSeen, "")
	l.see("core", "10.20.1.1:50000 > 10.20.1.2:445", segment.Answered, 9)
	l.want("Office", "Office", segment.Seen, "")
	l.see("core", "10.20.40.7:5000 > 10.30.1.5:514", segment.OneWay, 9, udp)
	l.want("Pumps", "PACS", segment.Seen, "")
	for _, to := range []string{"239.1.2.3:9", "255.255.255.255:67", "10.20.40.255:137", "0.0.0.0:1", "169.254.1.1:1"} {
		l.see("core", "10.20.40.7:5000 > "+to, segment.OneWay, 9, udp)
	}
	l.see("core", "8.8.8.8:5000 > 198.51.100.7:443", segment.Answered, 9)
	l.see("core", "10.20.40.7:0 > 10.20.1.1:3", segment.OneWay, 9, icmp)
	l.see("core", "10.20.1.1:0 > 10.20.40.7:8", segment.Answered, -9, icmp)
	l.want("Office", "Pumps", segment.ForbiddenSeen, "")
	if g := l.Matrix().Totals; g.Group != 5 || g.Outside != 1 || g.Control != 1 || g.Future != 1 || g.Records != 15 {
		t.Errorf("%+v", g)
	}
	l.see("core", "10.30.1.5:443 > 10.20.1.9:51234", segment.Answered, 9, func(f *segment.Flow) { f.Midstream = true })
	if c := l.cell("Office", "PACS"); len(c.Rows) != 1 || c.Rows[0].Back != 100 || c.Rows[0].Service.Low != 443 {
		t.Errorf("the guess of who called is %+v", c.Rows)
	}
}

type leases struct{ calls int }

// At says that 10.20.1.50 was a pump's until an hour ago, and is a laptop's since.
func (l *leases) At(a netip.Addr, at time.Time) segment.Tenure {
	l.calls++
	change := now.Add(-time.Hour)
	switch {
	case a != netip.MustParseAddr("10.20.1.50"):
		return segment.Tenure{}
	case at.Before(change):
		return segment.Tenure{Asset: segment.Asset{ID: "pump-1", Labels: map[string]string{"class": "medical_device"}}, Until: change}
	}
	return segment.Tenure{Asset: segment.Asset{ID: "laptop-9", Labels: map[string]string{"class": "laptop"}}, From: change}
}

func TestAddressChangesHands(t *testing.T) {
	who := &leases{}
	l := newLab(t, who, tap)
	for i := range 50 {
		l.see("core", fmt.Sprintf("10.20.1.50:%d > 10.30.1.5:22", 50000+i), segment.Answered, 4000)
		l.see("core", fmt.Sprintf("10.20.1.50:%d > 10.30.1.5:22", 51000+i), segment.Answered, 1000)
	}
	pump, laptop := l.cell("Pumps", "PACS"), l.cell("Office", "PACS")
	if pump.Rows[0].Answered != 50 || pump.Rows[0].Pairs[0].FromAsset != "pump-1" || laptop.Rows[0].Answered != 50 || laptop.Rows[0].Pairs[0].FromAsset != "laptop-9" {
		t.Errorf("pump %+v, laptop %+v", pump.Rows, laptop.Rows)
	}
	for i := range 1000 {
		l.see("core", fmt.Sprintf("10.20.1.50:%d > 10.30.1.5:22", 1000+i), segment.Answered, 900)
	}
	if who.calls > 110 {
		t.Errorf("%d questions for what was answered before", who.calls)
	}
}

func TestScansAreApart(t *testing.T) {
	l := newLab(t, nil, tap)
	for i := range 200 {
		l.see("core", fmt.Sprintf("10.99.0.66:%d > 10.20.40.%d:22", 40000+i, i+1), segment.Unanswered, 300)
	}
	l.see("core", "10.99.0.66:41000 > 10.20.40.5:22", segment.Answered, 290, func(f *segment.Flow) { f.Back = 40 })
	c := l.want("Guest", "Pumps", segment.ForbiddenReached, "")
	if c.Rows[0].Scanned != 1 || c.Rows[0].Answered != 0 {
		t.Errorf("%+v", c.Rows[0])
	}
	m := l.Matrix()
	if len(m.Scans) != 1 || m.Scans[0].Zone != "Guest" || m.Scans[0].Kind != "hosts" {
		t.Errorf("scans %+v", m.Scans)
	}
	if len(segment.Suggest(plan(), m)) != 0 {
		t.Error("a scan became a draft")
	}
	// What carries data is traffic, whoever sent it.
	l.see("core", "10.99.0.66:41001 > 10.20.40.5:22", segment.Answered, 280)
	l.want("Guest", "Pumps", segment.ForbiddenSeen, "")
	// A server that polls many and misses some is no scanner.
	l = newLab(t, nil, tap)
	for i := range 100 {
		l.see("core", fmt.Sprintf("10.30.1.9:%d > 10.20.40.%d:161", 40000+i, i+1), []segment.Outcome{segment.Answered, segment.Answered, segment.Unanswered}[i%3], 300)
	}
	if m := l.Matrix(); len(m.Scans) != 0 {
		t.Errorf("scans %+v", m.Scans)
	}
}

func TestBounds(t *testing.T) {
	f, err := segment.New(plan(), nil, segment.Options{Now: now, Connections: 1000, Pairs: 10, Services: 20})
	if err != nil {
		t.Fatal(err)
	}
	src, err := f.Watch(tap)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20_000 {
		fl := segment.Flow{Source: src, Start: now.Add(-time.Hour), Proto: segment.TCP, Outcome: segment.Answered, Out: 1}
		fl.From = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 20, 1, byte(i % 200)}), uint16(i))
		fl.To = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 20, 40, byte(1 + i/200)}), uint16(1+i%4000))
		if i >= 10_000 {
			fl.To = netip.AddrPortFrom(fl.To.Addr(), uint16(50000+i%5000))
		}
		if err := f.Add(&fl); err != nil {
			t.Fatal(err)
		}
	}
	m := f.Matrix()
	c := m.Cells[0]
	if len(c.Rows) != 22 || m.Totals.Forgotten == 0 {
		t.Fatalf("%d rows, %+v", len(c.Rows), m.Totals)
	}
	var all uint64
	for _, r := range c.Rows {
		all += r.Answered
		var kept uint64
		for _, p := range r.Pairs {
			kept += p.Passed + p.Others
		}
		if len(r.Pairs) > 10 || kept+r.Omitted != r.Answered {
			t.Errorf("%s: %d pairs kept with %d, %d left out of %d", r.Service, len(r.Pairs), kept, r.Omitted, r.Answered)
		}
	}
	if all != m.Totals.Counted {
		t.Errorf("the rows have %d of %d", all, m.Totals.Counted)
	}
	// 10,000 flows to dynamic ports are of 200 devices times 50.
	i := slices.IndexFunc(c.Rows, func(r segment.Row) bool { return r.Service.High == 65535 })
	if n := c.Rows[i].AllPairs; n < 4000 || n > 25_000 {
		t.Errorf("%d pairs are estimated where there are 10,000", n)
	}
}

func TestSameTwice(t *testing.T) {
	run := func() *segment.Matrix {
		l := newLab(t, nil, tap, segment.Source{Name: "b"})
		for i := range 3000 {
			l.see([]string{"core", "b"}[i%2], fmt.Sprintf("10.20.%d.%d:%d > 10.30.1.%d:%d", i%50, i%7, 2000+i, i%200, i%300), segment.Outcome(i%6), i)
		}
		return l.Matrix()
	}
	if !reflect.DeepEqual(run(), run()) {
		t.Error("the same flows gave another matrix")
	}
}

func TestSuggest(t *testing.T) {
	l := newLab(t, nil, tap)
	l.see("core", "10.30.1.5:50000 > 10.20.40.7:443", segment.Answered, 9)
	l.see("core", "10.99.1.1:50000 > 10.20.40.7:23", segment.Answered, 9)
	d := segment.Suggest(plan(), l.Matrix())
	if len(d) != 2 || d[0].Rule.From != "PACS" || len(d[0].Doubts) != 0 || len(d[1].Doubts) != 3 {
		t.Fatalf("drafts %+v", d)
	}
	p := plan()
	p.Rules = append(p.Rules, d[0].Rule)
	if faults := p.Validate(); len(faults) != 1 || !strings.Contains(faults[0].Error(), "who answers for it") {
		t.Errorf("a draft was taken silently: %v", faults)
	}
	p.Rules[3].Why, p.Rules[3].By = "remote set-up", "R. Roe"
	if faults := p.Validate(); len(faults) != 0 {
		t.Error(faults)
	}
}

func TestValidate(t *testing.T) {
	for want, change := range map[string]func(*segment.Plan){
		"two zones are called": func(p *segment.Plan) { p.Zones[1].Name = "OFFICE" },
		"every plan has":       func(p *segment.Plan) { p.Zones[0].Name = "Internet" },
		"has no name":          func(p *segment.Plan) { p.Zones[0].Name = " " },
		"is of kind":           func(p *segment.Plan) { p.Zones[0].Kind = "x" },
		"holds nothing":        func(p *segment.Plan) { p.Zones[2].Networks = nil },
		"leave it in one":      func(p *segment.Plan) { p.Zones[2].Networks = []netip.Prefix{netip.MustParsePrefix("10.20.40.9/24")} },
		"VLANs are 1 to 4094":  func(p *segment.Plan) { p.Zones[2].VLANs = []uint16{4095} },
		"is in the zones":      func(p *segment.Plan) { p.Zones[2].VLANs = []uint16{99} },
		"does not have":        func(p *segment.Plan) { p.Rules[0].To = "nowhere" },
		"opens nothing":        func(p *segment.Plan) { p.Rules[0].Services = nil },
		"run backwards":        func(p *segment.Plan) { p.Rules[0].Services[0].High = 1 },
		"it needs 1 to":        func(p *segment.Plan) { *p = segment.Plan{} },
	} {
		p := plan()
		change(&p)
		if faults := p.Validate(); !slices.ContainsFunc(faults, func(err error) bool { return strings.Contains(err.Error(), want) }) {
			t.Errorf("want %q, got %v", want, faults)
		}
	}
	if faults := plan().Validate(); faults != nil {
		t.Error(faults)
	}
}

func BenchmarkAdd(b *testing.B) {
	l := newLab(b, nil, tap)
	flows := make([]segment.Flow, 1<<16)
	for i := range flows {
		flows[i] = segment.Flow{
			Start: now.Add(-time.Hour), Proto: segment.TCP, Outcome: segment.Answered, Out: 100, Back: 100, ID: uint64(i + 1), Running: true,
			From: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 20, byte(i % 200), byte(i % 251)}), uint16(i)), To: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 30, 1, byte(i % 100)}), uint16(i%50)),
		}
	}
	b.ReportAllocs()
	n := uint64(0)
	for b.Loop() {
		n++
		fl := flows[n%uint64(len(flows))]
		fl.ID = n
		if err := l.Add(&fl); err != nil {
			b.Fatal(err)
		}
	}
}
