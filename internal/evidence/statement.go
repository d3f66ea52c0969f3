package evidence

import (
	"fmt"
	"time"

	"github.com/asepsis/asepsis/ledger"
)

// Kind says what a statement is about.
type Kind string

// The kinds of statement.
const (
	KindOrganization   Kind = "organization"    // set up or changed
	KindFacts          Kind = "facts"           // a batch was stored
	KindImport         Kind = "import"          // a file was brought in
	KindAssessment     Kind = "assessment"      // an assessment was kept
	KindAssessmentPart Kind = "assessment_part" // more checks of it, where one entry cannot hold them
	KindParameter      Kind = "parameter"       // an override was set or removed
	KindAccess         Kind = "access"          // an event of the audit trail
	KindJudging        Kind = "judging"         // the inventory was held against a feed
	KindDecision       Kind = "decision"        // a person decided about findings, or ended that
	KindIdentity       Kind = "identity"        // assets were merged or split, that was undone, asked or answered
)

// Actors that are neither a user nor a token.
const (
	System = "system" // what the product does by itself, or by its command line
	Nobody = "nobody" // somebody we do not know, whose sign-in failed
)

// Draft is a statement before it has its time. The functions named after what
// they state make one; [Draft.Seal] turns it into an entry.
type Draft struct {
	Kind  Kind
	Actor string // user or token id, or System
	Body  any    // marshals to a JSON object without fractions
}

// Seal gives the draft its place and time and makes the bytes of its entry.
//
// It is called inside the transaction that appends the entry, with the time of
// the entry before (zero if it is the first): a statement is never dated before
// its predecessor, so a clock that jumps back shows as equal times and not as
// history out of order. Times are kept to the microsecond.
func (d Draft) Seal(tenant string, index int64, now, last time.Time) (Entry, error) {
	at := now.UTC().Truncate(time.Microsecond)
	if last = last.UTC().Truncate(time.Microsecond); at.Before(last) {
		at = last
	}
	b, err := ledger.Statement{
		Tenant: tenant,
		Kind:   string(d.Kind),
		At:     at,
		Actor:  d.Actor,
		Body:   d.Body,
	}.Encode()
	if err != nil {
		return Entry{}, fmt.Errorf("state %s: %w", d.Kind, err)
	}
	return Entry{Index: index, At: at, Kind: d.Kind, Leaf: ledger.LeafHash(b), Statement: b}, nil
}
