package vuln

import (
	"cmp"
	"encoding/json"
	"strings"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/errs"
)

func compareCoverage(a, b Coverage) int {
	return cmp.Or(strings.Compare(a.Ecosystem, b.Ecosystem), strings.Compare(a.Source, b.Source))
}

// Coverage says what the file holds, by ecosystem and source.
func (db *DB) Coverage() ([]Coverage, error) {
	var list []Coverage
	if err := json.Unmarshal(db.Section(secCoverage), &list); err != nil {
		return nil, errs.New(errs.Invalid, "the feed file's list of sources is damaged: %w", err)
	}
	return list, nil
}

// Refused lists the records that could not be read when the file was built.
func (db *DB) Refused() ([]advisory.Refused, error) {
	var list []advisory.Refused
	if err := json.Unmarshal(db.Section(secRefused), &list); err != nil {
		return nil, errs.New(errs.Invalid, "the feed file's list of refused records is damaged: %w", err)
	}
	return list, nil
}
