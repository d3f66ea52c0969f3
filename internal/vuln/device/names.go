package device

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// plain are letters that makers' names have, without their marks.
var plain = strings.NewReplacer(
	"ä", "a", "á", "a", "à", "a", "â", "a", "å", "a", "ö", "o", "ó", "o", "ô", "o", "ø", "o", "ü", "u", "ú", "u",
	"é", "e", "è", "e", "ê", "e", "ë", "e", "í", "i", "ï", "i", "ñ", "n", "ç", "c", "ß", "ss", "æ", "ae",
	"®", " ", "™", " ", "©", " ", "'", "", "’", "", "&", " and ", "+", " plus ",
)

// words splits a text into its words: letters and digits apart, in lower case and
// without accents, so that "XR656+" and "XR 656 Plus" are the same.
func words(s string) []string {
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "")
	}
	s = plain.Replace(strings.ToLower(s))
	var out []string
	start, kind := -1, 0
	flush := func(end int) {
		if start >= 0 {
			w := s[start:end]
			if kind == 2 {
				if w = strings.TrimLeft(w, "0"); w == "" {
					w = "0"
				}
			}
			out = append(out, w)
		}
		start = -1
	}
	for i, r := range s {
		k := 0
		switch {
		case unicode.IsDigit(r):
			k = 2
		case unicode.IsLetter(r):
			k = 1
		}
		if k == 0 || k != kind {
			flush(i)
			kind = k
			if k > 0 {
				start = i
			}
		}
	}
	flush(len(s))
	return out
}

// legal are forms of companies, which identify none.
var legal = []string{
	"inc", "incorporated", "corp", "corporation", "co", "company", "ltd", "limited", "llc", "lp", "ag", "gmbh", "kg", "se", "sa", "nv", "bv", "plc",
	"oy", "ab", "as", "srl", "spa", "kgaa", "pvt", "pte", "sas", "aps", "holding", "holdings", "group", "international", "usa", "us", "america", "the", "and",
}

// makerKey is the form in which names of makers are compared.
func makerKey(s string) string {
	var out []string
	for _, w := range words(s) {
		if !slices.Contains(legal, w) {
			out = append(out, w)
		}
	}
	return strings.Join(out, " ")
}

// modelNumbers are the words of a text that number a model: letters with digits, such as
// M8102A, MMT-1715 and EX1100, five digits and more, and any number behind "model" or "part
// number".
func modelNumbers(s string) []string {
	var out []string
	said := false
	for f := range strings.FieldsFuncSeq(s, func(r rune) bool {
		return r == ' ' || r == ',' || r == ';' || r == '/' || r == '(' || r == ')' || r == ':' || r == '|'
	}) {
		low := strings.ToLower(f)
		if low == "model" || low == "models" || low == "number" || low == "no" || low == "no." {
			said = true
			continue
		}
		letters, digits, clean := 0, 0, true
		for _, r := range low {
			switch {
			case r >= '0' && r <= '9':
				digits++
			case r >= 'a' && r <= 'z':
				letters++
			case r == '-':
			default:
				clean = false
			}
		}
		if clean && (digits >= 5 || letters > 0 && digits >= 2 && letters+digits >= 5 && letters < 7 || said && digits > 0) {
			out = append(out, squash(f))
		}
		if digits == 0 {
			said = said && low == "and"
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// squash leaves letters and digits only.
func squash(s string) string {
	var b strings.Builder
	for _, r := range plain.Replace(strings.ToLower(s)) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// span is a range of models: MX400 to MX850.
type span struct {
	letters  string
	from, to int
}

// spans finds ranges such as MX400-MX850, MX400-550 and MP2-MP90.
func spans(s string) []span {
	var out []span
	for f := range strings.FieldsFuncSeq(strings.ToLower(s), func(r rune) bool { return r == ' ' || r == '(' || r == ')' || r == ',' || r == '/' }) {
		a, b, ok := strings.Cut(f, "-")
		if !ok {
			continue
		}
		l1, n1, ok1 := lettersNumber(a)
		l2, n2, ok2 := lettersNumber(b)
		if ok1 && ok2 && l1 != "" && (l2 == l1 || l2 == "") && n1 < n2 && utf8.RuneCountInString(l1) <= 4 {
			out = append(out, span{l1, n1, n2})
		}
	}
	return out
}

func lettersNumber(s string) (letters string, n int, ok bool) {
	i := strings.IndexFunc(s, func(r rune) bool { return r >= '0' && r <= '9' })
	if i < 0 || len(s)-i > 6 {
		return "", 0, false
	}
	for _, r := range s[i:] {
		if r < '0' || r > '9' {
			return "", 0, false
		}
		n = n*10 + int(r-'0')
	}
	return s[:i], n, true
}

// inSpan reports whether two neighboring words of a name are of a range.
func inSpan(name []string, sp span) bool {
	for i := 0; i+1 < len(name); i++ {
		if _, n, ok := lettersNumber(name[i+1]); name[i] == sp.letters && ok && n >= sp.from && n <= sp.to {
			return true
		}
	}
	return false
}
