package grid

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"github.com/asepsis/asepsis/internal/collect"
)

const (
	utf8Name    = "utf-8"
	utf16leName = "utf-16le"
	utf16beName = "utf-16be"
	cp1252Name  = "windows-1252"
)

func bytesReader(b []byte) io.Reader { return bytes.NewReader(b) }

// encodingOf reads the byte order mark, or tells UTF-16 by where its zero bytes
// lie. Everything else is UTF-8 until proven otherwise.
func encodingOf(head []byte, whole bool) (string, error) {
	switch {
	case bytes.HasPrefix(head, []byte("\xFF\xFE\x00\x00")), bytes.HasPrefix(head, []byte("\x00\x00\xFE\xFF")):
		return "", &Fault{Reason: "the file is in UTF-32", Mend: "save it as CSV in UTF-8"}
	case bytes.HasPrefix(head, []byte("\xEF\xBB\xBF")):
		return utf8Name, nil
	case bytes.HasPrefix(head, []byte("\xFF\xFE")):
		return utf16leName, nil
	case bytes.HasPrefix(head, []byte("\xFE\xFF")):
		return utf16beName, nil
	}
	var zeros [2]int
	sample := head[:min(len(head), 1024)&^1]
	for i, c := range sample {
		if c == 0 {
			zeros[i&1]++
		}
	}
	half := len(sample) / 2
	switch {
	case half > 0 && zeros[1] > half*7/10 && zeros[0] < half/10:
		return utf16leName, nil
	case half > 0 && zeros[0] > half*7/10 && zeros[1] < half/10:
		return utf16beName, nil
	case zeros[0]+zeros[1] > 0:
		return "", &Fault{
			Line:   1 + bytes.Count(head[:bytes.IndexByte(head, 0)], []byte("\n")),
			Reason: "the file holds NUL bytes: it is not a table of text", Mend: "export it as CSV in UTF-8, or as .xlsx",
		}
	}
	if cut := head; whole || len(cut) > 4 {
		if !whole {
			cut = cut[:len(cut)-4] // the last character of the head may be cut
		}
		if !validUTF8(cut) {
			return cp1252Name, nil
		}
	}
	return utf8Name, nil
}

// validUTF8 forgives the rest of a character that was cut at the end.
func validUTF8(b []byte) bool {
	for i := 0; i < 4 && len(b) > 0; i++ {
		if utf8.Valid(b) {
			return true
		}
		if b[len(b)-1] < utf8.RuneSelf {
			return false
		}
		b = b[:len(b)-1]
	}
	return len(b) == 0
}

// checkText reads the whole file once: a file that is not UTF-8 throughout is
// taken as Windows-1252, the other encoding that exports come in.
func checkText(ctx context.Context, in collect.Input, head []byte) (string, error) {
	var (
		marked = bytes.HasPrefix(head, []byte("\xEF\xBB\xBF"))

		buf  = make([]byte, 256<<10)
		r    = in.Reader()
		rest = 0
		utf  = true
		line = 1
	)
	for {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		n, err := io.ReadFull(r, buf[rest:])
		end := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !end {
			return "", err
		}
		chunk := buf[:rest+n]
		fresh := chunk[rest:]
		if utf {
			cut := len(chunk)
			if !end {
				for i := 1; i <= min(utf8.UTFMax, len(chunk)); i++ {
					if utf8.RuneStart(chunk[len(chunk)-i]) {
						cut = len(chunk) - i
						break
					}
				}
			}
			utf = utf8.Valid(chunk[:cut])
			rest = copy(buf, chunk[cut:])
		}
		if !utf {
			rest = 0
		}
		if i := slices.IndexFunc(fresh, undefined1252); !utf && i >= 0 {
			return "", &Fault{
				Line:   line + bytes.Count(fresh[:i], []byte("\n")),
				Reason: "a character is in no encoding we know (UTF-8, UTF-16, Windows-1252)",
				Mend:   "save the file as CSV in UTF-8",
			}
		}
		line += bytes.Count(fresh, []byte("\n"))
		if end {
			break
		}
	}
	if utf {
		return utf8Name, nil
	}
	if marked {
		return "", &Fault{Reason: "the file says that it is UTF-8 and is not", Mend: "save it as CSV in UTF-8"}
	}
	return cp1252Name, nil
}

// undefined1252 reports the bytes that Windows-1252 gives no meaning, or that no
// text holds.
func undefined1252(c byte) bool {
	return c == 0x81 || c == 0x8D || c == 0x8F || c == 0x90 || c == 0x9D || c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != 0x1A
}

// decode turns the file to UTF-8 without a byte order mark.
func decode(r io.Reader, enc string) io.Reader {
	switch enc {
	case utf16leName:
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Reader(r)
	case utf16beName:
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewDecoder().Reader(r)
	case cp1252Name:
		return charmap.Windows1252.NewDecoder().Reader(r)
	}
	br := bufio.NewReaderSize(r, 64<<10)
	if b, err := br.Peek(3); err == nil && string(b) == "\xEF\xBB\xBF" {
		_, _ = br.Discard(3) // peeked already, cannot fail
	}
	return br
}

// delimiterOf finds what separates the cells: the candidate that gives the most
// rows of the same width. It also returns how many lines come before the table:
// Excel writes "sep=;" there.
func delimiterOf(text []byte) (delim byte, skip int) {
	if line, _, ok := bytes.Cut(text, []byte("\n")); ok {
		line = bytes.Trim(bytes.TrimRight(line, "\r"), `"`)
		if len(line) == 5 && bytes.EqualFold(line[:4], []byte("sep=")) && strings.IndexByte(",;\t|:^~ ", line[4]) >= 0 {
			return line[4], 1
		}
	}
	best := 0
	delim = ','
	for _, c := range []byte{',', ';', '\t', '|'} {
		if n := uniform(text, c); n > best {
			best, delim = n, c
		}
	}
	return delim, 0
}

// uniform scores a delimiter: how many of the first rows have the same number of
// cells, more than one.
func uniform(text []byte, delim byte) int {
	r := newReader(bytes.NewReader(text), delim, peekLimits)
	widths := make(map[int]int)
	rows := 0
	for rows < peekRows {
		row, err := r.next()
		if err != nil {
			break
		}
		if row.Blank() || len(row.Cells[0]) > 0 && row.Cells[0][0] == '#' {
			continue
		}
		rows++
		widths[len(row.Cells)]++
	}
	score := 0
	for w, n := range widths {
		if w > 1 {
			score = max(score, n*100/max(rows, 1)*100+min(w, 99))
		}
	}
	return score
}
