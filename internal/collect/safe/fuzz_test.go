package safe_test

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"unicode/utf8"

	"github.com/asepsis/asepsis/internal/collect/safe"
)

// FuzzText decodes any bytes by any name of an encoding. What is decoded is UTF-8
// and at most three times as long; what cannot be is refused for a reason.
func FuzzText(f *testing.F) {
	f.Add([]byte("plain"), "")
	f.Add([]byte("\xef\xbb\xbfmarked"), "utf-8")
	f.Add([]byte("\xff\xfeh\x00i\x00"), "UTF-16")
	f.Add([]byte("\xfe\xff\xd8\x00\xd8\x00"), "")
	f.Add([]byte("<\x00x\x00"), "windows-1252")
	f.Add([]byte("caf\xe9 \x80"), "ISO-8859-1")
	f.Add([]byte("x"), "ebcdic\x00\xff")
	f.Fuzz(func(t *testing.T, b []byte, declared string) {
		r, err := safe.Text(bytes.NewReader(b), b[:min(len(b), 4)], declared)
		if err != nil {
			if fault, ok := errors.AsType[*safe.Fault](err); !ok || fault.Reason == "" || fault.Mend == "" {
				t.Fatalf("%v does not say why, or what to do", err)
			}
			return
		}
		out, err := io.ReadAll(r)
		switch {
		case err != nil:
			t.Fatal(err)
		case len(out) > 3*len(b):
			t.Fatalf("%d bytes became %d", len(b), len(out))
		case bytes.HasSuffix(b, out): // UTF-8 comes back as it is
		case !utf8.Valid(out):
			t.Fatalf("%q became %q, which is not UTF-8", b, out)
		}
		if head := safe.Head(b); declared == "" && !bytes.Equal(head, out) {
			t.Fatalf("a look at %q shows %q, and reading it %q", b, head, out)
		}
	})
}
