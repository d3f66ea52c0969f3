package api_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/access/accesstest"
	"github.com/asepsis/asepsis/internal/id"
	"github.com/asepsis/asepsis/internal/web/api"
	"github.com/asepsis/asepsis/internal/web/api/apitest"
)

// world is the real handler over the fake hospital.
type world struct {
	t       *testing.T
	tenant  string
	access  *access.Service
	fake    *apitest.Fake
	hub     *api.Hub
	handler http.Handler
	log     *safeBuffer
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func newWorld(t *testing.T, change ...func(*api.Config)) *world {
	t.Helper()
	key, err := access.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, tenant: id.New(id.Tenant, time.Now()), hub: api.NewHub(), log: &safeBuffer{}}
	w.access, err = access.New(accesstest.NewMemory(), key, access.Options{Now: time.Now, Cost: access.Cost{MemoryKiB: 64, Passes: 1, Lanes: 1}})
	if err != nil {
		t.Fatal(err)
	}
	w.fake = apitest.New(w.tenant, time.Now, w.hub, 0)
	c := api.Config{
		Access: w.access, Reader: w.fake, Actions: w.fake, Inventory: w.fake, Catalog: w.fake, Hub: w.hub, Now: time.Now, Build: "test",
		Log: slog.New(slog.NewTextHandler(w.log, nil)), UploadDir: t.TempDir(),
	}
	for _, f := range change {
		f(&c)
	}
	if w.handler, err = api.New(c); err != nil {
		t.Fatal(err)
	}
	return w
}

// session signs somebody of the role in.
func (w *world) session(tenant string, role access.Role) string {
	w.t.Helper()
	in, err := w.access.Enter(w.t.Context(), access.Command(tenant, "test"), "Test Person", string(role)+"@"+tenant+".example", role)
	if err != nil {
		w.t.Fatal(err)
	}
	return in.Session.Reveal()
}

// call is one request.
type call struct {
	method, path string
	session      string // cookie
	token        string
	header       map[string]string
	body         any // []byte as it is, anything else as JSON
}

func (w *world) do(c call) *httptest.ResponseRecorder {
	w.t.Helper()
	var body io.Reader
	switch b := c.body.(type) {
	case nil:
	case []byte:
		body = bytes.NewReader(b)
	default:
		j, err := json.Marshal(b)
		if err != nil {
			w.t.Fatal(err)
		}
		body = bytes.NewReader(j)
	}
	r := httptest.NewRequest(c.method, api.Prefix+c.path, body)
	r.RemoteAddr = "10.1.2.3:40000"
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.session != "" {
		r.AddCookie(&http.Cookie{Name: "asepsis_session", Value: c.session})
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	for k, v := range c.header {
		r.Header.Set(k, v)
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	return rec
}

func (w *world) get(session, path string) *httptest.ResponseRecorder {
	w.t.Helper()
	return w.do(call{method: http.MethodGet, path: path, session: session})
}

func decode[T any](t *testing.T, r *httptest.ResponseRecorder, status int) T {
	t.Helper()
	var v T
	if r.Code != status {
		t.Fatalf("status %d, want %d: %.400s", r.Code, status, r.Body)
	}
	if err := json.Unmarshal(r.Body.Bytes(), &v); err != nil {
		t.Fatalf("%v: %.400s", err, r.Body)
	}
	return v
}

// form builds an upload.
func form(t *testing.T, options, name, content string) (body []byte, contentType string) {
	t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	if options != "" {
		if err := m.WriteField("options", options); err != nil {
			t.Fatal(err)
		}
	}
	f, err := m.CreateFormFile("file", name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(f, strings.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), m.FormDataContentType()
}
