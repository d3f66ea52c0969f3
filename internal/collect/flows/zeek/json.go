package zeek

import "bytes"

const maxDepth = 8

// json finds the fields of a line of JSON without copying them, and reports
// whether the line is one object and nothing else. Texts are taken as they stand:
// no field that is read has an escape in it.
func (r *record) json(b []byte) bool {
	rest, ok := r.object(b, false, 0)
	return ok && len(blank(rest)) == 0
}

func blank(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t' || b[0] == '\r' || b[0] == '\n') {
		b = b[1:]
	}
	return b
}

// object reads an object; ends says that it is the one with a connection's ends.
func (r *record) object(b []byte, ends bool, depth int) ([]byte, bool) {
	if depth > maxDepth || len(b) == 0 || b[0] != '{' {
		return nil, false
	}
	b = blank(b[1:])
	if len(b) > 0 && b[0] == '}' {
		return b[1:], true
	}
	for {
		key, rest, ok := text(b)
		if !ok {
			return nil, false
		}
		b = blank(rest)
		if len(b) == 0 || b[0] != ':' {
			return nil, false
		}
		b = blank(b[1:])
		if depth == 0 && string(key) == "id" && len(b) > 0 && b[0] == '{' {
			if b, ok = r.object(b, true, depth+1); !ok {
				return nil, false
			}
		} else {
			i := -1
			switch {
			case ends:
				i = endField(key)
			case depth == 0:
				i = field(key)
			}
			var value []byte
			if value, b, ok = skip(b, depth+1); !ok {
				return nil, false
			}
			if i >= 0 && string(value) != "null" && string(value) != "-" {
				r[i] = value
			}
		}
		b = blank(b)
		if len(b) == 0 {
			return nil, false
		}
		if b[0] == '}' {
			return b[1:], true
		}
		if b[0] != ',' {
			return nil, false
		}
		b = blank(b[1:])
	}
}

func endField(key []byte) int {
	switch string(key) {
	case "orig_h":
		return origH
	case "orig_p":
		return origP
	case "resp_h":
		return respH
	case "resp_p":
		return respP
	}
	return -1
}

// text reads a string and returns what stands between its quotes.
func text(b []byte) (s, rest []byte, ok bool) {
	if len(b) == 0 || b[0] != '"' {
		return nil, nil, false
	}
	for from := 1; ; {
		i := bytes.IndexByte(b[from:], '"')
		if i < 0 {
			return nil, nil, false
		}
		end := from + i
		n := 0
		for end-1-n > 0 && b[end-1-n] == '\\' {
			n++
		}
		if n%2 == 0 {
			return b[1:end], b[end+1:], true
		}
		from = end + 1
	}
}

// skip reads over a value and returns it, a string without its quotes.
func skip(b []byte, depth int) (value, rest []byte, ok bool) {
	if depth > maxDepth || len(b) == 0 {
		return nil, nil, false
	}
	switch b[0] {
	case '"':
		return text(b)
	case '{', '[':
		return nest(b, depth)
	}
	i := 0
	for i < len(b) && b[i] != ',' && b[i] != '}' && b[i] != ']' && b[i] != ' ' && b[i] != '\t' {
		if b[i] == '"' || b[i] == '{' || b[i] == '[' || b[i] == ':' {
			return nil, nil, false
		}
		i++
	}
	return b[:i], b[i:], i > 0
}

// nest reads over a list or an object within the line.
func nest(b []byte, depth int) (value, rest []byte, ok bool) {
	whole, stop := b, byte(']')
	if b[0] == '{' {
		stop = '}'
	}
	b = blank(b[1:])
	if len(b) > 0 && b[0] == stop {
		return whole[:0], b[1:], true
	}
	for {
		if stop == '}' {
			if _, b, ok = text(b); !ok {
				return nil, nil, false
			}
			if b = blank(b); len(b) == 0 || b[0] != ':' {
				return nil, nil, false
			}
			b = blank(b[1:])
		}
		if _, b, ok = skip(b, depth+1); !ok {
			return nil, nil, false
		}
		if b = blank(b); len(b) == 0 {
			return nil, nil, false
		}
		if b[0] == stop {
			return whole[:0], b[1:], true
		}
		if b[0] != ',' {
			return nil, nil, false
		}
		b = blank(b[1:])
	}
}
