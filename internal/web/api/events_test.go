package api_test

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/web/api"
)

// follow opens the event stream on a real connection.
func follow(t *testing.T, w *world, session string) (lines <-chan string, done context.CancelFunc) {
	t.Helper()
	srv := httptest.NewServer(w.handler)
	t.Cleanup(srv.Close)
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+api.Prefix+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.AddCookie(&http.Cookie{Name: "asepsis_session", Value: session})
	r.Header.Set("Accept-Encoding", "gzip")
	res, err := srv.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if ct := res.Header.Get("Content-Type"); res.StatusCode != http.StatusOK || ct != "text/event-stream" || res.Header.Get("Content-Encoding") != "" {
		t.Fatalf("status %d, %v", res.StatusCode, res.Header)
	}
	out := make(chan string, 1000)
	go func() {
		defer close(out)
		defer func() { _ = res.Body.Close() }()
		sc := bufio.NewScanner(res.Body)
		for sc.Scan() {
			if sc.Text() != "" {
				out <- sc.Text()
			}
		}
	}()
	return out, cancel
}

// until reads lines up to one that begins with want; the test's own time limit
// is what ends a wait in vain.
func until(t *testing.T, lines <-chan string, want string) string {
	t.Helper()
	for {
		select {
		case l, ok := <-lines:
			if !ok {
				t.Fatalf("the stream ended before %q", want)
			}
			if strings.HasPrefix(l, want) {
				return l
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("no %q within 20 s", want)
		}
	}
}

func TestEventsOfAnAssessment(t *testing.T) {
	w := newWorld(t)
	s := w.session(w.tenant, access.Administrator)
	lines, _ := follow(t, w, s)
	until(t, lines, "retry:")
	if r := w.do(call{method: "POST", path: "/assessments", session: s}); r.Code != http.StatusAccepted {
		t.Fatalf("%d %s", r.Code, r.Body)
	}
	if l := until(t, lines, `data: {"type":"job"`); !strings.Contains(l, `"state":"running"`) {
		t.Errorf("first: %s", l)
	}
	for !strings.Contains(until(t, lines, `data: {"type":"job"`), `"state":"done"`) {
	}
	until(t, lines, `data: {"type":"changed","version"`)
}

func TestEventsStayWithTheirTenant(t *testing.T) {
	w := newWorld(t)
	other := w.session("tn_01jdother000000000000000000", access.Administrator)
	lines, _ := follow(t, w, other)
	until(t, lines, "retry:")
	w.hub.Publish(w.tenant, api.Event{Type: "changed", Version: "not-yours"})
	w.hub.Publish("tn_01jdother000000000000000000", api.Event{Type: "changed", Version: "yours"})
	if l := until(t, lines, "data:"); !strings.Contains(l, `"yours"`) {
		t.Errorf("got %s", l)
	}
}

func TestEventsEndWithTheSession(t *testing.T) {
	w := newWorld(t, func(c *api.Config) { c.Heartbeat = 20 * time.Millisecond })
	s := w.session(w.tenant, access.Executive)
	lines, _ := follow(t, w, s)
	until(t, lines, ": alive")
	if r := w.do(call{method: "DELETE", path: "/session", session: s}); r.Code != http.StatusNoContent {
		t.Fatalf("sign out: %d", r.Code)
	}
	for {
		select {
		case _, ok := <-lines:
			if !ok {
				return
			}
		case <-time.After(20 * time.Second):
			t.Fatal("the stream goes on after the session ended")
		}
	}
}

func TestEventsNeedASession(t *testing.T) {
	w := newWorld(t)
	if r := w.get("", "/events"); r.Code != http.StatusUnauthorized {
		t.Errorf("status %d", r.Code)
	}
}
