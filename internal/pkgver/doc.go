// Package pkgver orders versions as the ecosystem they belong to orders them.
package pkgver
