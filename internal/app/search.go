package app

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/web/api"
)

// pages are what the search finds beside content and resources.
var pages = []api.SearchHit{
	{Kind: "page", ID: "today", Label: "Today", Link: "/"},
	{Kind: "page", ID: "goals", Label: "Goals", Link: "/goals"},
	{Kind: "page", ID: "vulnerabilities", Label: "Vulnerabilities", Link: "/vulnerabilities"},
	{Kind: "page", ID: "decisions", Label: "Decisions about findings", Link: "/vulnerabilities/decisions"},
	{Kind: "page", ID: "devices", Label: "Device models", Link: "/devices"},
	{Kind: "page", ID: "feeds", Label: "Advisories", Link: "/feeds"},
	{Kind: "page", ID: "discovery", Label: "Discovery", Link: "/discovery"},
	{Kind: "page", ID: "assets", Label: "Assets", Link: "/assets"},
	{Kind: "page", ID: "people", Label: "People", Link: "/people"},
	{Kind: "page", ID: "vendors", Label: "Vendors", Link: "/vendors"},
	{Kind: "page", ID: "accounts", Label: "Accounts", Link: "/accounts"},
	{Kind: "page", ID: "imports", Label: "Imports", Link: "/imports"},
	{Kind: "page", ID: "report", Label: "Report", Link: "/report"},
	{Kind: "page", ID: "settings", Label: "Settings", Link: "/settings"},
	{Kind: "page", ID: "audit", Label: "Audit trail", Link: "/audit"},
}

// pageOfKind is the page that shows resources of a kind.
var pageOfKind = map[fact.Kind]string{
	fact.KindAsset: "/assets", fact.KindPerson: "/people", fact.KindVendor: "/vendors", fact.KindAccount: "/accounts",
}

// Search implements api.Reader. Who may read summaries only finds goals and
// pages.
func (a reader) Search(ctx context.Context, who access.Caller, q string, limit int) ([]api.SearchHit, error) {
	v, err := a.view(ctx, who.Tenant())
	if err != nil {
		return nil, err
	}
	words := strings.Fields(strings.ToLower(q))
	if len(words) == 0 {
		return []api.SearchHit{}, nil
	}
	// What is found is put together only of the few that are shown.
	type scored struct {
		score int
		key   string // of its label, see naturalKey
		id    string
		hit   func() api.SearchHit
	}
	var hits []scored
	add := func(h api.SearchHit, kindRank int, texts ...string) {
		for i, t := range texts {
			texts[i] = strings.ToLower(t)
		}
		if s, ok := score(words, texts); ok {
			hits = append(hits, scored{s*10 - kindRank, naturalKey(h.Label), h.ID, func() api.SearchHit { return h }})
		}
	}
	for _, p := range pages {
		add(p, 1, p.Label)
	}
	for i := range v.rules.goals.Goals {
		g := &v.rules.goals.Goals[i]
		add(api.SearchHit{Kind: "goal", ID: g.ID, Label: g.Title, Note: string(g.Tier) + " goal", Link: "/goals/" + g.ID}, 0, g.Title, g.ID, g.Outcome)
	}
	if who.Can(access.ReadDetail) {
		if id := flawID(q); strings.HasPrefix(id, "CVE-") && len(id) > len("CVE-2026-") {
			hits = append(hits, scored{score: 1000, id: id, hit: func() api.SearchHit {
				return api.SearchHit{Kind: "vulnerability", ID: id, Label: id, Note: "are we affected?", Link: "/vulnerabilities/" + url.PathEscape(id)}
			}})
		}
		for _, m := range v.models().all {
			name := strings.TrimSpace(m.Manufacturer + " " + m.Model)
			add(api.SearchHit{Kind: "model", ID: m.ID, Label: name, Note: plural(m.Assets, "unit", "units"), Link: "/devices/" + url.PathEscape(m.ID)}, 2, name, m.Model, m.Term)
		}
		for _, c := range v.rules.checks.Checks() {
			add(api.SearchHit{Kind: "check", ID: c.ID, Label: c.Title, Note: "check of " + c.Goal, Link: "/goals/" + c.Goal + "/checks/" + c.ID}, 2, c.Title, c.ID)
		}
		for _, k := range [...]fact.Kind{fact.KindAsset, fact.KindPerson, fact.KindVendor, fact.KindAccount} {
			l := v.kind(k)
			keys := l.labels()
			for i, x := range l.everything() {
				s, ok := score(words, []string{x.label, x.id, x.text})
				if !ok {
					continue
				}
				r := l.rs[i]
				hits = append(hits, scored{s*10 - 3, keys[i], r.ID, func() api.SearchHit {
					return api.SearchHit{Kind: string(k), ID: r.ID, Label: r.Label(), Note: noteOf(r), Link: pageOfKind[k] + "/" + url.PathEscape(r.ID)}
				}})
			}
		}
	}
	slices.SortFunc(hits, func(a, b scored) int {
		return cmp.Or(-cmp.Compare(a.score, b.score), cmp.Compare(a.key, b.key), cmp.Compare(a.id, b.id))
	})
	out := make([]api.SearchHit, 0, min(len(hits), limit))
	for _, h := range hits[:min(len(hits), limit)] {
		out = append(out, h.hit())
	}
	return out, nil
}

// score rates how well texts in lower case, the most telling first, hold all words: a text
// that begins with the word counts most, then a word that does, then any part.
func score(words, texts []string) (int, bool) {
	total := 0
	for _, w := range words {
		best := 0
		for i, t := range texts {
			var s int
			switch at := strings.Index(t, w); {
			case at < 0:
				continue
			case at == 0:
				s = 9
			case !isWord(t[at-1]):
				s = 7
			default:
				s = 3
			}
			best = max(best, s-2*i, 1) // the end of a serial number, read off a label, is found too
		}
		if best <= 0 {
			return 0, false
		}
		total += best
	}
	return total, true
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c >= 0x80
}

func searchText(r *fact.Resource) string {
	var parts []string
	for _, n := range [...]string{"fqdn", "ips", "macs", "serial", "tag", "model", "manufacturer", "email", "employee_id", "display_name", "service", "department", "role"} {
		if x := r.Get(n); x != nil {
			parts = append(parts, valueText(x))
		}
	}
	return strings.Join(parts, " ")
}

// noteOf tells a resource from its like.
func noteOf(r *fact.Resource) string {
	var parts []string
	for _, n := range map[fact.Kind][]string{
		fact.KindAsset:   {"class", "location"},
		fact.KindPerson:  {"role", "department"},
		fact.KindVendor:  {"service"},
		fact.KindAccount: {"directory", "type"},
	}[r.Kind] {
		if s := r.Text(n); s != "" {
			parts = append(parts, strings.ReplaceAll(s, "_", " "))
		}
	}
	return strings.Join(parts, ", ")
}
