// Package eol says until when an operating system or a product gets security updates
// from its maker: from the life cycles that feeds bring, by name and version, by package
// URL or by CPE name.
//
// What is not in the table is not known. Unknown is never taken for supported, and a
// cycle without an announced end is supported without a date, which is said.
package eol
