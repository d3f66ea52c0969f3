package ledger

import "golang.org/x/mod/sumdb/tlog"

// Hash is a SHA-256 hash of RFC 6962. As text it is standard base64.
type Hash = tlog.Hash

// HashSize is the length of a Hash in bytes.
const HashSize = tlog.HashSize

// LeafHash returns the hash of an entry: SHA-256(0x00 ‖ entry).
func LeafHash(entry []byte) Hash { return tlog.RecordHash(entry) }

// NodeHash returns the hash of an inner node: SHA-256(0x01 ‖ left ‖ right).
func NodeHash(left, right Hash) Hash { return tlog.NodeHash(left, right) }

// ParseHash reads the base64 text of a hash.
func ParseHash(s string) (Hash, error) { return tlog.ParseHash(s) }
