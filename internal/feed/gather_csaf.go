package feed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/errs"
)

// maxProviderFiles bounds the documents of one provider. The largest has some 60,000.
const maxProviderFiles = 500_000

// providerMetadata is what is read of a provider's description (CSAF 2.0, 7.1.7 to 7.1.20).
type providerMetadata struct {
	CanonicalURL  string `json:"canonical_url"`
	Distributions []struct {
		DirectoryURL string `json:"directory_url"`
		ROLIE        struct {
			Feeds []struct {
				URL string `json:"url"`
				TLP string `json:"tlp_label"`
			} `json:"feeds"`
		} `json:"rolie"`
	} `json:"distributions"`
	Keys []struct {
		URL         string `json:"url"`
		Fingerprint string `json:"fingerprint"`
	} `json:"public_openpgp_keys"`
}

// rolie is what is read of a ROLIE feed.
type rolie struct {
	Feed struct {
		Entry []struct {
			Content struct {
				Src string `json:"src"`
			} `json:"content"`
			Link []struct {
				Rel  string `json:"rel"`
				Href string `json:"href"`
			} `json:"link"`
		} `json:"entry"`
	} `json:"feed"`
}

// provided is a document of a provider, with what it publishes beside it.
type provided struct {
	doc     *url.URL
	beside  []*url.URL
	guessed bool // nobody says that what lies beside it exists
}

// has reports whether a hash or signature of an ending is known: one of each is kept, so
// that an entry with many links does not make us fetch as many.
func (p *provided) has(ext string) bool {
	return slices.ContainsFunc(p.beside, func(u *url.URL) bool { return filepath.Ext(u.Path) == ext })
}

// provider fetches what a CSAF provider distributes, and reports whether all of it is here.
func (g *gatherer) provider(ctx context.Context, folder string, at *url.URL) bool {
	meta := filepath.Join(folder, "provider-metadata.json")
	if !g.file(ctx, at, meta) {
		return false
	}
	var m providerMetadata
	if err := readJSONFile(meta, &m); err != nil {
		g.fail(at.String(), err)
		return false
	}
	whole := true
	for _, k := range m.Keys {
		if u, err := at.Parse(k.URL); err == nil && isURL(u.String()) {
			to := filepath.Join(g.dir, stateDir, "keys", safeName(at.Host+"-"+k.Fingerprint)+".asc")
			if g.file(ctx, u, to) {
				g.out.KeysFor = append(g.out.KeysFor, to)
			}
		}
	}
	docs, ok := g.listed(ctx, folder, at, &m)
	whole = whole && ok
	for i := range docs {
		if ctx.Err() != nil || g.fatal != nil {
			return false
		}
		to := filepath.Join(folder, providedName(docs[i].doc))
		// Hashes and signatures come first: a document without its own, because the
		// connection broke, would be read unchecked.
		ok := true
		for _, b := range docs[i].beside {
			ok = g.besideOf(ctx, b, to+filepath.Ext(b.Path), docs[i].guessed) && ok
		}
		whole = ok && g.file(ctx, docs[i].doc, to) && whole
	}
	return whole
}

// providedName is the file of a document: its year's folder, if it has one, and its name.
func providedName(u *url.URL) string {
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	name := safeName(parts[len(parts)-1])
	if len(parts) > 1 {
		return filepath.Join(safeName(parts[len(parts)-2]), name)
	}
	return name
}

// listed returns the documents of a provider's feeds, else of its folders. Folders and
// feeds hold the same documents; feeds say what lies beside each.
func (g *gatherer) listed(ctx context.Context, folder string, at *url.URL, m *providerMetadata) (docs []provided, whole bool) {
	whole = true
	seen := make(map[string]bool)
	add := func(p provided) {
		if u := p.doc.String(); !seen[u] && isURL(u) {
			seen[u] = true
			docs = append(docs, p)
		}
	}
	none := true
	for _, d := range m.Distributions {
		for _, f := range d.ROLIE.Feeds {
			if tlp := strings.ToUpper(f.TLP); tlp == "RED" || tlp == "AMBER" || tlp == "AMBER+STRICT" {
				continue // not for everybody
			}
			u, err := at.Parse(f.URL)
			if err != nil {
				continue
			}
			none = false
			whole = g.rolie(ctx, u, add) && whole
		}
	}
	if none {
		for _, d := range m.Distributions {
			if d.DirectoryURL == "" {
				continue
			}
			u, err := at.Parse(strings.TrimSuffix(d.DirectoryURL, "/") + "/")
			if err != nil {
				continue
			}
			none = false
			whole = g.directory(ctx, u, add) && whole
		}
	}
	switch {
	case none:
		g.fail(at.String(), errs.New(errs.Invalid, "it names neither a feed nor a folder of documents"))
		return nil, false
	case len(docs) > maxProviderFiles:
		g.fail(at.String(), errs.New(errs.Limited, "it lists more than %d documents", maxProviderFiles))
		return nil, false
	}
	return docs, whole
}

// list fetches a list into the hidden folder.
func (g *gatherer) list(ctx context.Context, u *url.URL) (string, bool) {
	to := filepath.Join(g.dir, stateDir, "lists", safeName(u.Host+u.Path))
	return to, g.file(ctx, u, to)
}

func (g *gatherer) rolie(ctx context.Context, u *url.URL, add func(provided)) bool {
	file, ok := g.list(ctx, u)
	if !ok {
		return false
	}
	var f rolie
	if err := readJSONFile(file, &f); err != nil {
		g.fail(u.String(), err)
		return false
	}
	for _, e := range f.Feed.Entry {
		var p provided
		src := e.Content.Src
		for _, l := range e.Link {
			at, err := u.Parse(l.Href)
			switch {
			case err != nil:
			case l.Rel == "self" && src == "":
				src = l.Href
			case (l.Rel == "hash" || l.Rel == "signature") && isBeside(at.Path) && isURL(at.String()) && !p.has(filepath.Ext(at.Path)):
				p.beside = append(p.beside, at)
			}
		}
		at, err := u.Parse(src)
		if src == "" || err != nil {
			g.fail(u.String(), errs.New(errs.Invalid, "an entry of it names no document"))
			ok = false
			continue
		}
		p.doc = at
		add(p)
	}
	return ok
}

// besideOf fetches a hash or signature. Where it was only guessed that there is one, its
// absence is no failure; any other answer is, for a document must not go unchecked
// because a connection broke.
func (g *gatherer) besideOf(ctx context.Context, u *url.URL, to string, guessed bool) bool {
	if g.file(ctx, u, to) {
		return true
	}
	n := len(g.out.Failed) - 1
	if !guessed || n < 0 || !g.absent {
		return false
	}
	g.out.Failed = g.out.Failed[:n]
	if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		g.fatal = errs.New(errs.Internal, "remove what a provider took back: %w", err)
		return false
	}
	return true
}

// directory reads index.txt of a folder. Whether there are signatures and which hashes is
// not said there, so all are asked for.
func (g *gatherer) directory(ctx context.Context, u *url.URL, add func(provided)) bool {
	file, ok := g.list(ctx, u.JoinPath("index.txt"))
	if !ok {
		return false
	}
	b, err := readSmall(file, maxDocument)
	if err != nil {
		g.fail(u.String(), err)
		return false
	}
	for line := range bytes.Lines(b) {
		name := strings.TrimSpace(string(line))
		if name == "" {
			continue
		}
		at, err := u.Parse(name)
		if err != nil || !strings.HasSuffix(at.Path, ".json") {
			g.fail(u.String(), errs.New(errs.Invalid, "its index names %.200q, which is no document", name))
			ok = false
			continue
		}
		p := provided{doc: at, guessed: true}
		for _, ext := range beside {
			side := *at
			side.Path += ext
			side.RawPath = ""
			p.beside = append(p.beside, &side)
		}
		add(p)
	}
	return ok
}

func isBeside(path string) bool {
	for _, e := range beside {
		if strings.HasSuffix(path, e) {
			return true
		}
	}
	return false
}

// readJSONFile reads a bounded file of JSON.
func readJSONFile(path string, v any) error {
	b, err := readSmall(path, maxDocument)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		var at *json.SyntaxError
		if errors.As(err, &at) {
			return errs.New(errs.Invalid, "it is no JSON at byte %d: %w", at.Offset, err)
		}
		return errs.New(errs.Invalid, "it is not of the form that is expected: %w", err)
	}
	return nil
}
