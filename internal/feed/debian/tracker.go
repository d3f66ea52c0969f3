// Package debian reads what Debian's security team publishes: the tracker's JSON, the
// lists of its advisories (DSA and DLA), and which packages have no or limited security
// support.
package debian

import (
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/feed/jscan"
	"github.com/asepsis/asepsis/internal/feed/record"
)

// Names of the sources.
const (
	Tracker = "debian/tracker"
	Lists   = "debian/lists"
	Support = "debian/support"
)

// release returns the number of a release by its code name.
func release(codename string) (string, bool) {
	names := [...]string{
		"buzz", "rex", "bo", "hamm", "slink", "potato", "woody", "sarge", "etch", "lenny", "squeeze", "wheezy", "jessie", "stretch",
		"buster", "bullseye", "bookworm", "trixie", "forky", "duke",
	}
	numbers := [...]string{
		"1.1", "1.2", "1.3", "2.0", "2.1", "2.2", "3.0", "3.1", "4.0", "5.0", "6.0", "7", "8", "9", "10", "11", "12", "13", "14", "15",
	}
	i := slices.Index(names[:], codename)
	if i < 0 {
		return "", false
	}
	return numbers[i], true
}

func ecosystem(number string) string { return "Debian:" + strings.TrimSuffix(number, ".0") }

// IsTracker reports whether a document is the tracker's: source packages, with the
// flaws of each, with what holds in each release.
func IsTracker(keys int, raw []byte) bool {
	if keys == 0 {
		return false
	}
	s := jscan.New(raw)
	is, seen := false, 0
	s.Object(func([]byte) {
		if seen++; seen > 1 || s.Kind() != jscan.Object {
			s.Fail("seen enough")
			return
		}
		s.Object(func(key []byte) {
			if k := string(key); strings.HasPrefix(k, "CVE-") || strings.HasPrefix(k, "TEMP-") {
				s.Object(func(key []byte) { is = is || string(key) == "releases" })
			}
			s.Fail("seen enough")
		})
	})
	return is
}

// ReadTracker reads the tracker's JSON. A record is what is said of one flaw in one
// package; those of one flaw become one advisory.
func ReadTracker(b []byte, to record.Sink) {
	t := tracker{s: jscan.New(b), flaws: make(map[string]*advisory.Advisory), to: to}
	t.s.Object(func(key []byte) {
		t.pkg = string(key)
		t.s.Object(func(key []byte) {
			if t.pkg == "" || len(key) == 0 {
				t.s.Fail("a package or a flaw has no name")
				return
			}
			t.flaw(string(key))
		})
	})
	if err := t.s.End(); err != nil {
		line := 0
		if f, ok := err.(*jscan.Fault); ok && f.Line > 1 {
			line = f.Line
		}
		// Half a tracker would make the other half look safe: none of it is used.
		to.Refuse(Tracker, line, t.pkg, err.Error())
		return
	}
	slices.Sort(t.order)
	for _, id := range t.order {
		to.Advisory(t.flaws[id])
	}
	for range t.records {
		to.Done(Tracker)
	}
}

type tracker struct {
	s       *jscan.Scanner
	to      record.Sink
	pkg     string
	flaws   map[string]*advisory.Advisory
	order   []string
	records int
}

func (t *tracker) flaw(id string) {
	s := t.s
	a := t.flaws[id]
	if a == nil {
		a = &advisory.Advisory{ID: id, Source: Tracker}
		t.flaws[id] = a
		t.order = append(t.order, id)
	}
	s.Object(func(key []byte) {
		switch string(key) {
		case "description":
			if d := record.Cut(s.Brief(), record.MaxText); a.Details == "" {
				a.Details = d
			}
		case "releases":
			s.Object(func(key []byte) {
				number, ok := release(string(key))
				if !ok {
					return // sid: what is being made, not what is installed
				}
				t.state(a, ecosystem(number))
			})
		}
	})
	t.records++
}

// state reads how a package of a release stands to a flaw.
func (t *tracker) state(a *advisory.Advisory, eco string) {
	s := t.s
	var status, fixed, urgency, nodsa string
	s.Object(func(key []byte) {
		switch string(key) {
		case "status":
			status = s.Brief()
		case "fixed_version":
			fixed = s.Brief()
		case "urgency":
			urgency = s.Brief()
		case "nodsa":
			nodsa = record.Cut(s.Brief(), 300)
		}
	})
	p := advisory.Product{Package: &advisory.Package{Ecosystem: eco, Name: t.pkg}, Remedy: nodsa}
	switch {
	case urgency == "end-of-life":
		p.Status = advisory.Unsupported
	case status == "resolved" && fixed == "0":
		p.Status = advisory.NotAffected
		p.Justification = "Debian's tracker: never vulnerable in this release"
	case status == "resolved":
		p.Ranges = []advisory.Range{{Introduced: "0", Fixed: fixed}}
		if fixed == "" {
			p.Unread = "it is mended, in a version that is not named"
		}
	case status == "open":
		p.Ranges = []advisory.Range{{Introduced: "0"}}
	default:
		p.Status = advisory.UnderInvestigation
	}
	a.Products = append(a.Products, p)
}
