// Package record is what the readers of feeds share: where they put what they
// read, and how dates, CPE names and statements about versions are understood.
//
// A reader gets the bytes of one document and a [Sink]. It reads or refuses each
// record, so that records in are records read plus records refused; it opens no file
// and decides nothing.
package record

import (
	"slices"
	"time"

	"github.com/asepsis/asepsis/internal/advisory"
)

// Sink takes what a reader reads. It keeps nothing of an advisory: the reader may
// use the value again.
type Sink interface {
	Advisory(a *advisory.Advisory)
	Exploited(e advisory.Exploited)
	Likelihood(l advisory.Likelihood)
	Points(p advisory.Points)
	Cycle(c advisory.Cycle)

	// Dated says when the document was published, as it states itself.
	Dated(source string, at time.Time)
	// Done counts a record that was read, whatever came of it.
	Done(source string)
	// Refuse lists a record that could not be read. Line is 0 where the
	// document is the record.
	Refuse(source string, line int, id, why string)
}

// Source names of the tables by CVE.
const (
	KEV       = "kev"
	EPSS      = "epss"
	SSVC      = "ssvc"
	EndOfLife = "endoflife"
)

// MaxText bounds each text that is kept of a record: what is longer is cut at
// the end of a character.
const MaxText = 4000

// AddOnce adds a text to a short list that does not have it yet. A list that has most
// texts stays as it is: it is for what people are shown, of which some will do.
func AddOnce(list []string, s string, most int) []string {
	if s == "" || len(list) >= most || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// Lists that AddOnce keeps short. The largest public records have some 30 weaknesses.
const (
	MaxCWEs       = 100
	MaxReferences = 200
)

// Cut shortens a text to n bytes at most.
func Cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n]
}
