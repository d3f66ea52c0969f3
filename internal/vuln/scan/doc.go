// Package scan reads a bill of materials as a stream and judges each component
// as it passes, so that a list of any length takes the memory of one component.
//
// It reads what judging needs and no more: the importers in collect keep everything
// else. Reading is the cost of a scan (judging is a tenth of it), so the reader
// takes components straight from the bytes.
package scan
