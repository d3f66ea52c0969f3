// Package content holds the data that ships with Asepsis: the goals, the
// checks with their tests, and what a new organization starts from.
//
// It is data, not code: every file is read by the package that owns its format
// and linted by this package's tests.
package content

import "embed"

// FS holds goals/, checks/ and organizations/.
//
//go:embed goals/*.yaml checks/*.yaml organizations/*.yaml organizations/*.tsv
var FS embed.FS
