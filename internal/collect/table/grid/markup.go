package grid

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/asepsis/asepsis/internal/collect"
)

// event is what the markup scanner comes across.
type event byte

const (
	start event = iota + 1
	end
	text
)

// markup reads the parts of a workbook. It knows what spreadsheet programs write
// and nothing more: elements, attributes, text, the five named entities and
// character numbers. A document type, which is where entities that expand
// without end and files of other places are declared, is refused, and so are
// comments and CDATA, which no spreadsheet program writes.
type markup struct {
	r      *bufio.Reader
	limits collect.Limits
	depth  int
	tag    []byte // what stands between < and > of the newest start or end
	name   []byte // its name without prefix
	text   []byte
	closes bool // the newest start ends itself
	begun  bool
}

func newMarkup(r io.Reader, limits collect.Limits) *markup {
	return &markup{r: bufio.NewReaderSize(r, 64<<10), limits: limits}
}

func (m *markup) fault(format string, args ...any) error {
	return &Fault{Reason: "the workbook is damaged: " + fmt.Sprintf(format, args...), Mend: "open it in Excel, save it anew, and bring that file"}
}

// next moves to the next start, end or piece of text. It returns io.EOF after
// the last end.
func (m *markup) next() (event, error) {
	if m.closes {
		m.closes = false
		m.depth--
		return end, nil
	}
	for {
		m.text = m.text[:0]
		if err := m.until('<', &m.text, m.limits.Field); err != nil {
			if errors.Is(err, io.EOF) && m.depth == 0 {
				return 0, io.EOF
			}
			if errors.Is(err, io.EOF) {
				return 0, m.fault("it ends in the middle")
			}
			return 0, err
		}
		m.tag = m.tag[:0]
		if len(m.text) > 0 && m.depth > 0 {
			if err := m.r.UnreadByte(); err != nil {
				return 0, err
			}
			var err error
			if m.text, err = unescape(m.text); err != nil {
				return 0, m.fault("%v", err)
			}
			return text, nil
		}
		if err := m.until('>', &m.tag, 64<<10); err != nil {
			if errors.Is(err, io.EOF) {
				return 0, m.fault("it ends in the middle")
			}
			return 0, err
		}
		if len(m.tag) == 0 {
			return 0, m.fault("an element has no name")
		}
		switch m.tag[0] {
		case '?':
			if m.begun {
				return 0, m.fault("an instruction stands in the middle")
			}
			m.begun = true
			if low := bytes.ToLower(m.tag); bytes.Contains(low, []byte("encoding")) && !bytes.Contains(low, []byte("utf-8")) && !bytes.Contains(low, []byte("us-ascii")) {
				return 0, m.fault("a part of it is not in UTF-8")
			}
			continue
		case '!':
			return 0, m.fault("it holds a document type, a comment or raw data, which no spreadsheet program writes")
		case '/':
			m.setName(m.tag[1:])
			m.depth--
			if m.depth < 0 {
				return 0, m.fault("an element ends that never began")
			}
			return end, nil
		}
		m.begun = true
		if m.tag[len(m.tag)-1] == '/' {
			m.closes = true
			m.tag = m.tag[:len(m.tag)-1]
		}
		m.setName(m.tag)
		m.depth++
		if m.depth > m.limits.Depth {
			return 0, m.fault("elements are nested more than %d deep", m.limits.Depth)
		}
		return start, nil
	}
}

func (m *markup) setName(tag []byte) {
	if i := bytes.IndexAny(tag, " \t\r\n"); i >= 0 {
		tag = tag[:i]
	}
	if i := bytes.IndexByte(tag, ':'); i >= 0 {
		tag = tag[i+1:]
	}
	m.name = tag
}

// until reads up to the byte, which it consumes and leaves out.
func (m *markup) until(c byte, to *[]byte, limit int) error {
	for {
		part, err := m.r.ReadSlice(c)
		if err == nil {
			part = part[:len(part)-1]
		}
		if len(*to)+len(part) > limit {
			return &Fault{Reason: fmt.Sprintf("a cell is longer than %d kB", limit>>10), Mend: "shorten it, or leave the column out"}
		}
		*to = append(*to, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}

// is reports whether the newest start or end has the name.
func (m *markup) is(name string) bool { return string(m.name) == name }

// attr returns an attribute of the newest start by its name without prefix.
func (m *markup) attr(name string) string {
	b := m.tag
	for {
		i := bytes.IndexByte(b, '=')
		if i < 0 || i+1 >= len(b) {
			return ""
		}
		key := bytes.TrimSpace(b[:i])
		if j := bytes.LastIndexAny(key, " \t\r\n:"); j >= 0 {
			key = key[j+1:]
		}
		b = bytes.TrimLeft(b[i+1:], " \t\r\n")
		if len(b) == 0 || b[0] != '"' && b[0] != '\'' {
			return ""
		}
		j := bytes.IndexByte(b[1:], b[0])
		if j < 0 {
			return ""
		}
		if string(key) == name {
			v, err := unescape(bytes.Clone(b[1 : 1+j]))
			if err != nil {
				return ""
			}
			return string(v)
		}
		b = b[j+2:]
	}
}

var named = map[string]string{"amp": "&", "lt": "<", "gt": ">", "quot": `"`, "apos": "'"}

// unescape replaces entities in place: what they stand for is never longer.
func unescape(b []byte) ([]byte, error) {
	if bytes.IndexByte(b, '&') < 0 {
		return b, nil
	}
	out := b[:0]
	for i := 0; i < len(b); i++ {
		if b[i] != '&' {
			out = append(out, b[i])
			continue
		}
		j := bytes.IndexByte(b[i:min(len(b), i+12)], ';')
		if j < 0 {
			return nil, errors.New("an ampersand stands alone")
		}
		ref := string(b[i+1 : i+j])
		s, ok := named[ref]
		if num, isNum := strings.CutPrefix(ref, "#"); isNum {
			base := 10
			if hex, isHex := strings.CutPrefix(num, "x"); isHex {
				num, base = hex, 16
			}
			n, err := strconv.ParseInt(num, base, 32)
			if err != nil || n <= 0 || n > 0x10FFFF {
				return nil, fmt.Errorf("there is no character %.12q", ref)
			}
			s, ok = string(rune(n)), true
		}
		if !ok {
			return nil, fmt.Errorf("the entity %.12q is not known", ref)
		}
		out = append(out, s...)
		i += j
	}
	return out, nil
}
