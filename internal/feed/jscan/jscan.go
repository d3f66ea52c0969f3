// Package jscan reads JSON that lies in memory: a cursor over the bytes that
// decodes what is asked for and steps over the rest.
//
// Feeds are hundreds of megabytes of which a reader wants a tenth, so nothing is
// turned into a tree. The first fault stops the cursor: every call after it does
// nothing, and [Scanner.End] tells what it was. A fuzz test holds it beside
// encoding/json.
package jscan

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Limits of one document. Feeds nest 20 deep at most; the longest text of the
// public ones is some 100 kB.
const (
	maxDepth = 64
	maxText  = 1 << 20
)

// Kind is the kind of a value.
type Kind byte

// The kinds. None is the end of the document, or that the cursor has stopped.
const (
	None   Kind = 0
	Object Kind = '{'
	Array  Kind = '['
	String Kind = '"'
	Number Kind = '0'
	Bool   Kind = 't'
	Null   Kind = 'n'
)

func (k Kind) String() string {
	switch k {
	case Object:
		return "an object"
	case Array:
		return "a list"
	case String:
		return "a text"
	case Number:
		return "a number"
	case Bool:
		return "true or false"
	case Null:
		return "null"
	}
	return "nothing"
}

// Fault is what is wrong with a document.
type Fault struct {
	Line   int // the first is 1
	Reason string
}

func (f *Fault) Error() string { return f.Reason }

// Scanner is a cursor over one document. It is not safe for use by several
// goroutines.
type Scanner struct {
	b       []byte
	i       int
	depth   int
	values  int // values read, to tell whether a callback has read its own
	err     *Fault
	scratch []byte
}

// New returns a cursor at the beginning of a document. A byte order mark is
// stepped over.
func New(b []byte) *Scanner {
	s := new(Scanner)
	s.Reset(b)
	return s
}

// Reset moves the cursor to the beginning of another document.
func (s *Scanner) Reset(b []byte) {
	*s = Scanner{b: bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), scratch: s.scratch}
}

// Fail stops the cursor because of what the reader found. The first fault counts.
func (s *Scanner) Fail(format string, args ...any) {
	if s.err == nil {
		s.err = &Fault{1 + bytes.Count(s.b[:min(s.i, len(s.b))], []byte("\n")), fmt.Sprintf(format, args...)}
	}
}

// Failed reports whether the cursor has stopped.
func (s *Scanner) Failed() bool { return s.err != nil }

// End returns the fault that stopped the cursor, or that something follows the
// document, or nil.
func (s *Scanner) End() error {
	if s.err == nil && s.peek() != 0 {
		s.Fail("something follows the end of the document")
	}
	if s.err == nil && s.i < len(s.b) {
		s.Fail("a NUL byte")
	}
	if s.err != nil {
		return s.err
	}
	return nil
}

// peek steps over blanks and returns the next byte, 0 at the end.
func (s *Scanner) peek() byte {
	for s.i < len(s.b) {
		switch c := s.b[s.i]; c {
		case ' ', '\n', '\t', '\r':
			s.i++
		default:
			return c
		}
	}
	return 0
}

// Kind tells what comes next without reading it.
func (s *Scanner) Kind() Kind {
	if s.err != nil {
		return None
	}
	switch c := s.peek(); c {
	case '{', '[', '"', 't', 'n':
		return Kind(c)
	case 'f':
		return Bool
	case 0:
		return None
	default:
		if c == '-' || '0' <= c && c <= '9' {
			return Number
		}
		s.Fail("not well-formed JSON: %q where a value is due", c)
		return None
	}
}

func (s *Scanner) want(k Kind) bool {
	got := s.Kind()
	if got == k {
		return true
	}
	switch {
	case s.err != nil:
	case got == None:
		s.cutOff()
	default:
		s.Fail("%v where %v is due", got, k)
	}
	return false
}

func (s *Scanner) cutOff() { s.Fail("it ends before it is complete") }

// Object calls fn at the value of each key. A value that fn does not read is
// stepped over. Null is an object without keys. The key is valid until the next
// call.
func (s *Scanner) Object(fn func(key []byte)) {
	if s.Kind() == Null {
		s.Skip()
		return
	}
	if !s.want(Object) || !s.enter() {
		return
	}
	for n := 0; ; n++ {
		c := s.peek()
		if c == '}' {
			s.i++
			break
		}
		if n > 0 && !s.comma(c) {
			return
		}
		if !s.want(String) {
			return
		}
		key := s.quoted()
		if s.err != nil {
			return
		}
		if s.peek() != ':' {
			s.due(':')
			return
		}
		s.i++
		before := s.values
		fn(key)
		if s.values == before {
			s.Skip()
		}
		if s.err != nil {
			return
		}
	}
	s.leave()
}

// Array calls fn at each element, as Object does.
func (s *Scanner) Array(fn func()) {
	if s.Kind() == Null {
		s.Skip()
		return
	}
	if !s.want(Array) || !s.enter() {
		return
	}
	for n := 0; ; n++ {
		c := s.peek()
		if c == ']' {
			s.i++
			break
		}
		if n > 0 && !s.comma(c) {
			return
		}
		before := s.values
		fn()
		if s.values == before {
			s.Skip()
		}
		if s.err != nil {
			return
		}
	}
	s.leave()
}

func (s *Scanner) enter() bool {
	s.i++
	if s.depth++; s.depth > maxDepth {
		s.Fail("values are nested more than %d deep", maxDepth)
		return false
	}
	return true
}

func (s *Scanner) leave() {
	s.depth--
	s.values++
}

// comma steps over a comma behind which another element must follow.
func (s *Scanner) comma(c byte) bool {
	if c != ',' {
		s.due(',')
		return false
	}
	s.i++
	if c = s.peek(); c == '}' || c == ']' {
		s.Fail("not well-formed JSON: %q where a value is due", c)
		return false
	}
	return true
}

func (s *Scanner) due(c byte) {
	if got := s.peek(); got != 0 {
		s.Fail("not well-formed JSON: %q where %q is due", got, c)
		return
	}
	s.cutOff()
}

// Bytes reads a text; null is empty. What is returned is valid until the next
// call.
func (s *Scanner) Bytes() []byte {
	if s.Kind() == Null {
		s.Skip()
		return nil
	}
	if !s.want(String) {
		return nil
	}
	b := s.quoted()
	s.values++
	if s.err != nil {
		return nil
	}
	return b
}

// Text reads a text; null is "".
func (s *Scanner) Text() string { return string(s.Bytes()) }

// Brief reads any scalar as text; objects and lists are stepped over and "".
func (s *Scanner) Brief() string {
	switch s.Kind() {
	case String:
		return s.Text()
	case Number, Bool:
		from := s.i
		s.Skip()
		if s.err == nil {
			return string(s.b[from:s.i])
		}
	default:
		s.Skip()
	}
	return ""
}

// Texts reads a list of texts, leaving out those that are empty. One text alone
// is a list of one.
func (s *Scanner) Texts() []string {
	if s.Kind() == String {
		if t := s.Text(); t != "" {
			return []string{t}
		}
		return nil
	}
	var list []string
	s.Array(func() {
		if t := s.Text(); t != "" {
			list = append(list, t)
		}
	})
	return list
}

// Float reads a number, or a number written as a text; null and "" are 0.
func (s *Scanner) Float() float64 {
	t := strings.TrimSpace(s.Brief())
	if t == "" || s.err != nil {
		return 0
	}
	f, err := strconv.ParseFloat(t, 64)
	if err != nil || f != f || f > 1e300 || f < -1e300 {
		s.Fail("%.40q where a number is due", t)
		return 0
	}
	return f
}

// True reads a bool; whatever else comes is stepped over and false.
func (s *Scanner) True() bool {
	yes := s.Kind() == Bool && s.b[s.i] == 't'
	s.Skip()
	return yes && s.err == nil
}

// Value steps over a value and returns its bytes.
func (s *Scanner) Value() []byte {
	if s.Kind() == None {
		s.Skip()
		return nil
	}
	from := s.i
	s.Skip()
	if s.err != nil {
		return nil
	}
	return s.b[from:s.i]
}

// Skip steps over a value. Its form is checked all the same.
func (s *Scanner) Skip() {
	switch s.Kind() {
	case Object:
		s.skipGroup('}')
	case Array:
		s.skipGroup(']')
	case String:
		s.pass()
		s.values++
	case Number:
		s.number()
	case Bool:
		if s.b[s.i] == 't' {
			s.word("true")
		} else {
			s.word("false")
		}
	case Null:
		s.word("null")
	case None:
		if s.err == nil {
			s.cutOff()
		}
	}
}

func (s *Scanner) skipGroup(end byte) {
	if !s.enter() {
		return
	}
	for n := 0; ; n++ {
		c := s.peek()
		if c == end {
			s.i++
			break
		}
		if n > 0 && !s.comma(c) {
			return
		}
		if end == '}' {
			if !s.want(String) {
				return
			}
			s.pass()
			if s.err != nil {
				return
			}
			if s.peek() != ':' {
				s.due(':')
				return
			}
			s.i++
		}
		if s.Skip(); s.err != nil {
			return
		}
	}
	s.leave()
}

func (s *Scanner) word(w string) {
	if !bytes.HasPrefix(s.b[s.i:], []byte(w)) {
		s.Fail("not well-formed JSON: a word that is no value")
		return
	}
	s.i += len(w)
	s.values++
}

// number steps over what RFC 8259 calls a number.
func (s *Scanner) number() {
	from := s.i
	if s.b[s.i] == '-' {
		s.i++
	}
	whole := s.digits()
	ok := whole > 0 && (whole == 1 || s.b[s.i-whole] != '0')
	if ok && s.at('.') {
		s.i++
		ok = s.digits() > 0
	}
	if ok && (s.at('e') || s.at('E')) {
		s.i++
		if s.at('+') || s.at('-') {
			s.i++
		}
		ok = s.digits() > 0
	}
	if !ok || s.i-from > 400 {
		s.Fail("not well-formed JSON: a number that is none")
		return
	}
	s.values++
}

func (s *Scanner) at(c byte) bool { return s.i < len(s.b) && s.b[s.i] == c }

func (s *Scanner) digits() int {
	from := s.i
	for s.i < len(s.b) && '0' <= s.b[s.i] && s.b[s.i] <= '9' {
		s.i++
	}
	return s.i - from
}

// plain returns how many bytes from i on are neither quote, backslash nor control
// character, and whether all of them are ASCII. It looks at eight at once.
func (s *Scanner) plain(i int) (n int, ascii bool) {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	from := i
	var seen uint64
	for i+8 <= len(s.b) {
		w := binary.LittleEndian.Uint64(s.b[i:])
		quote, slash := w^(ones*'"'), w^(ones*'\\')
		// The lowest marked byte is exact; those above it may be marked by a borrow.
		hit := ((quote - ones) &^ quote) | ((slash - ones) &^ slash) | ((w - ones*0x20) &^ w)
		if hit &= highs; hit != 0 {
			k := bits.TrailingZeros64(hit) / 8
			seen |= w & (1<<(8*k) - 1)
			return i + k - from, seen&highs == 0
		}
		seen |= w
		i += 8
	}
	for i < len(s.b) && s.b[i] != '"' && s.b[i] != '\\' && s.b[i] >= 0x20 {
		seen |= uint64(s.b[i])
		i++
	}
	return i - from, seen&highs == 0
}

// quoted reads a text whose quote comes next.
func (s *Scanner) quoted() []byte {
	i := s.i + 1
	n, ascii := s.plain(i)
	if end := i + n; end < len(s.b) && s.b[end] == '"' {
		if n > maxText {
			s.Fail("a text is longer than %d bytes", maxText)
			return nil
		}
		if !ascii && !utf8.Valid(s.b[i:end]) {
			s.Fail("the text is not UTF-8")
			return nil
		}
		s.i = end + 1
		return s.b[i:end]
	}
	return s.escaped()
}

// escaped reads a text that has escapes in it.
func (s *Scanner) escaped() []byte {
	out := s.scratch[:0]
	i := s.i + 1
	for {
		n, ascii := s.plain(i)
		part := s.b[i : i+n]
		i += n
		switch {
		case len(out)+n > maxText:
			s.Fail("a text is longer than %d bytes", maxText)
			return nil
		case !ascii && !utf8.Valid(part):
			s.Fail("the text is not UTF-8")
			return nil
		case i >= len(s.b):
			s.i = len(s.b)
			s.cutOff()
			return nil
		}
		out = append(out, part...)
		switch s.b[i] {
		case '"':
			s.i, s.scratch = i+1, out
			return out
		case '\\':
			var ok bool
			if out, i, ok = unescape(out, s.b, i); !ok {
				s.Fail("not well-formed JSON: an escape that is none")
				return nil
			}
		default:
			s.i = i
			s.Fail("not well-formed JSON: a control character in a text")
			return nil
		}
	}
}

// pass steps over a text without decoding it.
func (s *Scanner) pass() {
	i := s.i + 1
	for {
		n, ascii := s.plain(i)
		if !ascii && !utf8.Valid(s.b[i:i+n]) {
			s.Fail("the text is not UTF-8")
			return
		}
		if i += n; i >= len(s.b) {
			s.i = len(s.b)
			s.cutOff()
			return
		}
		switch s.b[i] {
		case '"':
			s.i = i + 1
			return
		case '\\':
			var ok bool
			var drop [8]byte
			if _, i, ok = unescape(drop[:0], s.b, i); !ok {
				s.Fail("not well-formed JSON: an escape that is none")
				return
			}
		default:
			s.i = i
			s.Fail("not well-formed JSON: a control character in a text")
			return
		}
	}
}

// unescape appends what the escape at i stands for and returns the place behind
// it. Half of a surrogate pair becomes the replacement character, as
// encoding/json has it.
func unescape(out, b []byte, i int) ([]byte, int, bool) {
	if i+1 >= len(b) {
		return out, i, false
	}
	switch c := b[i+1]; c {
	case '"', '\\', '/':
		return append(out, c), i + 2, true
	case 'b':
		return append(out, '\b'), i + 2, true
	case 'f':
		return append(out, '\f'), i + 2, true
	case 'n':
		return append(out, '\n'), i + 2, true
	case 'r':
		return append(out, '\r'), i + 2, true
	case 't':
		return append(out, '\t'), i + 2, true
	case 'u':
	default:
		return out, i, false
	}
	r, ok := hex4(b, i+2)
	if !ok {
		return out, i, false
	}
	i += 6
	if utf16.IsSurrogate(r) {
		if i+1 < len(b) && b[i] == '\\' && b[i+1] == 'u' {
			if low, ok := hex4(b, i+2); ok {
				if both := utf16.DecodeRune(r, low); both != utf8.RuneError {
					return utf8.AppendRune(out, both), i + 6, true
				}
			}
		}
		r = utf8.RuneError
	}
	return utf8.AppendRune(out, r), i, true
}

func hex4(b []byte, i int) (rune, bool) {
	if i+4 > len(b) {
		return 0, false
	}
	var r rune
	for _, c := range b[i : i+4] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
