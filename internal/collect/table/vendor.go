package table

import (
	"strings"

	"github.com/asepsis/asepsis/internal/fact"
)

// contracts reads the list of vendors.
type contracts struct {
	keyed
	b *builder
}

func newVendors(b *builder) taker { return &contracts{keyed: newKeyed(), b: b} }

func (c *contracts) take(r *row) error {
	vals := r.values()
	name := strings.Join(strings.Fields(r.text("name")), " ")
	if name == "" {
		return r.fault("name", "the vendor has no name", "give its name, or delete the row")
	}
	vals["name"] = name
	signedAt, dated := vals["baa_signed_at"]
	if signed, ok := vals["baa_signed"].(bool); ok && !signed && dated {
		return r.fault("baa_signed", "says that there is no agreement, and a date of signing is given: "+show(signedAt), "correct one of them")
	}
	if dated {
		vals["baa_signed"] = true // whoever signed has an agreement
	}
	hours, timed := vals["notice_hours"]
	if terms, ok := vals["notice_terms"].(bool); ok && !terms && timed {
		return r.fault("notice_terms", "says that there is no term, and a time is given: "+show(hours)+" hours", "correct one of them")
	}
	if timed {
		vals["notice_terms"] = true
	}
	starts, ends := r.time("contract_starts"), r.time("contract_ends")
	if !starts.IsZero() && !ends.IsZero() && ends.Before(starts) {
		return r.fault("contract_ends", "the contract ends before it starts", "correct one of the dates")
	}
	_, err := c.add(r, strings.ToLower(name), vals)
	return err
}

func (c *contracts) done() { c.facts(c.b, fact.KindVendor) }
