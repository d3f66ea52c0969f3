package jsonsafe_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/jsonsafe"
	"github.com/asepsis/asepsis/internal/collect/safe"
)

func limits() collect.Limits {
	return collect.Limits{Bytes: 1 << 20, Items: 1000, Depth: 8, Field: 4096, Findings: 10}
}

// tree reads a document into what encoding/json would make of it.
func tree(r *jsonsafe.Reader) (any, error) {
	v, err := value(r)
	if err == nil {
		err = r.End()
	}
	return v, err
}

func value(r *jsonsafe.Reader) (any, error) {
	k, err := r.Kind()
	if err != nil {
		return nil, err
	}
	switch k {
	case jsonsafe.Object:
		m := map[string]any{}
		return m, r.Object(func(key string) error {
			v, err := value(r)
			m[key] = v
			return err
		})
	case jsonsafe.Array:
		l := []any{}
		err := r.Array(func() error {
			v, err := value(r)
			l = append(l, v)
			return err
		})
		return l, err
	case jsonsafe.String:
		return r.Text()
	case jsonsafe.Bool:
		return r.True()
	case jsonsafe.Null:
		return nil, r.Skip()
	default:
		s, err := r.Brief(600)
		return json.Number(s), err
	}
}

func TestRefused(t *testing.T) {
	for name, c := range map[string]struct{ doc, want string }{
		"empty":         {" \n ", "ends before"},
		"deep":          {strings.Repeat("[", 9) + strings.Repeat("]", 9), "nested more than 8 deep"},
		"long text":     {`"` + strings.Repeat("x", 5000) + `"`, "longer than 4096"},
		"long key":      {`{"` + strings.Repeat("x", 100_000) + `":1}`, "longer than 4096"},
		"long number":   {strings.Repeat("1", 100_000), "without end"},
		"NUL":           {"{\x00}", "NUL"},
		"control":       {"\"a\nb\"", "control character"},
		"not UTF-8":     {"\"caf\xe9\"", "not UTF-8"},
		"behind":        {"{} {}", "behind its end"},
		"comma":         {"[1,]", "where a value is due"},
		"no comma":      {"[1 2]", "is due"},
		"leading zero":  {"[01]", "is no value"},
		"half escape":   {`"\u12"`, "four digits"},
		"wrong escape":  {`"\x"`, "the escape"},
		"cut in string": {`{"a": "b`, "ends before"},
		"cut in object": {`{"a": 1`, "ends before"},
		"word":          {`[nul]`, "is no value"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := tree(jsonsafe.New(strings.NewReader(c.doc), limits()))
			var f *safe.Fault
			if !errors.As(err, &f) || !strings.Contains(f.Reason, c.want) || f.Mend == "" || f.Line < 1 {
				t.Errorf("got %v, want a fault with %q, a line and a mend", err, c.want)
			}
		})
	}
}

func TestSkipAndBrief(t *testing.T) {
	long := strings.Repeat("é", 100_000)
	doc := "{\"a\": [1, {\"x\": \"" + long + "\"}],\n \"b\": \"" + long + "\", \"c\": true, \"d\": -1.5e3, \"e\": null,\n \"f\": {\"g\": []}}"
	for name, src := range map[string]io.Reader{"whole": strings.NewReader(doc), "by byte": iotest.OneByteReader(strings.NewReader(doc))} {
		r := jsonsafe.New(src, limits())
		got := map[string]string{}
		err := r.Object(func(key string) error {
			if key == "a" {
				return nil
			}
			s, err := r.Brief(5)
			got[key] = s
			return err
		})
		if err == nil {
			err = r.End()
		}
		want := map[string]string{"b": "éé", "c": "true", "d": "-1.5e3", "e": "", "f": ""}
		if err != nil || !reflect.DeepEqual(got, want) || r.Line() != 3 {
			t.Errorf("%s: got %v, %v at line %d, want %v", name, got, err, r.Line(), want)
		}
	}
}

func TestMarks(t *testing.T) {
	for _, doc := range []string{"\xef\xbb\xbf{}", "\xff\xfe{\x00}\x00", "{\x00}\x00"} {
		in := collect.Input{R: strings.NewReader(doc), Size: int64(len(doc)), Limits: limits()}
		r, err := jsonsafe.Open(context.Background(), in)
		if err != nil {
			t.Fatal(err)
		}
		if v, err := tree(r); err != nil || !reflect.DeepEqual(v, map[string]any{}) {
			t.Errorf("%q: got %v, %v", doc, v, err)
		}
	}
}

// FuzzAgainstEncodingJSON holds the reader beside encoding/json: within the
// limits and UTF-8 both take the same documents and see the same.
func FuzzAgainstEncodingJSON(f *testing.F) {
	for _, s := range []string{
		`{}`, `[1, -2.5e+10, 0]`, `{"a": {"b": [true, false, null]}}`, `"\u00e9\ud83d\ude00\ud83d"`, `"\ud83d\ud83d\ude00"`,
		`[1,]`, `{"a" 1}`, "\"é\"", "01", "\"\\\"", "[\"a\"\n]",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		got, err := tree(jsonsafe.New(bytes.NewReader(doc), limits()))
		slow, err2 := tree(jsonsafe.New(iotest.OneByteReader(bytes.NewReader(doc)), limits()))
		if (err == nil) != (err2 == nil) || err == nil && !reflect.DeepEqual(got, slow) {
			t.Fatalf("depends on how it is read: %v %v, %v %v", got, err, slow, err2)
		}
		d := json.NewDecoder(bytes.NewReader(doc))
		d.UseNumber()
		var want any
		werr := d.Decode(&want)
		if _, tail := d.Token(); werr == nil && !errors.Is(tail, io.EOF) {
			werr = errors.New("something follows")
		}
		if err != nil {
			if werr == nil && utf8.Valid(doc) && !strings.Contains(err.Error(), "more than 8 deep") && len(doc) < 500 {
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

func BenchmarkReader(b *testing.B) {
	item := `{"type": "library", "bom-ref": "pkg:deb/debian/acl@2.2.53", "name": "acl", "version": "2.2.53-10", "licenses": [{"license": {"id": "GPL-2.0"}}], "purl": "pkg:deb/debian/acl@2.2.53-10?arch=amd64"}`
	doc := []byte("[" + item + strings.Repeat(",\n"+item, 5000) + "]")
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		if err := jsonsafe.New(bytes.NewReader(doc), collect.DefaultLimits()).Skip(); err != nil {
			b.Fatal(err)
		}
	}
}
