// Package fleet answers which assets a new advisory concerns, among hundreds of
// millions of installed components, in the time of a page view.
//
// It rests on three observations. Of what is installed, few things are different:
// a dictionary holds each component once, with one outcome of judging. Tenants must
// not mix: each has segments of its own, small enough to be written anew when an
// asset changes, in which every component leads to the assets that have it. And a
// new feed changes little: only components of packages that it says something else
// of are judged again.
//
// What changes goes to a log first and is durable when the call returns; a
// checkpoint writes the segments and empties the log. [Index.Verify] computes
// everything anew from lists and a feed, and compares bit for bit: incremental
// answers that drift are found, not believed.
package fleet
