package fleetstore

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/testshared"
	"github.com/asepsis/asepsis/internal/vuln"
	"github.com/asepsis/asepsis/internal/vuln/fleet"
	"github.com/asepsis/asepsis/internal/vuln/scan"
	"github.com/asepsis/asepsis/internal/vuln/vulntest"
)

// The model: hospitals of 500 assets with 300 components each. An asset's list
// is one of the real container inventories with 150 components or more, drawn by
// Zipf's law, cut or filled up to 300; one component in twenty is replaced by a
// variant that only the hospital has.
const (
	perHospital = 500
	perAsset    = 300
	replaced    = 15
	variants    = 100 // of a hospital
)

type model struct {
	components []fact.Component
	lists      [][]fleet.ID
	zipf       []int // list for each of 65,536 equal chances
}

func newModel(tb testing.TB) *model {
	tb.Helper()
	m := &model{}
	for line := range strings.Lines(string(testshared.Read(tb, "corpora", "inventories", "fleet", "components.txt.zst"))) {
		c, _ := scan.FromPURL(strings.TrimSpace(line))
		m.components = append(m.components, c)
	}
	var all [][]fleet.ID
	number := m.sort()
	s := bufio.NewScanner(bytes.NewReader(testshared.Read(tb, "corpora", "inventories", "fleet", "assets.jsonl.zst")))
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		var a struct{ Components []fleet.ID }
		if err := json.Unmarshal(s.Bytes(), &a); err != nil {
			tb.Fatal(err)
		}
		slices.Sort(a.Components)
		if a.Components = slices.Compact(a.Components); len(a.Components) >= perAsset/2 {
			all = append(all, a.Components)
		}
	}
	r := rand.New(rand.NewPCG(1, 1))
	for i, list := range all {
		list = slices.Clone(list[:min(len(list), perAsset)])
		for k := i; len(list) < perAsset; k++ {
			for _, c := range all[(k+1)%len(all)] {
				if len(list) < perAsset && !slices.Contains(list, c) {
					list = append(list, c)
				}
			}
		}
		for i, c := range list {
			list[i] = number[c]
		}
		m.lists = append(m.lists, list)
	}
	r.Shuffle(len(m.lists), func(i, k int) { m.lists[i], m.lists[k] = m.lists[k], m.lists[i] })
	total, sum := 0.0, 0.0
	for i := range m.lists {
		total += 1 / math.Pow(float64(i+1), 1.05)
	}
	for i := range m.lists {
		sum += 1 / math.Pow(float64(i+1), 1.05)
		for len(m.zipf) < int(sum/total*65536) {
			m.zipf = append(m.zipf, i)
		}
	}
	return m
}

// sort puts the components of one package together, as who fills an index from an
// inventory does, and returns the new number of each.
func (m *model) sort() []fleet.ID {
	order := make([]int, len(m.components))
	for i := range order {
		order[i] = i
	}
	source := func(i int) string { return cmp.Or(m.components[i].Source, m.components[i].Name) }
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(strings.Compare(m.components[a].Ecosystem, m.components[b].Ecosystem), strings.Compare(source(a), source(b)))
	})
	number := make([]fleet.ID, len(order))
	sorted := make([]fact.Component, len(order))
	for to, from := range order {
		number[from], sorted[to] = fleet.ID(to), m.components[from]
	}
	m.components = sorted
	return number
}

// variant is the component that only one hospital has in the place of another.
func (m *model) variant(hospital, n int) fact.Component {
	c := m.components[(hospital*variants+n)*7919%len(m.components)]
	c.PURL = ""
	c.Version += "+site" + strconv.Itoa(hospital) + "." + strconv.Itoa(n)
	c.SourceVersion = ""
	return c
}

// hospital makes the assets of one, into room that is used again.
func (m *model) hospital(n, firstVariant int, room []fleet.Asset) []fleet.Asset {
	r := rand.New(rand.NewPCG(uint64(n), 7))
	room = room[:0]
	if cap(room) < perHospital {
		room = make([]fleet.Asset, 0, perHospital)
	}
	for i := range perHospital {
		room = room[:i+1]
		a := &room[i]
		a.Name = fmt.Sprintf("as_%026d", n*perHospital+i)
		a.Components = append(a.Components[:0], m.lists[m.zipf[r.IntN(len(m.zipf))]]...)
		at, v := r.IntN(perAsset), r.IntN(variants)
		for k := range replaced {
			a.Components[(at+k*17)%perAsset] = fleet.ID(firstVariant + n*variants + (v+k)%variants)
		}
	}
	return room
}

// build fills an index with hospitals, two at a time.
func (m *model) build(tb testing.TB, x *fleet.Index, hospitals int) {
	add := func(c *fact.Component) {
		if _, err := x.Component(c); err != nil {
			tb.Fatal(err)
		}
	}
	for i := range m.components {
		add(&m.components[i])
	}
	first := x.Components()
	for h := range hospitals {
		for n := range variants {
			c := m.variant(h, n)
			add(&c)
		}
	}
	var wait sync.WaitGroup
	next := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			var room []fleet.Asset
			for h := range next {
				room = m.hospital(h, first, room)
				if err := x.Load(fmt.Sprintf("hospital-%04d", h), room); err != nil {
					tb.Error(err)
				}
			}
		})
	}
	for h := range hospitals {
		next <- h
	}
	close(next)
	wait.Wait()
	x.Holders(nil, 0) // packs the directory
}

// packages returns the components of each package, the one that most assets have
// first; variants, of which each is on few, do not count.
func packages(x *fleet.Index, common int) [][]fleet.ID {
	type pkg struct {
		ids []fleet.ID
		n   int
	}
	byKey := make(map[uint64]*pkg)
	var refs []fleet.Ref
	for id := range fleet.ID(x.Components()) {
		c, _ := x.Lookup(id)
		ks := vuln.Keys(nil, &c)
		if len(ks) == 0 {
			continue
		}
		p := byKey[ks[0]]
		if p == nil {
			p = &pkg{}
			byKey[ks[0]] = p
		}
		p.ids = append(p.ids, id)
		if int(id) < common {
			refs = x.Holders(refs[:0], id)
			p.n += len(refs)
		}
	}
	var list []*pkg
	for _, p := range byKey {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b *pkg) int {
		if a.n != b.n {
			return b.n - a.n
		}
		return int(a.ids[0]) - int(b.ids[0])
	})
	out := make([][]fleet.ID, len(list))
	for i, p := range list {
		out[i] = p.ids
	}
	return out
}

// worst measures the packages that are hardest to list: of every package, by each
// name that an advisory may call it by, the one that most assets have, the one of most
// components, and the one that took longest. Each is listed twenty times: on a machine
// that is shared, the fastest says what the work takes, the median what it took beside
// others.
func worst(b *testing.B, x *fleet.Index) {
	byKey := make(map[uint64][]fleet.ID)
	for id := range fleet.ID(x.Components()) {
		c, _ := x.Lookup(id)
		for _, k := range vuln.Keys(nil, &c) {
			byKey[k] = append(byKey[k], id)
		}
	}
	type listing struct {
		key                uint64
		components, assets int
		least, median      time.Duration
	}
	var refs []fleet.Ref
	list := func(key uint64, rounds int) listing {
		took := make([]time.Duration, rounds)
		for i := range took {
			began := time.Now()
			refs = x.Holders(refs[:0], byKey[key]...)
			took[i] = time.Since(began)
		}
		slices.Sort(took)
		return listing{key, len(byKey[key]), len(refs), took[0], took[rounds/2]}
	}
	all := make([]listing, 0, len(byKey))
	for key := range byKey {
		all = append(all, list(key, 3))
	}
	by := func(what string, measure func(listing) int) {
		// A few, not one: three rounds do not tell apart what is close.
		slices.SortFunc(all, func(a, b listing) int {
			return cmp.Or(cmp.Compare(measure(b), measure(a)), cmp.Compare(a.key, b.key))
		})
		var most listing
		for _, l := range all[:min(5, len(all))] {
			if l = list(l.key, 20); l.least > most.least {
				most = l
			}
		}
		c, _ := x.Lookup(byKey[most.key][0])
		b.Logf("worst of %d by %s: %s %s, %d components, %d assets: listed in %.2f ms at least, %.2f ms at the median",
			len(all), what, c.Ecosystem, c.Name, most.components, most.assets, ms(most.least), ms(most.median))
		b.ReportMetric(ms(most.least), "worst_by_"+what+"_least_ms")
		b.ReportMetric(ms(most.median), "worst_by_"+what+"_ms")
	}
	by("assets", func(l listing) int { return l.assets })
	by("components", func(l listing) int { return l.components })
	by("time", func(l listing) int { return int(l.least) })
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func rss() float64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(b), "VmHWM:")
	n, _ := strconv.Atoi(strings.Fields(rest)[0])
	return float64(n) / 1024
}

// cpu returns the processor time that was used, in seconds: on a machine that is
// shared, it says more than the clock.
func cpu() float64 {
	b, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return 0
	}
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	return float64(user+system) / 100
}

// BenchmarkFleet builds the index for fleets of growing size and asks it what a
// new advisory concerns. Sizes stop at ASEPSIS_BENCH_ASSETS, by default 300,000
// assets; the whole model is 3,000,000 assets with 900 million components, verified
// only if ASEPSIS_BENCH_VERIFY is set. Run it with -benchtime 1x: one round is one fleet.
func BenchmarkFleet(b *testing.B) {
	m := newModel(b)
	most := 300_000
	if s := os.Getenv("ASEPSIS_BENCH_ASSETS"); s != "" {
		most, _ = strconv.Atoi(s)
	}
	for _, assets := range []int{3_000, 30_000, 300_000, 1_000_000, 3_000_000} {
		if assets > most {
			break
		}
		b.Run(fmt.Sprintf("assets=%d", assets), func(b *testing.B) {
			for b.Loop() {
				m.measure(b, assets/perHospital)
			}
		})
	}
}

func (m *model) measure(b *testing.B, hospitals int) {
	defer debug.SetGCPercent(debug.SetGCPercent(15))
	x := fleet.New()
	began, used := time.Now(), cpu()
	m.build(b, x, hospitals)
	b.ReportMetric(time.Since(began).Seconds(), "build_s")
	b.ReportMetric(cpu()-used, "build_cpu_s")
	peak := rss()
	size := x.Size()
	instances := float64(size.Assets * perAsset)
	b.ReportMetric(instances/1e6, "Minstances")
	b.ReportMetric(float64(size.Components), "components")
	b.ReportMetric(float64(size.Bytes+size.DirectoryBytes)/1e6, "index_MB")
	b.ReportMetric(float64(size.Bytes+size.DirectoryBytes)/instances, "B/instance")
	b.ReportMetric(peak, "peak_MB")

	base, sources := vulntest.OSV(b)
	file, _ := vulntest.Compile(b, base, sources...)
	feed := vulntest.Open(b, file)
	began, used = time.Now(), cpu()
	if _, err := x.Judge(feed); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(ms(time.Since(began)), "judge_all_ms")
	b.ReportMetric((cpu()-used)*1000, "judge_all_cpu_ms")

	// Holders alone, of every hundredth package.
	pkgs := packages(x, len(m.components))
	var refs []fleet.Ref
	var took []time.Duration
	for i := 0; i < len(pkgs); i += 100 {
		began := time.Now()
		refs = x.Holders(refs[:0], pkgs[i]...)
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(ms(took[len(took)/2]), "holders_median_ms")
	b.ReportMetric(ms(took[len(took)*99/100]), "holders_p99_ms")
	worst(b, x)

	dir, err := Open(filepath.Join(b.TempDir(), "fleet"))
	if err != nil {
		b.Fatal(err)
	}
	defer dir.Close()
	began = time.Now()
	if err := x.Keep(dir); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(time.Since(began).Seconds(), "checkpoint_s")
	m.advise(b, x, pkgs, base, sources)
	m.update(b, x, hospitals)
	if hospitals > 2000 && os.Getenv("ASEPSIS_BENCH_VERIFY") == "" {
		return
	}
	began = time.Now()
	if d, err := x.Verify(nil, nil); err != nil || len(d) > 0 {
		b.Fatalf("differences %v, %v", d, err)
	}
	b.ReportMetric(time.Since(began).Seconds(), "verify_s")
}

// advise brings a feed with one advisory more: from the file's bytes to the list of
// assets, what changed on the disk, in one measurement.
func (m *model) advise(b *testing.B, x *fleet.Index, pkgs [][]fleet.ID, base []*advisory.Advisory, sources []vuln.Source) {
	list := slices.Clone(base)
	var refs []fleet.Ref
	for _, rank := range []int{1, 100, 1000, 5000, 15000} {
		var c fact.Component
		found := rank - 1
		for ; found < len(pkgs); found++ { // the next that is of an ecosystem with an order
			if c, _ = x.Lookup(pkgs[found][0]); slices.Contains([]string{"deb", "pypi", "golang", "npm", "maven"}, c.Ecosystem) {
				break
			}
		}
		if found == len(pkgs) {
			continue
		}
		o := x.Outcome(pkgs[found][0])
		name := c.Name
		if c.Source != "" {
			name = c.Source
		}
		list = append(list, &advisory.Advisory{
			ID: fmt.Sprintf("TEST-%d", rank), Source: "osv/new", Products: []advisory.Product{{Package: &advisory.Package{Ecosystem: ecosystemOf(c), Name: name}}},
		})
		file, _ := vulntest.Compile(b, list, append(sources, vuln.Source{Name: "osv/new", Partial: true})...)
		runtime.GC()
		began := time.Now()
		db, err := vuln.Open(file)
		if err != nil {
			b.Fatal(err)
		}
		changed, err := x.Judge(db)
		durable := time.Since(began)
		if err != nil {
			b.Fatal(err)
		}
		ids := make([]fleet.ID, len(changed))
		for i := range changed {
			ids[i] = changed[i].Component
		}
		at := time.Now()
		refs = x.Holders(refs[:0], ids...)
		tenants := len(x.ByTenant(refs))
		listed := time.Since(at)
		// The first time nothing is at hand; what the work takes is the least of several.
		least := listed
		for range 20 {
			at = time.Now()
			refs = x.Holders(refs[:0], ids...)
			x.ByTenant(refs)
			least = min(least, time.Since(at))
		}
		b.Logf("rank %d (%s %s, %d components changed, was %s): %d assets of %d tenants; judged and durable in %.2f ms, listed in %.2f ms the first time, %.2f ms at least",
			rank, c.Ecosystem, name, len(changed), o.Verdict, len(refs), tenants, ms(durable), ms(listed), ms(least))
		b.ReportMetric(ms(least), fmt.Sprintf("listed_least_rank%d_ms", rank))
		b.ReportMetric(ms(durable), fmt.Sprintf("durable_rank%d_ms", rank))
		b.ReportMetric(ms(listed), fmt.Sprintf("listed_rank%d_ms", rank))
	}
}

func ecosystemOf(c fact.Component) string {
	switch c.Ecosystem {
	case "deb":
		id, release, _ := strings.Cut(c.Distro, "-")
		release, _, _ = strings.Cut(release, ".")
		if id == "debian" {
			return "Debian:" + release
		}
		return "Ubuntu:" + strings.TrimPrefix(c.Distro, "ubuntu-")
	case "pypi":
		return "PyPI"
	case "golang":
		return "Go"
	case "maven":
		return "Maven"
	}
	return "npm"
}

// update changes single assets.
func (m *model) update(b *testing.B, x *fleet.Index, hospitals int) {
	r := rand.New(rand.NewPCG(9, 9))
	var took []time.Duration
	used := cpu()
	for range 100 {
		h := r.IntN(hospitals)
		a := fleet.Asset{
			Name:       fmt.Sprintf("as_%026d", h*perHospital+r.IntN(perHospital)),
			Components: slices.Clone(m.lists[r.IntN(len(m.lists))]),
		}
		began := time.Now()
		if err := x.Put(fmt.Sprintf("hospital-%04d", h), a); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric((cpu()-used)*10, "put_cpu_ms")
	b.ReportMetric(ms(took[50]), "put_median_ms")
	b.ReportMetric(ms(took[99]), "put_worst_ms")
	began := time.Now()
	if err := x.Checkpoint(); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(time.Since(began).Seconds(), "next_checkpoint_s")
}
