//go:build unix

package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// TestRoutesWithoutSession asks every route of the API description as a
// stranger: but for the few that the sign-in itself needs, it gets nothing.
func TestRoutesWithoutSession(t *testing.T) {
	f := newFolder(t)
	s := f.serve()
	s.setUpAdministrator()
	var described struct {
		Paths map[string]map[string]struct {
			Security    []map[string][]string
			XPermission string `json:"x-permission"`
		}
	}
	s.call(http.MethodGet, "/openapi.json", nil, &described)
	public := []string{
		"GET /organizations/hospitals", "GET /organizations/presets", "GET /session", "POST /session", "POST /setup", "POST /setup/check", "POST /setup/confirm",
	}
	var found []string
	total := 0
	stranger := &server{t: t, base: s.base, http: http.DefaultClient, log: s.log}
	for path, methods := range described.Paths {
		for method, op := range methods {
			method = strings.ToUpper(method)
			if !slices.Contains([]string{"GET", "POST", "PUT", "PATCH", "DELETE"}, method) {
				continue
			}
			total++
			at := strings.NewReplacer("{id}", "x", "{kind}", "asset", "{resource}", "x", "{name}", "people.csv").Replace(path)
			if strings.Contains(at, "{") {
				t.Errorf("%s: the test does not know this part of a path", path)
			}
			at = strings.TrimPrefix(at, "/api/v1")
			if len(op.Security) == 0 {
				found = append(found, method+" "+strings.TrimPrefix(path, "/api/v1"))
				continue
			}
			code, b, err := stranger.do(method, at, "application/json", strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			if code != http.StatusUnauthorized && code != http.StatusForbidden {
				t.Errorf("%s %s without a session answered %d: %.200s", method, path, code, b)
			}
			req, err := http.NewRequest(method, s.base+"/api/v1"+at, strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer asepsis_wrong")
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			if res.StatusCode != http.StatusUnauthorized && res.StatusCode != http.StatusForbidden {
				t.Errorf("%s %s with a made-up token answered %d", method, path, res.StatusCode)
			}
		}
	}
	slices.Sort(found)
	if !slices.Equal(found, public) {
		t.Errorf("public routes are %v, want %v", found, public)
	}
	if total < 40 {
		t.Errorf("the description has %d operations, too few to be the whole API", total)
	}
	// A second set-up is not to be had, and another site's page cannot act.
	code, _, err := stranger.do(http.MethodPost, "/setup", "application/json", strings.NewReader(
		`{"link":"made-up","name":"Eve","email":"eve@example.org","password":"long enough a word","organization":{"name":"Hers","kind":"clinic"}}`))
	if err != nil || code < 400 || code >= 500 {
		t.Errorf("a set-up with a made-up link answered %d, %v", code, err)
	}
	req, err := http.NewRequest(http.MethodPost, s.base+"/api/v1/assessments", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Origin", "https://elsewhere.example")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	res, err := s.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusForbidden {
		t.Errorf("another site's page started an assessment: %d", res.StatusCode)
	}
}
