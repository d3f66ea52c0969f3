package api_test

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/web/api"
	"github.com/asepsis/asepsis/internal/web/api/apitest"
)

func TestETag(t *testing.T) {
	w := newWorld(t)
	s := w.session(w.tenant, access.Administrator)
	first := w.get(s, "/today")
	tag := first.Header().Get("ETag")
	again := func(session, path, tag string) int {
		return w.do(call{method: "GET", path: path, session: session, header: map[string]string{"If-None-Match": `"x", ` + tag}}).Code
	}
	if tag == "" || again(s, "/today", tag) != http.StatusNotModified {
		t.Errorf("an unchanged answer with tag %q is sent again", tag)
	}
	if code := again(s, "/goals", tag); code != http.StatusOK {
		t.Errorf("the tag of one address holds for another: %d", code)
	}
	if code := again("", "/today", tag); code != http.StatusUnauthorized {
		t.Errorf("a tag lets somebody in: %d", code)
	}
	other := w.session(w.tenant, access.Executive)
	if code := again(other, "/today", tag); code != http.StatusOK {
		t.Errorf("the tag of one role holds for another: %d", code)
	}
	change := map[string]any{"check": "", "name": "coverage_floor", "value": 0.5, "reason": "as agreed by the board"}
	if r := w.do(call{method: "PUT", path: "/parameters", session: s, body: change}); r.Code != http.StatusOK {
		t.Fatalf("set parameter: %d %s", r.Code, r.Body)
	}
	if code := again(s, "/today", tag); code != http.StatusOK {
		t.Errorf("after a change: %d", code)
	}
}

func TestAnswersAreCompressedAndNeverStored(t *testing.T) {
	w := newWorld(t)
	s := w.session(w.tenant, access.Administrator)
	r := w.do(call{method: "GET", path: "/checks", session: s, header: map[string]string{"Accept-Encoding": "gzip"}})
	if r.Header().Get("Content-Encoding") != "gzip" || r.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", r.Header())
	}
	z, err := gzip.NewReader(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil || !strings.Contains(string(b), "mfa-remote-accounts") {
		t.Errorf("%v: %.100s", err, b)
	}
	csp := r.Header().Get("Content-Security-Policy")
	if !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") {
		t.Errorf("policy %q", csp)
	}
	report := w.get(s, "/report").Header().Get("Content-Security-Policy")
	if !strings.Contains(report, "sandbox") || strings.Contains(report, "script-src") || !strings.Contains(report, "default-src 'none'") {
		t.Errorf("policy of the report %q", report)
	}
}

func TestPagesOfAList(t *testing.T) {
	w := newWorld(t)
	s := w.session(w.tenant, access.Auditor)
	seen := map[string]bool{}
	cursor := ""
	for pages := 1; ; pages++ {
		p := decode[api.ResourcePage](t, w.get(s, "/resources/asset?limit=7&sort=-last_seen_at&cursor="+cursor), 200)
		for _, a := range p.Items {
			if seen[a.ID] {
				t.Fatalf("%s comes twice", a.ID)
			}
			seen[a.ID] = true
		}
		if p.Next == "" {
			if len(seen) != p.Total || pages != (p.Total+6)/7 {
				t.Errorf("%d of %d on %d pages", len(seen), p.Total, pages)
			}
			break
		}
		cursor = p.Next
	}
	if p := decode[api.ResourcePage](t, w.get(s, "/resources/asset"), 200); len(p.Items) != api.DefaultLimit {
		t.Errorf("%d items without a limit", len(p.Items))
	}
	for path, where := range map[string]string{
		"/resources/asset?limit=501": "query.limit", "/resources/asset?limit=0": "query.limit", "/resources/asset?unheard=1": "query.unheard",
		"/checks/vendor-baa/results?verdict=maybe": "query.verdict",
	} {
		p := decode[api.Problem](t, w.get(s, path), 422)
		if len(p.Fields) != 1 || p.Fields[0].Where != where || p.Hint == "" {
			t.Errorf("%s: %+v", path, p)
		}
	}
	for _, path := range []string{"/resources/asset?sort=-color", "/resources/asset?filter=color:red", "/resources/asset?filter=class", "/resources/asset?columns=color", "/resources/asset?check=x"} {
		if p := decode[api.Problem](t, w.get(s, path), 422); p.Detail == "" {
			t.Errorf("%s: %+v", path, p)
		}
	}
	if r := w.get(s, "/resources/unicorn"); r.Code != 404 {
		t.Errorf("an unknown kind: %d", r.Code)
	}
	two := decode[api.ResourcePage](t, w.get(s, "/resources/asset?filter=class:server&filter=class:printer&filter=zone:users&limit=500"), 200)
	for _, a := range two.Items {
		if c := a.Values["class"]; c != "server" && c != "printer" || a.Values["zone"] != "users" {
			t.Errorf("%v does not pass the filters", a.Values)
		}
	}
	if len(two.Items) == 0 {
		t.Error("the filters leave nothing to look at")
	}
}

func TestSlashesInIDs(t *testing.T) {
	w := newWorld(t)
	s := w.session(w.tenant, access.Auditor)
	p := decode[api.ResourcePage](t, w.get(s, "/resources/endpoint?limit=1"), 200)
	escaped := strings.ReplaceAll(p.Items[0].ID, "/", "%2F")
	if !strings.Contains(escaped, "%2F") {
		t.Fatalf("id %s", p.Items[0].ID)
	}
	if d := decode[api.ResourceDetail](t, w.get(s, "/resources/endpoint/"+escaped), 200); d.ID != p.Items[0].ID {
		t.Errorf("resource %s", d.ID)
	}
	if d := decode[api.ResultDetail](t, w.get(s, "/checks/encryption-tls-modern/results/"+escaped), 200); d.Resource != p.Items[0].ID {
		t.Errorf("result of %s", d.Resource)
	}
}

func TestSearchShowsEachRoleItsOwn(t *testing.T) {
	w := newWorld(t)
	kinds := func(role access.Role) map[string]int {
		out := map[string]int{}
		for _, h := range decode[api.SearchResult](t, w.get(w.session(w.tenant, role), "/search?q=e&limit=30"), 200).Hits {
			out[h.Kind]++
		}
		return out
	}
	if got := kinds(access.Executive); len(got) != 1 || got["goal"] == 0 {
		t.Errorf("an executive finds %v", got)
	}
	if got := kinds(access.Auditor); got["check"] == 0 {
		t.Errorf("an auditor finds %v", got)
	}
}

func TestUnknownAddressesAndMethods(t *testing.T) {
	w := newWorld(t)
	if r := w.get("", "/nowhere"); r.Code != 404 || r.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("%d %s", r.Code, r.Header().Get("Content-Type"))
	}
	r := w.do(call{method: "PUT", path: "/users"})
	if r.Code != 405 || r.Header().Get("Allow") != "GET, POST" {
		t.Errorf("%d, Allow %q", r.Code, r.Header().Get("Allow"))
	}
}

// failing answers with errors that must not leave the server, or panics.
type failing struct {
	*apitest.Fake
	how string
}

func (f failing) Today(context.Context, access.Caller) (*api.Today, error) {
	switch f.how {
	case "panic":
		panic("secret-detail")
	case "nothing":
		return nil, nil
	}
	return nil, errors.New("open /var/lib/secret-detail: no such file")
}

func TestFaultsOfOursStayInside(t *testing.T) {
	for _, how := range []string{"error", "panic", "nothing"} {
		w := newWorld(t, func(c *api.Config) { c.Reader = failing{c.Reader.(*apitest.Fake), how} })
		r := w.get(w.session(w.tenant, access.Auditor), "/today")
		p := decode[api.Problem](t, r, 500)
		if strings.Contains(r.Body.String(), "secret-detail") || p.Type != "urn:asepsis:problem:internal" {
			t.Errorf("%s: %s", how, r.Body)
		}
		if how != "nothing" && !strings.Contains(w.log.String(), "secret-detail") {
			t.Errorf("%s: the operator's log has nothing: %s", how, w.log)
		}
	}
}

func TestBodiesAreBounded(t *testing.T) {
	w := newWorld(t)
	s := w.session(w.tenant, access.Administrator)
	big := append([]byte(`{"name":"`), append([]byte(strings.Repeat("x", 2<<20)), `"}`...)...)
	for name, c := range map[string]struct {
		call
		status int
	}{
		"too large":     {call{method: "POST", path: "/users", session: s, body: big}, 413},
		"no JSON":       {call{method: "POST", path: "/users", session: s, body: []byte(`{"name":`)}, 400},
		"unknown field": {call{method: "POST", path: "/users", session: s, body: map[string]any{"name": "x", "email": "x@y.example", "role": "auditor", "admin": true}}, 422},
		"another type":  {call{method: "POST", path: "/users", session: s, body: []byte("<x/>"), header: map[string]string{"Content-Type": "text/xml"}}, 415},
		"no body":       {call{method: "POST", path: "/users", session: s}, 400},
	} {
		if p := decode[api.Problem](t, w.do(c.call), c.status); p.Hint == "" || p.Detail == "" {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

func TestParameters(t *testing.T) {
	w := newWorld(t)
	s := w.session(w.tenant, access.Administrator)
	put := func(value any) *api.Parameter {
		p := decode[api.Parameter](t, w.do(call{method: "PUT", path: "/parameters", session: s, body: map[string]any{"check": "training-current", "name": "max_days", "value": value, "reason": "policy 4.2"}}), 200)
		return &p
	}
	if p := put(180); p.Value != float64(180) || p.Override == nil || p.Override.Reason != "policy 4.2" {
		t.Errorf("set: %+v", p)
	}
	if p := put(nil); p.Override != nil || p.Value != float64(365) {
		t.Errorf("returned to its default: %+v", p)
	}
	r := w.do(call{method: "PUT", path: "/parameters", session: s, body: map[string]any{"check": "training-current", "name": "max_days", "value": map[string]int{"a": 1}, "reason": "policy 4.2"}})
	if r.Code != 422 {
		t.Errorf("an object as a value: %d %s", r.Code, r.Body)
	}
}

func TestImport(t *testing.T) {
	dir := t.TempDir()
	w := newWorld(t, func(c *api.Config) { c.UploadDir, c.MaxUpload = dir, 4<<10 })
	s := w.session(w.tenant, access.Analyst)
	bring := func(query, options, name, content string) call {
		b, ct := form(t, options, name, content)
		return call{method: "POST", path: "/imports" + query, session: s, body: b, header: map[string]string{"Content-Type": ct}}
	}
	const roster = "employee_id,name\n1,Ann\n"

	dry := decode[api.ImportOutcome](t, w.do(bring("?dry_run=true", "", "roster.csv", roster)), 200)
	if !dry.DryRun || len(dry.Diff) == 0 || dry.Job != nil {
		t.Errorf("dry run: %+v", dry)
	}
	before := decode[api.Page[api.ImportSummary]](t, w.get(s, "/imports"), 200).Total
	done := decode[api.ImportOutcome](t, w.do(bring("", "", `C:\Users\ann\roster.csv`, roster)), 200)
	if done.Name != "roster.csv" || done.Size != int64(len(roster)) || len(done.SHA256) != 64 || done.Job == nil {
		t.Errorf("import: %+v", done)
	}
	if after := decode[api.Page[api.ImportSummary]](t, w.get(s, "/imports"), 200).Total; after != before+1 {
		t.Errorf("%d imports, want %d: a dry run counts or an import does not", after, before+1)
	}
	if again := decode[api.ImportOutcome](t, w.do(bring("", "", "roster.csv", roster)), 200); !again.Same || again.Changes.Added != 0 {
		t.Errorf("the same file again: %+v", again.Changes)
	}

	ask := decode[api.Problem](t, w.do(bring("", "", "staff.csv", "weird,name\n1,Ann\n")), 409)
	if ask.Mapping == nil || !ask.Mapping.Unsure || len(ask.Mapping.Fields) == 0 || ask.Type != "urn:asepsis:problem:columns_unsure" {
		t.Fatalf("question: %+v", ask)
	}
	told := decode[api.ImportOutcome](t, w.do(bring("", `{"table":"people","columns":{"weird":"employee_id"}}`, "staff.csv", "weird,name\n1,Ann\n")), 200)
	if told.Mapping == nil || told.Mapping.Columns[0].Match != "chosen" {
		t.Errorf("answer to the question: %+v", told.Mapping)
	}
	refused := decode[api.Problem](t, w.do(bring("", "", "staff.csv", "a,b\n1,bad\n2,bad\n")), 422)
	if len(refused.Faults) != 2 || refused.Faults[0].Line != 2 || refused.Hint == "" {
		t.Errorf("refusal: %+v", refused)
	}
	if skip := decode[api.ImportOutcome](t, w.do(bring("", `{"skip_rows":true}`, "staff.csv", "a,b\n1,bad\n2,x\n")), 200); skip.Skipped != 1 {
		t.Errorf("row by row: %+v", skip)
	}

	swap := bring("", "", "roster.csv", roster)
	swap.body = []byte(strings.ReplaceAll(string(swap.body.([]byte)), `name="file"`, `name="other"`)) //nolint:errcheck // made above
	twice := bring("", `{}`, "roster.csv", roster)
	twice.body = []byte(strings.ReplaceAll(string(twice.body.([]byte)), `name="options"`, `name="file"; filename="x.csv"`)) //nolint:errcheck // made above
	cut := bring("", "", "roster.csv", roster)
	cut.body = cut.body.([]byte)[:len(cut.body.([]byte))-30] //nolint:errcheck // made above
	for name, c := range map[string]struct {
		call
		status int
	}{
		"larger than allowed":   {bring("", "", "big.csv", strings.Repeat("x", 4<<10+1)), 413},
		"far larger":            {bring("", "", "big.csv", strings.Repeat("x", 1<<20)), 413},
		"an unknown part":       {swap, 400},
		"two files":             {twice, 400},
		"broken off":            {cut, 400},
		"options that are none": {bring("", `{"colums":{}}`, "roster.csv", roster), 400},
		"no form at all":        {call{method: "POST", path: "/imports", session: s, body: []byte("x")}, 400},
		"nothing":               {call{method: "POST", path: "/imports", session: s}, 400},
		"no file name":          {bring("", "", "/", roster), 400},
		"content of no format":  {bring("", "", "x.exe", "MZ"), 422},
		"an empty file":         {bring("", "", "roster.csv", ""), 422},
		"an auditor": {func() call {
			c := bring("", "", "roster.csv", roster)
			c.session = w.session(w.tenant, access.Auditor)
			return c
		}(), 403},
		"from another site": {func() call {
			c := bring("", "", "roster.csv", roster)
			c.header["Sec-Fetch-Site"] = "cross-site"
			return c
		}(), 403},
	} {
		if p := decode[api.Problem](t, w.do(c.call), c.status); p.Hint == "" && name != "an auditor" {
			t.Errorf("%s: no hint: %+v", name, p)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
