// Package fingerprints holds what Asepsis knows of how devices show themselves:
// rules, the spellings of makers, and the makers of network cards.
//
// The rules are our own reading of public documents and of what devices say;
// each file names its sources. oui.bin is the public-domain listing of the IEEE
// Registration Authority, packed by a test of internal/fingerprint.
package fingerprints

import "embed"

// FS holds the rules (*.yaml) and the packed table of card makers (oui.bin).
//
//go:embed *.yaml oui.bin
var FS embed.FS
