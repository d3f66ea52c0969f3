package evidence

import "github.com/asepsis/asepsis/ledger"

// Identity is what is stated of decisions about which sightings are of one
// asset: merges, splits, what was undone, questions and answers.
type Identity struct {
	Seq    int64  // the batch from which on they hold
	Did    string // ingest, merge, split, undo, answer
	Reason string // a person's own words
	Rows   []IdentityRow
}

// IdentityRow is a row of such a decision as it is from then on, see RowHash.
type IdentityRow struct {
	ID  string      `json:"id"`
	Sum ledger.Hash `json:"sum"`
}

type identityBody struct {
	Seq    int64         `json:"seq"`
	Did    string        `json:"did"`
	Reason string        `json:"reason"`
	Rows   []IdentityRow `json:"rows"`
}

// identityRows is how many rows one entry names: with the longest ids they take
// 43 KB of the 64 that an entry holds.
const identityRows = 300

// IdentityDecided states decisions about identity, in as many entries as it takes.
func IdentityDecided(actor string, d Identity) []Draft {
	var out []Draft
	for rows := d.Rows; len(rows) > 0; {
		n := min(len(rows), identityRows)
		out = append(out, Draft{KindIdentity, actor, identityBody{d.Seq, d.Did, d.Reason, rows[:n:n]}})
		rows = rows[n:]
	}
	return out
}
