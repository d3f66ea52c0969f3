package vuln

import (
	"encoding/binary"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/asepsis/asepsis/internal/advisory"
)

// Document is what an advisory says for people, as its source says it, with the
// text shortened.
type Document struct {
	ID         string
	Source     string
	Aliases    []string
	Covers     []string
	Title      string
	Details    string
	Published  time.Time
	Modified   time.Time
	Withdrawn  time.Time
	Scores     []advisory.Score
	CWEs       []string
	References []string
	Remedies   []string // what the source advises, each once
}

// Bounds of a document. A reader who wants more follows its references.
const (
	maxTitle      = 200
	maxDetails    = 600
	maxReferences = 4
	maxReference  = 300
	maxList       = 500 // aliases, flaws covered
	maxScores     = 8
	maxCWEs       = 20
	maxRemedies   = 4
)

func encodeDocument(a *advisory.Advisory) []byte {
	title, details := oneLine(a.Title), plain(a.Details)
	if title == details && len(title) <= maxTitle {
		details = ""
	}
	b := make([]byte, 0, 1024)
	b = appendText(b, shorten(title, maxTitle))
	b = appendText(b, shortenText(details, maxDetails))
	for _, t := range [...]time.Time{a.Published, a.Modified, a.Withdrawn} {
		b = appendTime(b, t)
	}
	b = appendTexts(b, a.Aliases, maxList, maxID)
	b = appendTexts(b, a.Covers, maxList, maxID)
	scores := a.Scores[:min(len(a.Scores), maxScores)]
	b = binary.AppendUvarint(b, uint64(len(scores)))
	for _, s := range scores {
		b = appendText(b, shorten(s.Vector, maxReference))
		b = binary.AppendUvarint(b, uint64(math.Round(min(max(s.Base, 0), 10)*10)))
		b = appendText(b, shorten(s.Severity, 40))
		b = appendText(b, shorten(s.By, 100))
	}
	b = appendTexts(b, a.CWEs, maxCWEs, 40)
	b = appendTexts(b, references(a), maxReferences, maxReference)
	var remedies []string
	seen := make(map[string]bool)
	for i := range a.Products {
		if r := a.Products[i].Remedy; r != "" && !seen[r] && len(remedies) < maxRemedies {
			seen[r] = true
			remedies = append(remedies, oneLine(r))
		}
	}
	return appendTexts(b, remedies, maxRemedies, maxExtra)
}

func decodeDocument(b []byte) Document {
	var d Document
	r := reader{b}
	d.Title, d.Details = r.text(), r.text()
	d.Published, d.Modified, d.Withdrawn = r.time(), r.time(), r.time()
	d.Aliases, d.Covers = r.texts(), r.texts()
	for n := r.count(maxScores); n > 0; n-- {
		d.Scores = append(d.Scores, advisory.Score{Vector: r.text(), Base: float64(r.number()) / 10, Severity: r.text(), By: r.text()})
	}
	d.CWEs, d.References, d.Remedies = r.texts(), r.texts(), r.texts()
	if d.Title == "" {
		d.Title = firstSentence(d.Details)
	}
	return d
}

// firstSentence makes a title of a text, for the many sources that write none.
func firstSentence(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	if i := strings.Index(s, ". "); i > 0 {
		s = s[:i+1]
	}
	return shorten(s, maxTitle)
}

// references returns those that lead further: a page that only repeats the
// flaw's name is reached by the name.
func references(a *advisory.Advisory) []string {
	var out []string
	for _, r := range a.References {
		if len(out) == maxReferences {
			break
		}
		if len(r) > maxReference || restates(r) {
			continue
		}
		out = append(out, r)
	}
	return out
}

var nameSites = [...]string{
	"https://nvd.nist.gov/vuln/detail/", "https://www.cve.org/CVERecord?id=", "https://cve.mitre.org/cgi-bin/cvename.cgi?name=",
	"http://cve.mitre.org/cgi-bin/cvename.cgi?name=", "https://access.redhat.com/security/cve/", "https://bugzilla.redhat.com/",
	"https://github.com/advisories/",
}

func restates(url string) bool {
	for _, s := range nameSites {
		if strings.HasPrefix(url, s) {
			return true
		}
	}
	return false
}

// reader reads what the encoders of documents wrote. Beyond the end it reads
// nothing.
type reader struct{ b []byte }

func (r *reader) number() uint64 {
	n, w := binary.Uvarint(r.b)
	if w <= 0 {
		r.b = nil
		return 0
	}
	r.b = r.b[w:]
	return n
}

// count reads the length of a list and bounds it by the bytes that are left.
func (r *reader) count(most int) int {
	n := r.number()
	return int(min(n, uint64(most), uint64(len(r.b))))
}

func (r *reader) text() string {
	var s []byte
	s, r.b = text(r.b)
	return string(s)
}

func (r *reader) texts() []string {
	n := r.count(maxList)
	if n == 0 {
		return nil
	}
	out := make([]string, n)
	for i := range out {
		out[i] = r.text()
	}
	return out
}

func (r *reader) time() time.Time {
	n := r.number()
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(int64(n-1)+epoch, 0).UTC()
}

// epoch is 1980: nothing about flaws is older, and earlier times are mistakes.
const epoch = 315532800

func appendTime(b []byte, t time.Time) []byte {
	s := t.Unix() - epoch
	if t.IsZero() || s < 0 || s > math.MaxUint32*4 {
		return append(b, 0)
	}
	return binary.AppendUvarint(b, uint64(s)+1)
}

func appendTexts(b []byte, list []string, most, longest int) []byte {
	list = list[:min(len(list), most)]
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, s := range list {
		b = appendText(b, shorten(s, longest))
	}
	return b
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// plain trims lines and keeps one empty line of a run.
func plain(s string) string {
	if len(s) > 4*maxDetails {
		s = shorten(s, 4*maxDetails)
	}
	var b strings.Builder
	empty := 0
	for line := range strings.Lines(s) {
		line = strings.TrimSpace(line)
		if line == "" {
			empty++
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
			if empty > 0 {
				b.WriteByte('\n')
			}
		}
		empty = 0
		b.WriteString(line)
	}
	return b.String()
}

const more = "…"

// shorten cuts a text to a number of bytes, between characters.
func shorten(s string, most int) string {
	if len(s) <= most {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	cut := most - len(more)
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return strings.ToValidUTF8(s[:cut], "\uFFFD") + more
}

// shortenText cuts a longer text where a paragraph or a sentence ends, if that
// leaves at least half.
func shortenText(s string, most int) string {
	if len(s) <= most {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	head := s[:most-len(more)-1]
	for _, end := range [...]string{"\n\n", ".\n", ". ", "\n", " "} {
		if i := strings.LastIndex(head, end); i >= most/2 {
			return strings.ToValidUTF8(strings.TrimSpace(head[:i+1]), "\uFFFD") + " " + more
		}
	}
	return shorten(s, most)
}
