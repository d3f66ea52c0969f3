package osv

import (
	"slices"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/feed/record"
	"github.com/asepsis/asepsis/internal/pkgver"
)

// eventRange is a range as the schema has it: a list of events, which need not be
// in order.
type eventRange struct {
	kind   string
	repo   string
	events []event
}

type event struct {
	what    byte // 'i'ntroduced, 'f'ixed, 'l'ast_affected, limi't'
	version string
}

func (r *reader) eventRange() eventRange {
	s := r.s
	var g eventRange
	s.Object(func(key []byte) {
		switch string(key) {
		case "type":
			g.kind = s.Text()
		case "repo":
			g.repo = s.Text()
		case "events":
			s.Array(func() {
				s.Object(func(key []byte) {
					var what byte
					switch string(key) {
					case "introduced":
						what = 'i'
					case "fixed":
						what = 'f'
					case "last_affected":
						what = 'l'
					case "limit":
						what = 't'
					default:
						return
					}
					if v := s.Brief(); v != "" {
						g.events = append(g.events, event{what, v})
					}
				})
			})
		}
	})
	return g
}

// pair turns events into ranges. It returns what it could not understand; the
// product is then never a ground for saying that something is not affected.
func (g *eventRange) pair(to []advisory.Range, ecosystem string) ([]advisory.Range, string) {
	kind := advisory.ByEcosystem
	switch g.kind {
	case "SEMVER":
		kind = advisory.BySemVer
	case "GIT":
		kind = advisory.ByGit
	case "ECOSYSTEM", "":
	default:
		return to, "a range of the kind " + record.Cut(g.kind, 40)
	}
	unread := ""
	if slices.ContainsFunc(g.events, func(e event) bool { return e.what == 't' && e.version != "*" }) && kind != advisory.ByGit {
		// A limit ends what was looked at, not what is affected.
		unread = "a range that is limited to a branch"
	}
	if kind != advisory.ByGit && !g.inOrder() && !g.sort(ecosystem) {
		return to, "a range whose events are in no order"
	}
	var open *advisory.Range
	for _, e := range g.events {
		switch e.what {
		case 'i':
			if open == nil {
				open = &advisory.Range{Kind: kind, Introduced: e.version, Repo: g.repo}
			} else if kind == advisory.ByGit {
				to = append(to, *open)
				*open = advisory.Range{Kind: kind, Introduced: e.version, Repo: g.repo}
			}
		case 'f', 'l':
			if open == nil {
				if kind != advisory.ByGit {
					continue // mended again in another branch: the range had ended
				}
				open = &advisory.Range{Kind: kind, Repo: g.repo}
			}
			if e.what == 'f' {
				open.Fixed = e.version
			} else {
				open.LastAffected = e.version
			}
			to = append(to, *open)
			open = nil
		}
	}
	if open != nil {
		to = append(to, *open)
	}
	return to, unread
}

// inOrder reports whether the events take turns, as nearly all do. What takes turns is
// not compared: most databases write events in order.
func (g *eventRange) inOrder() bool {
	want := byte('i')
	for _, e := range g.events {
		switch {
		case e.what == 't':
		case want == 'i' && e.what == 'i':
			want = 'e'
		case want == 'e' && e.what != 'i':
			want = 'i'
		default:
			return false
		}
	}
	return true
}

// sort puts the events in the order of the ecosystem's versions; it returns
// false where a version cannot be compared.
func (g *eventRange) sort(ecosystem string) bool {
	scheme, ok := pkgver.SchemeOf(ecosystem)
	if g.kind == "SEMVER" {
		scheme, ok = pkgver.SemVer, true
	}
	if !ok {
		return false
	}
	// What is introduced and mended in the same version leaves it mended.
	rank := map[byte]int{'i': 0, 'f': 1, 'l': 2, 't': 3}
	slices.SortStableFunc(g.events, func(a, b event) int {
		if a.version == b.version {
			return rank[a.what] - rank[b.what]
		}
		if a.version == "0" {
			return -1
		}
		if b.version == "0" {
			return 1
		}
		c, err := pkgver.Compare(scheme, a.version, b.version)
		if err != nil {
			ok = false
		}
		return c
	})
	return ok
}
