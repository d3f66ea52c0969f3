package fact

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Encode writes values as JSON with sorted keys: equal values give equal bytes.
// Times are RFC 3339 in UTC.
func (vs Values) Encode() ([]byte, error) {
	names := make([]string, 0, len(vs))
	for k := range vs {
		names = append(names, k)
	}
	slices.Sort(names)
	b := make([]byte, 1, 64+32*len(vs))
	b[0] = '{'
	var err error
	for i, k := range names {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendJSON(b, k); err != nil {
			return nil, err
		}
		b = append(b, ':')
		if b, err = appendJSON(b, vs[k]); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

// appendJSON writes a value byte for byte as json.Marshal does, and nearly all
// of them without it: stored texts are compared.
func appendJSON(b []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case string:
		if asIs(v) {
			b = append(b, '"')
			b = append(b, v...)
			return append(b, '"'), nil
		}
	case bool:
		return strconv.AppendBool(b, v), nil
	case int64:
		return strconv.AppendInt(b, v, 10), nil
	case time.Time:
		b = append(b, '"')
		b = v.UTC().AppendFormat(b, time.RFC3339Nano)
		return append(b, '"'), nil
	}
	j, err := json.Marshal(v)
	return append(b, j...), err
}

// asIs reports a text that json.Marshal writes as it is.
func asIs(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ' || c > '~', c == '"', c == '\\', c == '<', c == '>', c == '&':
			return false
		}
	}
	return true
}

// DecodeValues reads what Encode wrote, with the types of the kind's schema.
// An attribute the schema does not know any more is dropped.
func DecodeValues(k Kind, b []byte) (Values, error) {
	s, ok := SchemaOf(k)
	if !ok {
		return nil, fmt.Errorf("unknown kind %q", k)
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		return nil, fmt.Errorf("values of %s: %w", k, err)
	}
	vs := make(Values, len(raw))
	for name, j := range raw {
		a, ok := s.Attr(name)
		if !ok {
			continue
		}
		v, err := a.Type.decode(j)
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", k, name, err)
		}
		vs[name] = v
	}
	return vs, nil
}

func (t Type) decode(j json.RawMessage) (any, error) {
	switch t {
	case Bool:
		return string(j) == "true", nil
	case Int:
		var v int64
		err := json.Unmarshal(j, &v)
		return v, err
	case Double:
		var v float64
		err := json.Unmarshal(j, &v)
		return v, err
	case String:
		// Most strings have nothing to unescape; the common case is a slice.
		if len(j) >= 2 && j[0] == '"' && plain(j[1:len(j)-1]) {
			return string(j[1 : len(j)-1]), nil
		}
		var v string
		err := json.Unmarshal(j, &v)
		return v, err
	case Time:
		if len(j) < 2 {
			return nil, fmt.Errorf("not a time")
		}
		at, err := time.Parse(time.RFC3339Nano, string(j[1:len(j)-1]))
		if err == nil && !writable(at) {
			err = fmt.Errorf("%s is in no year that can be written", at)
		}
		return at, err
	case Strings:
		v := []string{}
		err := json.Unmarshal(j, &v)
		return v, err
	}
	return nil, fmt.Errorf("type %s", t)
}

func plain(b []byte) bool {
	for _, c := range b {
		if c == '\\' || c == '"' || c < ' ' || c >= 0x80 {
			return false
		}
	}
	return true
}
