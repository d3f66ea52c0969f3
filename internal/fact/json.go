package fact

import (
	"encoding/json"
	"fmt"
	"time"
)

// Encode writes values as JSON with sorted keys: equal values give equal bytes.
// Times are RFC 3339 in UTC.
func (vs Values) Encode() ([]byte, error) {
	out := make(map[string]any, len(vs))
	for k, v := range vs {
		if t, ok := v.(time.Time); ok {
			v = t.UTC().Format(time.RFC3339Nano)
		}
		out[k] = v
	}
	return json.Marshal(out)
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
		return time.Parse(time.RFC3339Nano, string(j[1:len(j)-1]))
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
