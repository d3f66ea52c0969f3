package evidence

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/asepsis/asepsis/ledger"
)

// Judging is what is stated of a comparison of the inventory with a feed.
type Judging struct {
	Seq         int64
	Feed        string // SHA-256 of the feed, empty where none was in force
	FeedBuiltAt time.Time
	FactsSeq    int64 // the newest batch it read
	Assets      int   // whose findings changed
	Opened      int
	Closed      int
	Rows        ledger.Hash // of the rows it wrote, by a JudgingHasher
}

// Decision is what is stated of a person's decision about findings. Ended says
// that this statement ends it.
type Decision struct {
	ID    string
	Kind  string
	Flaw  string
	Until time.Time
	Ended bool
	Row   ledger.Hash // of the decision as stored, see RowHash
}

// InventoryJudged states that the inventory was held against a feed.
func InventoryJudged(actor string, j Judging) Draft {
	return Draft{KindJudging, actor, judgingBody{
		j.Seq, j.Feed, optional(j.FeedBuiltAt), j.FactsSeq, j.Assets, j.Opened, j.Closed, j.Rows,
	}}
}

// FindingDecided states that a person decided about findings, or ended that.
func FindingDecided(actor string, d Decision) Draft {
	return Draft{KindDecision, actor, decisionBody{d.ID, d.Kind, d.Flaw, optional(d.Until), d.Ended, d.Row}}
}

type judgingBody struct {
	Seq         int64       `json:"seq"`
	Feed        string      `json:"feed"`
	FeedBuiltAt string      `json:"feed_built_at"`
	FactsSeq    int64       `json:"facts_seq"`
	Assets      int         `json:"assets"`
	Opened      int         `json:"opened"`
	Closed      int         `json:"closed"`
	Rows        ledger.Hash `json:"rows"`
}

type decisionBody struct {
	ID    string      `json:"id"`
	Kind  string      `json:"kind"`
	Flaw  string      `json:"flaw"`
	Until string      `json:"until"`
	Ended bool        `json:"ended"`
	Row   ledger.Hash `json:"row"`
}

// JudgingHasher hashes the rows a judging wrote, whatever their order. The
// store feeds it when it keeps the judging and again when the rows are checked.
type JudgingHasher struct{ BatchHasher }

// Header adds what the row of the judging itself says.
func (h *JudgingHasher) Header(at time.Time, feed string, builtAt time.Time, holds string, factsSeq int64, assets, opened, closed int) {
	h.row("judging", stamp(at), feed, stamp(builtAt), holds, factsSeq, assets, opened, closed)
}

// Findings adds the findings an asset has from this judging on, by the SHA-256
// of their body.
func (h *JudgingHasher) Findings(asset string, sum []byte) {
	h.row("findings", asset, fmt.Sprintf("%x", sum))
}

// Flaws adds which list of what the feeds say of flaws the judging rests on, by
// its number and the hash of it and all before.
func (h *JudgingHasher) Flaws(seq int64, chain []byte) { h.row("flaws", seq, fmt.Sprintf("%x", chain)) }

// FindingsEnded adds an asset whose findings held until this judging.
func (h *JudgingHasher) FindingsEnded(asset string) { h.row("findings_ended", asset) }

// Closed adds a finding that went away.
func (h *JudgingHasher) Closed(asset, flaw, severity string, opened, closed time.Time) {
	h.row("closed", asset, flaw, severity, stamp(opened), stamp(closed))
}

// RowHash hashes a row that is text as it is stored.
func RowHash(fields ...string) ledger.Hash {
	s := sha256.New()
	for _, f := range fields {
		fmt.Fprintf(s, "%d:%s\n", len(f), f)
	}
	return ledger.Hash(s.Sum(nil))
}

// summed follows what the newest statement about each kept row says of it.
type summed struct {
	sums map[string]ledger.Hash // by row
	last map[string]int64       // the entry that spoke of it last
}

func (s *summed) say(index int64, name string, h ledger.Hash) {
	if s.sums == nil {
		s.sums, s.last = make(map[string]ledger.Hash), make(map[string]int64)
	}
	s.sums[name], s.last[name] = h, index
}

// compareSums compares rows with the newest statement about each. Rows listed
// before the entries were read must all have turned up.
func (c *claims) compareSums(ctx context.Context, what string, s *summed, list func(context.Context) (map[string]ledger.Hash, error)) error {
	have, err := list(ctx)
	if err != nil {
		return c.unreadable(ctx, "the "+what+"s", err)
	}
	if !maps.Equal(have, s.sums) {
		es, err := c.k.Store.Entries(ctx, c.k.r.Entries, 1)
		if err != nil || len(es) > 0 {
			c.k.r.note("entries were added during the check; check again to compare each %s", what)
			return err
		}
	}
	names := slices.Concat(slices.Collect(maps.Keys(have)), slices.Collect(maps.Keys(s.sums)))
	slices.Sort(names)
	for _, n := range slices.Compact(names) {
		now, is := have[n]
		stated, said := s.sums[n]
		switch {
		case is && !said:
			c.k.r.fault(what+" "+n, "no entry speaks of it")
		case said && !is:
			c.k.r.fault(what+" "+n, "entry %d speaks of it and the database does not have it", s.last[n])
		case now != stated:
			c.k.r.fault(what+" "+n, "it was changed since it was kept; entry %d has its hash", s.last[n])
		}
	}
	return nil
}
