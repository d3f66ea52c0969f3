// Package vuln decides which advisories hold for a piece of software.
//
// Advisories are compiled once into one flat file: rows sorted by a hash of
// ecosystem and name, version bounds as bytes whose order is the ecosystem's, and the
// documents packed in blocks that are unpacked only when shown. Opening the file
// checks its table and nothing else, so it may lie in memory-mapped bytes; asking it
// allocates nothing, decodes nothing and never trusts an offset.
//
// There are three answers: [Affected], [NotAffected] and [NotAssessed] with the reason.
// "Not affected" is said only where the feed holds the whole of the ecosystem, the name
// was looked up, and every version could be compared; or where somebody states it, and
// then the statement is part of the answer. Anything else is not assessed.
//
// What changes daily without the affected versions changing (known exploitation,
// likelihood, decision points) lies in tables of its own, joined by CVE when read.
package vuln
