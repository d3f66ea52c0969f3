package fleet

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/vuln"
	"github.com/asepsis/asepsis/internal/vuln/vulntest"
)

// feedOf makes a feed in which packages are affected before a version.
func feedOf(t testing.TB, fixed map[string]string) *vuln.DB {
	t.Helper()
	var list []*advisory.Advisory
	for _, name := range slices.Sorted(maps.Keys(fixed)) {
		list = append(list, &advisory.Advisory{ID: "GHSA-" + name, Source: "osv/npm", Products: []advisory.Product{{
			Package: &advisory.Package{Ecosystem: "npm", Name: name}, Ranges: []advisory.Range{{Fixed: fixed[name]}},
		}}})
	}
	file, _ := vulntest.Compile(t, list)
	return vulntest.Open(t, file)
}

func component(n int) fact.Component {
	return fact.Component{Ecosystem: "npm", Name: fmt.Sprintf("p%d", n/10), Version: fmt.Sprintf("%d.0.0", n%10)}
}

// naive is the index as a map: the oracle.
type naive map[string]map[string][]ID

func (m naive) lists() iter.Seq2[string, []Asset] {
	return func(yield func(string, []Asset) bool) {
		for t, assets := range m {
			var list []Asset
			for name, c := range assets {
				list = append(list, Asset{name, c})
			}
			if !yield(t, list) {
				return
			}
		}
	}
}

func (m naive) holders(ids ...ID) []string {
	var out []string
	for t, assets := range m {
		for name, cs := range assets {
			if slices.ContainsFunc(cs, func(c ID) bool { return slices.Contains(ids, c) }) {
				out = append(out, t+"/"+name)
			}
		}
	}
	slices.Sort(out)
	return out
}

func named(x *Index, refs []Ref) []string {
	var out []string
	for _, r := range refs {
		t, a := x.Asset(r)
		out = append(out, t+"/"+a)
	}
	slices.Sort(out)
	return out
}

// script drives an index and its oracle through random changes.
type script struct {
	r *rand.Rand
	m naive
}

func (s *script) list() []ID {
	n := s.r.IntN(30)
	list := make([]ID, n)
	for i := range list {
		list[i] = ID(float64(200) * s.r.Float64() * s.r.Float64())
	}
	return list
}

func (s *script) step(t testing.TB, x *Index) {
	t.Helper()
	tenant, asset := fmt.Sprintf("t%d", s.r.IntN(5)), fmt.Sprintf("a%d", s.r.IntN(60))
	if s.m[tenant] == nil {
		s.m[tenant] = make(map[string][]ID)
	}
	var err error
	switch s.r.IntN(12) {
	case 0:
		delete(s.m[tenant], asset)
		err = x.Remove(tenant, asset)
	case 1:
		s.m[tenant] = make(map[string][]ID)
		var all []Asset
		for i := range s.r.IntN(1300) {
			a := Asset{fmt.Sprintf("a%d", i), s.list()}
			all = append(all, a)
			s.m[tenant][a.Name] = a.Components
		}
		err = x.Load(tenant, all)
	default:
		a := Asset{asset, s.list()}
		s.m[tenant][asset] = a.Components
		err = x.Put(tenant, a)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func fill(t testing.TB, x *Index) {
	t.Helper()
	for n := range 200 {
		c := component(n)
		if id, err := x.Component(&c); err != nil || id != ID(n) {
			t.Fatalf("component %d is %d, %v", n, id, err)
		}
	}
}

func TestIndexAgainstOracle(t *testing.T) {
	x := New()
	fill(t, x)
	s := &script{r: rand.New(rand.NewPCG(1, 2)), m: naive{}}
	feed := feedOf(t, map[string]string{"p1": "5.0.0"})
	if _, err := x.Judge(feed); err != nil {
		t.Fatal(err)
	}
	for i := range 300 {
		s.step(t, x)
		ids := []ID{ID(s.r.IntN(200)), ID(s.r.IntN(200)), ID(s.r.IntN(400))}[:1+s.r.IntN(3)]
		if got, want := named(x, x.Holders(nil, ids...)), s.m.holders(ids...); !slices.Equal(got, want) {
			t.Fatalf("after %d steps, holders of %v:\ngot  %v\nwant %v", i+1, ids, got, want)
		}
		if i%50 == 49 {
			if d, err := x.Verify(feed, s.m.lists()); err != nil || len(d) > 0 {
				t.Fatalf("after %d steps: %v, %v", i+1, d, err)
			}
			if d, err := x.Verify(nil, nil); err != nil || len(d) > 0 {
				t.Fatalf("after %d steps, against itself: %v, %v", i+1, d, err)
			}
		}
	}
}

// TestHoldersSideBySide lists so many components that several workers share the
// segments, and as many tenants that some have none of them.
func TestHoldersSideBySide(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(3))
	x := New()
	fill(t, x)
	r := rand.New(rand.NewPCG(11, 12))
	m := naive{}
	for n := range 70 {
		tenant := fmt.Sprintf("t%02d", n)
		m[tenant] = make(map[string][]ID)
		var all []Asset
		for i := range 1 + r.IntN(40) {
			a := Asset{Name: fmt.Sprintf("a%d", i)}
			for range r.IntN(1 + n*n/60) { // the last have most of the look-ups
				a.Components = append(a.Components, ID(r.IntN(200)))
			}
			m[tenant][a.Name] = a.Components
			all = append(all, a)
		}
		if err := x.Load(tenant, all); err != nil {
			t.Fatal(err)
		}
	}
	var ids []ID
	for id := range ID(150) {
		ids = append(ids, id)
	}
	x.ready()
	if _, list := x.bySegment(ids); len(list) <= 3*perWorker {
		t.Fatalf("%d look-ups are too few for three workers", len(list))
	}
	refs := x.Holders(nil, ids...)
	if got, want := named(x, refs), m.holders(ids...); !slices.Equal(got, want) {
		t.Errorf("%d assets, want %d:\ngot  %v\nwant %v", len(got), len(want), got, want)
	}
	if !slices.IsSorted(refs) {
		t.Error("assets do not come by segment")
	}
}

func TestVerifyFinds(t *testing.T) {
	x := New()
	fill(t, x)
	feed := feedOf(t, map[string]string{"p1": "5.0.0"})
	if _, err := x.Judge(feed); err != nil {
		t.Fatal(err)
	}
	if err := x.Load("t", []Asset{{"a", []ID{1, 2}}, {"b", []ID{3}}}); err != nil {
		t.Fatal(err)
	}
	lists := func(m naive) iter.Seq2[string, []Asset] { return m.lists() }
	for _, tt := range []struct {
		name string
		m    naive
		want string
	}{
		{"the same", naive{"t": {"a": {2, 1}, "b": {3, 3}}}, "[]"},
		{"a list", naive{"t": {"a": {1}, "b": {3}}}, "[t, a: its list of components differs]"},
		{"an asset more", naive{"t": {"a": {1, 2}, "b": {3}, "c": {}}}, "[t, c: in the inventory, not in the index]"},
		{"an asset less", naive{"t": {"a": {1, 2}}}, "[t, b: in the index, not in the inventory]"},
		{"a tenant more", naive{"t": {"a": {1, 2}, "b": {3}}, "u": {"x": {1}}}, "[u: the inventory has assets of it, the index has none]"},
		{"a tenant less", naive{}, "[t: the index has assets of it, the inventory has none]"},
	} {
		d, err := x.Verify(feed, lists(tt.m))
		if err != nil || fmt.Sprint(d) != tt.want {
			t.Errorf("%s: got %v, %v, want %s", tt.name, d, err, tt.want)
		}
	}
	m := naive{"t": {"a": {1, 2}, "b": {3}}}
	x.outcomes.set(12, []byte{2, 1})
	if d, err := x.Verify(feed, lists(m)); err != nil || len(d) != 1 || d[0].Component != 12 {
		t.Errorf("a wrong outcome: %v, %v", d, err)
	}
	x.where.packed[len(x.where.packed)-1] ^= 1
	if d, _ := x.Verify(nil, lists(m)); len(d) == 0 {
		t.Error("a component that does not lead to its segment is not found")
	}
	if _, err := x.Verify(feedOf(t, nil), nil); err == nil {
		t.Error("verified against another feed")
	}
}

func TestJudge(t *testing.T) {
	x := New()
	fill(t, x)
	first := feedOf(t, map[string]string{"p1": "5.0.0", "p2": "2.0.0"})
	changed, err := x.Judge(first)
	if err != nil || len(changed) != 200 {
		t.Fatalf("first feed: %d changed, %v", len(changed), err)
	}
	if o := x.Outcome(14); o.Verdict != vuln.Affected || !slices.Equal(o.Flaws, []string{"GHSA-p1"}) {
		t.Errorf("p1 4.0.0: %+v", o)
	}
	second := feedOf(t, map[string]string{"p1": "6.0.0", "p2": "2.0.0", "p3": "1.0.0"})
	changed, err = x.Judge(second)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range changed {
		got = append(got, fmt.Sprintf("%d %s→%s %v", c.Component, c.Before.Verdict, c.After.Verdict, c.After.Flaws))
	}
	// Of p3 every version is compared now, where none was named before.
	want := []string{"15 not affected→affected [GHSA-p1]", "30 not affected→affected [GHSA-p3]"}
	for i := 31; i < 40; i++ {
		want = append(want, fmt.Sprintf("%d not affected→not affected []", i))
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if changed, err = x.Judge(second); err != nil || changed != nil {
		t.Errorf("the same feed again: %v, %v", changed, err)
	}
	late := fact.Component{Ecosystem: "npm", Name: "p1", Version: "0.1.0"}
	id, err := x.Component(&late)
	if err != nil || x.Outcome(id).Verdict != vuln.Affected {
		t.Errorf("a component that came later: %+v, %v", x.Outcome(id), err)
	}
	if again, _ := x.Component(&late); again != id || x.Components() != 201 {
		t.Errorf("the same component has two numbers: %d, %d", id, again)
	}
	if c, ok := x.Lookup(id); !ok || c != late {
		t.Errorf("looked up %+v", c)
	}
}

func TestRefuses(t *testing.T) {
	x := New()
	fill(t, x)
	for _, tt := range []struct {
		name, tenant string
		assets       []Asset
	}{
		{"no tenant", "", []Asset{{"a", nil}}},
		{"no name", "t", []Asset{{"", nil}}},
		{"the same twice", "t", []Asset{{"a", nil}, {"a", nil}}},
		{"a component nobody added", "t", []Asset{{"a", []ID{200}}}},
	} {
		if err := x.Load(tt.tenant, tt.assets); err == nil {
			t.Errorf("%s is taken", tt.name)
		}
	}
	if err := x.Remove("t", "a"); err != nil {
		t.Errorf("removing what is not there: %v", err)
	}
}

func TestSegment(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var e encoder
	for range 200 {
		assets := make([]Asset, r.IntN(maxAssets+1))
		for i := range assets {
			assets[i].Name = fmt.Sprintf("asset-%04d", i)
			for range r.IntN(40) {
				assets[i].Components = append(assets[i].Components, ID(r.IntN(1+1<<r.IntN(24))))
			}
			slices.Sort(assets[i].Components)
			assets[i].Components = slices.Compact(assets[i].Components)
		}
		s := e.encode(assets)
		if err := s.check(); err != nil {
			t.Fatal(err)
		}
		got := s.decode()
		if !slices.EqualFunc(got, assets, func(a, b Asset) bool { return a.Name == b.Name && slices.Equal(a.Components, b.Components) }) {
			t.Fatalf("%d assets come back other than they went", len(assets))
		}
		if len(assets) > 0 {
			rank := r.IntN(len(assets))
			if s.name(rank) != assets[rank].Name {
				t.Fatalf("asset %d is %q", rank, s.name(rank))
			}
			for _, c := range assets[rank].Components {
				has := false
				if p, ok := s.find(c); ok {
					var set, want bitset
					p.add(&set)
					p.each(func(k int) bool {
						has = has || k == rank
						want[k>>6] |= 1 << (k & 63)
						return true
					})
					if set != want || !p.has(rank) {
						t.Fatalf("component %d: %x added, %x one by one", c, set, want)
					}
				}
				if !has {
					t.Fatalf("component %d does not lead to asset %d", c, rank)
				}
			}
		}
	}
}

// FuzzSegment checks that a segment that check finds whole can be used.
func FuzzSegment(f *testing.F) {
	var e encoder
	f.Add([]byte(e.encode([]Asset{{"a", []ID{1, 2, 300}}, {"b", []ID{2}}})))
	f.Add([]byte(e.encode(nil)))
	many := make([]Asset, 20)
	for i := range many {
		many[i] = Asset{fmt.Sprintf("%02d", i), []ID{7, ID(i)}}
	}
	f.Add([]byte(e.encode(many)))
	f.Fuzz(func(t *testing.T, b []byte) {
		s := segment(b)
		if s.check() != nil {
			return
		}
		assets := s.decode()
		for i := range assets {
			if !slices.IsSortedFunc(assets[i].Components, cmp.Compare[ID]) {
				t.Error("components out of order")
			}
			for _, c := range assets[i].Components {
				if _, ok := s.find(c); !ok {
					t.Errorf("component %d is not found", c)
				}
			}
			_ = s.name(i)
		}
	})
}
