// Package windows says which updates of Microsoft a Windows machine lacks, and which
// flaws it has for that reason.
//
// Microsoft's table names, for a flaw and a product, the updates that mend it, and for an
// update those it replaces. From the product of a machine and its installed updates an
// answer follows:
//
//  1. An update is in place if it is installed, if an installed update replaces it,
//     directly or through others, or if the machine's build is no older than the build
//     the update leads to.
//
//  2. Updates for one flaw, product and component that another of them replaces do not
//     count. Of those left, any one mends since 11 October 2016, when Microsoft began to
//     ship the same fixes in a monthly rollup and in a security-only update; before
//     that day each was a fix of its own, and all are needed; updates of that month and
//     later for an older flaw are again one of several. Where the table has a flaw both by
//     component and without one, as it has those of the first months of rollups, the rows
//     without are met where one with is.
//
//  3. A flaw is mended where it is mended in each component the table names for it.
//
//  4. The build a machine runs is the last word on Windows itself, where Microsoft names
//     the build that mends: an update that waits for a restart mends nothing yet.
//
// Since Windows 10 a monthly update holds all before it. Where a list of updates has one
// that the table does not know, or none that it knows, and the revision of the build is
// not known, an answer of affected is doubtful and says so.
//
// There are three answers. Not assessed is the one for a product the table does not know,
// for a machine whose updates nobody listed, for a flaw to which the table names no
// update, and for a flaw of something that may not be on the machine (.NET Framework,
// Internet Explorer of a certain version) while nobody says whether it is.
package windows
