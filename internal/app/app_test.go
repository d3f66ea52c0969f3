package app

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/demo"
	"github.com/asepsis/asepsis/internal/web/api"
	"github.com/asepsis/asepsis/internal/web/api/apitest"
)

// serveDemo fills a folder with the demonstration hospital as it is today and
// returns the handler, headers that sign in, and the tenant.
func serveDemo(tb testing.TB) (*App, http.Handler, http.Header, string) {
	tb.Helper()
	a := openBench(tb)
	now := time.Now().UTC()
	tid, err := a.fillHospital(tb.Context(), demo.Hospital(1, now, demo.Latest()), nil)
	if err != nil {
		tb.Fatal(err)
	}
	in, err := a.access.Enter(tb.Context(), access.Command(tid, "test"), "Tester", "tester@example.org", access.Administrator)
	if err != nil {
		tb.Fatal(err)
	}
	h, err := a.Handler(true)
	if err != nil {
		tb.Fatal(err)
	}
	c := http.Cookie{Name: "asepsis_session", Value: in.Session.Reveal()}
	return a, h, http.Header{"Cookie": {c.String()}}, tid
}

// TestDemonstration looks at one hospital with everything in it, from several
// sides.
func TestDemonstration(t *testing.T) {
	a, h, signed, tid := serveDemo(t)
	t.Run("every answer is as the API describes it", func(t *testing.T) {
		if n := len(apitest.Conforms(t, h, signed)); n < 20 {
			t.Errorf("only %d kinds of answer were checked", n)
		}
	})
	t.Run("it is marked as made up", func(t *testing.T) { markedAsDemonstration(t, h, signed) })
	t.Run("the same moment twice is the same", func(t *testing.T) { sameMomentTwice(t, a, tid) })
	t.Run("the record holds", func(t *testing.T) { recordHolds(t, a, tid) })
}

// recordHolds derives the record anew.
func recordHolds(t *testing.T, a *App, tid string) {
	t.Helper()
	got, err := a.CheckLedgerOf(t.Context(), tid, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !got.Good || got.Entries < 10 {
		t.Errorf("the record does not hold: %+v", got)
	}
}

// sameMomentTwice rebuilds an assessment from stored facts and compares it with
// the one that was kept.
func sameMomentTwice(t *testing.T, a *App, tid string) {
	t.Helper()
	kept, err := a.keptOf(t.Context(), tid, "latest")
	if err != nil {
		t.Fatal(err)
	}
	again, err := a.AsOf(t.Context(), tid, kept.Assessment.AsOf)
	if err != nil {
		t.Fatal(err)
	}
	if again.Assessment.Digest != kept.Assessment.Digest {
		t.Error("rebuilding the kept assessment gives another one")
	}
	out, err := a.AssessNow(t.Context(), tid, "test", "again")
	if err != nil {
		t.Fatal(err)
	}
	if out.Fresh && out.Row.FactsSeq == kept.FactsSeq && out.Row.Digest == kept.Assessment.Digest {
		t.Error("an assessment that says the same of the same facts was kept twice")
	}
	before, err := a.AsOf(t.Context(), tid, kept.Assessment.AsOf.AddDate(0, 0, -1))
	if err != nil {
		t.Fatal(err)
	}
	if before.Assessment.GoalsMeasured != 0 {
		t.Errorf("a day before anything was known, %d goals are measured", before.Assessment.GoalsMeasured)
	}
}

// markedAsDemonstration looks for the mark in everything that leaves the program.
func markedAsDemonstration(t *testing.T, h http.Handler, signed http.Header) {
	t.Helper()
	for path, want := range map[string]string{
		"/today": `"demo":true`, "/session": `"demo":true`, "/report": "Demonstration:", "/report.csv": "demonstration", "/report.json": `"demo": true`,
	} {
		body := getBody(t, h, signed, path)
		if !strings.Contains(body, want) {
			t.Errorf("%s does not say that it is a demonstration", path)
		}
	}
}

func getBody(tb testing.TB, h http.Handler, signed http.Header, path string) string {
	tb.Helper()
	r := httptest.NewRequestWithContext(tb.Context(), http.MethodGet, api.Prefix+path, nil)
	r.Host = "127.0.0.1"
	r.RemoteAddr = "127.0.0.1:1"
	r.Header = signed.Clone()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		tb.Fatalf("GET %s: %d %s", path, w.Code, w.Body)
	}
	return w.Body.String()
}

// BenchmarkPages times the data of each page at the server, first without and
// then with what is held in memory.
func BenchmarkPages(b *testing.B) {
	a, h, signed, tid := serveDemo(b)
	for _, path := range []string{
		"/today", "/goals", "/goals/mfa", "/checks", "/checks/mfa-workforce/results", "/resources/asset", "/resources/person", "/resources/vendor",
		"/resources/account", "/imports", "/report", "/parameters", "/audit", "/search?q=pump",
	} {
		if strings.HasPrefix(path, "/checks/") {
			r, err := a.rules()
			if err != nil {
				b.Fatal(err)
			}
			path = "/checks/" + r.checks.OfGoal("mfa")[0].ID + "/results"
		}
		b.Run("warm"+path, func(b *testing.B) {
			getBody(b, h, signed, path)
			for b.Loop() {
				getBody(b, h, signed, path)
			}
		})
	}
	t, err := a.tenant(tid)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("after-start/today", func(b *testing.B) {
		for b.Loop() {
			t.forget()
			getBody(b, h, signed, "/today")
		}
	})
	b.Run("after-import/today", func(b *testing.B) {
		for b.Loop() {
			t.shown.version.Facts--
			getBody(b, h, signed, "/today")
		}
	})
}

// TestChangesNameDevices brings a scan that knows a device by its address alone
// and looks at how the change is told.
func TestChangesNameDevices(t *testing.T) {
	a := openBench(t)
	p, err := a.Default(t.Context(), "test")
	if err != nil {
		t.Fatal(err)
	}
	bring := func(name, text string) *api.ImportOutcome {
		t.Helper()
		out, err := a.ImportOutcome(t.Context(), p.ID, "test", collect.Input{Name: name, R: strings.NewReader(text), Size: int64(len(text))}, "", false)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	bring("assets.csv", "name,ip,serial,class\nPUMP-7,10.1.2.3,B7-1001,medical_device\n")
	out := bring("scan.xml", `<?xml version="1.0"?><nmaprun scanner="nmap" args="nmap -oX scan.xml 10.1.2.3" start="1762000000" version="7.93" xmloutputversion="1.05">
<host><status state="up"/><address addr="10.1.2.3" addrtype="ipv4"/><ports><port protocol="tcp" portid="23"><state state="open"/><service name="telnet"/></port></ports></host>
<runstats><finished time="1762000100"/><hosts up="1" down="0" total="1"/></runstats></nmaprun>`)
	var labels []string
	for _, d := range out.Diff {
		labels = append(labels, d.Kind+" "+d.Label)
	}
	if !slices.Contains(labels, "endpoint 23/tcp on PUMP-7") || strings.Contains(strings.Join(labels, "\n"), "as_") {
		t.Errorf("changes are told as %q", labels)
	}
}
