package app

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/config"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/judge"
	"github.com/asepsis/asepsis/internal/store/sqlstore"
	"github.com/asepsis/asepsis/internal/testshared"
	"github.com/asepsis/asepsis/internal/vuln/scan"
	"github.com/asepsis/asepsis/internal/vuln/vulntest"
)

// The large organization: 100 sites with 500 assets each. Every asset has 300
// components: one of the real container inventories of the shared corpus, cut or
// filled up, as in the benchmark of the fleet index; of all lists the 50 with the
// fewest flaws, at least one each, since this is a place that installs its updates.
// Findings are what the shared OSV records say of them; nothing is invented but the
// devices' own particulars.
// Beside it: two network services an asset, and 8,000 people with an account each.
const (
	largePerSite = 500
	largeList    = 300
	largeKept    = 50
	largePeople  = 8_000
)

// largeAssets is how many assets there are: 50,000, or what ASEPSIS_BENCH_ASSETS says.
func largeAssets(tb testing.TB) int {
	tb.Helper()
	s := os.Getenv("ASEPSIS_BENCH_ASSETS")
	if s == "" {
		return 50_000
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

// largeKinds are kinds of device, with how many of a hundred assets are of them.
var largeKinds = []struct {
	share         int
	prefix, maker string
	models        []string
	class         asset.Class
	criticality   asset.Criticality
	zone, system  string
}{
	{40, "WS", "Tamarack", []string{"Desk 7", "Desk 8", "Notebook 5"}, asset.Workstation, asset.Business, "users", "Windows 11 Enterprise"},
	{15, "SRV", "Tamarack", []string{"R440", "R550", "R740"}, asset.Server, asset.Clinical, "servers", "Debian GNU/Linux 11"},
	{12, "PUMP", "Halvorsen Infusion", []string{"Drip 8", "Drip 9", "Calm 4"}, asset.Medical, asset.LifeSupporting, "medical", "firmware"},
	{10, "MON", "Brightline Monitoring", []string{"Bedside 60", "Bedside 70", "Central 9", "Spot 3"}, asset.Medical, asset.LifeSupporting, "medical", "firmware"},
	{6, "IMG", "Cascade Imaging", []string{"Slice 64", "Plate 3", "Field 1.5", "Probe 12"}, asset.Medical, asset.Clinical, "imaging", "Windows 10 IoT Enterprise"},
	{8, "PRN", "Inkwell", []string{"Laser 10", "Laser 40"}, asset.Printer, asset.Business, "printers", "firmware"},
	{6, "SW", "Ridgeline Networks", []string{"Access 24", "Access 48"}, asset.Network, asset.Clinical, "management", "firmware"},
	{3, "CAM", "Owlet", []string{"Eye 1", "Eye 2"}, asset.IoT, asset.Minor, "facilities", "firmware"},
}

// largeLists are the real lists, each of 300 components.
func largeLists(tb testing.TB, e judge.Engine) [][]fact.Component {
	tb.Helper()
	var all []fact.Component
	for line := range strings.Lines(string(testshared.Read(tb, "corpora", "inventories", "fleet", "components.txt.zst"))) {
		c, _ := scan.FromPURL(strings.TrimSpace(line))
		all = append(all, c)
	}
	var ids [][]int
	s := bufio.NewScanner(bytes.NewReader(testshared.Read(tb, "corpora", "inventories", "fleet", "assets.jsonl.zst")))
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		var a struct{ Components []int }
		if err := json.Unmarshal(s.Bytes(), &a); err != nil {
			tb.Fatal(err)
		}
		slices.Sort(a.Components)
		if a.Components = slices.Compact(a.Components); len(a.Components) >= largeList/2 {
			ids = append(ids, a.Components)
		}
	}
	out := make([][]fact.Component, 0, len(ids))
	for i, list := range ids {
		list = slices.Clone(list[:min(len(list), largeList)])
		for k := i; len(list) < largeList; k++ {
			for _, c := range ids[(k+1)%len(ids)] {
				if len(list) < largeList && !slices.Contains(list, c) {
					list = append(list, c)
				}
			}
		}
		cs := make([]fact.Component, len(list))
		for i, c := range list {
			cs[i] = all[c]
		}
		out = append(out, cs)
	}
	flaws := make(map[*fact.Component]int, len(out)) // by the first of a list
	for _, cs := range out {
		of := make(map[string]bool)
		for i := range cs {
			for _, m := range e.Component(&cs[i]).Matches {
				of[m.Flaw] = true
			}
		}
		flaws[&cs[0]] = len(of)
	}
	out = slices.DeleteFunc(out, func(cs []fact.Component) bool { return flaws[&cs[0]] == 0 })
	slices.SortStableFunc(out, func(a, b []fact.Component) int { return flaws[&a[0]] - flaws[&b[0]] })
	out = out[:min(len(out), largeKept)]
	tb.Logf("%d lists, with %d to %d flaws", len(out), flaws[&out[0][0]], flaws[&out[len(out)-1][0]])
	return out
}

func key(tb testing.TB, typ asset.KeyType, value string) asset.Key {
	tb.Helper()
	k, ok := asset.NewKey(typ, value)
	if !ok {
		tb.Fatalf("no key %s", value)
	}
	return k
}

// largeSite is what one site's own inventory states.
func largeSite(tb testing.TB, site int, lists [][]fact.Component, at time.Time) *fact.Batch {
	r := rand.New(rand.NewPCG(uint64(site), 11))
	b := &fact.Batch{
		Stream:    fact.Stream{ID: fmt.Sprintf("inventory/site-%02d", site), Title: fmt.Sprintf("inventory of site %d", site), Snapshot: true},
		Assurance: fact.Imported, ObservedAt: at,
	}
	owners := []string{"IT", "Biomedical engineering", "Radiology", "Facilities", "Laboratory"}
	for i := range largePerSite {
		n, roll := site*largePerSite+i, r.IntN(100)
		k := largeKinds[0]
		for _, x := range largeKinds {
			if k = x; roll < x.share {
				break
			}
			roll -= x.share
		}
		ref, mac := strconv.Itoa(i), fmt.Sprintf("02:00:5f:%02x:%02x:%02x", n>>16&0xff, n>>8&0xff, n&0xff)
		serial := fmt.Sprintf("%s%07d", k.prefix, n)
		vs := fact.Values{
			"name": fmt.Sprintf("%s-%02d-%03d", k.prefix, site, i), "class": string(k.class), "manufacturer": k.maker, "model": k.models[r.IntN(len(k.models))], "serial": serial,
			"criticality": string(k.criticality), "zone": k.zone, "location": fmt.Sprintf("Site %d, floor %d", site, r.IntN(6)), "os_name": k.system, "status": "in_use",
			"macs": []string{mac}, "ips": []string{fmt.Sprintf("10.%d.%d.%d", site, i>>8, i&0xff)}, "inventory_listed": true,
		}
		if r.IntN(10) > 0 {
			vs["owner"] = owners[r.IntN(len(owners))]
		}
		if r.IntN(50) == 0 {
			vs["internet_facing"] = true
		}
		b.Sightings = append(b.Sightings, fact.Sighting{Ref: ref, Keys: []asset.Key{key(tb, asset.Serial, serial), key(tb, asset.MAC, mac)}, Values: vs})
		for p, service := range map[int64]string{443: "https", []int64{22, 3389, 104, 2575}[r.IntN(4)]: "other"} {
			b.Facts = append(b.Facts, fact.Fact{Kind: fact.KindEndpoint, Key: fmt.Sprintf("%d/tcp", p), Asset: ref, Values: fact.Values{"port": p, "service": service}})
		}
		// The commonest lists are on many assets, as images are.
		f := r.Float64()
		for _, c := range lists[int(f*f*float64(len(lists)))] {
			c.Asset = ref
			b.Components = append(b.Components, c)
		}
	}
	return b
}

func largeStaff(at time.Time) *fact.Batch {
	b := &fact.Batch{Stream: fact.Stream{ID: "import/people", Title: "staff roster", Snapshot: true}, Assurance: fact.Imported, ObservedAt: at}
	for i := range largePeople {
		id := fmt.Sprintf("E%05d", i)
		b.Facts = append(b.Facts,
			fact.Fact{Kind: fact.KindPerson, Key: id, Values: fact.Values{"employee_id": id, "name": fmt.Sprintf("Person %d", i), "email": fmt.Sprintf("p%d@large.example", i), "department": fmt.Sprintf("Ward %d", i%60), "started_at": at.AddDate(-2, 0, 0)}},
			fact.Fact{Kind: fact.KindAccount, Key: "ad/" + id, Values: fact.Values{"name": "p" + strconv.Itoa(i), "directory": "ad", "owner": id, "enabled": true, "privileged": i%200 == 0, "mfa_enabled": i%9 > 0}},
		)
	}
	return b
}

// openLarge makes the large organization, or opens the one that an earlier run
// kept in the folder ASEPSIS_BENCH_KEEP names.
func openLarge(b *testing.B) (*App, string) {
	b.Helper()
	c := config.Default()
	c.DataDir = b.TempDir()
	kept := os.Getenv("ASEPSIS_BENCH_KEEP")
	if kept != "" {
		c.DataDir = kept
	}
	_, err := os.Stat(filepath.Join(c.DataDir, "complete"))
	fresh := err != nil
	a, err := Open(b.Context(), Options{Config: c, Log: slog.New(slog.DiscardHandler), Now: time.Now, Version: "test"})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		a.Wait()
		if err := a.Close(); err != nil {
			b.Error(err)
		}
	})
	p, err := a.Default(b.Context(), "test")
	if err != nil {
		b.Fatal(err)
	}
	begun, used := time.Now(), processor()
	step := func(what string) {
		b.Logf("%s: %.1f s, %.1f s of processor", what, time.Since(begun).Seconds(), (processor() - used).Seconds())
		begun, used = time.Now(), processor()
	}
	a.feeds.demonstrate(vulntest.SharedOSV(b), time.Now())
	step("advisories")
	if !fresh {
		return a, p.ID
	}
	t, err := a.tenant(p.ID)
	if err != nil {
		b.Fatal(err)
	}
	bring := func(x *fact.Batch) {
		if _, err := t.Ingest(b.Context(), x, sqlstore.Delivery{Actor: "test", Now: time.Now()}); err != nil {
			b.Fatal(err)
		}
	}
	lists := largeLists(b, a.engine())
	for site := range largeAssets(b) / largePerSite {
		bring(largeSite(b, site, lists, time.Now().Add(-time.Hour)))
	}
	bring(largeStaff(time.Now().Add(-time.Hour)))
	step("stored")
	if _, err := a.AssessNow(b.Context(), p.ID, "test", "large"); err != nil {
		b.Fatal(err)
	}
	step("judged and decided")
	if kept != "" {
		if err := os.WriteFile(filepath.Join(kept, "complete"), nil, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	return a, p.ID
}

// BenchmarkPagesLarge times the data of every page, and each keystroke of the
// searches, at the handler of the large organization with all that is warm. Say
// -benchtime 5x: making the organization takes minutes. ASEPSIS_BENCH_KEEP names a
// folder that keeps it for another run.
func BenchmarkPagesLarge(b *testing.B) {
	a, tid := openLarge(b)
	in, err := a.access.Enter(b.Context(), access.Command(tid, "test"), "Tester", "tester@example.org", access.Administrator)
	if err != nil {
		b.Fatal(err)
	}
	h, err := a.Handler(true)
	if err != nil {
		b.Fatal(err)
	}
	signed := http.Header{"Cookie": {(&http.Cookie{Name: "asepsis_session", Value: in.Session.Reveal()}).String()}}
	begun, used := time.Now(), processor()
	v, err := a.view(b.Context(), tid)
	if err != nil {
		b.Fatal(err)
	}
	first, cost := time.Since(begun), processor()-used
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	b.Logf("%d assets, %d findings, %d services; read in %.1f s, %.1f s of processor; %d MB held", len(v.set.Resources[fact.KindAsset]),
		len(v.set.Resources[fact.KindVulnerability]), len(v.set.Resources[fact.KindEndpoint]), first.Seconds(), cost.Seconds(), m.HeapAlloc>>20)
	for _, path := range largePaths(b, a, v) {
		b.Run(path, func(b *testing.B) {
			getBody(b, h, signed, path)
			var worst time.Duration
			size, used := 0, processor()
			for b.Loop() {
				begun := time.Now()
				size = len(getBody(b, h, signed, path))
				worst = max(worst, time.Since(begun))
			}
			b.ReportMetric(float64((processor()-used).Milliseconds())/float64(b.N), "cpu-ms")
			b.ReportMetric(float64(worst.Microseconds())/1000, "worst-ms")
			b.ReportMetric(float64(size)/1000, "kB")
		})
	}
	// After an edit the first page waits until the state is read anew.
	v.tenant.shown.version.Facts--
	begun, used = time.Now(), processor()
	if _, err := a.view(b.Context(), tid); err != nil {
		b.Fatal(err)
	}
	b.Logf("read after an edit in %.1f s, %.1f s of processor", time.Since(begun).Seconds(), (processor() - used).Seconds())
}

// largePaths are the requests of each page, with real names of things.
func largePaths(b *testing.B, a *App, v *view) []string {
	b.Helper()
	device := v.set.Resources[fact.KindAsset][25_000%len(v.set.Resources[fact.KindAsset])]
	on := "/resources/asset/" + device.ID
	inv := "/inventory/assets/" + device.ID
	rare, common := v.set.Resources[fact.KindVulnerability][0], v.set.Resources[fact.KindVulnerability][0]
	count := make(map[string]int)
	for _, r := range v.set.Resources[fact.KindVulnerability] {
		count[flawOf(r)]++
	}
	for _, r := range v.set.Resources[fact.KindVulnerability] {
		if count[flawOf(r)] > count[flawOf(common)] {
			common = r
		}
		if count[flawOf(r)] < count[flawOf(rare)] {
			rare = r
		}
	}
	check := a.goalCheck(b, "mitigate-known-vulnerabilities")
	paths := []string{
		"/today", "/goals", "/goals/mitigate-known-vulnerabilities", "/checks/" + check, "/checks/" + check + "/results?limit=100",
		"/inventory", "/inventory/questions", "/inventory/views", "/resources/asset?limit=100", "/resources/asset?limit=100&cursor=40000",
		"/resources/asset?limit=100&sort=-criticality", "/resources/asset?limit=100&filter=class:medical_device&filter=owner:", on,
		inv + "/history", inv + "/software?limit=100", inv + "/software?limit=100&q=lib", inv + "/software?limit=100&verdict=affected",
		"/resources/vulnerability?limit=100", "/resources/vulnerability?limit=100&sort=-cvss", "/resources/vulnerability?limit=100&asset=" + device.ID, "/resources/endpoint?limit=100",
		"/resources/person?limit=100", "/resources/account?limit=100", "/vulnerabilities",
		"/vulnerabilities/" + url.PathEscape(flawOf(common)), "/vulnerabilities/" + url.PathEscape(flawOf(rare)), "/vulnerabilities/CVE-2030-99999",
		"/vulnerabilities/" + url.PathEscape(flawOf(common)) + "/why", "/vulnerabilities/" + url.PathEscape(flawOf(common)) + "/why?asset=" + device.ID,
		"/decisions", "/devices/models", "/devices/models?q=drip", "/devices/models/halvorsen-infusion~drip-8", "/feeds", "/discovery/scopes", "/discovery/runs",
		"/imports", "/parameters", "/audit", "/ledger", "/report",
	}
	for _, typed := range []string{"pump-42-113", "10.42.1.", "halvorsen drip", "openssl"} {
		for n := range len(typed) {
			if n < 4 || n == len(typed)-1 {
				paths = append(paths, "/search?q="+url.QueryEscape(typed[:n+1]), "/resources/asset?limit=100&q="+url.QueryEscape(typed[:n+1]))
			}
		}
	}
	return append(paths, "/resources/vulnerability?limit=100&q=openssl", "/resources/vulnerability?limit=100&filter=severity:critical")
}

// processor returns the processor time that was used, to ten milliseconds, where
// the system tells it: where others use the machine too, it says more than the clock.
func processor() time.Duration {
	b, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return 0
	}
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

// goalCheck returns a check of a goal.
func (a *App) goalCheck(tb testing.TB, goal string) string {
	tb.Helper()
	r, err := a.rules()
	if err != nil {
		tb.Fatal(err)
	}
	return r.checks.OfGoal(goal)[0].ID
}
