package evidence

import (
	"fmt"

	"github.com/asepsis/asepsis/internal/policy"
	"github.com/asepsis/asepsis/internal/secret"
	"github.com/asepsis/asepsis/ledger"
)

// Commitment is what a statement says of the results of one check.
type Commitment struct {
	Root    ledger.Hash `json:"root"`
	Results int         `json:"results"`
}

// Commit commits to the results of one check, sorted by resource as they are
// stored. The secret is that of [Keys.Commit]. Equal results give equal roots,
// so a caller may keep the commitment beside the results it belongs to; a
// [Check] derives it anew.
func Commit(key secret.Text, results []policy.Result) (Commitment, error) {
	cs, err := commitments(key, results)
	if err != nil {
		return Commitment{}, err
	}
	return Commitment{Root: ledger.CommitmentRoot(cs), Results: len(cs)}, nil
}

func commitments(key secret.Text, results []policy.Result) ([]ledger.Hash, error) {
	k := []byte(key.Reveal())
	cs := make([]ledger.Hash, len(results))
	var b []byte
	for i, r := range results {
		var err error
		if b, err = appendResult(b[:0], r); err != nil {
			return nil, err
		}
		cs[i] = ledger.Commit(ledger.Salt(k, r.Check, r.Resource, b), b)
	}
	return cs, nil
}

// Open returns what shows one result, and no other, to who has the root.
func Open(key secret.Text, results []policy.Result, i int) (ledger.Opening, error) {
	if i < 0 || i >= len(results) {
		return ledger.Opening{}, fmt.Errorf("open result %d of %d: no such result", i, len(results))
	}
	cs, err := commitments(key, results)
	if err != nil {
		return ledger.Opening{}, err
	}
	b, err := appendResult(nil, results[i])
	if err != nil {
		return ledger.Opening{}, err
	}
	proof, err := ledger.ProveCommitment(cs, int64(i))
	if err != nil {
		return ledger.Opening{}, err
	}
	return ledger.Opening{
		Result: b,
		Salt:   ledger.Salt([]byte(key.Reveal()), results[i].Check, results[i].Resource, b),
		Index:  int64(i),
		Size:   int64(len(cs)),
		Proof:  proof,
	}, nil
}
