package feed

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/asepsis/asepsis/internal/errs"
)

// feeds builds a feed for each day, all of one key.
func feeds(t *testing.T, days ...int) (list []*Built, trusted []note.Verifier, now time.Time) {
	t.Helper()
	key, verifier := testKey(t)
	dir := write(t, map[string][]byte{"a": []byte(osvLamp)})
	for _, d := range days {
		list = append(list, build(t, dir, key, testNow().AddDate(0, 0, d)))
	}
	return list, []note.Verifier{verifier}, testNow().AddDate(0, 0, 30)
}

func publish(t *testing.T, b *Built) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "published")
	if err := Publish(dir, b, 1); err != nil {
		t.Fatal(err)
	}
	return dir
}

// inForce checks which feed is in force and that it is whole.
func inForce(t *testing.T, dir string, want *Built, keys []note.Verifier) {
	t.Helper()
	path, err := Current(dir)
	if want == nil {
		if !errs.Is(err, errs.NotFound) {
			t.Errorf("in force is %s, %v; want none", path, err)
		}
		return
	}
	if err != nil || filepath.Base(path) != want.Name {
		t.Fatalf("in force is %s, %v; want %s", path, err, want.Name)
	}
	if _, err := Verify(path, keys); err != nil {
		t.Errorf("the feed in force: %v", err)
	}
}

func TestUpdateFromFolders(t *testing.T) {
	b, keys, now := feeds(t, 0, 1, 2)
	dir := filepath.Join(t.TempDir(), "feed")
	o := UpdateOptions{Trusted: keys, Now: now, Keep: 1}
	for i, from := range []func() string{
		func() string { return publish(t, b[0]) },                           // a folder that was published
		func() string { return filepath.Join(publish(t, b[1]), b[1].Name) }, // the file
		func() string { // a stick with nothing but the file
			d := t.TempDir()
			if err := os.WriteFile(filepath.Join(d, b[2].Name), b[2].Data, 0o644); err != nil {
				t.Fatal(err)
			}
			return d
		},
	} {
		u, err := Update(t.Context(), dir, from(), o)
		if err != nil {
			t.Fatal(err)
		}
		if !u.Changed || u.ID != idFromName(b[i].Name) || i > 0 && u.Previous != idFromName(b[i-1].Name) {
			t.Errorf("update %d: %+v", i, u)
		}
		inForce(t, dir, b[i], keys)
	}
	kept, err := List(dir)
	if err != nil || len(kept) != 2 || !kept[0].Current || kept[0].ID != idFromName(b[2].Name) || kept[1].ID != idFromName(b[1].Name) {
		t.Errorf("kept %+v, %v; want the last two", kept, err)
	}
	if u, err := Update(t.Context(), dir, publish(t, b[2]), o); err != nil || u.Changed {
		t.Errorf("the same again: %+v, %v", u, err)
	}
	if _, err := Update(t.Context(), dir, publish(t, b[0]), o); !errs.Is(err, errs.Conflict) || !strings.Contains(err.Error(), "stays in force") {
		t.Errorf("an older one: %v", err)
	}
	inForce(t, dir, b[2], keys)
	o.AllowOlder = true
	if _, err := Update(t.Context(), dir, publish(t, b[0]), o); err != nil {
		t.Errorf("an older one that is asked for: %v", err)
	}
	inForce(t, dir, b[0], keys)
	if err := Use(dir, idFromName(b[2].Name)); err != nil {
		t.Error(err)
	}
	inForce(t, dir, b[2], keys)
	if err := Use(dir, "../../x"); err == nil {
		t.Error("a path is taken as a name")
	}
}

// TestUpdateRefused leaves the old feed in force, whatever is wrong with the new one.
func TestUpdateRefused(t *testing.T) {
	b, keys, now := feeds(t, 0, 1)
	_, stranger := testKey(t)
	changed := bytes.Clone(b[1].Data)
	changed[len(changed)/3] ^= 1
	early := now.AddDate(-1, 0, 0)
	for name, c := range map[string]struct {
		data []byte
		name string
		o    UpdateOptions
		want string
	}{
		"half a file":       {b[1].Data[:len(b[1].Data)/2], b[1].Name, UpdateOptions{Trusted: keys, Now: now}, "not a whole feed file"},
		"a changed byte":    {changed, b[1].Name, UpdateOptions{Trusted: keys, Now: now}, "section"},
		"a stranger's":      {b[1].Data, b[1].Name, UpdateOptions{Trusted: []note.Verifier{stranger}, Now: now}, "trusted key"},
		"nobody is trusted": {b[1].Data, b[1].Name, UpdateOptions{Now: now}, "no key is trusted"},
		"another name":      {b[1].Data, b[0].Name, UpdateOptions{Trusted: keys, Now: now}, "another SHA-256"},
		"of the future":     {b[1].Data, b[1].Name, UpdateOptions{Trusted: keys, Now: early}, "in the future"},
		"nothing":           {nil, b[1].Name, UpdateOptions{Trusted: keys, Now: now}, "not a feed file"},
	} {
		dir := filepath.Join(t.TempDir(), "feed")
		stick := filepath.Join(t.TempDir(), c.name)
		if err := os.WriteFile(stick, c.data, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Update(t.Context(), dir, stick, c.o); err == nil || !strings.Contains(err.Error(), "there is still no feed") || errs.HintOf(err) == "" {
			t.Errorf("%s, with none in force: %v", name, err)
		}
		inForce(t, dir, nil, keys)
		if err := Publish(dir, b[0], 3); err != nil {
			t.Fatal(err)
		}
		_, err := Update(t.Context(), dir, stick, c.o)
		if err == nil || !strings.Contains(err.Error(), "the old one stays in force") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		inForce(t, dir, b[0], keys)
	}
}

// server serves a published folder. After cut bytes of a feed it breaks the
// connection, as often as breaks says.
type server struct {
	*httptest.Server
	breaks atomic.Int32
	ranges atomic.Int32
}

func serve(t *testing.T, dir string, cut int) *server {
	s := new(server)
	files := http.FileServer(http.Dir(dir))
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Range") != "" {
			s.ranges.Add(1)
		}
		if !strings.HasSuffix(r.URL.Path, nameSuffix) || s.breaks.Load() <= 0 {
			files.ServeHTTP(w, r)
			return
		}
		s.breaks.Add(-1)
		files.ServeHTTP(&cutter{ResponseWriter: w, left: cut}, r)
	}))
	t.Cleanup(s.Close)
	return s
}

type cutter struct {
	http.ResponseWriter
	left int
}

func (c *cutter) Write(b []byte) (int, error) {
	if len(b) <= c.left {
		c.left -= len(b)
		return c.ResponseWriter.Write(b)
	}
	_, _ = c.ResponseWriter.Write(b[:c.left]) // the client hangs up or does not
	c.left = 0
	if f, ok := c.ResponseWriter.(http.Flusher); ok {
		f.Flush()
	}
	panic(http.ErrAbortHandler)
}

func (c *cutter) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func TestDownload(t *testing.T) {
	b, keys, now := feeds(t, 0, 1)
	dir := filepath.Join(t.TempDir(), "feed")
	published := publish(t, b[1])
	s := serve(t, published, 1000)
	if err := Publish(dir, b[0], 3); err != nil {
		t.Fatal(err)
	}
	s.breaks.Store(2)
	o := UpdateOptions{Trusted: keys, Now: now}
	for i := range 2 {
		_, err := Update(t.Context(), dir, s.URL+"/", o)
		if err == nil || !strings.Contains(err.Error(), "stays in force") {
			t.Fatalf("broken off: %v", err)
		}
		inForce(t, dir, b[0], keys)
		parts, _ := filepath.Glob(filepath.Join(dir, downloadsName, "*"+partSuffix))
		if len(parts) != 1 {
			t.Fatalf("kept of the download: %v", parts)
		}
		if st, err := os.Stat(parts[0]); err != nil || st.Size() != int64(1000*(i+1)) {
			t.Errorf("kept of the download after %d breaks: %v, %v", i+1, st.Size(), err)
		}
	}
	var have, of int64
	o.Progress = func(h, n int64) { have, of = h, n }
	u, err := Update(t.Context(), dir, s.URL+"/", o)
	if err != nil {
		t.Fatal(err)
	}
	if u.Resumed != 2000 || s.ranges.Load() != 2 || have != of || have != int64(len(b[1].Data)) {
		t.Errorf("resumed at %d with %d ranges, progress %d of %d", u.Resumed, s.ranges.Load(), have, of)
	}
	inForce(t, dir, b[1], keys)
	if left, _ := filepath.Glob(filepath.Join(dir, downloadsName, "*")); len(left) != 0 {
		t.Errorf("left over: %v", left)
	}
	u, err = Update(t.Context(), dir, s.URL+"/"+b[1].Name, o)
	if err != nil || u.Changed {
		t.Errorf("by the file's own URL: %+v, %v", u, err)
	}
}

// TestDownloadOfAnother begins anew where the server has another file by now, or
// cannot go on.
func TestDownloadOfAnother(t *testing.T) {
	b, keys, now := feeds(t, 0, 1)
	for name, tag := range map[string]string{"another tag": `"other"`, "no tag": "", "nonsense": "\x00"} {
		dir := filepath.Join(t.TempDir(), "feed")
		s := serve(t, publish(t, b[1]), 0)
		d := filepath.Join(dir, downloadsName)
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
		s.breaks.Store(1)
		_, _ = Update(t.Context(), dir, s.URL+"/", UpdateOptions{Trusted: keys, Now: now}) // tells where the part lies
		parts, _ := filepath.Glob(filepath.Join(d, "*"+partSuffix))
		if len(parts) != 1 {
			t.Fatal(parts)
		}
		if err := os.WriteFile(parts[0], b[0].Data[:2000], 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(parts[0]+tagSuffix, []byte(tag), 0o644); err != nil {
			t.Fatal(err)
		}
		u, err := Update(t.Context(), dir, s.URL+"/", UpdateOptions{Trusted: keys, Now: now})
		if tag == "\x00" && err != nil { // the client refuses to send it; the part must not stand in the way for ever
			_ = os.Remove(parts[0] + tagSuffix)
			u, err = Update(t.Context(), dir, s.URL+"/", UpdateOptions{Trusted: keys, Now: now})
		}
		if err != nil || u.Resumed != 0 {
			t.Errorf("%s: %+v, %v; want it fetched anew", name, u, err)
		}
	}
}

func TestDownloadRefused(t *testing.T) {
	b, keys, now := feeds(t, 0, 1)
	published := publish(t, b[1])
	files := http.FileServer(http.Dir(published))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/page/"):
			fmt.Fprint(w, "<html>Welcome</html>")
		case strings.HasPrefix(r.URL.Path, "/500/"):
			w.WriteHeader(http.StatusInternalServerError)
		case strings.HasPrefix(r.URL.Path, "/endless"):
			for range 1000 {
				if _, err := w.Write(make([]byte, 64<<10)); err != nil {
					return
				}
			}
		default:
			files.ServeHTTP(w, r)
		}
	}))
	defer s.Close()
	dir := filepath.Join(t.TempDir(), "feed")
	if err := Publish(dir, b[0], 3); err != nil {
		t.Fatal(err)
	}
	o := UpdateOptions{Trusted: keys, Now: now, MaxBytes: 1 << 20}
	small := o
	small.MaxBytes = 100
	for from, c := range map[string]struct {
		o    UpdateOptions
		want string
	}{
		s.URL + "/page/":           {o, "does not publish feeds"},
		s.URL + "/500/":            {o, "500"},
		s.URL + "/none.feed":       {o, "404"},
		s.URL + "/endless":         {o, "larger than the limit"},
		s.URL + "/":                {small, "more than the limit"},
		s.URL + "/page/x.feed":     {o, "not a whole feed file"},
		"http://127.0.0.1:1/":      {o, "cannot be reached"},
		"https://":                 {o, "is not a URL"},
		filepath.Join(dir, "none"): {o, "there is no"},
		t.TempDir():                {o, "no feed file in"},
	} {
		_, err := Update(t.Context(), dir, from, c.o)
		if err == nil || !strings.Contains(err.Error(), c.want) || errs.HintOf(err) == "" {
			t.Errorf("%s: %v, want %q and advice", from, err, c.want)
		}
		inForce(t, dir, b[0], keys)
	}
}

// TestLeftovers: what a crash leaves, at whatever step, does not stand in the way.
func TestLeftovers(t *testing.T) {
	b, keys, now := feeds(t, 0, 1)
	dir := filepath.Join(t.TempDir(), "feed")
	if err := Publish(dir, b[0], 3); err != nil {
		t.Fatal(err)
	}
	// Killed while the file was written, and after it was placed but damaged.
	for name, data := range map[string][]byte{".durable-abc.tmp": b[1].Data[:100], b[1].Name: b[1].Data[:1000]} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	inForce(t, dir, b[0], keys)
	kept, err := List(dir)
	if err != nil || len(kept) != 2 || kept[1].Damaged == "" {
		t.Errorf("kept %+v, %v; want the damaged one told", kept, err)
	}
	if _, err := Update(t.Context(), dir, publish(t, b[1]), UpdateOptions{Trusted: keys, Now: now}); err != nil {
		t.Fatal(err)
	}
	inForce(t, dir, b[1], keys)
	for _, pointer := range []string{"", "../../etc/passwd\n", "asepsis-zz.feed"} {
		if err := os.WriteFile(filepath.Join(dir, currentFile), []byte(pointer), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Current(dir); !errs.Is(err, errs.Invalid) {
			t.Errorf("pointer %q: %v", pointer, err)
		}
	}
	if _, err := Update(t.Context(), dir, publish(t, b[1]), UpdateOptions{Trusted: keys, Now: now}); err != nil {
		t.Errorf("a damaged pointer stands in the way: %v", err)
	}
	inForce(t, dir, b[1], keys)
}

// TestReplacedUnderReader reads from a feed whose file is replaced and removed.
func TestReplacedUnderReader(t *testing.T) {
	b, keys, now := feeds(t, 0, 1)
	dir := filepath.Join(t.TempDir(), "feed")
	if err := Publish(dir, b[0], 3); err != nil {
		t.Fatal(err)
	}
	f, err := OpenCurrent(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Update(t.Context(), dir, publish(t, b[1]), UpdateOptions{Trusted: keys, Now: now, Keep: -1}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(f.Path); err == nil {
		t.Error("the old file is kept, though none was to be")
	}
	var list []uint32
	if list = f.DB.About(list, f.DB.Flaw("CVE-2099-1000")); len(list) != 1 {
		t.Errorf("the opened feed knows %v", list)
	}
	if d, err := f.DB.Document(list[0]); err != nil || d.Title != "Lamp stays on" {
		t.Errorf("%+v, %v", d, err)
	}
	for range 2 {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestStatedDates takes no date that is to come, nor one that is none.
func TestStatedDates(t *testing.T) {
	for stated, want := range map[string]string{`"2036-11-25T06:00:00Z"`: "which is to come", `"soon"`: "does not say when", `7`: "does not say when"} {
		b := build(t, write(t, map[string][]byte{"a.json": []byte(osvLamp), "fetched.json": []byte(`{"asepsis_source": {"fetched": ` + stated + `}}`)}), nil, testNow())
		if len(b.Report.Refused) != 1 || !strings.Contains(b.Report.Refused[0].Why, want) {
			t.Errorf("%s: refused %+v, want %q", stated, b.Report.Refused, want)
		}
		for _, s := range b.Report.Manifest.Sources {
			if s.Snapshot.After(testNow()) {
				t.Errorf("%s: %s is of %v", stated, s.Name, s.Snapshot)
			}
		}
	}
}

func TestStatus(t *testing.T) {
	key, _ := testKey(t)
	path := filepath.Join(publish(t, build(t, write(t, sources(t)), key, testNow())))
	f, err := OpenCurrent(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	at := func(now time.Time) (Status, map[string]SourceStatus) {
		st, err := f.Status(now, DefaultCadence())
		if err != nil {
			t.Fatal(err)
		}
		by := map[string]SourceStatus{}
		for _, s := range st.Sources {
			by[s.Name] = s
		}
		return st, by
	}
	st, by := at(testNow())
	if by["kev"].Stale || by["osv/PyPI"].Stale || len(by["osv/PyPI"].Ecosystems) != 1 || by["osv/PyPI"].Ecosystems[0].Ecosystem != "PyPI" {
		t.Errorf("fresh sources: %+v", by)
	}
	if len(st.Missing) != 1 || st.Missing[0].Source != "nvd" || st.Refused != f.Manifest.Refused || st.Age != 0 {
		t.Errorf("missing %+v, refused %d", st.Missing, st.Refused)
	}
	_, by = at(testNow().AddDate(0, 0, 10))
	if !by["kev"].Stale || !by["osv/PyPI"].Stale || by["endoflife"].Stale || by["msrc"].Stale {
		t.Errorf("after ten days: %+v", by)
	}
	if _, by = at(testNow().AddDate(1, 0, 0)); !by["endoflife"].Stale || !by["msrc"].Stale {
		t.Errorf("after a year: %+v", by)
	}
	for name, now := range map[string]time.Time{"behind": testNow().AddDate(-1, 0, 0), "far ahead": testNow().AddDate(10, 0, 0)} {
		st, by = at(now)
		if len(st.Warnings) == 0 || !strings.Contains(st.Warnings[0], "set the clock") || st.Age < 0 {
			t.Errorf("with the clock %s: %+v", name, st.Warnings)
		}
		for _, s := range by {
			if !s.Stale || !strings.Contains(s.Why, "set the clock") {
				t.Errorf("with the clock %s: %s is stale %v because of %q", name, s.Name, s.Stale, s.Why)
			}
		}
	}
	if st, by = at(testNow().Add(-time.Hour)); len(st.Warnings) > 0 || by["kev"].Stale {
		t.Errorf("an hour apart: %+v", st.Warnings)
	}
}
