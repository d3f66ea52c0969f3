package lines_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/unicode"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/lines"
	"github.com/asepsis/asepsis/internal/collect/safe"
)

func input(data []byte) collect.Input {
	return collect.Input{Name: "x", R: bytes.NewReader(data), Size: int64(len(data)), Now: time.Unix(1, 0), Limits: collect.DefaultLimits()}
}

func pack(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(in collect.Input, most int) ([]string, bool, error) {
	r, err := lines.Open(context.Background(), in, most)
	if err != nil {
		return nil, false, err
	}
	var out []string
	for {
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out, r.Ended(), nil
		}
		if err != nil {
			return out, false, err
		}
		out = append(out, string(b))
		if r.Line() != len(out) {
			return out, false, errors.New("the number of the line is wrong")
		}
	}
}

func TestLines(t *testing.T) {
	wide, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String("Überwachung\r\nzwei\r\n")
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 200_000)
	for name, tt := range map[string]struct {
		data  string
		want  string
		ended bool
	}{
		"plain":        {"a\nb\n", "a|b", true},
		"blank lines":  {"\n\na\n", "||a", true},
		"cut off":      {"a\nb", "a|b", false},
		"windows":      {"a\r\nb\r\n", "a|b", true},
		"utf-16":       {wide, "Überwachung|zwei", true},
		"windows-1252": {"M\xfcller\n", "Müller", true},
		"long":         {"a\n" + long + "\nb\n", "a|" + long + "|b", true},
		"packed":       {string(pack(t, []byte("a\nb\n"))), "a|b", true},
		"packed wide":  {string(pack(t, []byte(wide))), "Überwachung|zwei", true},
	} {
		got, ended, err := read(input([]byte(tt.data)), 1<<20)
		if err != nil || strings.Join(got, "|") != tt.want || ended != tt.ended {
			t.Errorf("%s: got %.60q, ended %t, %v", name, got, ended, err)
		}
	}
}

func TestRefused(t *testing.T) {
	z := pack(t, bytes.Repeat([]byte("0123456789\n"), 100_000))
	small := input(z)
	small.Limits.Bytes = 1000_000
	for name, in := range map[string]collect.Input{
		"empty": input(nil), "NUL": input([]byte("a\nb\x00\n")), "long line": input(bytes.Repeat([]byte("x"), 1<<21)),
		"cut archive": input(z[:len(z)/2]), "broken archive": input([]byte("\x1f\x8bnothing")), "bomb": small,
	} {
		_, _, err := read(in, 1<<20)
		if _, ok := errors.AsType[*safe.Fault](err); !ok {
			t.Errorf("%s: got %v, want a fault", name, err)
		}
	}
}

func TestHead(t *testing.T) {
	if got := string(lines.Head(pack(t, []byte("#separator")))); got != "#separator" {
		t.Errorf("got %q", got)
	}
	var got []string
	lines.First([]byte("a\r\nb\n"+strings.Repeat("c", 600)), func(b []byte) bool { got = append(got, string(b)); return true })
	if strings.Join(got, "|") != "a|b" {
		t.Errorf("got %q: what the head cuts off is no line", got)
	}
}

func TestCells(t *testing.T) {
	for in, want := range map[string]string{
		`a,b,c`: "a|b|c", `a,,`: "a||", `"a,b",c`: "a,b|c", `"say ""hi""",`: `say "hi"|`, ``: "", `"open`: "-", `"a"b`: "-", `a"b,c`: `a"b|c`,
	} {
		cells, ok := lines.Cells([]byte(in), ',')
		got := strings.Join(cells, "|")
		if !ok {
			got = "-"
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
	if lines.Separator([]byte("a;b;c")) != ';' || lines.Separator([]byte("a\tb")) != '\t' || lines.Separator([]byte("a,b;c,d")) != ',' {
		t.Error("the separator is not found")
	}
	if got := lines.Columns([]string{"Host Name", "IP_Address"}, "hostname|name", "ipaddress", "mac"); got[0] != 0 || got[1] != 1 || got[2] != -1 {
		t.Errorf("got %v", got)
	}
}

func FuzzLines(f *testing.F) {
	f.Add([]byte("a,b\r\n\"c\"\n"))
	f.Add(pack(f, []byte("a\n")))
	f.Fuzz(func(t *testing.T, data []byte) {
		in := input(data)
		in.Limits.Bytes = 1 << 20
		r, err := lines.Open(context.Background(), in, 1<<16)
		for err == nil {
			var b []byte
			if b, err = r.Next(); err == nil {
				lines.Cells(b, lines.Separator(b))
			}
		}
		if _, ok := errors.AsType[*safe.Fault](err); !ok && !errors.Is(err, io.EOF) {
			t.Fatalf("neither the end nor a fault: %v", err)
		}
		lines.Head(data)
	})
}
