// Package purl reads package URLs (package-url.github.io/purl-spec):
// pkg:type/namespace/name@version?qualifiers#subpath.
//
// Tools write them in many ways. What is meant is taken wherever it is clear:
// the scheme in capitals or with slashes behind it, an npm scope that is not
// encoded, a percent sign that encodes nothing. Only what names no package is
// refused. [P.String] is the canonical form, in which two spellings meet.
package purl
