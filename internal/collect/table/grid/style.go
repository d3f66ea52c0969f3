package grid

import (
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/collect/table/cell"
)

// style is what of a cell's style changes the value one reads.
type style struct {
	date bool
	pad  int // digits the number is shown with at the least: 00123
}

// readStyles finds out which styles show a number as a date.
func (w *workbook) readStyles() error {
	m, done, err := w.open("xl/styles.xml")
	if err != nil || m == nil {
		return err
	}
	defer done()
	formats := make(map[int]style)
	inXfs := false
	for {
		ev, err := m.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch {
		case ev == start && m.is("numFmt"):
			id, err := strconv.Atoi(m.attr("numFmtId"))
			if err == nil && len(formats) < 1<<16 {
				formats[id] = styleOf(m.attr("formatCode"))
			}
		case ev != text && m.is("cellXfs"):
			inXfs = ev == start
		case ev == start && inXfs && m.is("xf"):
			id, err := strconv.Atoi(m.attr("numFmtId"))
			if err != nil {
				id = 0
			}
			st, own := formats[id]
			if !own {
				st.date = builtinDate(id)
			}
			if len(w.styles) < 1<<16 {
				w.styles = append(w.styles, st)
			}
		}
	}
}

// builtinDate reports the number formats that are dates without being declared
// (ECMA-376 part 1, 18.8.30). 18 to 21 and 45 to 47 are times of day.
func builtinDate(id int) bool {
	return id >= 14 && id <= 22 || id >= 27 && id <= 36 || id >= 45 && id <= 47 || id >= 50 && id <= 58
}

// styleOf reads a format such as "m/d/yyyy;@" or "00000".
func styleOf(code string) style {
	if code != "" && strings.Trim(code, "0") == "" && len(code) < 32 {
		return style{pad: len(code)}
	}
	// Letters inside quotes, brackets or after a backslash are shown as they are.
	quoted, bracket := false, false
	for i := 0; i < len(code); i++ {
		switch c := code[i] | 0x20; {
		case code[i] == '"':
			quoted = !quoted
		case quoted:
		case code[i] == '\\' || code[i] == '_' || code[i] == '*':
			i++
		case code[i] == '[':
			bracket = true
		case code[i] == ']':
			bracket = false
		case bracket:
		case c == 'y' || c == 'd' || c == 'm' || c == 'h' || c == 's':
			return style{date: true}
		case code[i] == 'G': // General
			return style{}
		}
	}
	return style{}
}

// show returns the text of a cell.
func (w *workbook) show(kind string, styleNo int, v string) (string, error) {
	switch kind {
	case "s":
		i, err := strconv.Atoi(strings.TrimSpace(v))
		if err != nil || i < 0 || i >= len(w.shared) {
			if v == "" {
				return "", nil
			}
			return "", &Fault{Reason: "the workbook is damaged: a cell refers to a text that is not there", Mend: "open it in Excel, save it anew, and bring that file"}
		}
		return w.shared[i], nil
	case "b":
		if v == "1" {
			return "TRUE", nil
		}
		return "FALSE", nil
	case "str", "inlineStr", "e", "d":
		return v, nil
	}
	if v == "" {
		return "", nil
	}
	f, err := strconv.ParseFloat(v, 64)
	if err != nil {
		return v, nil
	}
	var st style
	if styleNo >= 0 && styleNo < len(w.styles) {
		st = w.styles[styleNo]
	}
	if st.date {
		t, err := cell.Dates{Base1904: w.info.Base1904}.Serial(f)
		switch {
		case err != nil:
			return v, nil
		case t.Equal(t.Truncate(24 * time.Hour)):
			return t.Format("2006-01-02"), nil
		}
		return t.Format("2006-01-02 15:04:05"), nil
	}
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		s := strconv.FormatInt(int64(f), 10)
		for len(s) < st.pad {
			s = "0" + s
		}
		return s, nil
	}
	return strconv.FormatFloat(f, 'g', 15, 64), nil
}
