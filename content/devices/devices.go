// Package devices holds what Asepsis knows of the names of medical and industrial
// devices: spellings of makers, names of products that advisories write oddly, and the
// security capabilities a device may lack.
//
// The tables are our own reading of CISA's public advisories and of the makers' public
// pages; each file names its sources.
package devices

import "embed"

// FS holds the tables.
//
//go:embed *.yaml
var FS embed.FS
