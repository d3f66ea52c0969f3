// Package device joins advisories about medical and industrial devices, and recalls, to
// the devices of an inventory.
//
// Such advisories name a maker and a product in words; most have no identifier. So an
// answer is graded. Certain: the same maker, the same product by name or model number,
// and a version the advisory speaks of. Likely: the name says more than the advisory's,
// or another maker of the same house stands on the label. Check by hand: the version of
// the device is not known, the advisory's is in words, or the name is less than the
// advisory's. Each answer has its reasons. A device is only ever said not to be
// affected where name and version were both held against a statement that could be read
// whole; what is in doubt is checked by a person, whose decision is handed in and kept.
package device
