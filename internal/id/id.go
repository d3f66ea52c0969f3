// Package id makes and checks the identifiers the product hands out.
//
// An id is a prefix that names its kind, an underscore, and a ULID in lower
// case: "as_01jd…". Ids sort by the time they were made, are safe in addresses
// and file names, and cannot be mistaken for one another.
package id

import (
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
)

// Kind is the prefix of an id.
type Kind string

// The kinds of id.
const (
	Tenant     Kind = "tn" // an organization's records
	Asset      Kind = "as"
	Batch      Kind = "ba" // one delivery of facts
	Import     Kind = "im" // a file that was brought in
	Assessment Kind = "an"
	User       Kind = "us"
	Token      Kind = "tk" // an API token, not its secret
	Decision   Kind = "de" // what a person decided about findings
	Run        Kind = "rn" // a search of the network
	Event      Kind = "ev" // a row of the product's own audit trail
)

// New returns a fresh id of the kind, dated at.
func New(k Kind, at time.Time) string {
	u := ulid.MustNew(ulid.Timestamp(at), rand.Reader)
	return string(k) + "_" + strings.ToLower(u.String())
}

// Check returns an error unless s is an id of the kind.
func Check(k Kind, s string) error {
	rest, ok := strings.CutPrefix(s, string(k)+"_")
	if !ok {
		return fmt.Errorf("id %.40q: want prefix %q", s, string(k)+"_")
	}
	if _, err := ulid.ParseStrict(strings.ToUpper(rest)); err != nil {
		return fmt.Errorf("id %.40q: %w", s, err)
	}
	return nil
}
