// Package ledger is the format of the evidence log: what its bytes mean, how
// they are proven, and how anybody checks them.
//
// A ledger is an append-only list of entries under a Merkle tree of RFC 6962,
// laid out as C2SP tlog-tiles, with a signed checkpoint of C2SP
// tlog-checkpoint. An entry is a statement: canonical JSON of RFC 8785. Results
// are not in the clear in a statement; it holds the root of a tree of salted
// commitments, so a single result can be opened later without showing the rest.
//
// The package is public and does no I/O: bytes go in, bytes or a verdict come
// out. docs/formats/ledger.md fixes every byte, and testdata holds vectors that
// an implementation in another language can use.
//
// Where to read: frontier.go grows a tree, tile.go names and parses its files,
// checkpoint.go signs and opens its head, proof.go proves and verifies,
// canonical.go and statement.go are about what an entry says, commitment.go
// about opening one result.
package ledger
