package sqlstore

import (
	"context"
	"slices"
	"strings"
)

// bulkRows is how many rows one statement writes. More gains little and costs
// memory; the engine takes 32,766 values.
const bulkRows = 64

// bulk gathers rows and writes many with one statement, beside the caller: the
// next rows are made while the engine writes the last ones. Between the first
// add and the flush nothing else may use the transaction.
type bulk struct {
	in      *ingest
	head    string // INSERT INTO … VALUES
	tail    string // ON CONFLICT …
	columns int
	args    []any
	whole   string // the statement for as many rows as there may be

	work chan []any // to the one who writes; nil: there is none yet
	free chan []any // what was written, to be used again
	end  chan error // what came of it
}

// bulkAhead is how many statements' rows may wait to be written.
const bulkAhead = 8

// add takes a row and has them written when there are enough.
func (b *bulk) add(ctx context.Context, args ...any) error {
	b.args = append(b.args, args...)
	if len(b.args) < bulkRows*b.columns {
		return nil
	}
	if b.work == nil {
		b.work, b.free, b.end = make(chan []any, bulkAhead), make(chan []any, bulkAhead), make(chan error, 1)
		b.in.writing = b
		go b.run(ctx, b.work, b.free)
	}
	b.work <- b.args
	select {
	case b.args = <-b.free:
	default:
		b.args = make([]any, 0, bulkRows*b.columns)
	}
	return nil
}

// run writes until there is no more work.
func (b *bulk) run(ctx context.Context, work <-chan []any, free chan<- []any) {
	var err error
	for args := range work {
		if err == nil {
			err = b.write(ctx, args)
		}
		clear(args)
		select {
		case free <- args[:0]:
		default:
		}
	}
	b.end <- err
}

// stop waits until all that was handed over is written.
func (b *bulk) stop() error {
	if b.work == nil {
		return nil
	}
	close(b.work)
	b.work, b.in.writing = nil, nil
	return <-b.end
}

// flush writes what is left and waits for all of it.
func (b *bulk) flush(ctx context.Context) error {
	if err := b.stop(); err != nil {
		return err
	}
	err := b.write(ctx, b.args)
	clear(b.args)
	b.args = b.args[:0]
	return err
}

func (b *bulk) write(ctx context.Context, args []any) error {
	switch n := len(args) / b.columns; n {
	case 0:
		return nil
	case bulkRows:
		if b.whole == "" {
			b.whole = b.text(n)
		}
		return b.in.exec(ctx, b.whole, args...)
	default:
		return b.in.exec(ctx, b.text(n), args...)
	}
}

// text is the statement for n rows.
func (b *bulk) text(n int) string {
	row := placeholders(b.columns)
	return b.head + " " + strings.Repeat(row+",", n-1) + row + b.tail
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
