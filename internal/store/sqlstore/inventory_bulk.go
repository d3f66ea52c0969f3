package sqlstore

import (
	"context"
	"slices"
	"strings"
)

// bulkRows is how many rows one statement writes. More gains little and costs
// memory; the engine takes 32,766 values.
const bulkRows = 64

// bulk gathers rows and writes many with one statement.
type bulk struct {
	in      *ingest
	head    string // INSERT INTO … VALUES
	tail    string // ON CONFLICT …
	columns int
	args    []any
}

// add takes a row and writes when there are enough.
func (b *bulk) add(ctx context.Context, args ...any) error {
	b.args = append(b.args, args...)
	if len(b.args) < bulkRows*b.columns {
		return nil
	}
	return b.flush(ctx)
}

// flush writes what is left.
func (b *bulk) flush(ctx context.Context) error {
	n := len(b.args) / b.columns
	if n == 0 {
		return nil
	}
	var text strings.Builder
	text.WriteString(b.head)
	for i := range n {
		text.WriteByte(" ,"[min(i, 1)])
		text.WriteString(placeholders(b.columns))
	}
	text.WriteString(b.tail)
	err := b.in.exec(ctx, text.String(), b.args...)
	clear(b.args)
	b.args = b.args[:0]
	return err
}

// closing gathers facts of one kind that end at this batch.
type closing struct{ resources []any }

// closeAll ends the facts that were gathered.
func (in *ingest) closeAll(ctx context.Context) error {
	for kind, c := range in.ending {
		slices.SortFunc(c.resources, func(a, b any) int { return strings.Compare(a.(string), b.(string)) }) //nolint:errcheck,forcetypeassert // all are texts
		for rest := c.resources; len(rest) > 0; {
			n := min(len(rest), bulkRows)
			// The newest version of each, and not what this batch says instead.
			args := append([]any{in.seq, in.tenant.id, string(kind), in.batch.Stream.ID, in.seq}, rest[:n]...)
			rest = rest[n:]
			err := in.exec(ctx, `UPDATE facts SET until_seq = $1 WHERE tenant = $2 AND kind = $3 AND stream = $4 AND until_seq = 0 AND from_seq < $5 AND resource IN `+
				placeholders(n), args...)
			if err != nil {
				return err
			}
		}
		c.resources = c.resources[:0]
	}
	return nil
}
