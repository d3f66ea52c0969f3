// Package collecttest is the suite that every importer passes: it knows its own
// files and no others, says the same twice, and no file, however broken or
// hostile, makes it panic, lie or take more memory than its limits allow.
package collecttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"golang.org/x/text/encoding/unicode"

	"github.com/asepsis/asepsis/internal/collect"
)

// Suite describes an importer to the suite.
type Suite struct {
	Importer collect.Importer
	// Samples are files it must read; at least one, the first without faults.
	Samples []Sample
	// Foreign is the most Recognize may return for files of other formats.
	Foreign int
	// XMLRoot names the root element of an XML format; the bombs hide behind it.
	XMLRoot string
	// Text says that the format is XML or JSON: it can come in UTF-16, and a NUL
	// or a byte of no encoding refuses it.
	Text bool
	// Open begins a file of the format up to a place where text may stand, and
	// Nest is what nests one level deeper there. Both empty leave those tests out.
	Open, Nest string
	// Floods are files with far too many of something that is no item of its own,
	// such as the addresses of one host. Units are set by the suite.
	Floods map[string]Generated
	// CutMayPass says that a file cut short there is still whole.
	CutMayPass func(cut []byte) bool
	// HeapMB is the most memory a hostile file may take; 0 means 64.
	HeapMB int
}

// Sample is a file of the format.
type Sample struct {
	Name    string
	Data    []byte
	Options map[string]string
	Table   string
}

// Now is the time the suite says it is.
var Now = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// Input makes an input of a file's bytes, with the limits users get.
func Input(name string, data []byte) collect.Input {
	return collect.Input{Name: name, R: bytes.NewReader(data), Size: int64(len(data)), Now: Now, Limits: collect.DefaultLimits()}
}

func (s Sample) input() collect.Input {
	in := Input(s.Name, s.Data)
	in.Options, in.Table = s.Options, s.Table
	return in
}

// Run runs the suite.
func Run(t *testing.T, s Suite) {
	t.Helper()
	if len(s.Samples) == 0 {
		t.Fatal("the suite needs a sample")
	}
	t.Run("format", s.format)
	t.Run("recognize", s.recognize)
	t.Run("parse", s.parse)
	t.Run("truncated", s.truncated)
	t.Run("damaged", s.damaged)
	t.Run("limits", s.limits)
	t.Run("cancel", s.cancel)
	if s.Text {
		t.Run("utf-16", s.utf16)
	}
	if s.XMLRoot != "" {
		t.Run("bombs", s.bombs)
	}
	if s.Open != "" {
		t.Run("endless line", s.endless)
		t.Run("nesting", s.nesting)
	}
	for name, g := range s.Floods {
		t.Run("flood of "+name, func(t *testing.T) { s.flood(t, g) })
	}
}

func (s Suite) format(t *testing.T) {
	f := s.Importer.Format()
	if f.ID == "" || f.Title == "" || f.Gives == "" || f.Stream == "" || len(f.Extensions) == 0 {
		t.Errorf("something is missing in %+v", f)
	}
}

func head(b []byte) []byte { return b[:min(len(b), collect.HeadSize)] }

func (s Suite) recognize(t *testing.T) {
	for _, x := range s.Samples {
		if n := s.Importer.Recognize(x.Name, head(x.Data)); n <= s.Foreign || n > 100 {
			t.Errorf("%s: sure to %d of its own file, want more than %d and at most 100", x.Name, n, s.Foreign)
		}
	}
	own := s.Importer.Format().ID
	for _, x := range Foreign() {
		if x.Format == own {
			continue
		}
		if n := s.Importer.Recognize(x.Name, head(x.Data)); n > s.Foreign {
			t.Errorf("%s (%s): sure to %d of a file of another format, want at most %d", x.Name, x.Format, n, s.Foreign)
		}
	}
}

func (s Suite) parse(t *testing.T) {
	for _, x := range s.Samples {
		t.Run(x.Name, func(t *testing.T) {
			in := x.input()
			in.OnFault = collect.SkipRows
			p, err := s.Importer.Parse(context.Background(), in)
			if err != nil {
				t.Fatal(err)
			}
			CheckBatch(t, p, in)
			again, err := s.Importer.Parse(context.Background(), in)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(p, again) {
				t.Error("the same file reads differently the second time")
			}
		})
	}
}

// CheckBatch reports what is wrong with what an importer delivered.
func CheckBatch(t testing.TB, p *collect.Parsed, in collect.Input) {
	t.Helper()
	for _, err := range p.Batch.Validate() {
		t.Error(err)
	}
	if p.Batch.ObservedAt.After(in.Now) {
		t.Errorf("observed at %s, which is to come", p.Batch.ObservedAt)
	}
	for _, f := range p.Batch.Facts {
		if f.ObservedAt.After(in.Now) {
			t.Errorf("%s %s was observed at %s, which is to come", f.Kind, f.Key, f.ObservedAt)
		}
	}
	if p.Batch.Stream.Title == "" {
		t.Error("the stream has no title")
	}
	for _, n := range p.Batch.Notes {
		if n.What == "" || n.Why == "" {
			t.Errorf("note %+v leaves something out", n)
		}
	}
	for _, f := range p.Skipped {
		if f.Reason == "" || f.Mend == "" {
			t.Errorf("fault %+v leaves something out", f)
		}
	}
}

// refused fails the test unless err is a refusal a person can use.
func refused(t *testing.T, what string, err error) {
	t.Helper()
	var r *collect.Refusal
	if !errors.As(err, &r) {
		t.Errorf("%s: got %v, want a refusal", what, err)
		return
	}
	if len(r.Faults) == 0 || r.Faults[0].Reason == "" || r.Faults[0].Mend == "" || r.File == "" {
		t.Errorf("%s: the refusal %v lacks the file, a reason or what to do", what, r)
	}
}

func (s Suite) truncated(t *testing.T) {
	for _, x := range s.Samples {
		points := make(map[int]bool)
		const many = 150
		for i := 1; i < many; i++ {
			points[len(x.Data)*i/many] = true
		}
		for i := 1; i < 40 && i < len(x.Data); i++ {
			points[i], points[len(x.Data)-i] = true, true
		}
		for n := range points {
			cut := x.Data[:n]
			if n == 0 || len(bytes.TrimSpace(cut)) == len(bytes.TrimSpace(x.Data)) || s.CutMayPass != nil && s.CutMayPass(cut) {
				continue
			}
			in := x.input()
			in.R, in.Size = bytes.NewReader(cut), int64(n)
			_, err := s.Importer.Parse(context.Background(), in)
			refused(t, fmt.Sprintf("%s cut to %d of %d bytes", x.Name, n, len(x.Data)), err)
		}
	}
}

func (s Suite) damaged(t *testing.T) {
	x := s.Samples[0]
	for name, data := range map[string][]byte{"empty": {}, "blank": []byte(" \r\n\t\n")} {
		_, err := s.Importer.Parse(context.Background(), Input(x.Name, data))
		refused(t, name, err)
	}
	for _, f := range Foreign() {
		if f.Format == s.Importer.Format().ID {
			continue
		}
		// Whatever it makes of a foreign file somebody forces on it, it comes back.
		if p, err := s.Importer.Parse(context.Background(), Input(f.Name, f.Data)); err == nil {
			CheckBatch(t, p, Input(f.Name, f.Data))
		}
	}
	for i := range 50 {
		at := len(x.Data) * i / 50
		for _, bad := range []byte{0, 0xFF} {
			broken := bytes.Clone(x.Data)
			broken[at] = bad
			p, err := s.Importer.Parse(context.Background(), Input(x.Name, broken))
			switch {
			case err != nil:
				refused(t, fmt.Sprintf("byte %#x at %d", bad, at), err)
			case s.Text && !insideComment(broken, at):
				t.Errorf("byte %#x at %d was taken", bad, at)
			default:
				CheckBatch(t, p, Input(x.Name, broken))
			}
		}
	}
}

// insideComment tells bytes in XML comments and instructions, whose text nobody reads.
func insideComment(b []byte, at int) bool {
	for _, mark := range [][2]string{{"<!--", "-->"}, {"<?", "?>"}} {
		if open := bytes.LastIndex(b[:at], []byte(mark[0])); open >= 0 && !bytes.Contains(b[open:at], []byte(mark[1])) {
			return true
		}
	}
	return false
}

func (s Suite) limits(t *testing.T) {
	x := s.Samples[0]
	in := x.input()
	in.Limits.Bytes = in.Size - 1
	_, err := s.Importer.Parse(context.Background(), in)
	refused(t, "one byte too large", err)

	in = x.input()
	in.Limits.Items = 1
	p, err := s.Importer.Parse(context.Background(), in)
	if err == nil && p.Rows > 1 {
		t.Errorf("read %d items where 1 is the limit", p.Rows)
	} else if err != nil {
		refused(t, "more items than the limit", err)
	}

	in = x.input()
	in.Limits.Depth = 1
	if _, err := s.Importer.Parse(context.Background(), in); err != nil {
		refused(t, "nested deeper than the limit", err)
	} else if s.Text {
		t.Error("a nested file was read with a depth of 1")
	}
}

func (s Suite) cancel(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.Importer.Parse(ctx, s.Samples[0].input()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func (s Suite) utf16(t *testing.T) {
	x := s.Samples[0]
	want, err := s.Importer.Parse(context.Background(), x.input())
	if err != nil {
		t.Fatal(err)
	}
	for _, order := range []unicode.Endianness{unicode.LittleEndian, unicode.BigEndian} {
		data, err := unicode.UTF16(order, unicode.UseBOM).NewEncoder().Bytes(bytes.TrimPrefix(x.Data, []byte("\xef\xbb\xbf")))
		if err != nil {
			t.Fatal(err)
		}
		if n := s.Importer.Recognize(x.Name, head(data)); n <= s.Foreign {
			t.Errorf("%v: not recognized", order)
		}
		in := x.input()
		in.R, in.Size = bytes.NewReader(data), int64(len(data))
		got, err := s.Importer.Parse(context.Background(), in)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%v: reads differently: %v", order, err)
		}
	}
}
