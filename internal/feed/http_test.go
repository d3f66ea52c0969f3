package feed

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// published is a TLS server of a feed folder that can be told to misbehave.
type published struct {
	*httptest.Server
	sent  atomic.Int64 // bytes of feed files
	cutAt atomic.Int64 // cut the connection after so many bytes of a feed file, once; -1 never
	flip  atomic.Int64 // change this byte of a feed file; -1 none
}

func serveTLS(t *testing.T, dir string) *published {
	t.Helper()
	p := new(published)
	p.cutAt.Store(-1)
	p.flip.Store(-1)
	files := http.FileServer(http.Dir(dir))
	p.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if to, ok := strings.CutPrefix(r.URL.Path, "/moved/"); ok {
			http.Redirect(w, r, "/"+to, http.StatusFound)
			return
		}
		if !strings.HasSuffix(r.URL.Path, nameSuffix) {
			files.ServeHTTP(w, r)
			return
		}
		name := filepath.Join(dir, filepath.Base(r.URL.Path))
		data, err := os.ReadFile(name)
		if err != nil {
			http.NotFound(w, r)
			return
		}
		if i := p.flip.Load(); i >= 0 {
			data[i] ^= 1
		}
		w.Header().Set("ETag", `"one"`)
		cw := &cutting{ResponseWriter: w, p: p, left: p.cutAt.Swap(-1)}
		http.ServeContent(cw, r, "", time.Time{}, bytes.NewReader(data))
	}))
	t.Cleanup(p.Close)
	return p
}

// cutting counts what is sent and cuts the connection where it is told.
type cutting struct {
	http.ResponseWriter
	p    *published
	left int64 // -1: never cut
}

func (c *cutting) Write(b []byte) (int, error) {
	if c.left >= 0 && int64(len(b)) > c.left {
		n, _ := c.ResponseWriter.Write(b[:c.left])
		c.p.sent.Add(int64(n))
		_ = http.NewResponseController(c.ResponseWriter).Flush()
		panic(http.ErrAbortHandler)
	}
	n, err := c.ResponseWriter.Write(b)
	c.p.sent.Add(int64(n))
	if c.left >= 0 {
		c.left -= int64(n)
	}
	return n, err
}

// TestCutEverywhere cuts the connection at every tenth of a download. The old feed stays
// in force, and the next update goes on from there.
func TestCutEverywhere(t *testing.T) {
	b, keys, now := feeds(t, 0, 1)
	s := serveTLS(t, publish(t, b[1]))
	o := UpdateOptions{Trusted: keys, Now: now, Client: s.Client()}
	size := int64(len(b[1].Data))
	for tenth := range int64(10) {
		dir := filepath.Join(t.TempDir(), "feed")
		if err := Publish(dir, b[0], 3); err != nil {
			t.Fatal(err)
		}
		at := size * tenth / 10
		s.cutAt.Store(at)
		if _, err := Update(t.Context(), dir, s.URL+"/", o); err == nil || !strings.Contains(err.Error(), "the old one stays in force") {
			t.Errorf("cut at %d of %d: %v", at, size, err)
		}
		inForce(t, dir, b[0], keys)
		s.sent.Store(0)
		u, err := Update(t.Context(), dir, s.URL+"/", o)
		if err != nil || !u.Changed || u.Resumed != at || s.sent.Load() != size-at {
			t.Errorf("after a cut at %d of %d: resumed at %d, %d sent, %v", at, size, u.Resumed, s.sent.Load(), err)
		}
		inForce(t, dir, b[1], keys)
	}
}

// TestNotFetchedTwice asks for the name alone where the feed is in force already.
func TestNotFetchedTwice(t *testing.T) {
	b, keys, now := feeds(t, 0)
	s := serveTLS(t, publish(t, b[0]))
	o := UpdateOptions{Trusted: keys, Now: now, Client: s.Client()}
	dir := filepath.Join(t.TempDir(), "feed")
	for i, from := range []string{s.URL + "/moved/", s.URL + "/", s.URL + "/moved/" + b[0].Name} {
		s.sent.Store(0)
		u, err := Update(t.Context(), dir, from, o)
		if err != nil || u.Changed != (i == 0) || (s.sent.Load() == 0) != (i > 0) || u.ID != idOf(b[0].Data) {
			t.Errorf("%s: changed %v, %d bytes sent, %v", from, u.Changed, s.sent.Load(), err)
		}
		inForce(t, dir, b[0], keys)
	}
}

// TestBadDownloads brings, over TLS, what must not come in force.
func TestBadDownloads(t *testing.T) {
	b, keys, now := feeds(t, 0, 1)
	_, stranger := testKey(t)
	old, better := serveTLS(t, publish(t, b[0])), serveTLS(t, publish(t, b[1]))
	dir := filepath.Join(t.TempDir(), "feed")
	o := UpdateOptions{Trusted: keys, Now: now, Client: better.Client()}
	if _, err := Update(t.Context(), dir, old.URL+"/", UpdateOptions{Trusted: keys, Now: now, Client: old.Client()}); err != nil {
		t.Fatal(err)
	}
	size := int64(len(b[1].Data))
	for i := range int64(25) {
		better.flip.Store(size * i / 25)
		if _, err := Update(t.Context(), dir, better.URL+"/", o); err == nil || !strings.Contains(err.Error(), "stays in force") {
			t.Errorf("with byte %d changed: %v", size*i/25, err)
		}
		inForce(t, dir, b[0], keys)
	}
	better.flip.Store(-1)
	for name, o := range map[string]UpdateOptions{
		"another key":             {Trusted: []note.Verifier{stranger}, Now: now, Client: better.Client()},
		"a certificate not known": {Trusted: keys, Now: now},
	} {
		if _, err := Update(t.Context(), dir, better.URL+"/", o); err == nil {
			t.Errorf("%s is taken", name)
		}
		inForce(t, dir, b[0], keys)
	}
	if _, err := Update(t.Context(), dir, better.URL+"/", o); err != nil {
		t.Fatalf("the good one after the bad ones: %v", err)
	}
	inForce(t, dir, b[1], keys)
	back := UpdateOptions{Trusted: keys, Now: now, Client: old.Client()}
	if _, err := Update(t.Context(), dir, old.URL+"/", back); err == nil || !strings.Contains(err.Error(), "older than the one in force") {
		t.Errorf("an older one is taken: %v", err)
	}
	inForce(t, dir, b[1], keys)
	back.AllowOlder = true
	if _, err := Update(t.Context(), dir, old.URL+"/", back); err != nil {
		t.Errorf("an older one is not taken when it is meant: %v", err)
	}
	inForce(t, dir, b[0], keys)
}

// The tests below run the update in a process of its own.
const childEnv = "FEED_TEST_UPDATE" // dir, URL, key and time, a line each

// TestUpdateChild is that process.
func TestUpdateChild(t *testing.T) {
	args := strings.Split(os.Getenv(childEnv), "\n")
	if len(args) != 4 {
		t.Skip("it is run by other tests")
	}
	keys, err := ParseKeys(args[2])
	if err != nil {
		t.Fatal(err)
	}
	now, err := time.Parse(time.RFC3339, args[3])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Update(t.Context(), args[0], args[1], UpdateOptions{Trusted: keys, Now: now}); err != nil {
		t.Fatal(err)
	}
}

func child(t *testing.T, dir, from, key string, now time.Time) *exec.Cmd {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestUpdateChild$")
	c.Env = append(os.Environ(), childEnv+"="+strings.Join([]string{dir, from, key, now.Format(time.RFC3339)}, "\n"))
	return c
}

// TestKilled kills the process in the middle of an update, twenty times. What is in force
// is the old one or the new one, whole, and the next update works.
func TestKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts twenty processes")
	}
	skey, public, err := NewKey("feed.example.org")
	if err != nil {
		t.Fatal(err)
	}
	key, err := ParseSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := ParseKeys(public)
	if err != nil {
		t.Fatal(err)
	}
	sources := write(t, map[string][]byte{"a": []byte(records(20_000, "PyPI", "PYSEC", "GHSA"))})
	first, second := build(t, sources, key, testNow()), build(t, sources, key, testNow().AddDate(0, 0, 1))
	folder := publish(t, second)
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, err := os.Open(filepath.Join(folder, filepath.Base(r.URL.Path)))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		defer f.Close()
		buf := make([]byte, 64<<10) // a piece at a time, so that a download takes a while
		for {
			n, err := f.Read(buf)
			if _, e := w.Write(buf[:n]); e != nil || err != nil {
				return
			}
			_ = http.NewResponseController(w).Flush()
			time.Sleep(time.Millisecond)
		}
	}))
	defer slow.Close()
	dir := filepath.Join(t.TempDir(), "feed")
	killed := 0
	for i := range 20 {
		if err := Publish(dir, first, 3); err != nil {
			t.Fatal(err)
		}
		c := child(t, dir, slow.URL+"/", public, testNow().AddDate(0, 0, 2))
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(20+10*i) * time.Millisecond)
		_ = c.Process.Kill() // it may have ended
		if c.Wait() != nil {
			killed++
		}
		if path, err := Current(dir); err != nil || filepath.Base(path) != first.Name && filepath.Base(path) != second.Name {
			t.Fatalf("in force is %s, %v", path, err)
		} else if _, err := Verify(path, keys); err != nil {
			t.Errorf("what is in force after kill %d: %v", i, err)
		}
		if _, err := Update(t.Context(), dir, slow.URL+"/", UpdateOptions{Trusted: keys, Now: testNow().AddDate(0, 0, 2)}); err != nil {
			t.Errorf("the update after kill %d: %v", i, err)
		}
		inForce(t, dir, second, keys)
	}
	t.Logf("%d of 20 were killed in the middle", killed)
	if killed == 0 {
		t.Error("no process was killed before it was done")
	}
}

// TestProxy asks the proxy of the environment.
func TestProxy(t *testing.T) {
	skey, public, err := NewKey("feed.example.org")
	if err != nil {
		t.Fatal(err)
	}
	key, err := ParseSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	b := build(t, write(t, map[string][]byte{"a": []byte(osvLamp)}), key, testNow())
	files := http.FileServer(http.Dir(publish(t, b)))
	var asked atomic.Int64
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Host == "feeds.hospital.example" {
			asked.Add(1)
		}
		files.ServeHTTP(w, r)
	}))
	defer proxy.Close()
	dir := filepath.Join(t.TempDir(), "feed")
	c := child(t, dir, "http://feeds.hospital.example/", public, testNow())
	c.Env = append(c.Env, "HTTP_PROXY="+proxy.URL, "http_proxy="+proxy.URL, "NO_PROXY=", "no_proxy=")
	if out, err := c.CombinedOutput(); err != nil || asked.Load() != 2 {
		t.Errorf("the proxy was asked %d times: %v\n%s", asked.Load(), err, out)
	}
	if path, err := Current(dir); err != nil || filepath.Base(path) != b.Name {
		t.Errorf("in force is %s, %v", path, err)
	}
}

// roundTrip answers without a network.
type roundTrip func(r *http.Request) *http.Response

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r), nil }

// TestShortOfLength refuses an answer that ends before the length it states.
func TestShortOfLength(t *testing.T) {
	b, keys, now := feeds(t, 0)
	c := &http.Client{Transport: roundTrip(func(r *http.Request) *http.Response {
		body := b[0].Data[:len(b[0].Data)/2]
		if strings.HasSuffix(r.URL.Path, currentFile) {
			body = []byte(b[0].Name)
		}
		return &http.Response{StatusCode: http.StatusOK, Status: "200 OK", Request: r, Header: http.Header{}, ContentLength: int64(len(b[0].Data)), Body: io.NopCloser(bytes.NewReader(body))}
	})}
	dir := filepath.Join(t.TempDir(), "feed")
	if _, err := Update(t.Context(), dir, "https://feeds.example.org/", UpdateOptions{Trusted: keys, Now: now, Client: c}); err == nil {
		t.Error("half a file is taken")
	}
	inForce(t, dir, nil, keys)
}
