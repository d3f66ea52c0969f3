package xmlsafe_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/safe"
	"github.com/asepsis/asepsis/internal/collect/xmlsafe"
)

func limits() collect.Limits {
	return collect.Limits{Bytes: 1 << 20, Items: 1000, Depth: 8, Field: 4096, Findings: 10}
}

// dump writes a document as one line per token, text joined.
func dump(r *xmlsafe.Reader, attrs ...string) (string, error) {
	var b strings.Builder
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			fmt.Fprintf(&b, "%q\n", text.String())
			text.Reset()
		}
	}
	for {
		t, err := r.Next()
		if err != nil {
			return b.String(), err
		}
		switch t {
		case xmlsafe.Start:
			flush()
			fmt.Fprintf(&b, "<%s", r.Name())
			for _, a := range attrs {
				if v, ok := r.Lookup(a); ok {
					fmt.Fprintf(&b, " %s=%q", a, v)
				}
			}
			b.WriteString(">\n")
		case xmlsafe.End:
			flush()
			b.WriteString("</>\n")
		case xmlsafe.Text:
			text.Write(r.Chunk())
		case xmlsafe.EOF:
			return b.String(), nil
		}
	}
}

func TestTokens(t *testing.T) {
	const doc = "<?xml version='1.0'?><!-- c - c -->\n<a x='1 &lt; 2&#10;' y=\"'\">one\r\ntwo<b/><![CDATA[<&]]&gt;]]>&amp;&#x263A;</a >\n"
	want := "<a x=\"1 < 2\\n\" y=\"'\">\n\"one\\ntwo\"\n<b>\n</>\n\"<&]]&gt;&☺\"\n</>\n"
	for name, src := range map[string]io.Reader{
		"whole":   strings.NewReader(doc),
		"by byte": iotest.OneByteReader(strings.NewReader(doc)),
	} {
		got, err := dump(xmlsafe.New(src, limits(), xmlsafe.Options{}), "x", "y")
		if err != nil || got != want {
			t.Errorf("%s: got %v\n%s\nwant\n%s", name, err, got, want)
		}
	}
}

func TestRefused(t *testing.T) {
	deep := strings.Repeat("<a>", 9) + strings.Repeat("</a>", 9)
	for name, c := range map[string]struct{ doc, want string }{
		"empty":           {" ", "no element"},
		"billion laughs":  {"<!DOCTYPE a [<!ENTITY l 'lol'><!ENTITY m '&l;&l;'>]><a>&m;</a>", "document type"},
		"external entity": {"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", "document type"},
		"other doctype":   {"<!DOCTYPE html><a/>", "document type"},
		"unknown entity":  {"<a>&nbsp;</a>", "unknown entity"},
		"deep":            {deep, "nested more than 8 deep"},
		"long attribute":  {"<a x='" + strings.Repeat("y", 5000) + "'/>", "longer than 4096"},
		"endless tag":     {"<a " + strings.Repeat("y", 200<<10), "one tag is longer"},
		"many attributes": {manyAttrs(300), "more than 256 attributes"},
		"many elements":   {"<a>" + strings.Repeat("<b/>", 65_000) + "</a>", "too many elements"},
		"same attribute":  {"<a x='' x=''/>", "given twice"},
		"NUL":             {"<a>\x00</a>", "control character"},
		"not UTF-8":       {"<a>\xff</a>", "not in the encoding"},
		"wrong end":       {"<a><b></a></b>", "where </b> is due"},
		"second root":     {"<a/><b/>", "second element"},
		"text outside":    {"<a/>x", "text outside"},
		"cut in text":     {"<a>xx", "ends inside <a>"},
		"cut in tag":      {"<a><b c='", "ends inside <a>"},
		"cut in comment":  {"<a><!-- ", "ends inside <a>"},
		"cut in cdata":    {"<a><![CDATA[ ", "ends inside <a>"},
		"bad reference":   {"<a>&#0;</a>", "names none"},
		"late prolog":     {"<a/><?xml version='1.0'?>", "not at the start"},
		"declaration":     {"<a><!ELEMENT b></a>", "unknown declaration"},
		"late doctype":    {"<a/><!DOCTYPE ok>", "document type"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := dump(xmlsafe.New(strings.NewReader(c.doc), limits(), xmlsafe.Options{Doctype: "ok"}))
			var f *safe.Fault
			if !errors.As(err, &f) || !strings.Contains(f.Reason, c.want) || f.Mend == "" || f.Line < 1 {
				t.Errorf("got %v, want a fault with %q, a line and a mend", err, c.want)
			}
		})
	}
}

func manyAttrs(n int) string {
	var b strings.Builder
	b.WriteString("<a")
	for i := range n {
		fmt.Fprintf(&b, " x%d=''", i)
	}
	return b.String() + "/>"
}

func TestBareDoctypeIsReadOver(t *testing.T) {
	for _, d := range []string{"<!DOCTYPE ok>", "<!DOCTYPE ok PUBLIC \"-//X//EN\" \"https://example.org/x.dtd\">"} {
		got, err := dump(xmlsafe.New(strings.NewReader(d+"<ok/>"), limits(), xmlsafe.Options{Doctype: "ok"}))
		if err != nil || got != "<ok>\n</>\n" {
			t.Errorf("%s: got %q, %v", d, got, err)
		}
	}
}

func TestLineOfFault(t *testing.T) {
	_, err := dump(xmlsafe.New(strings.NewReader("<a>\n<b x='\n'/>\n<c>\n</d>\n</a>"), limits(), xmlsafe.Options{}))
	var f *safe.Fault
	if !errors.As(err, &f) || f.Line != 5 {
		t.Errorf("got %v, want line 5", err)
	}
}

func TestEncodings(t *testing.T) {
	utf16 := func(e unicode.Endianness, bom unicode.BOMPolicy) func(string) []byte {
		return func(s string) []byte {
			b, err := unicode.UTF16(e, bom).NewEncoder().Bytes([]byte(s))
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
	}
	latin := func(s string) []byte {
		b, err := charmap.Windows1252.NewEncoder().Bytes([]byte(s))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for name, c := range map[string]struct {
		declared string
		encode   func(string) []byte
	}{
		"UTF-8 with mark":    {"utf-8", func(s string) []byte { return append([]byte("\xef\xbb\xbf"), s...) }},
		"UTF-16LE with mark": {"utf-16", utf16(unicode.LittleEndian, unicode.UseBOM)},
		"UTF-16BE with mark": {"UTF-16", utf16(unicode.BigEndian, unicode.UseBOM)},
		"UTF-16LE":           {"utf-16le", utf16(unicode.LittleEndian, unicode.IgnoreBOM)},
		"Latin-1":            {"ISO-8859-1", latin},
		"Windows-1252":       {"windows-1252", latin},
	} {
		t.Run(name, func(t *testing.T) {
			doc := c.encode("<?xml version='1.0' encoding='" + c.declared + "'?><a>Zürich</a>")
			in := collect.Input{Name: "x.xml", R: bytes.NewReader(doc), Size: int64(len(doc)), Limits: limits()}
			r, err := xmlsafe.Open(context.Background(), in, xmlsafe.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Root(); err != nil {
				t.Fatal(err)
			}
			if v, err := r.Value(); err != nil || v != "Zürich" {
				t.Errorf("got %q, %v", v, err)
			}
		})
	}
	doc := []byte("<?xml version='1.0' encoding='EBCDIC-US'?><a/>")
	_, err := xmlsafe.Open(context.Background(), collect.Input{R: bytes.NewReader(doc), Size: int64(len(doc)), Limits: limits()}, xmlsafe.Options{})
	var f *safe.Fault
	if !errors.As(err, &f) || !strings.Contains(f.Mend, "UTF-8") {
		t.Errorf("unknown encoding: got %v", err)
	}
}

func TestWalk(t *testing.T) {
	const doc = `<r xmlns="urn:d" xmlns:p="urn:p"><p:a k="1">x<i>y</i></p:a><skip><deep><er/></deep></skip><b>` + "\u00e9\u00e9\u00e9" + `</b><e/></r>`
	r := xmlsafe.New(strings.NewReader(doc), limits(), xmlsafe.Options{})
	if err := r.Root(); err != nil {
		t.Fatal(err)
	}
	var got []string
	err := r.Children(func(name string) error {
		e := name + " " + r.Space() + " " + r.Attr("k")
		var v string
		var err error
		switch name {
		case "a", "e":
			v, err = r.Value()
		case "b":
			v, err = r.Brief(5)
		}
		got = append(got, e+" "+v)
		return err
	})
	if err == nil {
		err = r.Finish()
	}
	want := []string{"a urn:p 1 xy", "skip urn:d  ", "b urn:d  éé", "e urn:d  "}
	if err != nil || strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

func TestValueLimit(t *testing.T) {
	doc := "<r>\n<a>" + strings.Repeat("x", 5000) + "</a></r>"
	r := xmlsafe.New(strings.NewReader(doc), limits(), xmlsafe.Options{})
	if err := r.Root(); err != nil {
		t.Fatal(err)
	}
	err := r.Children(func(string) error { _, err := r.Value(); return err })
	var f *safe.Fault
	if !errors.As(err, &f) || f.Line != 2 {
		t.Errorf("got %v, want a fault on line 2", err)
	}
	// What is skipped may be of any length: it is not kept.
	r = xmlsafe.New(strings.NewReader(doc), limits(), xmlsafe.Options{})
	if err := errors.Join(r.Root(), r.Skip(), r.Finish()); err != nil {
		t.Error(err)
	}
}

func TestSniff(t *testing.T) {
	for doc, want := range map[string]string{
		"<?xml version='1.0'?>\n<!-- <b/> -->\n<p:a xmlns:p='urn:x'><b>": "urn:x a",
		"\xef\xbb\xbf<a/>":                           " a",
		"<\x00a\x00/\x00>\x00":                       " a",
		"<!DOCTYPE a [<!ENTITY b '>]>'>]><a>&b;</a>": " a",
		"plain <a/>":                                 " ",
		"{\"a\": \"<b>\"}":                           " ",
		"<!-- no end":                                " ",
		"":                                           " ",
	} {
		space, name := xmlsafe.Sniff([]byte(doc))
		if got := space + " " + name; got != want {
			t.Errorf("%q: got %q, want %q", doc, got, want)
		}
	}
}

// FuzzAgainstEncodingXML holds the reader beside encoding/xml: what this one
// takes, that one takes too and sees the same.
func FuzzAgainstEncodingXML(f *testing.F) {
	for _, s := range []string{
		"<a/>", "<a x='1'>t</a>", "<?xml version='1.0'?><a><b>&lt;</b><!-- c --><![CDATA[x]]></a>",
		"<!DOCTYPE a><a/>", "<a>\r\n&#13;</a>", "<p:a xmlns:p='u'/>", "<a>]]></a>", "<a x='>'/>", "<a>\u00e9\ufffd</a>",
		"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "<a\n>\n</a\n>",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		got, err := dump(xmlsafe.New(bytes.NewReader(doc), limits(), xmlsafe.Options{}))
		slow, err2 := dump(xmlsafe.New(iotest.HalfReader(bytes.NewReader(doc)), limits(), xmlsafe.Options{}))
		if (err == nil) != (err2 == nil) || err == nil && got != slow {
			t.Fatalf("depends on how it is read: %q %v, %q %v", got, err, slow, err2)
		}
		if err != nil {
			return
		}
		want, err := reference(doc)
		if err != nil {
			// encoding/xml knows version 1.0 only, and reads no name or
			// instruction as broadly as it might.
			if bytes.Contains(doc, []byte("<?")) || !utf8.Valid(doc) || strings.Contains(err.Error(), "invalid XML name") {
				return
			}
			t.Fatalf("encoding/xml refuses %q: %v", doc, err)
		}
		if got != want {
			t.Fatalf("%q:\ngot\n%swant\n%s", doc, got, want)
		}
	})
}

func reference(doc []byte) (string, error) {
	d := xml.NewDecoder(bytes.NewReader(doc))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	var b, text strings.Builder
	depth := 0
	flush := func() {
		if text.Len() > 0 {
			fmt.Fprintf(&b, "%q\n", text.String())
			text.Reset()
		}
	}
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return b.String(), nil
		}
		if err != nil {
			return "", err
		}
		switch t := t.(type) {
		case xml.StartElement:
			flush()
			depth++
			fmt.Fprintf(&b, "<%s>\n", t.Name.Local)
		case xml.EndElement:
			flush()
			depth--
			b.WriteString("</>\n")
		case xml.CharData:
			if depth > 0 {
				text.Write(t)
			}
		}
	}
}

func BenchmarkReader(b *testing.B) {
	doc := []byte("<r>" + strings.Repeat(`<item port="443" name="https" id="12345"><title>A title of some length &amp; more</title><text>`+strings.Repeat("plain text ", 40)+"</text></item>\n", 5000) + "</r>")
	l := collect.DefaultLimits()
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		r := xmlsafe.New(bytes.NewReader(doc), l, xmlsafe.Options{})
		for {
			t, err := r.Next()
			if err != nil {
				b.Fatal(err)
			}
			if t == xmlsafe.EOF {
				break
			}
		}
	}
}
