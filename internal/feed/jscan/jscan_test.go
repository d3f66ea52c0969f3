package jscan_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/asepsis/asepsis/internal/feed/jscan"
)

// tree reads a document into what encoding/json would make of it.
func tree(b []byte) (any, error) {
	s := jscan.New(b)
	v := value(s)
	return v, s.End()
}

func value(s *jscan.Scanner) any {
	switch s.Kind() {
	case jscan.Object:
		m := map[string]any{}
		s.Object(func(key []byte) {
			k := string(key)
			m[k] = value(s)
		})
		return m
	case jscan.Array:
		l := []any{}
		s.Array(func() { l = append(l, value(s)) })
		return l
	case jscan.String:
		return s.Text()
	case jscan.Number:
		return json.Number(s.Brief())
	case jscan.Bool:
		return s.True()
	}
	s.Skip()
	return nil
}

func TestRefused(t *testing.T) {
	for name, c := range map[string]struct {
		doc, want string
		line      int
	}{
		"empty":         {" \n ", "ends before", 2},
		"deep":          {strings.Repeat("[", 65) + strings.Repeat("]", 65), "nested more than 64 deep", 1},
		"long text":     {`"` + strings.Repeat("x", 1<<20+1) + `"`, "longer than", 1},
		"NUL":           {"{}\x00", "NUL", 1},
		"control":       {"\"a\nb\"", "control character", 1},
		"not UTF-8":     {"[\n\"caf\xe9\"]", "not UTF-8", 2},
		"behind":        {"{} {}", "follows", 1},
		"comma":         {"[1,]", "where a value is due", 1},
		"no comma":      {"[1 2]", "is due", 1},
		"leading zero":  {"[01]", "a number that is none", 1},
		"half escape":   {`"\u12"`, "escape", 1},
		"wrong escape":  {`"\x"`, "escape", 1},
		"cut in string": {`{"a": "b`, "ends before", 1},
		"cut in object": {`{"a": 1`, "ends before", 1},
		"word":          {`[nul]`, "no value", 1},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := tree([]byte(c.doc))
			var f *jscan.Fault
			if !errors.As(err, &f) || !strings.Contains(f.Reason, c.want) || f.Line != c.line {
				t.Errorf("got %v (%+v), want %q at line %d", err, f, c.want, c.line)
			}
		})
	}
}

func TestKindsThatAreNotDue(t *testing.T) {
	s := jscan.New([]byte(`{"a": 1}`))
	s.Object(func([]byte) { s.Text() })
	if err := s.End(); err == nil || err.Error() != "a number where a text is due" {
		t.Errorf("got %v", err)
	}
	s.Reset([]byte(`{"list": "one", "null": null, "n": "0.5", "flag": "true"}`))
	var list, none []string
	var n float64
	flag := true
	s.Object(func(key []byte) {
		switch string(key) {
		case "list":
			list = s.Texts()
		case "null":
			none = s.Texts()
		case "n":
			n = s.Float()
		case "flag":
			flag = s.True()
		}
	})
	if err := s.End(); err != nil || !reflect.DeepEqual(list, []string{"one"}) || none != nil || n != 0.5 || flag {
		t.Errorf("got %v %v %v %v, %v", list, none, n, flag, err)
	}
}

// FuzzAgainstEncodingJSON holds the cursor beside encoding/json: within the
// limits and UTF-8 both take the same documents and see the same.
func FuzzAgainstEncodingJSON(f *testing.F) {
	for _, s := range []string{
		`{}`, `[1, -2.5e+10, 0]`, `{"a": {"b": [true, false, null]}}`, `"\u00e9\ud83d\ude00\ud83d"`, `"\ud83d\ud83d\ude00"`,
		`[1,]`, `{"a" 1}`, "\"é\"", "01", "\"\\\"", "[\"a\"\n]", `{"a":1,"b":"0123456789abcdef\\"}`, "\"\x1f\"", `{,}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		if bytes.HasPrefix(doc, []byte("\xef\xbb\xbf")) {
			return
		}
		got, err := tree(doc)
		s := jscan.New(doc)
		s.Skip()
		if skip := s.End(); (err == nil) != (skip == nil) {
			t.Fatalf("%q: read %v, stepped over %v", doc, err, skip)
		}
		d := json.NewDecoder(bytes.NewReader(doc))
		d.UseNumber()
		var want any
		werr := d.Decode(&want)
		if _, tail := d.Token(); werr == nil && !errors.Is(tail, io.EOF) {
			werr = errors.New("something follows")
		}
		if err != nil {
			if werr == nil && utf8.Valid(doc) && !strings.Contains(err.Error(), "more than 64 deep") && len(doc) < 400 {
				t.Fatalf("refused %q: %v", doc, err)
			}
			return
		}
		if werr != nil {
			t.Fatalf("encoding/json refuses %q: %v", doc, werr)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: got %v, want %v", doc, got, want)
		}
	})
}

func BenchmarkSkip(b *testing.B) {
	item := `{"type": "library", "name": "acl", "text": "` + strings.Repeat("some words ", 40) + `", "list": [1, 2, {"a": null}]}`
	doc := []byte("[" + item + strings.Repeat(",\n"+item, 5000) + "]")
	b.SetBytes(int64(len(doc)))
	s := jscan.New(nil)
	for b.Loop() {
		s.Reset(doc)
		s.Skip()
		if err := s.End(); err != nil {
			b.Fatal(err)
		}
	}
}
