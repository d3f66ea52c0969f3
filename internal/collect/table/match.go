package table

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/near"
)

// How a header was matched to a field, surest first.
const (
	matchChosen = "chosen" // a person said so
	matchExact  = "exact"  // the name of the field
	matchAlias  = "alias"  // a header that exports use
	matchGuess  = "guess"  // similar; a person should confirm
	matchNone   = "none"
)

// fold brings a header to the form that headers are compared in: lower case
// words of letters and digits. "isMfaRegistered", "Is MFA registered" and
// "is_mfa_registered" are the same. What exports add in brackets to say that a
// column cannot be changed, or in which zone or form its times are, is dropped.
func fold(h string) string {
	h = strings.TrimSpace(h)
	for _, open := range [...]string{"[READ ONLY]", "[UPLOAD ONLY]", "[Required]", "(UTC)", "(utc)", "_ISO8601", "(required)", "*"} {
		h = strings.TrimSpace(strings.TrimSuffix(h, open))
	}
	var b strings.Builder
	var prev rune
	rs := []rune(h)
	for i, r := range rs {
		switch {
		case unicode.IsUpper(r):
			next := rune(0)
			if i+1 < len(rs) {
				next = rs[i+1]
			}
			if unicode.IsLower(prev) || unicode.IsUpper(prev) && unicode.IsLower(next) {
				b.WriteByte(' ')
			}
			b.WriteRune(unicode.ToLower(r))
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(r)
		case r == '#':
			b.WriteString(" number ")
		case r == '\'' || r == '’' || r == '?':
		default:
			b.WriteByte(' ')
		}
		prev = r
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// squeeze leaves out the spaces: "e mail" is "email", "host name" is "hostname".
func squeeze(folded string) string { return strings.ReplaceAll(folded, " ", "") }

// header is one header of a kind, ready to be compared.
type header struct {
	field *Field
	rank  int // 0 is the field's own name, then the aliases in their order
}

// makeIndex maps the squeezed headers of a kind to its fields. Where two fields
// claim a header, the one that ranks it higher has it, then the one listed first.
func (k *Kind) makeIndex() map[string]header {
	m := make(map[string]header)
	for i := range k.Fields {
		f := &k.Fields[i]
		for rank, name := range slices.Concat([]string{f.Name}, f.Aliases) {
			s := squeeze(fold(name))
			if have, ok := m[s]; !ok || rank < have.rank {
				m[s] = header{f, rank}
			}
		}
	}
	return m
}

// match maps the headers of a table to the fields of the kind. Columns a person
// chose come first; a chosen "" leaves the column out.
func (k *Kind) match(headers []string, chosen map[string]string) (collect.Mapping, []*Field) {
	m := collect.Mapping{Table: k.Name, Columns: make([]collect.Column, len(headers))}
	fields := make([]*Field, len(headers))
	taken := make(map[*Field]bool)
	fixed := make([]bool, len(headers))
	for i, h := range headers {
		m.Columns[i] = collect.Column{Header: strings.TrimSpace(h), Match: matchNone}
		name, ok := chosen[strings.TrimSpace(h)]
		if !ok {
			continue
		}
		fixed[i] = true
		if f, ok := k.Field(name); ok && !taken[f] {
			fields[i], taken[f] = f, true
			m.Columns[i].Field, m.Columns[i].Match = f.Name, matchChosen
		}
	}
	type hit struct {
		col int
		h   header
	}
	var hits []hit
	ix := k.index()
	for i, h := range headers {
		if fixed[i] || strings.TrimSpace(h) == "" {
			continue
		}
		if x, ok := ix[squeeze(fold(h))]; ok {
			hits = append(hits, hit{i, x})
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return cmp.Compare(a.h.rank, b.h.rank) })
	for _, x := range hits {
		if taken[x.h.field] {
			continue
		}
		fields[x.col], taken[x.h.field] = x.h.field, true
		m.Columns[x.col].Field, m.Columns[x.col].Match = x.h.field.Name, matchAlias
		if x.h.rank == 0 {
			m.Columns[x.col].Match = matchExact
		}
	}
	if len(chosen) == 0 && len(headers) <= maxGuessed {
		k.guess(headers, &m, fields, taken)
	}
	return m, fields
}

// maxGuessed is from how many columns on none is guessed at: a table as wide is a report of
// something else, and each header would be held against each that is known.
const maxGuessed = 500

// guess finds fields for the headers that matched none, by similarity. A guess
// is never taken without asking.
func (k *Kind) guess(headers []string, m *collect.Mapping, fields []*Field, taken map[*Field]bool) {
	useless := make(map[string]bool, len(k.Useless))
	for _, h := range k.Useless {
		useless[squeeze(fold(h))] = true
	}
	names := make([][]string, len(k.Fields))
	for j := range k.Fields {
		for _, name := range slices.Concat([]string{k.Fields[j].Name}, k.Fields[j].Aliases) {
			names[j] = append(names[j], fold(name))
		}
	}
	for i, h := range headers {
		if fields[i] != nil || strings.TrimSpace(h) == "" || len(h) > 64 || useless[squeeze(fold(h))] {
			continue
		}
		var best *Field
		score := 0.0
		folded := fold(h)
		for j := range k.Fields {
			f := &k.Fields[j]
			if taken[f] {
				continue
			}
			for _, name := range names[j] {
				if s := similar(folded, name); s > score {
					best, score = f, s
				}
			}
		}
		if score >= sure {
			fields[i], taken[best] = best, true
			m.Columns[i].Field, m.Columns[i].Match = best.Name, matchGuess
		}
	}
}

// sure is the similarity from which a header is worth a question.
const sure = 0.81

// similar compares two folded headers, 0 to 1: by the letters where they are
// long enough for a slip of the hand, and by the words they share.
func similar(a, b string) float64 {
	sa, sb := squeeze(a), squeeze(b)
	n := max(len(sa), len(sb))
	if n == 0 {
		return 0
	}
	letters := 0.0
	if min(len(sa), len(sb)) >= 5 && sa[0] == sb[0] {
		letters = 1 - float64(near.Distance(sa, sb))/float64(n)
		if letters < 0.84 {
			letters = 0
		}
	}
	wa, wb := strings.Fields(a), strings.Fields(b)
	shared := 0
	for _, w := range wa {
		if slices.Contains(wb, w) {
			shared++
		}
	}
	words := 0.0
	if len(wa) > 1 && len(wb) > 1 {
		words = 2 * float64(shared) / float64(len(wa)+len(wb))
	}
	return max(letters, words)
}
