package api_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/web/api"
)

// phone is an authenticator app of its own making, so that the product's is
// checked against another.
func phone(t *testing.T, text string, at time.Time) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	m := hmac.New(sha1.New, key)
	_ = binary.Write(m, binary.BigEndian, at.Unix()/30)
	sum := m.Sum(nil)
	o := sum[19] & 15
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[o:])&(1<<31-1))%1000000)
}

func cookies(r *httptest.ResponseRecorder) map[string]*http.Cookie {
	out := map[string]*http.Cookie{}
	for _, c := range r.Result().Cookies() {
		out[c.Name] = c
	}
	return out
}

const password = "correct horse battery staple"

func TestSetUpSignInSignOut(t *testing.T) {
	w := newWorld(t)
	if st := decode[api.SessionState](t, w.get("", "/session"), 200); st.SignedIn || !st.SetUpNeeded || st.Version != "" {
		t.Errorf("before set-up: %+v", st)
	}
	link, err := w.access.FirstLink(t.Context(), w.tenant)
	if err != nil {
		t.Fatal(err)
	}
	post := func(path string, body any) *httptest.ResponseRecorder {
		return w.do(call{method: "POST", path: path, body: body})
	}
	if p := decode[api.LinkPurpose](t, post("/setup/check", map[string]any{"link": link.Reveal()}), 200); p.Purpose != "organization" {
		t.Errorf("purpose = %+v", p)
	}
	set := map[string]any{"link": link.Reveal(), "name": "Ann Baker", "email": "ann@hospital.example", "password": password}
	if p := decode[api.Problem](t, post("/setup", set), 422); !strings.Contains(p.Detail, "organization") {
		t.Errorf("without an organization: %+v", p)
	}
	set["organization"] = map[string]any{"name": "Prairie Lakes Hospital", "kind": "critical_access", "ccn": "281340", "state": "NE", "beds": 18}
	en := decode[api.Enrollment](t, post("/setup", set), 200)
	if !strings.HasPrefix(en.URI, "otpauth://totp/Asepsis:ann@hospital.example?") {
		t.Errorf("uri = %s", en.URI)
	}
	r := post("/setup/confirm", map[string]any{"link": link.Reveal(), "code": phone(t, en.Secret, time.Now())})
	done := decode[api.Confirmed](t, r, 200)
	if len(done.Codes) != 10 || done.Job == nil || !done.Session.SignedIn || done.Session.User.Name != "Ann Baker" {
		t.Errorf("confirmed = %+v", done)
	}
	ck := cookies(r)["asepsis_session"]
	if ck == nil || !ck.HttpOnly || ck.SameSite != http.SameSiteStrictMode || ck.Secure || ck.Path != "/" {
		t.Fatalf("session cookie = %+v", ck)
	}
	if o := decode[api.Organization](t, w.get(ck.Value, "/organization"), 200); o.Name != "Prairie Lakes Hospital" || o.ID != w.tenant {
		t.Errorf("organization = %+v", o)
	}

	// The step of the set-up's code is used up: sign in with a recovery code.
	r = w.do(call{method: "POST", path: "/session", session: ck.Value, body: map[string]any{"email": "ann@hospital.example", "password": password, "code": done.Codes[0]}})
	st := decode[api.SessionState](t, r, 200)
	next := cookies(r)["asepsis_session"]
	if next.Value == ck.Value || st.User.Recovery != 9 || st.Version != "test" {
		t.Errorf("signed in: %+v", st)
	}
	if r := w.get(ck.Value, "/today"); r.Code != 401 {
		t.Errorf("the session before the sign-in still holds: %d", r.Code)
	}
	r = w.do(call{method: "DELETE", path: "/session", session: next.Value})
	if c := cookies(r)["asepsis_session"]; r.Code != 204 || c == nil || c.MaxAge >= 0 {
		t.Errorf("sign-out: %d, %+v", r.Code, c)
	}
	if r := w.get(next.Value, "/today"); r.Code != 401 {
		t.Errorf("after sign-out: %d", r.Code)
	}
}

func TestSignInIsSlowedDown(t *testing.T) {
	w := newWorld(t)
	var last *httptest.ResponseRecorder
	for range 12 {
		last = w.do(call{method: "POST", path: "/session", body: map[string]any{"email": "ann@hospital.example", "password": "x", "code": "123456"}})
	}
	p := decode[api.Problem](t, last, 429)
	if last.Header().Get("Retry-After") == "" || !strings.HasPrefix(p.Hint, "wait ") {
		t.Errorf("Retry-After %q, %+v", last.Header().Get("Retry-After"), p)
	}
}

func TestSecureCookies(t *testing.T) {
	w := newWorld(t, func(c *api.Config) { c.Secure = true })
	link, _ := w.access.FirstLink(t.Context(), w.tenant)
	set := map[string]any{
		"link": link.Reveal(), "name": "Ann", "email": "ann@hospital.example", "password": password,
		"organization": map[string]any{"name": "Prairie Lakes", "kind": "clinic"},
	}
	en := decode[api.Enrollment](t, w.do(call{method: "POST", path: "/setup", body: set}), 200)
	r := w.do(call{method: "POST", path: "/setup/confirm", body: map[string]any{"link": link.Reveal(), "code": phone(t, en.Secret, time.Now())}})
	for name, c := range cookies(r) {
		if !strings.HasPrefix(name, "__Host-") || !c.Secure || c.Domain != "" || c.Path != "/" {
			t.Errorf("cookie %s = %+v", name, c)
		}
	}
	ck := cookies(r)["__Host-asepsis_session"]
	if ck == nil {
		t.Fatal("no session cookie")
	}
	if r := w.get(ck.Value, "/today"); r.Code != 401 {
		t.Errorf("a cookie under the name without TLS is taken: %d", r.Code)
	}
	if r := w.do(call{method: "GET", path: "/today", header: map[string]string{"Cookie": "__Host-asepsis_session=" + ck.Value}}); r.Code != 200 {
		t.Errorf("the cookie: %d", r.Code)
	}
	if r := w.do(call{method: "GET", path: "/today", header: map[string]string{"Cookie": "__Host-asepsis_session=" + ck.Value + "; __Host-asepsis_session=x"}}); r.Code != 401 {
		t.Errorf("two cookies of the name: %d", r.Code)
	}
}

// TestOtherSitesCannotAct keeps an eye on the check that browsers' requests come
// from our own pages, which once behaved otherwise in a trial.
func TestOtherSitesCannotAct(t *testing.T) {
	w := newWorld(t)
	s := w.session(w.tenant, access.Administrator)
	for _, c := range []struct {
		name   string
		header map[string]string
		status int
	}{
		{"our page", map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": "http://example.com"}, 202},
		{"another site", map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, 403},
		{"a neighbor of ours", map[string]string{"Sec-Fetch-Site": "same-site", "Origin": "https://other.example.com"}, 403},
		{"an old browser on another site", map[string]string{"Origin": "https://evil.example"}, 403},
		{"an old browser on our page", map[string]string{"Origin": "http://example.com"}, 202},
		{"no browser", nil, 202},
	} {
		for range 20 {
			r := w.do(call{method: "POST", path: "/assessments", session: s, header: c.header})
			if r.Code != c.status {
				t.Fatalf("%s: %d, want %d: %s", c.name, r.Code, c.status, r.Body)
			}
			if r.Code == 403 && decode[api.Problem](t, r, 403).Hint == "" {
				t.Errorf("%s: no hint", c.name)
			}
		}
	}
}

func TestTokenReachesTheSameRoutes(t *testing.T) {
	w := newWorld(t)
	admin := w.session(w.tenant, access.Administrator)
	made := decode[api.CreatedToken](t, w.do(call{method: "POST", path: "/tokens", session: admin, body: map[string]any{"name": "nightly", "role": "auditor", "days": 30}}), 201)
	if r := w.do(call{method: "GET", path: "/today", token: made.Secret}); r.Code != 200 {
		t.Errorf("today by token: %d", r.Code)
	}
	if r := w.do(call{method: "POST", path: "/assessments", token: made.Secret}); r.Code != 403 {
		t.Errorf("an auditor's token starts an assessment: %d", r.Code)
	}
	// A token decides even beside a cookie that could do more.
	if r := w.do(call{method: "POST", path: "/assessments", token: made.Secret, session: admin}); r.Code != 403 {
		t.Errorf("the cookie lends the token its rights: %d", r.Code)
	}
	if body := w.get(admin, "/tokens").Body.String(); strings.Contains(body, made.Secret) {
		t.Error("the list shows the secret")
	}
	if r := w.do(call{method: "DELETE", path: "/tokens/" + made.ID, session: admin}); r.Code != 204 {
		t.Errorf("revoke: %d %s", r.Code, r.Body)
	}
	if r := w.do(call{method: "GET", path: "/today", token: made.Secret}); r.Code != 401 {
		t.Errorf("a revoked token: %d", r.Code)
	}
	for _, h := range []string{"Basic " + made.Secret, made.Secret, "Bearer", "Bearer  "} {
		if r := w.do(call{method: "GET", path: "/today", session: admin, header: map[string]string{"Authorization": h}}); r.Code != 401 {
			t.Errorf("Authorization %.10q: %d", h, r.Code)
		}
	}
}

func TestInvitedUser(t *testing.T) {
	w := newWorld(t)
	admin := w.session(w.tenant, access.Administrator)
	inv := decode[api.Invitation](t, w.do(call{method: "POST", path: "/users", session: admin, body: map[string]any{"name": "Ed", "email": "Ed@Hospital.example", "role": "auditor"}}), 201)
	set := map[string]any{"link": inv.Link, "name": "Ed Poe", "password": password}
	en := decode[api.Enrollment](t, w.do(call{method: "POST", path: "/setup", body: set}), 200)
	r := w.do(call{method: "POST", path: "/setup/confirm", body: map[string]any{"link": inv.Link, "code": phone(t, en.Secret, time.Now())}})
	done := decode[api.Confirmed](t, r, 200)
	if done.Session.User.Role != "auditor" || done.Job != nil {
		t.Errorf("confirmed = %+v", done)
	}
	ed := cookies(r)["asepsis_session"].Value
	if st := decode[api.SessionState](t, w.get(ed, "/session"), 200); !st.SignedIn || st.User.Email != "ed@hospital.example" {
		t.Errorf("session = %+v", st)
	}
	if u := decode[api.User](t, w.do(call{method: "PATCH", path: "/users/" + inv.User.ID, session: admin, body: map[string]any{"disabled": true}}), 200); u.State != "disabled" {
		t.Errorf("user = %+v", u)
	}
	if r := w.get(ed, "/today"); r.Code != 401 {
		t.Errorf("a disabled user: %d", r.Code)
	}
	if body := w.get(admin, "/audit?q=ed@hospital").Body.Bytes(); bytes.Contains(body, []byte(inv.Link)) || !bytes.Contains(body, []byte("user.set_up")) {
		t.Errorf("audit = %s", body)
	}
}
