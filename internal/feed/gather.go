package feed

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/durable"
	"github.com/asepsis/asepsis/internal/errs"
)

// GatherOptions say how sources are fetched.
type GatherOptions struct {
	Now      time.Time
	Client   *http.Client // nil for one with timeouts, and the proxy of the environment
	MaxBytes int64        // of one file; 0 for 4 GiB
	Progress func(url string, have, of int64)
}

// Gathered says what became of the URLs.
type Gathered struct {
	Paths   []string // folders to build from, one for each URL that has anything
	Files   int      // fetched
	Same    int      // as they were: the server said so
	Failed  []GatherFailure
	KeysFor []string // files with the keys that providers publish; a person looks at them and gives them to the build
}

// GatherFailure is a file that could not be fetched. What was fetched of it before is used,
// with its own date.
type GatherFailure struct {
	URL string `json:"url"`
	Why string `json:"why"`
}

// Gather fetches sources into a folder that is kept between builds: of each URL the file
// it names, or, of one that ends in provider-metadata.json, all CSAF documents that the
// provider distributes, with the hashes and signatures beside them, which the build
// checks. What the server says is as before is not fetched again; what breaks off is gone on
// from the next time. A file that cannot be fetched is listed, and does not stop the others.
func Gather(ctx context.Context, dir string, urls []string, o GatherOptions) (Gathered, error) {
	g := gatherer{o: o, c: o.Client, dir: dir}
	if g.c == nil {
		g.c = client()
	}
	for _, u := range urls {
		at, err := url.Parse(u)
		if err != nil || at.Host == "" || !isURL(u) {
			return g.out, errs.Hint(errs.New(errs.Invalid, "%.200q is not a URL", u), "give one like https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip")
		}
	}
	if err := durable.MkdirAll(filepath.Join(dir, stateDir), 0o755); err != nil {
		return g.out, err
	}
	for _, u := range urls {
		at, _ := url.Parse(u) // it was parsed above
		sum := sha256.Sum256([]byte(u))
		folder := filepath.Join(dir, safeName(at.Host)+"-"+hex.EncodeToString(sum[:4]))
		if err := durable.MkdirAll(folder, 0o755); err != nil {
			return g.out, err
		}
		var whole bool
		if strings.HasSuffix(at.Path, "provider-metadata.json") {
			whole = g.provider(ctx, folder, at)
		} else {
			whole = g.file(ctx, at, filepath.Join(folder, safeName(lastOf(at.Path))))
		}
		if err := ctx.Err(); err != nil {
			return g.out, errs.New(errs.Conflict, "fetching was stopped: %w", err)
		}
		if g.fatal != nil {
			return g.out, g.fatal
		}
		// The date of a folder is that of the last time all of it could be had.
		if whole {
			stamp, err := json.Marshal(map[string]any{"asepsis_source": map[string]any{"fetched": o.Now.UTC().Format(time.RFC3339), "url": u}})
			if err == nil {
				err = durable.WriteFile(filepath.Join(folder, stampFile), stamp, 0o644)
			}
			if err != nil {
				return g.out, err
			}
		}
		if entries, err := os.ReadDir(folder); err == nil && len(entries) > 0 {
			g.out.Paths = append(g.out.Paths, folder)
		}
	}
	return g.out, nil
}

const (
	stateDir  = ".state" // hidden, so that a build does not read it
	stampFile = "fetched.json"
)

type gatherer struct {
	o      GatherOptions
	c      *http.Client
	dir    string
	out    Gathered
	fatal  error // the folder cannot be written
	absent bool  // the last failure was that the server has no such file
}

func (g *gatherer) fail(u string, err error) {
	g.out.Failed = append(g.out.Failed, GatherFailure{URL: u, Why: err.Error()})
}

// file fetches one file, and reports whether what lies there is what the server has.
func (g *gatherer) file(ctx context.Context, at *url.URL, to string) bool {
	sum := sha256.Sum256([]byte(at.String()))
	state := filepath.Join(g.dir, stateDir, hex.EncodeToString(sum[:16]))
	d := download{c: g.c, url: at.String(), part: state + partSuffix, limit: g.o.MaxBytes, have: http.Header{}}
	if d.limit <= 0 || d.limit > maxFile {
		d.limit = maxFile
	}
	if g.o.Progress != nil {
		d.progress = func(have, of int64) { g.o.Progress(at.String(), have, of) }
	}
	if _, err := os.Stat(to); err == nil {
		if tag, err := readSmall(state+tagSuffix, 1024); err == nil && len(tag) > 0 {
			name := "If-Modified-Since"
			if strings.HasPrefix(string(tag), `"`) {
				name = "If-None-Match"
			}
			d.have.Set(name, string(tag))
		}
	}
	_, err := d.run(ctx)
	switch {
	case errors.Is(err, errSame):
		g.out.Same++
		return true
	case err != nil:
		g.absent = errs.Is(err, errs.NotFound)
		g.fail(at.String(), err)
		return false
	}
	if err := g.keep(d.part, to, state); err != nil {
		g.fatal = errs.New(errs.KindOf(err), "keep what was fetched: %w", err)
		return false
	}
	g.out.Files++
	return true
}

// keep puts a finished download in its place, and what the server called it beside.
func (g *gatherer) keep(part, to, state string) error {
	if err := durable.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	// The tag goes first: without it the file is fetched again, which is safe; the
	// other way around an old file would pass for the new one.
	if err := os.Remove(state + tagSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Rename(part, to); err != nil {
		return err
	}
	err := os.Rename(part+tagSuffix, state+tagSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// safeName makes a file name of a part of a URL: never hidden, never upward.
func safeName(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '.', r == '-', r == '_':
			return r
		}
		return '_'
	}, s)
	s = strings.TrimLeft(s, ".")
	if len(s) > 120 {
		sum := sha256.Sum256([]byte(s))
		s = hex.EncodeToString(sum[:4]) + s[len(s)-100:] // the end has what kind of file it is
	}
	if s == "" {
		return "file"
	}
	return s
}

func lastOf(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }
