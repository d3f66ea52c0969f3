package mds2

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"io"
	"strings"

	"github.com/asepsis/asepsis/internal/collect/safe"
	"github.com/asepsis/asepsis/internal/collect/table/grid"
	"github.com/asepsis/asepsis/internal/lazy"
)

var (
	anyID2019 = lazy.Regexp(`\b(DOC|MPII|ALOF|AUDT|AUTH|CSUP|DIDT|DTBK|EMRG|IGAU|MLDP|NAUT|CONN|PAUT|PLOK|RDMP|SBOM|SAHD|SGUD|STCF|TXCF|TXIG|RMOT)-[0-9]{1,2}\b`)
	anyID2013 = lazy.Regexp(`(?m)(?:^|[>",;\t])(?:[1-9]|1[0-9]|20)-[1-9]\d?(?:\.\d)?(?:[<",;\t]|$)`)
	title     = lazy.Regexp(`(?i)manufacturer'?s? disclosure statement|\bMDS ?(2|²)\b|HN ?1-20(13|19)`)
)

// Recognize looks for the title of the form and for identifiers of its questions: in
// text, or in what the first bytes of a workbook unpack to.
func (Importer) Recognize(name string, head []byte) int {
	text := safe.Head(head)
	book := grid.IsWorkbook(head)
	if book {
		text = unpack(head)
	} else if t := bytes.TrimSpace(text); len(t) > 0 && bytes.IndexByte([]byte("{[<"), t[0]) >= 0 {
		return 0
	}
	sections := make(map[string]bool)
	for _, m := range anyID2019().FindAllSubmatch(text, 200) {
		sections[string(m[1])] = true
	}
	titled := title().Match(text)
	switch {
	case len(sections) >= 3, len(sections) >= 1 && titled:
		return 95
	case titled && len(anyID2013().FindAll(text, 20)) >= 3:
		return 93
	// A large workbook keeps its texts behind the first bytes: the name may only
	// choose between this form and a table of unknown kind.
	case book && titled, book && strings.Contains(strings.ToLower(name), "mds2"):
		return 60
	}
	return 0
}

const maxPeek = 1 << 20

// unpack returns what the parts of a workbook unpack to, as far as its first bytes
// hold them. A part whose sizes stand behind it ends the look.
func unpack(head []byte) []byte {
	var out bytes.Buffer
	for len(head) >= 30 && bytes.HasPrefix(head, []byte("PK\x03\x04")) && out.Len() < maxPeek {
		flags, method := binary.LittleEndian.Uint16(head[6:]), binary.LittleEndian.Uint16(head[8:])
		packed := int(binary.LittleEndian.Uint32(head[18:]))
		from := 30 + int(binary.LittleEndian.Uint16(head[26:])) + int(binary.LittleEndian.Uint16(head[28:]))
		if from > len(head) {
			break
		}
		body := bytes.NewReader(head[from:])
		used := packed
		switch method {
		case 0:
			_, _ = io.CopyN(&out, body, int64(min(max(packed, 0), maxPeek)))
		case 8:
			// The head may end within a part: what was unpacked until then counts.
			_, _ = io.CopyN(&out, flate.NewReader(body), maxPeek)
			if flags&8 != 0 {
				used = len(head) - from - body.Len()
			}
		}
		if used < 0 || from+used >= len(head) {
			break
		}
		head = head[from+used:]
		if flags&8 != 0 { // the sizes stand behind the part, with or without a mark
			i := bytes.Index(head[:min(len(head), 40)], []byte("PK\x03\x04"))
			if i < 0 {
				break
			}
			head = head[i:]
		}
		out.WriteByte('\n')
	}
	return out.Bytes()
}
