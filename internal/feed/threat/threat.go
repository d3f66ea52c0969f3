// Package threat reads what is known of flaws beside what they affect: CISA's
// catalog of those known to be exploited (KEV), and FIRST's scores of how likely they
// are to be (EPSS).
package threat

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/feed/jscan"
	"github.com/asepsis/asepsis/internal/feed/record"
)

// IsKEV reports whether the keys of a document are those of the catalog.
func IsKEV(has func(key string) bool) bool { return has("catalogVersion") && has("vulnerabilities") }

// ReadKEV reads the catalog.
func ReadKEV(b []byte, to record.Sink) {
	s := jscan.New(b)
	released, version := "", ""
	count, seen := -1, 0
	s.Object(func(key []byte) {
		switch string(key) {
		case "dateReleased":
			released = s.Brief()
		case "catalogVersion":
			version = s.Brief()
		case "count":
			count = int(s.Float())
		case "vulnerabilities":
			s.Array(func() {
				seen++
				exploited(s, to)
			})
		}
	})
	if err := s.End(); err != nil {
		refuse(to, record.KEV, err)
		return
	}
	at := record.Time(released)
	if at.IsZero() {
		at = record.Time(strings.ReplaceAll(version, ".", "-"))
	}
	to.Dated(record.KEV, at)
	if count >= 0 && count != seen {
		to.Refuse(record.KEV, 0, "", fmt.Sprintf("the catalog says it has %d entries and has %d; fetch it again", count, seen))
	}
}

func refuse(to record.Sink, source string, err error) {
	line := 0
	if f, ok := err.(*jscan.Fault); ok && f.Line > 1 {
		line = f.Line
	}
	to.Refuse(source, line, "", err.Error())
}

func exploited(s *jscan.Scanner, to record.Sink) {
	var e advisory.Exploited
	s.Object(func(key []byte) {
		switch string(key) {
		case "cveID":
			e.CVE = s.Brief()
		case "vendorProject":
			e.Vendor = s.Brief()
		case "product":
			e.Product = s.Brief()
		case "vulnerabilityName":
			e.Name = s.Brief()
		case "dateAdded":
			e.Added = record.Time(s.Brief())
		case "dueDate":
			e.Due = record.Time(s.Brief())
		case "requiredAction":
			e.Action = record.Cut(s.Brief(), record.MaxText)
		case "knownRansomwareCampaignUse":
			e.Ransomware = strings.EqualFold(s.Brief(), "known")
		}
	})
	switch {
	case s.Failed():
	case !advisory.IsCVE(e.CVE):
		to.Refuse(record.KEV, 0, e.CVE, "it names no CVE")
	default:
		to.Exploited(e)
		to.Done(record.KEV)
	}
}

// IsEPSS reports whether the keys of a document are those of a score, or of an answer
// of FIRST's API.
func IsEPSS(has func(key string) bool) bool {
	return has("epss") && has("cve") || has("data") && has("total") && has("status-code")
}

// ReadEPSS reads a score, or an answer of the API with many.
func ReadEPSS(b []byte, to record.Sink) {
	s := jscan.New(b)
	answer := false
	s.Object(func(key []byte) {
		if string(key) == "data" {
			answer = true
			s.Array(func() { likelihood(s, to) })
		}
	})
	if !answer && !s.Failed() {
		s.Reset(b)
		likelihood(s, to)
	}
	if err := s.End(); err != nil {
		refuse(to, record.EPSS, err)
	}
}

func likelihood(s *jscan.Scanner, to record.Sink) {
	var l advisory.Likelihood
	s.Object(func(key []byte) {
		switch string(key) {
		case "cve":
			l.CVE = s.Brief()
		case "epss":
			l.Score = s.Float()
		case "percentile":
			l.Percentile = s.Float()
		case "date":
			l.At = record.Time(s.Brief())
		}
	})
	if s.Failed() {
		return
	}
	give(l, 0, to)
}

func give(l advisory.Likelihood, line int, to record.Sink) {
	switch {
	case !advisory.IsCVE(l.CVE):
		to.Refuse(record.EPSS, line, l.CVE, "it names no CVE")
	case !(l.Score >= 0 && l.Score <= 1 && l.Percentile >= 0 && l.Percentile <= 1):
		to.Refuse(record.EPSS, line, l.CVE, "its score is not between 0 and 1")
	default:
		to.Likelihood(l)
		to.Dated(record.EPSS, l.At)
		to.Done(record.EPSS)
	}
}

// IsEPSSFile reports whether a text begins as FIRST's daily file does.
func IsEPSSFile(head []byte) bool {
	for line := range bytes.Lines(head) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		return bytes.HasPrefix(line, []byte("cve,epss"))
	}
	return false
}

const maxLine = 4096

// ReadEPSSFile reads FIRST's daily file: a comment with the date of the scores, a
// line of names, and CVE, score and percentile.
func ReadEPSSFile(r io.Reader, to record.Sink) error {
	in := bufio.NewReaderSize(r, 64<<10)
	var at time.Time
	names := map[string]int{}
	for n := 1; ; n++ {
		raw, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) || len(raw) > maxLine {
			return fmt.Errorf("line %d is longer than %d bytes", n, maxLine)
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		line := strings.TrimSpace(strings.TrimPrefix(string(raw), "\ufeff"))
		switch {
		case line == "":
		case line[0] == '#':
			for f := range strings.SplitSeq(line[1:], ",") {
				if v, ok := strings.CutPrefix(strings.TrimSpace(f), "score_date:"); ok {
					at = record.Time(v)
				}
			}
		case len(names) == 0:
			for i, f := range strings.Split(line, ",") {
				names[strings.TrimSpace(f)] = i
			}
		default:
			row(line, n, at, names, to)
		}
		if err != nil {
			if n == 1 && line == "" || len(names) == 0 {
				return errors.New("it has no line of names")
			}
			to.Dated(record.EPSS, at)
			return nil
		}
	}
}

func row(line string, n int, at time.Time, names map[string]int, to record.Sink) {
	cells := strings.Split(line, ",")
	cell := func(name string) string {
		i, ok := names[name]
		if !ok || i >= len(cells) {
			return ""
		}
		return strings.TrimSpace(cells[i])
	}
	score, err := strconv.ParseFloat(cell("epss"), 64)
	percentile, err2 := strconv.ParseFloat(cell("percentile"), 64)
	if err != nil || err2 != nil {
		to.Refuse(record.EPSS, n, record.Cut(cell("cve"), 40), "its score is no number")
		return
	}
	give(advisory.Likelihood{CVE: cell("cve"), Score: score, Percentile: percentile, At: at}, n, to)
}
