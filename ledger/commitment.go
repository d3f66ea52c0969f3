package ledger

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
)

// saltLabel keeps the salts apart from any other use of the secret.
const saltLabel = "asepsis/result-salt/v1"

// Salt returns the salt under which a result is committed to:
// HMAC-SHA256(secret, label ‖ len(check) ‖ check ‖ len(resource) ‖ resource ‖ SHA-256(result)),
// lengths as eight bytes, big-endian.
//
// The same result always has the same salt, so what did not change shows as an
// unchanged commitment. Another result of the same check and resource has an
// unrelated one, so who was shown one result cannot try out guesses at others.
func Salt(secret []byte, check, resource string, result []byte) [32]byte {
	m := hmac.New(sha256.New, secret)
	buf := make([]byte, 0, 256)
	buf = append(buf, saltLabel...)
	for _, s := range [...]string{check, resource} {
		buf = binary.BigEndian.AppendUint64(buf, uint64(len(s)))
		buf = append(buf, s...)
	}
	sum := sha256.Sum256(result)
	m.Write(append(buf, sum[:]...))
	return [32]byte(m.Sum(nil))
}

// Commit returns the commitment to a result, in canonical JSON, under a salt:
// HMAC-SHA256(salt, result). It shows nothing of the result to who lacks the
// salt, and with the salt fits no other result.
func Commit(salt [32]byte, result []byte) Hash {
	m := hmac.New(sha256.New, salt[:])
	m.Write(result)
	return Hash(m.Sum(nil))
}

// Opening shows one committed result: what whoever has the root of a check
// needs to be sure that the result was in it.
type Opening struct {
	Result []byte // canonical JSON
	Salt   [32]byte
	Index  int64 // among the check's results, ordered by resource id
	Size   int64 // how many results the check has
	Proof  []Hash
}

// Verify reports whether the opened result is in the tree with the root.
func (o Opening) Verify(root Hash) error {
	c := Commit(o.Salt, o.Result)
	return VerifyInclusion(o.Proof, o.Size, root, o.Index, LeafHash(c[:]))
}

// CommitmentRoot returns the root of the RFC 6962 tree whose entries are the
// commitments. The root of none is the SHA-256 of nothing.
func CommitmentRoot(commitments []Hash) Hash {
	var f Frontier
	for _, c := range commitments {
		f.Append(LeafHash(c[:]), nil)
	}
	return f.Root()
}

// ProveCommitment returns the proof that the commitment at index i is in the
// tree of all of them.
func ProveCommitment(commitments []Hash, i int64) ([]Hash, error) {
	leaves := make([]Hash, len(commitments))
	for j, c := range commitments {
		leaves[j] = LeafHash(c[:])
	}
	return ProveInclusion(int64(len(leaves)), i, Leaves(leaves))
}
