package scan

import (
	"io"
	"strings"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/purl"
	"github.com/asepsis/asepsis/internal/vuln"
)

// Limits bound what is read and what is said. A zero field means no bound.
type Limits struct {
	Components int
	// Stale reports whether the advisories about an ecosystem are older than they may be:
	// then nothing of it is called not affected.
	Stale func(ecosystem string) bool
}

// Totals counts what was judged.
type Totals struct {
	Components  int                 `json:"components"`
	Affected    int                 `json:"affected"`
	NotAffected int                 `json:"not_affected"`
	NotAssessed int                 `json:"not_assessed"`
	Why         map[vuln.Reason]int `json:"why,omitempty"` // of what was not assessed
}

// Each is called for every component with its answer. Both are valid until it
// returns; the component's strings may be kept. System packages that no advisory
// names may come last: see [fact.UnknownSource].
type Each func(c *fact.Component, a *vuln.Answer) error

// count adds an answer.
func (t *Totals) count(a *vuln.Answer) {
	t.Components++
	switch a.Verdict {
	case vuln.Affected:
		t.Affected++
	case vuln.NotAffected:
		t.NotAffected++
	default:
		t.NotAssessed++
		t.Why[a.Reason]++
	}
}

// doubt takes back an answer that rests on advisories that are too old to say that
// nothing is wrong. What they say is wrong stays so.
func (l *Limits) doubt(a *vuln.Answer) {
	if l.Stale != nil && a.Verdict == vuln.NotAffected && a.Reason != vuln.Stated && l.Stale(a.Ecosystem) {
		a.Verdict, a.Reason = vuln.NotAssessed, vuln.Stale
	}
}

// CycloneDX judges every component of a bill of materials in CycloneDX's JSON.
func CycloneDX(r io.Reader, db *vuln.DB, limits Limits, each Each) (Totals, error) {
	s := &scanner{lexer: newLexer(r), db: db, limits: limits, each: each, totals: Totals{Why: make(map[vuln.Reason]int)}}
	err := s.document()
	if err == nil {
		err = s.unsourced()
	}
	return s.totals, err
}

type scanner struct {
	*lexer

	db     *vuln.DB
	limits Limits
	each   Each
	totals Totals
	read   int  // components, those that wait included
	main   bool // what is read is what the list is of
	answer vuln.Answer
	distro string // of the system the list is of
	key    []byte
	free   []*raw

	sourced bool             // some system's package says its source
	waiting []fact.Component // no advisory names them, and their source is not told
}

// document reads the outermost object.
func (s *scanner) document() error {
	isBOM, seen := false, false
	err := s.object(func(key string) error {
		switch key {
		case "bomFormat":
			b, err := s.str(nil)
			isBOM = string(b) == "CycloneDX"
			return err
		case "components":
			seen = true
			return s.components()
		case "metadata":
			return s.object(func(key string) error {
				if key != "component" {
					return s.skip()
				}
				s.main = true
				defer func() { s.main = false }()
				return s.component()
			})
		}
		return s.skip()
	})
	if err != nil {
		return err
	}
	if !isBOM && !seen {
		return errs.Hint(errs.New(errs.Invalid, "this is no CycloneDX file"), "export the list as CycloneDX JSON")
	}
	return nil
}

// object calls f for each key of an object; f reads the value.
func (s *scanner) object(f func(key string) error) error {
	if err := s.enter('{'); err != nil {
		return err
	}
	for first := true; ; first = false {
		more, err := s.more('}', first)
		if err != nil || !more {
			return err
		}
		if s.key, err = s.str(s.key[:0]); err != nil {
			return err
		}
		if err := s.expect(':'); err != nil {
			return err
		}
		if err := f(known(s.key)); err != nil {
			return err
		}
	}
}

// known returns a key that is read, without allocating, and nothing for others.
func known(key []byte) string {
	switch string(key) {
	case "bomFormat":
		return "bomFormat"
	case "components":
		return "components"
	case "metadata":
		return "metadata"
	case "component":
		return "component"
	case "type":
		return "type"
	case "group":
		return "group"
	case "name":
		return "name"
	case "version":
		return "version"
	case "purl":
		return "purl"
	case "cpe":
		return "cpe"
	case "properties":
		return "properties"
	case "value":
		return "value"
	case "publisher":
		return "publisher"
	case "supplier":
		return "supplier"
	}
	return ""
}

func (s *scanner) components() error {
	if c, err := s.peek(); err != nil || c != '[' {
		if err == nil {
			err = s.skip()
		}
		return err
	}
	if err := s.enter('['); err != nil {
		return err
	}
	main := s.main
	s.main = false
	defer func() { s.main = main }()
	for first := true; ; first = false {
		more, err := s.more(']', first)
		if err != nil || !more {
			return err
		}
		if err := s.component(); err != nil {
			return err
		}
	}
}

// raw is the text of a component's fields, one after the other.
type raw struct {
	text []byte
	at   [fields][2]int
	prop [2][]byte
}

const (
	fType = iota
	fGroup
	fName
	fVersion
	fPURL
	fCPE
	fSource
	fSourceVersion
	fPublisher
	fields
)

func (s *scanner) component() error {
	if c, err := s.peek(); err != nil || c != '{' {
		if err == nil {
			err = s.skip()
		}
		return err
	}
	var f *raw
	if n := len(s.free); n > 0 {
		f, s.free = s.free[n-1], s.free[:n-1]
	} else {
		f = new(raw)
	}
	f.text, f.at = f.text[:0], [fields][2]int{}
	if err := s.object(func(key string) error { return s.field(f, key) }); err != nil {
		return err
	}
	err := s.judge(f)
	s.free = append(s.free, f)
	return err
}

func (s *scanner) field(f *raw, key string) error {
	n := -1
	switch key {
	case "type":
		n = fType
	case "group":
		n = fGroup
	case "name":
		n = fName
	case "version":
		n = fVersion
	case "purl":
		n = fPURL
	case "cpe":
		n = fCPE
	case "components":
		return s.components()
	case "properties":
		return s.properties(f)
	case "publisher":
		n = fPublisher
	case "supplier":
		return s.supplier(f)
	default:
		return s.skip()
	}
	if c, err := s.peek(); err != nil || c != '"' {
		if err == nil {
			err = s.skip()
		}
		return err
	}
	from := len(f.text)
	var err error
	f.text, err = s.str(f.text)
	f.at[n] = [2]int{from, len(f.text)}
	return err
}

// supplier takes the maker of a package where no publisher is named.
func (s *scanner) supplier(f *raw) error {
	if c, err := s.peek(); err != nil || c != '{' {
		if err == nil {
			err = s.skip()
		}
		return err
	}
	return s.object(func(key string) error {
		c, err := s.peek()
		if err != nil || key != "name" || c != '"' || f.at[fPublisher][1] != 0 {
			if err == nil {
				err = s.skip()
			}
			return err
		}
		from := len(f.text)
		f.text, err = s.str(f.text)
		f.at[fPublisher] = [2]int{from, len(f.text)}
		return err
	})
}

// properties takes the names of source packages that Trivy writes.
func (s *scanner) properties(f *raw) error {
	if c, err := s.peek(); err != nil || c != '[' {
		if err == nil {
			err = s.skip()
		}
		return err
	}
	if err := s.enter('['); err != nil {
		return err
	}
	for first := true; ; first = false {
		more, err := s.more(']', first)
		if err != nil || !more {
			return err
		}
		f.prop[0], f.prop[1] = f.prop[0][:0], f.prop[1][:0]
		if c, err := s.peek(); err != nil || c != '{' {
			if err == nil {
				err = s.skip()
			}
			if err != nil {
				return err
			}
			continue
		}
		err = s.object(func(key string) (err error) {
			c, err := s.peek()
			switch {
			case err != nil:
				return err
			case c == '"' && key == "name":
				f.prop[0], err = s.str(f.prop[0])
			case c == '"' && key == "value":
				f.prop[1], err = s.str(f.prop[1])
			default:
				err = s.skip()
			}
			return err
		})
		if err != nil {
			return err
		}
		n := -1
		switch string(f.prop[0]) {
		case "aquasecurity:trivy:SrcName":
			n = fSource
		case "aquasecurity:trivy:SrcVersion":
			n = fSourceVersion
		default:
			continue
		}
		from := len(f.text)
		f.text = append(f.text, f.prop[1]...)
		f.at[n] = [2]int{from, len(f.text)}
	}
}

func (s *scanner) judge(f *raw) error {
	all := string(f.text)
	get := func(n int) string { return all[f.at[n][0]:f.at[n][1]] }
	if get(fType) == "operating-system" {
		if name := get(fName); name != "" {
			s.distro = strings.ToLower(name) + "-" + get(fVersion)
		}
		return nil
	}
	c := fact.Component{
		Name: get(fName), Version: get(fVersion), PURL: get(fPURL), CPE: get(fCPE),
		Source: get(fSource), SourceVersion: get(fSourceVersion),
	}
	if g := get(fGroup); g != "" && c.PURL == "" {
		c.Name = g + "/" + c.Name
	}
	if c.PURL == "" && c.CPE == "" && (s.main || notSoftware(get(fType))) {
		return nil
	}
	identify(&c)
	if c.Distro == "" {
		c.Distro = s.distro
	}
	if v := get(fPublisher); v != "" && c.Ecosystem == "rpm" && purl.ForeignVendor(c.Distro, v) {
		c.PURL = purl.WithVendor(c.PURL, v)
	}
	if s.read++; s.limits.Components > 0 && s.read > s.limits.Components {
		return errs.Hint(errs.New(errs.Limited, "the file lists more than %d components", s.limits.Components), "split it")
	}
	s.db.Judge(&c, &s.answer)
	switch c.Ecosystem {
	case "deb", "rpm", "apk":
		if c.Source != "" {
			s.sourced = true
		}
		// An empty source is the package's own name, unless the list tells no source of
		// any package: which of the two is known at its end only.
		if !s.sourced && s.answer.Reason == vuln.NotNamed {
			s.waiting = append(s.waiting, c)
			return nil
		}
	}
	return s.count(&c)
}

// unsourced judges what waited. In a list that tells no sources, it may be built from
// a source package that an advisory names.
func (s *scanner) unsourced() error {
	if !s.sourced {
		fact.DoubtSources(s.waiting)
	}
	for i := range s.waiting {
		s.db.Judge(&s.waiting[i], &s.answer)
		if err := s.count(&s.waiting[i]); err != nil {
			return err
		}
	}
	return nil
}

func (s *scanner) count(c *fact.Component) error {
	s.limits.doubt(&s.answer)
	s.totals.count(&s.answer)
	if s.each == nil {
		return nil
	}
	return s.each(c, &s.answer)
}

// notSoftware reports whether an entry without an identity is no software that
// could be judged: a file, a container or the application that the list is of.
func notSoftware(kind string) bool {
	switch kind {
	case "file", "container", "data", "cryptographic-asset", "machine-learning-model", "":
		return true
	}
	return false
}
