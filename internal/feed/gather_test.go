package feed

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
)

// origin serves files from memory, with ETags, and counts what it is asked.
type origin struct {
	*httptest.Server
	mu    sync.Mutex
	files map[string][]byte // by path
	asked map[string]int    // answers with content, by path
	same  int               // answers that nothing changed
	down  string            // paths that begin so are answered with 503
}

func serveOrigin(t *testing.T, files map[string][]byte) *origin {
	t.Helper()
	o := &origin{files: files, asked: make(map[string]int)}
	o.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.mu.Lock()
		data, ok := o.files[r.URL.Path]
		down := o.down != "" && strings.HasPrefix(r.URL.Path, o.down)
		o.mu.Unlock()
		switch {
		case down:
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		case !ok:
			http.NotFound(w, r)
			return
		}
		sum := sha256.Sum256(data)
		tag := `"` + hex.EncodeToString(sum[:8]) + `"`
		w.Header().Set("ETag", tag)
		o.mu.Lock()
		if r.Header.Get("If-None-Match") == tag {
			o.same++
		} else {
			o.asked[r.URL.Path]++
		}
		o.mu.Unlock()
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
	}))
	t.Cleanup(o.Close)
	return o
}

func sumFile(data []byte, name string) []byte {
	s := sha256.Sum256(data)
	return []byte(hex.EncodeToString(s[:]) + "  " + name + "\n")
}

// publisher is a key of a provider, and how it signs.
func publisher(t *testing.T) (public []byte, sign func([]byte) []byte) {
	t.Helper()
	e, err := openpgp.NewEntity("Lamp", "", "lamp@example.org", nil)
	if err != nil {
		t.Fatal(err)
	}
	var ring bytes.Buffer
	w, err := armor.Encode(&ring, openpgp.PublicKeyType, nil)
	if err == nil {
		err = e.Serialize(w)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return ring.Bytes(), func(data []byte) []byte {
		var b bytes.Buffer
		if err := openpgp.ArmoredDetachSign(&b, e, bytes.NewReader(data), nil); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
}

func sourceOf(m Manifest, name string) (s Source) {
	if i := slices.IndexFunc(m.Sources, func(s Source) bool { return s.Name == name }); i >= 0 {
		s = m.Sources[i]
	}
	return s
}

// TestGather builds from URLs of an archive of OSV, of KEV and of EPSS, and asks the
// next time only for what changed.
func TestGather(t *testing.T) {
	var entries [][2]string
	for i, line := range strings.Split(strings.TrimSpace(records(1600, "PyPI", "PYSEC", "GHSA")), "\n") {
		entries = append(entries, [2]string{fmt.Sprintf("%d.json", i), line})
	}
	o := serveOrigin(t, map[string][]byte{"/PyPI/all.zip": zipped(t, entries...), "/kev.json": []byte(kevOne), "/epss_scores-current.csv.gz": gzipped(t, strings.Replace(epssTwo, ",2,", ",0.2,", 1))})
	dir := filepath.Join(t.TempDir(), "sources")
	urls := []string{o.URL + "/PyPI/all.zip", o.URL + "/kev.json", o.URL + "/epss_scores-current.csv.gz"}
	gather := func(now time.Time) (Gathered, Manifest) {
		t.Helper()
		g, err := Gather(t.Context(), dir, urls, GatherOptions{Now: now, Client: o.Client()})
		if err != nil {
			t.Fatal(err)
		}
		b, err := Build(t.Context(), Sources{Paths: g.Paths}, Options{Now: now})
		if err != nil {
			t.Fatal(err)
		}
		if b.Report.Manifest.Refused > 0 {
			t.Errorf("refused %+v", b.Report.Refused)
		}
		return g, b.Report.Manifest
	}
	g, m := gather(testNow())
	if g.Files != 3 || g.Same != 0 || len(g.Failed) > 0 || m.Records != 1600+1+2 {
		t.Errorf("fetched %+v, %d records", g, m.Records)
	}
	if s := sourceOf(m, "osv/PyPI"); s.Partial || !s.Snapshot.Equal(testNow()) {
		t.Errorf("the archive is %+v, want it whole and of today", s)
	}
	later := testNow().AddDate(0, 0, 3)
	o.mu.Lock()
	o.files["/kev.json"] = []byte(strings.Replace(kevOne, "CVE-2099-1000", "CVE-2099-1009", 1))
	o.mu.Unlock()
	g, m = gather(later)
	if g.Files != 1 || g.Same != 2 || o.same != 2 || o.asked["/PyPI/all.zip"] != 1 || !sourceOf(m, "osv/PyPI").Snapshot.Equal(later) {
		t.Errorf("the second time %+v, asked %v; %+v", g, o.asked, sourceOf(m, "osv/PyPI"))
	}
	// What cannot be had keeps its old content and its old date.
	o.down = "/PyPI"
	g, m = gather(later.AddDate(0, 0, 3))
	if len(g.Failed) != 1 || g.Failed[0].URL != urls[0] || len(g.Paths) != 3 || !sourceOf(m, "osv/PyPI").Snapshot.Equal(later) || sourceOf(m, "kev").Snapshot.Equal(later) {
		t.Errorf("with a server that is down %+v, %+v", g, sourceOf(m, "osv/PyPI"))
	}
}

// TestGatherCSAF fetches what a provider publishes, by its feed and by its folder, with
// hashes and signatures checked by the build.
func TestGatherCSAF(t *testing.T) {
	public, sign := publisher(t)
	second := strings.Replace(pump, "ICSMA-99-001-01", "ICSMA-99-002-01", 1)
	forged := strings.Replace(pump, "ICSMA-99-001-01", "ICSMA-99-003-01", 1)
	docs := map[string][]byte{
		"/csaf/2099/a.json": []byte(pump), "/csaf/2099/a.json.sha256": sumFile([]byte(pump), "a.json"), "/csaf/2099/a.json.asc": sign([]byte(pump)),
		"/csaf/2099/b.json": []byte(second), "/csaf/2099/b.json.sha256": sumFile([]byte(second), "b.json"), "/csaf/2099/b.json.asc": sign([]byte(second)),
		"/csaf/2099/c.json": []byte(strings.Replace(forged, "< 2.0", "< 1.0", 1)), "/csaf/2099/c.json.sha256": sumFile([]byte(forged), "c.json"), "/csaf/2099/c.json.asc": sign([]byte(forged)),
		"/key.asc":        public,
		"/csaf/index.txt": []byte("2099/a.json\n2099/b.json\n2099/c.json\n"),
	}
	entry := func(name string) string {
		return fmt.Sprintf(`{"id":%q,"content":{"type":"application/json","src":"2099/%[1]s"},"link":[{"rel":"self","href":"2099/%[1]s"},{"rel":"hash","href":"2099/%[1]s.sha256"},{"rel":"signature","href":"2099/%[1]s.asc"}]}`, name)
	}
	docs["/csaf/white.json"] = []byte(`{"feed":{"entry":[` + entry("a.json") + "," + entry("b.json") + "," + entry("c.json") + `]}}`)
	const meta = `{"canonical_url":"https://lamp.example.org","publisher":{"name":"CISA"},"public_openpgp_keys":[{"fingerprint":"00","url":"/key.asc"}],"distributions":[%s]}`
	for name, distribution := range map[string]string{
		"feed":   `{"rolie":{"feeds":[{"tlp_label":"WHITE","url":"/csaf/white.json"},{"tlp_label":"AMBER","url":"/secret.json"}]}}`,
		"folder": `{"directory_url":"/csaf"}`,
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string][]byte{"/.well-known/csaf/provider-metadata.json": fmt.Appendf(nil, meta, distribution)}
			for k, v := range docs {
				files[k] = v
			}
			o := serveOrigin(t, files)
			dir := filepath.Join(t.TempDir(), "sources")
			now := time.Now() // the key was made now
			gather := func() (Gathered, *Built) {
				g, err := Gather(t.Context(), dir, []string{o.URL + "/.well-known/csaf/provider-metadata.json"}, GatherOptions{Now: now, Client: o.Client()})
				if err != nil {
					t.Fatal(err)
				}
				var keys []byte
				for _, k := range g.KeysFor {
					b, err := os.ReadFile(k)
					if err != nil {
						t.Fatal(err)
					}
					keys = append(keys, b...)
				}
				b, err := Build(t.Context(), Sources{Paths: g.Paths}, Options{Now: now, Providers: keys})
				if err != nil {
					t.Fatal(err)
				}
				return g, b
			}
			g, b := gather()
			s := sourceOf(b.Report.Manifest, "csaf/icsma")
			if len(g.Failed) > 0 || s.Records != 2 || s.Hashed != 2 || s.Signed != 2 {
				t.Errorf("fetched %+v; read %+v", g, s)
			}
			if r := b.Report.Refused; len(r) != 1 || !strings.Contains(r[0].File, "c.json") || !strings.Contains(r[0].Why, "SHA-256") {
				t.Errorf("refused %+v, want the forged one", r)
			}
			// A signature that cannot be had now is no reason to read without it.
			o.mu.Lock()
			o.down = "/csaf/2099/b.json.asc"
			o.files["/csaf/2099/b.json"] = []byte(strings.Replace(second, "< 2.0", "< 1.5", 1))
			o.mu.Unlock()
			g, b = gather()
			if len(g.Failed) != 1 || !strings.Contains(g.Failed[0].URL, "b.json.asc") || sourceOf(b.Report.Manifest, "csaf/icsma").Records != 2 {
				t.Errorf("without a signature: %+v, %+v", g.Failed, b.Report.Refused)
			}
		})
	}
}

// TestGatherManyLinks fetches one hash of each kind, however many an entry links to.
func TestGatherManyLinks(t *testing.T) {
	var links []string
	for i := range 500 {
		links = append(links, fmt.Sprintf(`{"rel":"hash","href":"%d.sha256"}`, i))
	}
	o := serveOrigin(t, map[string][]byte{
		"/provider-metadata.json": []byte(`{"distributions":[{"rolie":{"feeds":[{"url":"/feed.json"}]}}]}`),
		"/feed.json":              []byte(`{"feed":{"entry":[{"content":{"src":"ok.json"},"link":[` + strings.Join(links, ",") + `]}]}}`),
		"/ok.json":                []byte(pump), "/0.sha256": sumFile([]byte(pump), "ok.json"),
	})
	g, err := Gather(t.Context(), filepath.Join(t.TempDir(), "sources"), []string{o.URL + "/provider-metadata.json"}, GatherOptions{Now: testNow(), Client: o.Client()})
	if err != nil || g.Files != 4 || len(g.Failed) > 0 {
		t.Errorf("fetched %+v, %v; want the list, the feed, the document and one hash", g, err)
	}
}

// TestGatherBad lists what a provider publishes wrongly, and writes nothing outside of the
// folder.
func TestGatherBad(t *testing.T) {
	o := serveOrigin(t, map[string][]byte{
		"/a/provider-metadata.json": []byte(`{"distributions":[]}`),
		"/b/provider-metadata.json": []byte(`{"distributions":`),
		"/c/provider-metadata.json": []byte(`{"distributions":[{"directory_url":"/c"}]}`),
		"/c/index.txt":              []byte("../../../../etc/passwd\n../up/%2e%2e/evil.json\nfile:///etc/x.json\nok/d.json\n"),
		"/c/ok/d.json":              []byte(pump),
		"/d/provider-metadata.json": []byte(`{"distributions":[{"rolie":{"feeds":[{"url":"/d/feed.json"}]}}]}`),
		"/d/feed.json":              []byte(`{"feed":{"entry":[{"link":[]},{"content":{"src":"ok.json"},"link":[{"rel":"hash","href":"ok.json.md5"}]}]}}`),
		"/d/ok.json":                []byte(pump),
		"/e/provider-metadata.json": []byte(`{"distributions":[{"directory_url":"/e"}]}`),
		"/e/index.txt":              []byte(strings.Repeat("x", 1<<17) + "\nok/d.json\n"), // longer than a line that many readers take
		"/e/ok/d.json":              []byte(pump),
	})
	parent := t.TempDir()
	dir := filepath.Join(parent, "sources")
	for _, u := range []string{"/a/provider-metadata.json", "/b/provider-metadata.json", "/c/provider-metadata.json", "/d/provider-metadata.json", "/e/provider-metadata.json", "/none.zip"} {
		g, err := Gather(t.Context(), dir, []string{o.URL + u}, GatherOptions{Now: testNow(), Client: o.Client()})
		if err != nil || len(g.Failed) == 0 {
			t.Errorf("%s: %+v, %v; want a failure that is listed", u, g, err)
		}
		for _, p := range g.Paths {
			if _, err := os.Stat(filepath.Join(p, stampFile)); err == nil {
				t.Errorf("%s is dated as if it were whole", u)
			}
		}
	}
	err := filepath.Walk(parent, func(path string, _ os.FileInfo, err error) error {
		if !strings.HasPrefix(path, dir) && path != parent {
			t.Errorf("written outside: %s", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Gather(t.Context(), dir, []string{"ftp://x/y"}, GatherOptions{Now: testNow()}); err == nil {
		t.Error("ftp is taken")
	}
}
