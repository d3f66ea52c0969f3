// Package recalls reads the FDA's recalls of medical devices as openFDA publishes them:
// the documents of device/recall and of device/enforcement, from the API or from the
// downloads, and single records of either.
//
// A recall names its product in a sentence and the units it means in another, so what
// can be compared is taken out of them: device identifiers with a good check digit,
// model and catalog numbers, a name, and a statement of versions. One that is limited to
// lots or serial numbers convicts no model: it is for a person to compare. One that the
// FDA has closed is kept and no longer speaks of any device.
package recalls

import (
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/feed/jscan"
	"github.com/asepsis/asepsis/internal/feed/record"
	"github.com/asepsis/asepsis/internal/lazy"
	"github.com/asepsis/asepsis/internal/udi"
	"github.com/asepsis/asepsis/internal/vuln/device"
)

// Source is the name of the source.
const Source = "fda/recall"

// Is reports whether the keys of a document are those of one recall, or, by what a
// first result holds, of an answer with many.
func Is(has func(key string) bool, raw []byte) bool {
	if one(has) {
		return true
	}
	return has("results") && has("meta") && first(raw)
}

func one(has func(key string) bool) bool {
	return has("recalling_firm") && has("product_description") && (has("product_res_number") || has("recall_number"))
}

// first looks at the first result of an answer.
func first(raw []byte) bool {
	s := jscan.New(raw)
	found := false
	s.Object(func(key []byte) {
		if string(key) != "results" || found {
			return
		}
		n := 0
		s.Array(func() {
			if n++; n > 1 {
				return
			}
			keys := make(map[string]bool)
			s.Object(func(key []byte) { keys[string(key)] = true })
			found = one(func(k string) bool { return keys[k] })
		})
	})
	return found
}

// Read reads a document.
func Read(b []byte, to record.Sink) {
	s := jscan.New(b)
	many, said, seen := false, -1, 0
	s.Object(func(key []byte) {
		switch string(key) {
		case "meta":
			s.Object(func(key []byte) {
				switch string(key) {
				case "last_updated":
					to.Dated(Source, record.Time(s.Brief()))
				case "results":
					skip, limit := 0, -1
					total := -1
					s.Object(func(key []byte) {
						switch string(key) {
						case "skip":
							skip = int(s.Float())
						case "limit":
							limit = int(s.Float())
						case "total":
							total = int(s.Float())
						}
					})
					// A page says how many there are in all; the downloads hold them all.
					if total >= 0 && skip == 0 && (limit < 0 || limit >= total) {
						said = total
					}
				}
			})
		case "results":
			many = true
			s.Array(func() {
				seen++
				var r recall
				r.read(s)
				r.give(to)
			})
		}
	})
	if err := s.End(); err != nil {
		line := 0
		if f, ok := err.(*jscan.Fault); ok && f.Line > 1 {
			line = f.Line
		}
		to.Refuse(Source, line, "", err.Error())
		return
	}
	if !many {
		s.Reset(b)
		var r recall
		r.read(s)
		r.give(to)
		return
	}
	if said > seen {
		to.Refuse(Source, 0, "", "the file says that it holds more recalls than are in it; fetch it again")
	}
}

// recall is one record, in the names of both forms.
type recall struct {
	number, firm, product, codes, more, reason, action, class, status, kind string
	begun, posted, ended                                                    time.Time
}

func (r *recall) read(s *jscan.Scanner) {
	text := func() string { return strings.Join(strings.Fields(s.Text()), " ") }
	s.Object(func(key []byte) {
		switch string(key) {
		case "product_res_number", "recall_number":
			r.number = s.Brief()
		case "recalling_firm":
			r.firm = record.Cut(text(), 300)
		case "product_description":
			r.product = record.Cut(text(), record.MaxText)
		case "code_info":
			r.codes = record.Cut(text(), maxCodes)
		case "more_code_info":
			r.more = record.Cut(text(), maxCodes)
		case "reason_for_recall":
			r.reason = record.Cut(text(), record.MaxText)
		case "action":
			r.action = record.Cut(text(), 300)
		case "classification", "product_classification":
			r.class = s.Brief()
		case "recall_status", "status":
			r.status = strings.ToLower(s.Brief())
		case "product_type":
			r.kind = strings.ToLower(s.Brief())
		case "event_date_initiated", "recall_initiation_date":
			r.begun = record.Time(s.Brief())
		case "event_date_posted", "report_date":
			r.posted = record.Time(s.Brief())
		case "event_date_terminated", "termination_date":
			r.ended = record.Time(s.Brief())
		}
	})
}

// maxCodes bounds the list of codes that is looked at: some hold thousands of serial
// numbers.
const maxCodes = 64 << 10

// give hands the recall over as an advisory, or refuses it.
func (r *recall) give(to record.Sink) {
	switch {
	case r.number == "":
		to.Refuse(Source, 0, "", "it has no number")
		return
	case r.firm == "" || r.product == "":
		to.Refuse(Source, 0, r.number, "it names no firm or no product")
		return
	case r.kind != "" && r.kind != "devices":
		to.Done(Source) // a recall of food or drugs
		return
	}
	what := r.product + " " + r.codes + " " + r.more
	version, limited := versions(what)
	a := device.Recall{
		Number: r.number, Firm: r.firm, Product: nameOf(r.product), Models: models(r.product, r.codes+" "+r.more), DIs: identifiers(what), Version: version,
		Class: r.class, Reason: r.reason, Action: r.action, At: r.begun,
	}.Advisory()
	a.Source = Source
	if r.posted.After(a.Modified) {
		a.Modified = r.posted
	}
	if limited {
		a.Products[0].Unread = "it is limited to units by lot or serial number"
	}
	if strings.Contains(r.status, "terminated") {
		if a.Withdrawn = r.ended; a.Withdrawn.IsZero() {
			a.Withdrawn = a.Modified
		}
		if a.Withdrawn.IsZero() {
			a.Withdrawn = time.Unix(1, 0).UTC() // closed on a day nobody noted
		}
	}
	to.Advisory(&a)
	to.Done(Source)
}

var (
	gtin = lazy.Regexp(`\b[0-9]{14}\b`)
	// A shorter number is an identifier only where the text says that it is one.
	namedGTIN = lazy.Regexp(`(?i)(?:UDI(?:-DI)?|GTIN|DI)(?: ?(?:no\.?|number|code)s?)? ?[:#]? ?(?:\(01\))?([0-9]{8,14})\b`)
)

const maxIdentifiers = 100

// identifiers finds device identifiers: numbers whose check digit is right.
func identifiers(s string) []string {
	var out []string
	add := func(n string) {
		if agency, di, err := udi.ParseDI(n); err == nil && agency == udi.GS1 && !slices.Contains(out, di) && len(out) < maxIdentifiers && strings.Trim(di, "0") != "" {
			out = append(out, di)
		}
	}
	for _, n := range gtin().FindAllString(s, 400) {
		add(n)
	}
	for _, m := range namedGTIN().FindAllStringSubmatch(s, 400) {
		add(m[1])
	}
	return out
}

var (
	numbered = lazy.Regexp(`(?i)\b(?:models?|ref|reference|catalog(?:ue)?|cat\.?|part|item|product|order(?:ing)?)\b[ .]*(?:numbers?|nos?\.?|num\.?|codes?|#)?(?:\(s\))?s? ?[:#.]? ?([A-Z0-9./-]*[0-9][A-Z0-9./-]*(?:(?: ?[,;] ?| and | & | or )[A-Z0-9./-]*[0-9][A-Z0-9./-]*)*)`)
	between  = lazy.Regexp(` ?[,;] ?| and | & | or `)
	years    = lazy.Regexp(`^(19|20)[0-9]{2}$`)
)

// models finds model and catalog numbers: what has a digit in it and stands behind the
// word for one. Of the codes only those so named count: the rest are lots.
func models(texts ...string) []string {
	var out []string
	for _, s := range texts {
		for _, m := range numbered().FindAllStringSubmatch(s, 200) {
			for _, n := range between().Split(m[1], -1) {
				n = strings.Trim(n, " .,;-/")
				if len(n) < 3 || len(n) > 25 || years().MatchString(n) || gtin().MatchString(n) || slices.Contains(out, n) || len(out) == maxIdentifiers {
					continue
				}
				out = append(out, n)
			}
		}
	}
	return out
}

var (
	nameEnd  = lazy.Regexp(`(?i)[,;:(\[\n]|\. |\b(?:models?|ref|catalog(?:ue)?|cat|part|item|product code|product number|version|software|rx only|upn|udi|gtin|p/n|sw|used (?:with|for)|intended|indicated|manufactured|packaged|all serial)\b`)
	nameHead = lazy.Regexp(`^(?:[0-9a-zA-Z][.)] ?|[*#"'“” -]+|(?i:brand name|trade name|product name|device name|product|the) ?:? )+`)
)

// nameOf takes the name out of the sentence that describes a product.
func nameOf(s string) string {
	s = nameHead().ReplaceAllString(strings.TrimSpace(s), "")
	name := s
	if at := nameEnd().FindStringIndex(s); at != nil && at[0] >= 3 {
		name = s[:at[0]]
	}
	words := strings.Fields(name)
	const longest = 8
	name = strings.Trim(strings.Join(words[:min(len(words), longest)], " "), " .,;:-\"'")
	if name == "" {
		return record.Cut(s, 120)
	}
	return record.Cut(name, 120)
}

var (
	everything = lazy.Regexp(`(?i)\ball (?:(?:distributed|released|manufactured|affected) )?(?:units|lots?|serial(?: numbers?)?|serials|software versions?|versions?|codes|devices|products|models|systems|lot numbers?)\b`)
	byUnit     = lazy.Regexp(`(?i)\b(?:serial|s/n|sn|lots?|batch(?:es)?|date codes?|manufactur(?:ed|ing) dates?|expir)\b`)
	ofVersion  = lazy.Regexp(`(?i)\b(?:software|firmware|sw|application)(?: ?/ ?firmware)?(?: (?:revision|release|rev\.?|version|versions|ver\.?|v))?(?:\(s\))? ?:? ?((?:v(?:ersion)?s? ?)?(?:prior to |before |up to |earlier than )?v?[0-9]+(?:\.[0-9x]+)+[a-z0-9]*(?: (?:and|or) (?:below|earlier|prior|lower|older))?)`)
)

// versions finds the statement of software versions, and whether the recall is limited
// to units that a list of lots or serial numbers names.
func versions(s string) (version string, limited bool) {
	if m := ofVersion().FindStringSubmatch(s); m != nil {
		v := strings.TrimSpace(m[1])
		low := strings.ToLower(v)
		for _, p := range []string{"versions ", "version "} {
			low = strings.TrimPrefix(low, p)
		}
		low = strings.Replace(low, "up to ", "<= ", 1)
		low = strings.Replace(low, " and older", " and earlier", 1)
		low = strings.Replace(low, " or older", " or earlier", 1)
		return low, false
	}
	return "", !everything().MatchString(s) && byUnit().MatchString(s)
}
