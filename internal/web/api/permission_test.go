package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/web/api"
)

// operation is one route as the OpenAPI file names it.
type operation struct {
	method, path, permission string
}

func operations(t *testing.T) []operation {
	t.Helper()
	b, err := api.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Paths map[string]map[string]struct {
			Permission string `json:"x-permission"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	var ops []operation
	for path, methods := range doc.Paths {
		for m, op := range methods {
			ops = append(ops, operation{strings.ToUpper(m), path, op.Permission})
		}
	}
	slices.SortFunc(ops, func(a, b operation) int { return strings.Compare(a.path+a.method, b.path+b.method) })
	if len(ops) < 40 {
		t.Fatalf("only %d operations", len(ops))
	}
	return ops
}

// target fills in the parameters of a path with ids that exist in the fake.
func target(path string) string {
	switch {
	case strings.HasPrefix(path, "/resources/"):
		path = strings.NewReplacer("{kind}", "vendor", "{id}", "meridian%20ehr").Replace(path)
	case strings.HasPrefix(path, "/goals/"):
		path = strings.ReplaceAll(path, "{id}", "mfa")
	case strings.HasPrefix(path, "/checks/"):
		path = strings.NewReplacer("{id}", "vendor-baa", "{resource}", "meridian%20ehr").Replace(path)
	case strings.HasPrefix(path, "/assessments/"):
		path = strings.ReplaceAll(path, "{id}", "latest")
	case strings.HasPrefix(path, "/imports/templates/"):
		path = strings.ReplaceAll(path, "{name}", "people.csv")
	case strings.HasPrefix(path, "/imports/"):
		path = strings.ReplaceAll(path, "{id}", "im_01jd0000000000000000000100")
	case path == "/search":
		path += "?q=srv"
	case path == "/organizations/hospitals":
		path += "?q=cedar"
	}
	return strings.ReplaceAll(path, "{id}", "nothing")
}

// TestEveryRouteEveryRole asks for each route of the OpenAPI file without a
// session, with one that is made up, and as each role.
func TestEveryRouteEveryRole(t *testing.T) {
	names := map[string]access.Permission{}
	for p := access.Public; len(p.Names()) == 1; p <<= 1 {
		names[p.Names()[0]] = p
	}
	for _, op := range operations(t) {
		t.Run(op.method+" "+op.path, func(t *testing.T) {
			need, ok := names[op.permission]
			if !ok {
				t.Fatalf("x-permission %q is none", op.permission)
			}
			if op.path == "/events" {
				need = access.ReadSummary // the stream itself is tested elsewhere
			}
			w := newWorld(t)
			ask := func(session, token string) int {
				c := call{method: op.method, path: target(op.path), session: session, token: token}
				if op.path == "/events" && session != "" && token == "" {
					c.header = map[string]string{"X-Probe": "1"}
				}
				return w.do(c).Code
			}
			for name, code := range map[string]int{
				"no session":     ask("", ""),
				"a made-up one":  ask("ses_"+strings.Repeat("A", 43), ""),
				"a broken one":   ask("--", ""),
				"a broken token": ask("", "asepsis_x"),
			} {
				if need == access.Public {
					// Sign-in and set-up answer 401 or 422 to an empty body; what matters is
					// that the body was looked at.
					if code == http.StatusForbidden || code >= 500 {
						t.Errorf("%s: status %d on a public route", name, code)
					}
					continue
				}
				if code != http.StatusUnauthorized {
					t.Errorf("%s: status %d, want 401", name, code)
				}
			}
			if need == access.Public || op.path == "/events" {
				return
			}
			for _, role := range access.Roles() {
				code := ask(w.session(w.tenant, role), "")
				may := role.Permissions()&need != 0
				switch {
				case may && (code == http.StatusUnauthorized || code == http.StatusForbidden || code >= 500):
					t.Errorf("%s: status %d, and may %s", role, code, need)
				case !may && code != http.StatusForbidden:
					t.Errorf("%s: status %d, want 403", role, code)
				}
			}
		})
	}
}

// TestWhoMayDoWhat keeps the whole table in one file that a person can read and
// that shows in review when it changes.
func TestWhoMayDoWhat(t *testing.T) {
	var b strings.Builder
	for _, op := range operations(t) {
		var who []string
		for _, r := range access.Roles() {
			if slices.Contains(r.Permissions().Names(), op.permission) {
				who = append(who, string(r))
			}
		}
		if op.permission == "public" {
			who = []string{"anybody"}
		}
		_, _ = fmt.Fprintf(&b, "%-6s %-34s %s\n", op.method, op.path, strings.Join(who, " "))
	}
	const file = "testdata/who-may-do-what.txt"
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil { //nolint:gosec // a document of the repository
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("%s differs; look at each line, then run with -update:\n%s", file, b.String())
	}
}

// TestOtherTenant asks for everything as an administrator of another tenant.
func TestOtherTenant(t *testing.T) {
	w := newWorld(t)
	other := w.session("tn_01jdother000000000000000000", access.Administrator)
	for _, op := range operations(t) {
		if op.method != http.MethodGet || op.path == "/events" || strings.HasPrefix(op.path, "/organizations/") ||
			strings.HasPrefix(op.path, "/imports/formats") || strings.HasPrefix(op.path, "/imports/templates") {
			continue
		}
		r := w.get(other, target(op.path))
		switch op.path {
		case "/session", "/users", "/tokens", "/audit", "/openapi.json":
			if strings.Contains(r.Body.String(), w.tenant) || strings.Contains(r.Body.String(), "Cedar Ridge") {
				t.Errorf("%s shows another tenant: %.200s", op.path, r.Body)
			}
		default:
			if r.Code != http.StatusNotFound {
				t.Errorf("%s: status %d, want 404: %.200s", op.path, r.Code, r.Body)
			}
		}
	}
}
