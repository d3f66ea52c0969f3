// Package vex reads OpenVEX documents: statements of a product's maker, or of somebody
// who looked, about how it stands to a flaw.
package vex

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/feed/jscan"
	"github.com/asepsis/asepsis/internal/feed/record"
)

// maxStatements bounds one document, product by product.
const maxStatements = 500_000

// Is reports whether the keys of a document are those of OpenVEX.
func Is(has func(key string) bool) bool { return has("statements") && has("@context") }

// Read reads one document. A document is a record; what it says of each flaw becomes
// an advisory.
func Read(b []byte, to record.Sink) {
	r := reader{s: jscan.New(b)}
	sum := sha256.Sum256(b)
	r.sum = hex.EncodeToString(sum[:4])
	r.document()
	source := r.source()
	if err := r.s.End(); err != nil {
		line := 0
		if f, ok := err.(*jscan.Fault); ok && f.Line > 1 {
			line = f.Line
		}
		to.Refuse(source, line, r.id, err.Error())
		return
	}
	switch {
	case !strings.Contains(r.context, "openvex"):
		to.Refuse(source, 0, r.id, "its context is not that of OpenVEX")
		return
	case r.id == "":
		to.Refuse(source, 0, "", "it has no id")
		return
	}
	if why := r.give(source, to); why != "" {
		to.Refuse(source, 0, r.id, why)
		return
	}
	to.Done(source)
}

type reader struct {
	s                   *jscan.Scanner
	context, id, author string
	sum                 string // of the document: many that differ bear one id
	published, updated  time.Time
	statements          []statement
	said                int
}

type statement struct {
	flaw          string
	aliases       []string
	text          string
	products      []product
	status        string
	justification string
	impact        string
	action        string
	at            time.Time
	n             int // place in the document
}

type product struct {
	id        string
	subs      []string
	purl, cpe string
}

func (r *reader) source() string {
	a := strings.ToLower(strings.TrimSpace(strings.ReplaceAll(r.author, "/", " ")))
	if i := strings.IndexByte(a, '<'); i > 0 { // a mail address behind the name
		a = strings.TrimSpace(a[:i])
	}
	return "openvex/" + record.Cut(cmp.Or(a, "unnamed"), 60)
}

func (r *reader) document() {
	s := r.s
	s.Object(func(key []byte) {
		switch string(key) {
		case "@context":
			r.context = s.Brief()
		case "@id":
			r.id = s.Brief()
		case "author":
			r.author = s.Brief()
		case "timestamp":
			r.published = record.Time(s.Brief())
		case "last_updated":
			r.updated = record.Time(s.Brief())
		case "statements":
			s.Array(r.statement)
		}
	})
}

func (r *reader) statement() {
	s := r.s
	st := statement{n: len(r.statements)}
	s.Object(func(key []byte) {
		switch string(key) {
		case "vulnerability":
			r.flaw(&st)
		case "products":
			s.Array(func() { st.products = append(st.products, r.product()) })
		case "status":
			st.status = s.Brief()
		case "justification":
			st.justification = s.Brief()
		case "impact_statement", "status_notes":
			if t := record.Cut(s.Brief(), 1000); st.impact == "" {
				st.impact = t
			}
		case "action_statement":
			st.action = record.Cut(s.Brief(), 1000)
		case "timestamp":
			if t := record.Time(s.Brief()); st.at.IsZero() {
				st.at = t
			}
		case "last_updated":
			st.at = record.Time(s.Brief())
		}
	})
	for _, p := range st.products {
		r.said += max(len(p.subs), 1)
	}
	if r.said > maxStatements {
		s.Fail("it makes more than %d statements", maxStatements)
		return
	}
	r.statements = append(r.statements, st)
}

// flaw reads the flaw's name: a text in version 0.0.1, an object since.
func (r *reader) flaw(st *statement) {
	s := r.s
	if s.Kind() == jscan.String {
		st.flaw = s.Text()
		return
	}
	id := ""
	s.Object(func(key []byte) {
		switch string(key) {
		case "name":
			st.flaw = s.Brief()
		case "@id":
			id = s.Brief()
		case "description":
			st.text = record.Cut(s.Brief(), record.MaxText)
		case "aliases":
			st.aliases = s.Texts()
		}
	})
	if st.flaw == "" { // an address whose last part is the name
		st.flaw = id[strings.LastIndexByte(id, '/')+1:]
	}
}

func (r *reader) product() product {
	s := r.s
	var p product
	if s.Kind() == jscan.String {
		p.id = s.Text()
		return p
	}
	s.Object(func(key []byte) {
		switch string(key) {
		case "@id":
			p.id = s.Brief()
		case "identifiers":
			s.Object(func(key []byte) {
				switch string(key) {
				case "purl":
					p.purl = s.Brief()
				case "cpe23", "cpe22":
					p.cpe = s.Brief()
				}
			})
		case "subcomponents":
			s.Array(func() {
				sub := r.product()
				if id := cmp.Or(sub.purl, sub.id); id != "" {
					p.subs = append(p.subs, id)
				}
			})
		}
	})
	return p
}

// said is one statement about one product, which a later one takes back.
type said struct{ flaw, product, sub string }

// named is another name of a flaw.
type named struct{ flaw, alias string }

// give makes an advisory of what the document says of each flaw. Where it speaks of a
// product twice, the later statement holds, as the specification has it.
func (r *reader) give(source string, to record.Sink) string {
	for i := range r.statements {
		if r.statements[i].at.IsZero() {
			r.statements[i].at = cmp.Or(r.updated, r.published)
		}
	}
	slices.SortStableFunc(r.statements, func(a, b statement) int { return b.at.Compare(a.at) }) // the latest first
	byFlaw := make(map[string]*advisory.Advisory)
	var order []string
	done, known := make(map[said]bool), make(map[named]bool)
	for i := range r.statements {
		st := &r.statements[i]
		if st.flaw == "" {
			return "a statement does not name its flaw"
		}
		status, ok := statusOf(st.status)
		if !ok {
			return "a statement has the status " + record.Cut(st.status, 40) + ", which is none of OpenVEX"
		}
		a := byFlaw[st.flaw]
		if a == nil {
			a = &advisory.Advisory{
				ID: record.Cut(r.id, 140) + "#" + record.Cut(st.flaw, 45) + "@" + r.sum, Source: source, Covers: []string{st.flaw}, Details: st.text,
				Published: r.published, Modified: cmp.Or(r.updated, st.at, r.published),
			}
			if !advisory.IsCVE(st.flaw) {
				a.Aliases, a.Covers = append(a.Aliases, st.flaw), nil
			}
			byFlaw[st.flaw] = a
			order = append(order, st.flaw)
		}
		for _, alias := range st.aliases {
			if k := (named{st.flaw, alias}); !known[k] && alias != st.flaw {
				known[k] = true
				a.Aliases = append(a.Aliases, alias)
			}
		}
		for _, p := range st.products {
			for _, sub := range append(p.subs, "")[:max(len(p.subs), 1)] {
				k := said{st.flaw, cmp.Or(p.id, p.purl, p.cpe), sub}
				if !done[k] {
					done[k] = true
					a.Products = append(a.Products, asProduct(st, status, &p, sub))
				}
			}
		}
	}
	for _, f := range order {
		to.Advisory(byFlaw[f])
	}
	return ""
}

func statusOf(s string) (advisory.Status, bool) {
	switch s {
	case "affected":
		return advisory.Affected, true
	case "not_affected":
		return advisory.NotAffected, true
	case "fixed":
		return advisory.Fixed, true
	case "under_investigation":
		return advisory.UnderInvestigation, true
	}
	return 0, false
}

func asProduct(st *statement, status advisory.Status, p *product, sub string) advisory.Product {
	q := advisory.Product{Status: status, Justification: st.justification, Remedy: st.action}
	switch {
	case st.impact == "":
	case q.Justification == "":
		q.Justification = st.impact
	default:
		q.Justification += ": " + st.impact
	}
	id := cmp.Or(p.purl, p.id)
	what := cmp.Or(sub, id)
	if k, version, ok := record.FromPURL(what); ok {
		if sub != "" {
			// A product that has no package URL is none that an inventory could be inside
			// of: the statement is kept, and holds nowhere.
			k.Within = cmp.Or(id, p.cpe, "a product without a name")
		}
		if version != "" {
			q.Versions = []string{version}
		}
		q.Package = &k
		return q
	}
	for _, name := range [...]string{what, p.cpe} {
		if c, ok := record.ParseCPE(name); ok && sub == "" {
			q.CPE = &c
			return q
		}
	}
	// Neither a package nor a CPE name: it is kept in its maker's words, and
	// never clears anything.
	q.Device = &advisory.Device{Vendor: "", Name: record.Cut(what, 300)}
	q.Unread = "the product is named in words"
	return q
}
