package goal

import "regexp"

// syntax says how the ids of each framework are written, so that a slip of the
// finger is found before anyone cites it.
var syntax = map[Framework]*regexp.Regexp{
	// HICP: practice 1 to 10, size S, M or L, sub-practice.
	HICP:    regexp.MustCompile(`^(?:[1-9]|10)\.[SML]\.[A-H]$`),
	CSF11:   regexp.MustCompile(`^(?:ID|PR|DE|RS|RC)\.[A-Z]{2}-[1-9][0-9]?$`),
	CSF20:   regexp.MustCompile(`^(?:GV|ID|PR|DE|RS|RC)\.[A-Z]{2}-[0-9]{2}$`),
	SP80053: regexp.MustCompile(`^(?:AC|AT|AU|CA|CM|CP|IA|IR|MA|MP|PE|PL|PM|PS|PT|RA|SA|SC|SI|SR)-[1-9][0-9]?(?:\([1-9][0-9]?\))?$`),
	CISA1:   regexp.MustCompile(`^[1-5]\.[A-Z]$`),
	CISA2:   regexp.MustCompile(`^[1-6]\.[A-Z]$`),
	// Subpart C of 45 CFR Part 164: section, then paragraphs.
	HIPAA:     regexp.MustCompile(`^164\.3(?:0[2468]|1[0246]|18)(?:\([0-9a-zA-Z]{1,4}\))*$`),
	HIPAA2025: regexp.MustCompile(`^164\.3(?:0[2468]|1[0246]|18|20)(?:\([0-9a-zA-Z]{1,4}\))*$`),
}

var (
	slugSyntax = regexp.MustCompile(`^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$`)
	dateSyntax = regexp.MustCompile(`^20[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$`)
)

// ValidID reports whether id is written as the framework writes its ids.
func ValidID(f Framework, id string) bool {
	re, ok := syntax[f]
	return ok && re.MatchString(id)
}
