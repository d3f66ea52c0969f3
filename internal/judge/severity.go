package judge

import (
	"strings"

	gocvss20 "github.com/pandatix/go-cvss/20"
	gocvss30 "github.com/pandatix/go-cvss/30"
	gocvss31 "github.com/pandatix/go-cvss/31"
	gocvss40 "github.com/pandatix/go-cvss/40"

	"github.com/asepsis/asepsis/internal/advisory"
)

// Gravity returns the gravest of the scores of an advisory: as a word, as a
// number and with its vector. Scores by the newest version of CVSS come before
// those of older ones, whatever they say; a word alone counts where there is no
// number. Everything is empty where nobody scored it.
func Gravity(scores []advisory.Score) (severity string, base float64, vector string) {
	best := -1
	for _, s := range scores {
		b, version := base0(s)
		word := s.Severity
		if b > 0 {
			word = rating(b, version)
		}
		word = severityWord(word)
		if word == "" && b == 0 {
			continue
		}
		if version > best || version == best && (b > base || b == base && severityRank(word) < severityRank(severity)) {
			best, severity, base, vector = version, word, b, s.Vector
		}
	}
	return severity, base, vector
}

// base0 returns the base score and the version of CVSS it is by; 0 for a word.
func base0(s advisory.Score) (base float64, version int) {
	switch v := s.Vector; {
	case strings.HasPrefix(v, "CVSS:4.0/"):
		if c, err := gocvss40.ParseVector(v); err == nil {
			return c.Score(), 40
		}
	case strings.HasPrefix(v, "CVSS:3.1/"):
		if c, err := gocvss31.ParseVector(v); err == nil {
			return c.BaseScore(), 31
		}
	case strings.HasPrefix(v, "CVSS:3.0/"):
		if c, err := gocvss30.ParseVector(v); err == nil {
			return c.BaseScore(), 31 // the two differ by wording, not by scale
		}
	case v != "":
		if c, err := gocvss20.ParseVector(strings.Trim(v, "()")); err == nil {
			return c.BaseScore(), 20
		}
	}
	if s.Base > 0 && s.Base <= 10 {
		return s.Base, 10
	}
	return 0, 0
}

// rating is the word for a score; version 2 knows no critical.
func rating(base float64, version int) string {
	switch {
	case base >= 9 && version != 20:
		return "critical"
	case base >= 7:
		return "high"
	case base >= 4:
		return "medium"
	case base > 0:
		return "low"
	}
	return ""
}

// severityWord brings the words of sources to ours.
func severityWord(s string) string {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "critical":
		return "critical"
	case "high", "important":
		return "high"
	case "medium", "moderate":
		return "medium"
	case "low", "minor", "negligible", "unimportant":
		return "low"
	}
	return ""
}
