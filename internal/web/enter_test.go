package web_test

import (
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/access/accesstest"
	"github.com/asepsis/asepsis/internal/web"
)

func TestEntrance(t *testing.T) {
	key, err := access.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	acc, err := access.New(accesstest.NewMemory(), key, access.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	open, enter := web.NewEntrance(acc, false, web.Visitor{Tenant: "tn_demo", Name: "Demo", Email: "demo@hospital.example", Role: access.Administrator})
	h := site(t, web.Config{Pages: bundle, Enter: enter})
	session := func(target string) access.Caller {
		t.Helper()
		res := ask(h, "GET", target, nil)
		if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/" || res.Header.Get("Cache-Control") != "no-store" {
			t.Fatalf("%d %v", res.StatusCode, res.Header)
		}
		for _, c := range res.Cookies() {
			if c.Name == "asepsis_session" {
				who, err := acc.BySession(t.Context(), c.Value, netip.IPv6Loopback())
				if err != nil {
					t.Fatal(err)
				}
				return who
			}
		}
		t.Fatal("no session cookie")
		return access.Caller{}
	}
	if who := session("/enter/" + open.Reveal()); who.Role() != access.Administrator || who.Tenant() != "tn_demo" {
		t.Errorf("signed in as %s of %s", who.Role(), who.Tenant())
	}
	if who := session("/enter/" + open.Reveal() + "?role=executive"); who.Role() != access.Executive {
		t.Errorf("signed in as %s", who.Role())
	}
	for _, bad := range []string{"/enter/x", "/enter/" + open.Reveal() + "x"} {
		if res := ask(h, "GET", bad, nil); res.StatusCode != http.StatusNotFound || len(res.Cookies()) != 0 {
			t.Errorf("%s: %d", bad, res.StatusCode)
		}
	}
	if res := ask(site(t, web.Config{Pages: bundle}), "GET", "/enter/"+open.Reveal(), nil); len(res.Cookies()) != 0 {
		t.Error("a server without an entrance signs somebody in")
	}
}
