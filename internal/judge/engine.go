package judge

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/vuln"
	"github.com/asepsis/asepsis/internal/vuln/device"
	"github.com/asepsis/asepsis/internal/vuln/eol"
	"github.com/asepsis/asepsis/internal/vuln/windows"
)

// feedEngine asks an opened feed file.
type feedEngine struct {
	db    *vuln.DB
	feed  Feed
	stale map[string]string

	windowsOnce  sync.Once
	windows      *windows.Table
	staleWindows string

	supportOnce sync.Once
	support     *eol.Table

	devicesOnce sync.Once
	devices     *device.Index
	devicesMu   sync.Mutex
	byDevice    map[deviceKey]deviceAnswer // guarded by devicesMu
}

// NewEngine returns the engine over an opened feed. Stale names ecosystems whose
// advisories are older than they may be, with the reason: what no rule of theirs
// holds for is then not assessed, and what one holds for stays affected.
func NewEngine(db *vuln.DB, feed Feed, stale map[string]string) Engine {
	feed.Exploited = db.HasExploited() && stale["exploited"] == ""
	if section := db.Section(device.Section); section != nil && stale["devices"] == "" {
		feed.Devices, _ = device.Speaks(section)
	}
	return &feedEngine{db: db, feed: feed, stale: stale, staleWindows: stale["Windows"]}
}

// Feed implements Engine.
func (e *feedEngine) Feed() Feed { return e.feed }

// Component implements Engine.
func (e *feedEngine) Component(c *fact.Component) Answer {
	var a vuln.Answer
	e.db.Judge(c, &a)
	out := Answer{Spoke: true, About: cmp.Or(a.Ecosystem, c.Distro, c.Ecosystem)}
	switch why := e.stale[a.Ecosystem]; {
	case a.Verdict == vuln.NotAssessed:
		out.Why = strings.TrimSuffix(a.Reason.Say(), ".")
	case a.Verdict == vuln.NotAffected && why != "" && a.Reason != vuln.Stated:
		out.Why = why
	}
	for _, h := range a.Hits {
		m := e.db.Match(h)
		for _, flaw := range m.Flaws {
			i := slices.IndexFunc(out.Matches, func(x Match) bool { return x.Flaw == flaw })
			if i < 0 {
				out.Matches = append(out.Matches, Match{Flaw: flaw, By: "package", Likely: m.Likely})
				i = len(out.Matches) - 1
				if h.CPE {
					out.Matches[i].By = "cpe"
				}
			}
			x := &out.Matches[i]
			if !slices.Contains(x.Advisories, m.Advisory) {
				x.Advisories = append(x.Advisories, m.Advisory)
			}
			x.Likely = x.Likely && m.Likely
			piece := Piece{Name: c.Name, Version: c.Version, Fixed: m.Fixed, PURL: c.PURL}
			if a.BySource && c.Source != "" && c.Source != c.Name {
				piece.Source = strings.TrimSpace(c.Source + " " + c.SourceVersion)
			}
			switch k := slices.IndexFunc(x.Software, func(p Piece) bool { return p.Name == piece.Name && p.Version == piece.Version }); {
			case k < 0:
				x.Software = append(x.Software, piece)
			case x.Software[k].Fixed == "":
				x.Software[k].Fixed = piece.Fixed
			}
		}
	}
	return out
}

// Flaw implements Engine.
func (e *feedEngine) Flaw(id string) (Flaw, bool) {
	f := e.db.Flaw(id)
	if f == 0 {
		return Flaw{}, false
	}
	about := e.db.About(nil, f)
	// A name that leads to one flaw alone is another name of it.
	if len(about) > 0 && !f.IsCVE() {
		if fs := e.db.Flaws(nil, about[0]); len(fs) == 1 && len(about) == 1 && fs[0].IsCVE() {
			f = fs[0]
			about = e.db.About(nil, f)
		}
	}
	out := Flaw{ID: e.db.Name(f)}
	known := len(about) > 0
	if x, ok := e.db.Exploited(f); ok {
		out.Exploited, known = &x, true
		out.Title = x.Name
	}
	if l, ok := e.db.Likelihood(f); ok && e.stale["likelihood"] == "" {
		out.HasEPSS, out.EPSS, known = true, math.Round(l.Score*100)/100, true
	}
	if p, ok := e.db.Points(f); ok {
		out.Points, known = &p, true
	}
	slices.Sort(about)
	var bundled Flaw // how grave advisories are that are about several flaws
	_ = e.db.Documents(about, func(n uint32, d vuln.Document) error {
		e.describe(&out, &bundled, f, n, &d)
		return nil
	})
	if out.Severity == "" {
		out.Severity, out.CVSS, out.Vector = bundled.Severity, bundled.CVSS, bundled.Vector
	}
	slices.Sort(out.Aliases)
	return out, known
}

// maxAliases bounds the other names that are kept of a flaw.
const maxAliases = 12

// speaks reports whether people call a flaw by the name: GHSA-…, DSA-…, not the
// file name of a document.
func speaks(name string) bool {
	return len(name) <= 30 && strings.ContainsRune(name, '-') && !strings.ContainsAny(name, "# /")
}

// describe takes over what one advisory says of a flaw. One that bundles several
// flaws names none of them, and its severity is that of the gravest: it counts where
// none speaks of the flaw alone. Makers' documents are taken apart by score, so there
// the score is each flaw's own.
func (e *feedEngine) describe(out, bundled *Flaw, f vuln.Flaw, n uint32, d *vuln.Document) {
	alone := len(e.db.Flaws(nil, n)) == 1
	if alone {
		for _, name := range e.db.Names(nil, n) {
			if s := e.db.Name(name); name != f && !name.IsCVE() && speaks(s) && len(out.Aliases) < maxAliases && !slices.Contains(out.Aliases, s) {
				out.Aliases = append(out.Aliases, s)
			}
		}
		if out.Title == "" || strings.HasPrefix(d.Source, "cve") && d.Title != "" {
			out.Title = d.Title // the record of the flaw itself comes before those of products
		}
		sev, base, vector := Gravity(d.Scores)
		if base > out.CVSS || out.CVSS == 0 && out.Severity == "" {
			out.CVSS, out.Vector = base, vector
			out.Severity = sev
		}
		for _, c := range d.CWEs {
			if !slices.Contains(out.CWEs, c) {
				out.CWEs = append(out.CWEs, c)
			}
		}
		for _, r := range d.References {
			if len(out.References) < 10 && !slices.Contains(out.References, r) {
				out.References = append(out.References, r)
			}
		}
	}
	if sev, base, vector := Gravity(d.Scores); !alone && (bundled.Severity == "" || severityRank(sev) < severityRank(bundled.Severity)) {
		bundled.Severity, bundled.CVSS, bundled.Vector = sev, 0, ""
		if strings.HasPrefix(d.Source, "csaf/") {
			bundled.CVSS, bundled.Vector = base, vector
		}
	}
	if !d.Published.IsZero() && (out.Published.IsZero() || d.Published.Before(out.Published)) {
		out.Published = d.Published
	}
}

// Advisories implements Engine.
func (e *feedEngine) Advisories(flaw string) []Advisory {
	about := e.db.About(nil, e.db.Flaw(flaw))
	slices.Sort(about)
	const most = 50
	var out []Advisory
	_ = e.db.Documents(about[:min(len(about), most)], func(n uint32, d vuln.Document) error {
		a := Advisory{ID: d.ID, Source: d.Source, Title: d.Title, Details: d.Details, Modified: d.Modified, Withdrawn: d.Withdrawn}
		for _, f := range e.db.Flaws(nil, n) {
			a.Flaws = append(a.Flaws, e.db.Name(f))
		}
		for _, m := range e.db.Products(n, 200) {
			if !slices.Contains(a.Packages, m.Package) {
				a.Packages = append(a.Packages, m.Package)
			}
			if len(a.Products) < 20 {
				a.Products = append(a.Products, strings.TrimSpace(m.Ecosystem+" "+m.Package+" "+m.Range.String()))
			}
		}
		out = append(out, a)
		return nil
	})
	return out
}
