package safe_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/safe"
)

func TestBytes(t *testing.T) {
	in := collect.Input{Name: "x", R: strings.NewReader("12345"), Size: 5, Limits: collect.Limits{Bytes: 5}}
	r, err := safe.Bytes(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(r); err != nil || string(b) != "12345" {
		t.Errorf("got %q, %v", b, err)
	}
	in.Limits.Bytes = 4
	var f *safe.Fault
	if _, err := safe.Bytes(context.Background(), in); !errors.As(err, &f) {
		t.Errorf("too large: got %v", err)
	}
	if _, err := safe.Bytes(context.Background(), collect.Input{R: strings.NewReader("")}); !errors.As(err, &f) {
		t.Errorf("empty: got %v", err)
	}
	if _, err := io.ReadAll(safe.Bound(context.Background(), strings.NewReader("12345"), 4)); !errors.As(err, &f) {
		t.Errorf("bound: got %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := io.ReadAll(safe.Bound(ctx, strings.NewReader("1"), 4)); !errors.Is(err, context.Canceled) {
		t.Errorf("ended: got %v", err)
	}
}

func TestRefuse(t *testing.T) {
	in := collect.Input{Name: "a.xml"}
	var r *collect.Refusal
	if err := safe.Refuse(in, "f", &safe.Fault{Line: 3, Reason: "bad", Mend: "mend it"}); !errors.As(err, &r) || err.Error() != "a.xml: line 3: bad; mend it" || r.Format != "f" {
		t.Errorf("got %v", err)
	}
	if err := safe.Refuse(in, "f", io.ErrUnexpectedEOF); errors.As(err, &r) || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("an error of reading became %v", err)
	}
	if safe.Refuse(in, "f", nil) != nil {
		t.Error("nothing is refused for nothing")
	}
}

func TestFaults(t *testing.T) {
	in := collect.Input{Name: "a", Limits: collect.Limits{Findings: 2}}
	f := safe.NewFaults(in, "x")
	if l, err := f.Done(); l != nil || err != nil {
		t.Errorf("no faults: %v, %v", l, err)
	}
	var err error
	n := 0
	for ; err == nil && n < 10; n++ {
		err = f.Add(n+1, "", "bad", "mend it")
	}
	var r *collect.Refusal
	if !errors.As(err, &r) || n != 3 || len(r.Faults) != 2 || r.More != 1 {
		t.Errorf("after %d faults: %+v", n, err)
	}
	in.OnFault = collect.SkipRows
	f = safe.NewFaults(in, "x")
	for i := range 5 {
		if err := f.Add(i, "", "bad", "mend it"); err != nil {
			t.Fatal(err)
		}
	}
	if l, err := f.Done(); err != nil || len(l) != 3 || !strings.HasPrefix(l[2].Reason, "3 more") {
		t.Errorf("got %v, %v", l, err)
	}
}

func TestTextAndHead(t *testing.T) {
	for in, declared := range map[string]string{"\xef\xbb\xbfé": "", "\xff\xfe\xe9\x00": "", "\xfe\xff\x00\xe9": "", "\xe9": "latin1", "é": "UTF-8"} {
		r, err := safe.Text(strings.NewReader(in), []byte(in), declared)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(r); err != nil || string(b) != "é" {
			t.Errorf("%q: got %q, %v", in, b, err)
		}
	}
	if got := safe.Head([]byte("<\x00a\x00>")); !bytes.HasPrefix(got, []byte("<a")) {
		t.Errorf("head cut inside a character: got %q", got)
	}
}
