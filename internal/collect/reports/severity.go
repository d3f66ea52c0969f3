package reports

import (
	"strings"

	"github.com/asepsis/asepsis/internal/finding"
)

// severities maps the words of tools to ours. Words of one tool alone that mean
// something else elsewhere are in the tool's own package.
var severities = map[string]string{
	"critical": "critical", "urgent": "critical", "very high": "critical", "serious": "high",
	"high": "high", "important": "high", "error": "high", "severe": "high",
	"medium": "medium", "moderate": "medium", "warning": "medium", "warn": "medium", "medium-high": "medium",
	"low": "low", "minor": "low", "note": "low",
	// Debian and Ubuntu call a flaw negligible or unimportant that harms nobody as they build it.
	"negligible": "info", "unimportant": "info",
	"info": "info", "informational": "info", "information": "info", "none": "info", "log": "info", "style": "info",
}

// Severity returns our word for a tool's, or "" where the tool's says nothing,
// such as "unknown" and "unassigned".
func Severity(word string) string { return severities[strings.ToLower(strings.TrimSpace(word))] }

// Graver returns the graver of two severities.
func Graver(a, b string) string {
	if finding.Rank(b) > finding.Rank(a) {
		return b
	}
	return a
}

// Banded returns the severity for a CVSS base score, "" for no score.
func Banded(score float64, ok bool) string {
	if !ok || score < 0 || score > 10 {
		return ""
	}
	return finding.Severity(score)
}
