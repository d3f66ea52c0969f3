package lines

import "strings"

// Cells splits one line of a CSV file as RFC 4180 has it. It reports false for a
// quote that the line does not close: records of several lines are not read,
// because no program whose exports are read this way writes them.
func Cells(line []byte, sep byte) ([]string, bool) {
	s := string(line)
	var out []string
	for {
		if !strings.HasPrefix(s, `"`) {
			i := strings.IndexByte(s, sep)
			if i < 0 {
				return append(out, s), true
			}
			out, s = append(out, s[:i]), s[i+1:]
			continue
		}
		var b strings.Builder
		s = s[1:]
		for {
			i := strings.IndexByte(s, '"')
			if i < 0 {
				return nil, false
			}
			b.WriteString(s[:i])
			s = s[i+1:]
			if !strings.HasPrefix(s, `"`) {
				break
			}
			b.WriteByte('"')
			s = s[1:]
		}
		out = append(out, b.String())
		if s == "" {
			return out, true
		}
		if s[0] != sep {
			return nil, false
		}
		s = s[1:]
	}
}

// Separator guesses what separates the cells of a line of headers.
func Separator(line []byte) byte {
	best, most := byte(','), 0
	for _, sep := range []byte{',', ';', '\t'} {
		if cells, ok := Cells(line, sep); ok && len(cells) > most {
			best, most = sep, len(cells)
		}
	}
	return best
}

// Columns finds columns by their headers, whatever their case, blanks, dashes
// and underscores. A header that is not there is -1.
func Columns(headers []string, names ...string) []int {
	at := make(map[string]int, len(headers))
	for i, h := range headers {
		f := Fold(h)
		if _, twice := at[f]; !twice {
			at[f] = i
		}
	}
	out := make([]int, len(names))
	for i, n := range names {
		out[i] = -1
		for alias := range strings.SplitSeq(n, "|") {
			if j, ok := at[Fold(alias)]; ok {
				out[i] = j
				break
			}
		}
	}
	return out
}

// Fold brings a header to the form in which headers are compared.
func Fold(h string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ' || r == '_' || r == '-' || r == '.' || r == '\ufeff':
			return -1
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		}
		return r
	}, strings.Trim(h, `"' `))
}

// At returns a cell, or "" where the row or the column is not there.
func At(cells []string, i int) string {
	if i < 0 || i >= len(cells) {
		return ""
	}
	return strings.TrimSpace(cells[i])
}
