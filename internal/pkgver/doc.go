// Package pkgver orders versions as the ecosystem they belong to orders them.
//
// [AppendKey] turns a version into bytes whose order is the order of versions, so
// that a range in a feed is two compares of memory; [Compare] is the compare of
// two keys. A version that has no place in the order of its ecosystem (trunk in
// Debian, 0.9-horsea in PyPI, the hash of a commit) is refused with an [Error]
// that says why. Nothing is guessed: who asks must answer "not assessed".
//
// # What each scheme follows
//
//	Debian     dpkg, lib/dpkg/version.c; deb-version(7)
//	RPM        rpmvercmp of RPM 4.16 and later, with ~ and ^
//	Alpine     apk-tools 3, src/version.c
//	SemVer     node-semver, loose; fewer than three numbers are filled up with 0
//	Go         golang.org/x/mod/semver; releases of the tool chain (go1.21rc2)
//	PEP 440    packaging.version
//	Maven      ComparableVersion of Maven 4
//	NuGet      NuGet.Versioning, VersionComparer.Default without metadata
//	RubyGems   Gem::Version
//	Composer   composer/semver, then version_compare of PHP
//	Windows    numbers with dots, zeros at the end count for nothing
//	Hackage    Data.Version: 1 comes before 1.0
//	CRAN       package_version of R: dot and hyphen are the same, 1 before 1.0
//	Julia      VersionNumber: a build counts
//	Bitnami    go-version of Bitnami: what follows the hyphen comes after
//	generic    the rules below
//
// # Versions of no ecosystem
//
// Makers of devices and products write versions as they like. Those that these
// rules speak of are ordered, all others refused:
//
//  1. v, ver or version before the first number counts for nothing.
//  2. A version begins with a number, or with a word of one to three letters and
//     a number: 4.2, B.06.18, R1.2.
//  3. Numbers and words are compared from left to right. What stands between
//     them (. - _ + ~ / : blanks and parentheses) counts for nothing, nor do
//     leading zeros of a number, nor zeros at the end or before a word: 2.0 is 2.
//  4. Numbers compare as numbers, words as letters without case. A number comes
//     after a word; a word comes after the end: 8.9 before 8.9p1 before 8.9.1.
//  5. Marks of a pre-release come before the end, in this order: dev, devel,
//     snapshot and nightly; alpha; beta; milestone; pre and preview; rc and cr.
//  6. final, ga, release and stable count for nothing. patch and pl are p, update
//     is u, hotfix is hf.
//  7. Words are those named here, build, and any of up to three letters.
//
// # Where others order otherwise
//
// The tests hold each scheme against its own implementation (dpkg, rpm,
// apk-tools, packaging, node-semver, RubyGems, composer/semver, Maven) and
// against comparators written in Go. On what both take there is no difference
// but these:
//
//	dpkg             takes, with a warning, versions that do not begin with a digit, and
//	                 an empty revision or one with a colon; they are refused here
//	rpm              takes versions of separators alone, and an empty release; refused here
//	node-semver      in loose mode splits 1.2.34.5 into 1.2.3 and a pre-release, and takes a
//	                 lone hyphen; refused here
//	composer/semver  takes an @ inside of build metadata; refused here. Its own comparator
//	                 wraps numbers of more than 63 bits; they are compared whole here
//	Maven            puts 1.a.2 before 1-b, 1-b before 1 and 1 before 1.a.2: a cycle, of which
//	                 no order can be made. As its specification has it, .a is -a here. The
//	                 same with a number behind final, ga and release, with empty parts, and
//	                 with a zero alone before a word
//	Maven 3.8        trims zeros before a word, not those of 1-alpha0; final is no
//	                 qualifier, so that 1.a is another version than 1final.a
//	go-rpm-version   splits at the first hyphen, rpm at the last; takes what is before a colon
//	                 for an epoch also where it is no number
//	go-apk-version   follows apk-tools 2, where a zero before the end hides a pre-release, and
//	                 wraps large numbers
//	go-pep440        puts a local version that goes on before one that ends
//	go-mvn-version, deps.dev Maven  tell 1.a from 1-a; deps.dev minds leading zeros
//	deps.dev npm     takes a hyphen before a number of a pre-release for a sign, and
//	                 orders numbers of more than 63 bits as words
//	go-npm-version, go-version of Bitnami  take x in a pre-release for any number
package pkgver
