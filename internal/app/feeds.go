package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/durable"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/feed"
	"github.com/asepsis/asepsis/internal/judge"
	"github.com/asepsis/asepsis/internal/policy"
	"github.com/asepsis/asepsis/internal/secret"
	"github.com/asepsis/asepsis/internal/vuln"
	"github.com/asepsis/asepsis/internal/web/api"
)

// feeds is the feed in force. The files lie in the data folder:
//
//	feeds/                the feeds themselves and which one is in force
//	feeds/trusted.keys    public keys that people trust to sign feeds
//	keys/feed.key         the key that feeds built here are signed with
type feeds struct {
	mu     sync.Mutex
	path   string       // of the file that is open, guarded by mu
	file   *feed.Feed   // guarded by mu
	old    []*feed.Feed // replaced; a reader may still be in one, so they stay until the end, guarded by mu
	engine judge.Engine // nil where none is in force, guarded by mu
	asked  string       // the day and the windows by which it was asked what is stale, guarded by mu
	anew   time.Time    // when the windows were changed here: older judgings do not count, guarded by mu
	demo   *vuln.DB     // what the engine of a demonstration asks, guarded by mu
}

func (a *App) feedDir() string { return filepath.Join(a.cfg.DataDir, "feeds") }

// engine returns the feed in force, or nil. Another process may have brought a
// newer one, so the folder is asked each time.
func (a *App) engine() judge.Engine {
	f := &a.feeds
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.demo != nil {
		return f.engine
	}
	path, err := feed.Current(a.feedDir())
	if err != nil {
		path = ""
	}
	now := a.now()
	cadence := a.cadence()
	if asked := now.UTC().Format(time.DateOnly) + fmt.Sprint(cadence); path != f.path || asked != f.asked {
		f.asked = asked
		a.openFeed(path, now, cadence)
	}
	return f.engine
}

// database returns what the feed in force holds, or nil.
func (a *App) database() *vuln.DB {
	if a.engine() == nil {
		return nil
	}
	f := &a.feeds
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.demo != nil || f.file == nil {
		return f.demo
	}
	return f.file.DB
}

// cadence returns after how long sources are stale, as it is set here. Settings that
// cannot be read leave the defaults, and are told elsewhere.
func (a *App) cadence() feed.Cadence {
	r, err := a.rules()
	if err != nil {
		return feed.DefaultCadence()
	}
	p := r.parameters
	return feed.Times{
		Advisories: p.Window(policy.FeedStaleAfter), Devices: p.Window(policy.FeedDevicesStaleAfter),
		Windows: p.Window(policy.FeedWindowsStaleAfter), Support: p.Window(policy.FeedSupportStaleAfter),
	}.Cadence()
}

// feedAged judges every inventory anew where a parameter that was changed says how old
// advisories may be.
func (a *App) feedAged(ctx context.Context, check, name string) error {
	if check != "" || !strings.HasPrefix(name, "feed_") {
		return nil
	}
	a.feeds.mu.Lock()
	a.feeds.anew = a.now()
	a.feeds.mu.Unlock()
	return a.judgeAll(ctx)
}

// agedSince says when the windows of age were last changed by this process.
func (a *App) agedSince() time.Time {
	a.feeds.mu.Lock()
	defer a.feeds.mu.Unlock()
	return a.feeds.anew
}

// openFeed puts a feed file in force for this process. One that cannot be opened
// leaves the one before in force, which is said in the log.
func (a *App) openFeed(path string, now time.Time, cadence feed.Cadence) {
	f := &a.feeds
	if path == "" {
		f.path, f.file, f.engine = "", nil, nil
		return
	}
	if path != f.path {
		file, err := feed.Open(path)
		if err != nil {
			a.log.Error("the feed in force cannot be opened; what is installed is not assessed", "file", filepath.Base(path), "error", err)
			f.path = path
			return
		}
		if f.file != nil {
			f.old = append(f.old, f.file)
		}
		f.path, f.file = path, file
	}
	if f.file == nil {
		return
	}
	f.engine = judge.NewEngine(f.file.DB, judge.Feed{ID: f.file.ID, BuiltAt: f.file.Manifest.Built}, staleEcosystems(f.file, now, cadence))
}

// What is stale beside ecosystems.
const (
	staleExploited = "exploited"
	staleLikely    = "likelihood"
	staleSupport   = "support"
	staleWindows   = "Windows"
	staleDevices   = "devices"
)

// Stale returns whether the advisories of a feed about an ecosystem are older than they
// may be by the windows that are shipped, for judging without a data folder.
func Stale(f *feed.Feed, now time.Time) func(ecosystem string) bool {
	stale := staleEcosystems(f, now, feed.DefaultCadence())
	return func(ecosystem string) bool { return stale[ecosystem] != "" }
}

// staleEcosystems says of which kinds of software every whole source is older
// than it may be, and why. A part of an ecosystem neither makes it fresh nor stale:
// it clears nothing at any age.
func staleEcosystems(f *feed.Feed, now time.Time, cadence feed.Cadence) map[string]string {
	st, err := f.Status(now, cadence)
	if err != nil {
		return nil
	}
	stale, fresh := make(map[string]string), make(map[string]bool)
	for _, s := range st.Sources {
		why := s.Why + "; bring newer advisories"
		if strings.Contains(s.Why, "set the clock") {
			why = s.Why
		}
		for kind, is := range map[string]bool{
			staleWindows: s.Name == "msrc", staleDevices: s.Name == "csaf/icsma", staleExploited: s.Name == "kev", staleLikely: s.Name == "epss", staleSupport: s.Name == "endoflife",
		} {
			if is && s.Stale {
				stale[kind] = why
			}
		}
		if s.Partial {
			continue
		}
		for _, e := range s.Ecosystems {
			switch {
			case e.Ecosystem == "", e.Partial:
			case !s.Stale:
				fresh[e.Ecosystem] = true
			default:
				stale[e.Ecosystem] = "the advisories for it: " + why
			}
		}
	}
	maps.DeleteFunc(stale, func(e, _ string) bool { return fresh[e] })
	return stale
}

// demonstrate puts made-up advisories in force, dated as the demonstration asks.
func (f *feeds) demonstrate(db *vuln.DB, builtAt time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.engine, f.demo = judge.NewEngine(db, judge.Feed{ID: db.ID(), BuiltAt: builtAt}, nil), db
}

// close closes the files that are open.
func (f *feeds) close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var err error
	for _, o := range append(f.old, f.file) {
		if o != nil {
			err = errors.Join(err, o.Close())
		}
	}
	f.old, f.file, f.engine, f.path = nil, nil, nil, ""
	return err
}

// trustedText reads the file of trusted keys.
func (a *App) trustedText() (string, error) {
	b, err := os.ReadFile(filepath.Join(a.feedDir(), "trusted.keys"))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return string(b), err
}

// TrustedKeys returns the keys that people trust to sign feeds.
func (a *App) TrustedKeys() ([]note.Verifier, error) {
	text, err := a.trustedText()
	if err != nil {
		return nil, fmt.Errorf("read the trusted keys: %w", err)
	}
	return feed.ParseKeys(text)
}

// TrustFeedKey trusts a key to sign feeds. by is who says so.
func (a *App) TrustFeedKey(key, by string) error {
	key = strings.TrimSpace(key)
	vs, err := feed.ParseKeys(key)
	if err != nil {
		return err
	}
	if len(vs) != 1 {
		return errs.Hint(errs.New(errs.Invalid, "that is no public key"), "give the one line that asepsis feed key prints where the feed is built")
	}
	text, err := a.trustedText()
	if err != nil {
		return fmt.Errorf("read the trusted keys: %w", err)
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), key) {
			return nil
		}
	}
	if err := durable.MkdirAll(a.feedDir(), 0o700); err != nil {
		return err
	}
	by = strings.Map(func(r rune) rune {
		if r < ' ' || r == '#' {
			return ' '
		}
		return r
	}, by)
	text += fmt.Sprintf("%s # trusted by %s on %s\n", key, by, a.now().UTC().Format(time.DateOnly))
	return durable.WriteFile(filepath.Join(a.feedDir(), "trusted.keys"), []byte(text), 0o600)
}

// FeedSigner returns the key that feeds built here are signed with and its public
// part, making it on first use under the name.
func (a *App) FeedSigner(name string) (note.Signer, string, error) {
	file := filepath.Join(a.cfg.DataDir, "keys", "feed.key")
	public := file + ".pub"
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		key, pub, err := feed.NewKey(name)
		if err != nil {
			return nil, "", err
		}
		if err := durable.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return nil, "", err
		}
		if err := durable.CreateFile(public, []byte(pub+"\n"), 0o644); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, "", err
		}
		if err := durable.CreateFile(file, []byte(key.Reveal()+"\n"), 0o600); err != nil {
			return nil, "", fmt.Errorf("keep the key of feeds: %w", err)
		}
		s, err := feed.ParseSigner(key)
		return s, pub, err
	}
	if err != nil {
		return nil, "", fmt.Errorf("read the key of feeds: %w", err)
	}
	s, err := feed.ParseSigner(secret.New(string(b)))
	if err != nil {
		return nil, "", err
	}
	p, err := os.ReadFile(public)
	return s, strings.TrimSpace(string(p)), err
}

// UpdateFeed puts a feed in force: from a file, a folder or a URL. Whatever goes
// wrong, the one in force stays. Every organization is judged anew at once.
func (a *App) UpdateFeed(ctx context.Context, from string, older bool, progress func(have, of int64)) (feed.Updated, error) {
	keys, err := a.TrustedKeys()
	if err != nil {
		return feed.Updated{}, err
	}
	u, err := feed.Update(ctx, a.feedDir(), from, feed.UpdateOptions{Trusted: keys, Now: a.now(), AllowOlder: older, Progress: progress})
	if err != nil || !u.Changed {
		return u, err
	}
	return u, a.judgeAll(ctx)
}

// judgeAll holds every inventory against the feed in force.
func (a *App) judgeAll(ctx context.Context) error {
	ps, err := a.db.Profiles(ctx)
	if err != nil {
		return err
	}
	for _, p := range ps {
		t, err := a.tenant(p.ID)
		if err != nil {
			return err
		}
		now, err := a.present(ctx, t)
		if err != nil {
			return err
		}
		t.running.Lock()
		err = a.judge(ctx, t, now)
		t.running.Unlock()
		if err != nil {
			return err
		}
		a.publish(ctx, p.ID)
	}
	return nil
}

// Feeds implements api.Inventory.
func (a inventory) Feeds(ctx context.Context, who access.Caller) (*api.FeedStatus, error) {
	out := &api.FeedStatus{Earlier: []api.FeedBrief{}, Keys: []api.TrustedKey{}, Cadences: []api.Cadence{}}
	keys, err := a.TrustedKeys()
	if err != nil {
		return nil, err
	}
	text, err := a.trustedText()
	if err != nil {
		return nil, err
	}
	for _, k := range keys {
		out.Keys = append(out.Keys, api.TrustedKey{Name: k.Name(), Key: keyLine(text, k.Name())})
	}
	cadence := a.cadence()
	for _, kind := range slices.Sorted(maps.Keys(cadence)) {
		out.Cadences = append(out.Cadences, api.Cadence{Source: cmp.Or(kind, "all others"), Days: int(cadence[kind].Hours() / 24)})
	}
	kept, err := feed.List(a.feedDir())
	if err != nil {
		return nil, err
	}
	e := a.engine()
	a.feeds.mu.Lock()
	file, made := a.feeds.file, a.feeds.demo
	a.feeds.mu.Unlock()
	if made != nil {
		if out.InForce, err = a.demoDetail(ctx, who.Tenant(), made, e); err != nil {
			return nil, err
		}
		return out, a.feedChanged(ctx, who.Tenant(), out.InForce)
	}
	for _, k := range kept {
		if !k.Current && k.Damaged == "" {
			out.Earlier = append(out.Earlier, api.FeedBrief{ID: k.ID, BuiltAt: k.Built})
		}
	}
	if file == nil || e == nil {
		return out, nil
	}
	if out.InForce, err = a.feedDetail(ctx, who.Tenant(), file, e, keys, kept); err != nil {
		return nil, err
	}
	return out, a.feedChanged(ctx, who.Tenant(), out.InForce)
}

// feedChanged adds what the feed changed in an organization when it came.
func (a *App) feedChanged(ctx context.Context, tid string, d *api.FeedDetail) error {
	t, err := a.tenant(tid)
	if err != nil {
		return err
	}
	j, err := t.FirstJudgingBy(ctx, d.ID)
	if err != nil || j.Seq == 0 {
		return err
	}
	d.KnowsExploited = j.Feed.Exploited
	d.Landed = &api.FeedLanded{At: j.At, Assets: j.Assets, Opened: j.Opened, Closed: j.Closed}
	return nil
}

// keyLine returns the line of a trusted key, without what is for people.
func keyLine(text, name string) string {
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, " #")
		if line = strings.TrimSpace(line); strings.HasPrefix(line, name+"+") {
			return line
		}
	}
	return name
}

const mostRefused = 200

func (a *App) feedDetail(ctx context.Context, tid string, f *feed.Feed, e judge.Engine, keys []note.Verifier, kept []feed.Kept) (*api.FeedDetail, error) {
	now := a.now()
	cadence := a.cadence()
	st, err := f.Status(now, cadence)
	if err != nil {
		return nil, err
	}
	_, wrongClock := feed.Clock(f.Manifest.Built, now)
	stale := staleEcosystems(f, now, cadence)
	d := &api.FeedDetail{
		FeedBrief: api.FeedBrief{ID: f.ID, BuiltAt: f.Manifest.Built, Stale: wrongClock || len(stale) > 0},
		Sources:   []api.FeedSource{}, Ecosystems: []api.FeedEcosystem{}, RefusedOf: []api.FeedRefused{}, Refused: st.Refused, SignedBy: "nobody who is trusted any more",
	}
	for _, k := range kept {
		if k.Current {
			d.Size = k.Size
		}
	}
	if v, err := feed.Verify(f.Path, keys); err == nil {
		d.SignedBy = v.Key
	}
	ecosystems := make(map[string]*api.FeedEcosystem)
	for _, s := range st.Sources {
		row := api.FeedSource{ID: s.Name, Title: sourceTitle(s.Name), Records: s.Records, Refused: s.Refused, Newest: api.Stamp(s.Snapshot), Stale: s.Stale}
		switch {
		case s.Stale:
			row.Why = s.Why
		case s.Partial:
			row.Why = cmp.Or(s.PartialWhy, "it holds a part of its records only")
		default:
			row.Why = s.Limit
		}
		d.Sources = append(d.Sources, row)
		for _, c := range s.Ecosystems {
			if c.Ecosystem == "" {
				continue
			}
			x := ecosystems[c.Ecosystem]
			if x == nil {
				x = &api.FeedEcosystem{Name: c.Ecosystem, Stale: stale[c.Ecosystem] != ""}
				ecosystems[c.Ecosystem] = x
			}
			x.Records += c.Records
			if !c.Newest.IsZero() && (x.Newest == nil || c.Newest.After(*x.Newest)) {
				x.Newest = &c.Newest
			}
		}
	}
	for _, m := range st.Missing {
		d.Sources = append(d.Sources, api.FeedSource{ID: m.Source, Title: sourceTitle(m.Source), Stale: true, Why: "not in the feed: " + m.Effect})
	}
	if err := a.countInstalled(ctx, tid, e, ecosystems); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(ecosystems)) {
		d.Ecosystems = append(d.Ecosystems, *ecosystems[name])
	}
	refused, err := f.DB.Refused()
	if err != nil {
		return nil, err
	}
	for _, r := range refused[:min(len(refused), mostRefused)] {
		d.RefusedOf = append(d.RefusedOf, api.FeedRefused{Source: r.Source, File: r.File, Line: r.Line, Record: r.Record, Why: r.Why})
	}
	return d, nil
}

// demoDetail shows the made-up advisories of a demonstration.
func (a *App) demoDetail(ctx context.Context, tid string, db *vuln.DB, e judge.Engine) (*api.FeedDetail, error) {
	cov, err := db.Coverage()
	if err != nil {
		return nil, err
	}
	d := &api.FeedDetail{
		FeedBrief: api.FeedBrief{ID: e.Feed().ID, BuiltAt: e.Feed().BuiltAt}, SignedBy: "nobody: it is made up",
		Sources: []api.FeedSource{}, Ecosystems: []api.FeedEcosystem{}, RefusedOf: []api.FeedRefused{},
	}
	ecosystems := make(map[string]*api.FeedEcosystem)
	for _, c := range cov {
		d.Sources = append(d.Sources, api.FeedSource{ID: c.Source, Title: "Made-up advisories", Records: c.Records, Newest: api.Stamp(c.Newest)})
		ecosystems[c.Ecosystem] = &api.FeedEcosystem{Name: c.Ecosystem, Records: c.Records, Newest: api.Stamp(c.Newest)}
	}
	if err := a.countInstalled(ctx, tid, e, ecosystems); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(ecosystems)) {
		d.Ecosystems = append(d.Ecosystems, *ecosystems[name])
	}
	return d, nil
}

// countInstalled counts the pieces of software of each kind that assets have.
func (a *App) countInstalled(ctx context.Context, tid string, e judge.Engine, ecosystems map[string]*api.FeedEcosystem) error {
	v, err := a.view(ctx, tid)
	if err != nil {
		return err
	}
	counts, err := v.spokenOf.of(e.Feed().ID, 2).get(func() (map[string]int, error) {
		in, err := v.installed(ctx, a)
		if err != nil {
			return nil, err
		}
		out := make(map[string]int)
		for id, c := range in.components {
			out[e.Component(&c).About] += len(in.holders[id])
		}
		return out, nil
	})
	for name, x := range ecosystems {
		x.Installed = counts[name]
	}
	return err
}

// sourceTitle names a source for people.
func sourceTitle(name string) string {
	kind, rest, _ := strings.Cut(name, "/")
	title := map[string]string{
		"osv": "OSV advisories", "kev": "CISA: known exploited vulnerabilities", "epss": "FIRST: exploit prediction scores", "csaf": "CSAF advisories of makers and CISA",
		"msrc": "Microsoft: updates of Windows", "endoflife": "Dates of support", "nvd": "NVD: products by CPE name", "cve": "CVE records", "vex": "VEX statements", "debian": "Debian security", "fda": "FDA: recalls of devices",
	}[kind]
	if title == "" {
		return name
	}
	if rest != "" {
		return title + ", " + rest
	}
	return title
}

// BringFeed implements api.Inventory.
func (a inventory) BringFeed(ctx context.Context, who access.Caller, _ string, r io.ReaderAt, size int64) (*api.FeedStatus, error) {
	dir := filepath.Join(a.feedDir(), "uploads")
	if err := durable.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(dir, "upload-*.feed")
	if err != nil {
		return nil, fmt.Errorf("keep the upload: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = io.Copy(f, io.NewSectionReader(r, 0, size))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("keep the upload: %w", err)
	}
	if _, err := a.UpdateFeed(ctx, f.Name(), false, nil); err != nil {
		return nil, err
	}
	a.reassess(ctx, who.Tenant(), who.Name(), "new advisories")
	return a.Feeds(ctx, who)
}

// TrustKey implements api.Inventory.
func (a inventory) TrustKey(ctx context.Context, who access.Caller, key string) (*api.FeedStatus, error) {
	if err := a.TrustFeedKey(key, who.Name()); err != nil {
		return nil, err
	}
	return a.Feeds(ctx, who)
}
