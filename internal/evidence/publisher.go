package evidence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/ledger"
)

const (
	// pageSize is how many entries are read and staged at once.
	pageSize = 4 * ledger.TileWidth
	// attempts is how often a publication starts anew because another program
	// published in between. Each time the other one got further.
	attempts = 20
)

// Publisher brings the entries of a tenant's log to a folder.
//
// The steps are always the same: stage the tiles and bundles of the new size,
// which nobody refers to yet; swing the head in the store from the old size to
// the new; write the checkpoint; remove partial tiles that became needless. Only
// the second decides, and it is one write. A crash before it leaves files that
// the next publication writes again, byte for byte; a crash after it leaves a
// checkpoint that the next publication, or Recover, writes from the head.
//
// Several publishers, in one process or many, may work on the same log.
type Publisher struct {
	log   Log
	files Files
	keys  *Keys

	mu       sync.Mutex
	head     Head             // guarded by mu
	frontier *ledger.Frontier // of head; nil if it must be read; guarded by mu
}

// NewPublisher returns a publisher of the log into the folder.
func NewPublisher(log Log, files Files, keys *Keys) *Publisher {
	return &Publisher{log: log, files: files, keys: keys}
}

// Publish integrates all committed entries and returns the head that is then
// published. With nothing new it makes sure that the checkpoint is that of the
// head. It stops between steps when ctx ends; nothing is lost by that.
func (p *Publisher) Publish(ctx context.Context) (Head, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for lost := 0; ; {
		done, err := p.page(ctx)
		if err == nil {
			if done {
				return p.head, nil
			}
			continue
		}
		p.frontier = nil // it may be ahead of the store
		if lost++; lost > attempts || !errors.Is(err, errSwung) {
			return Head{}, fmt.Errorf("publish the ledger: %w", err)
		}
	}
}

// errSwung marks that another publisher was quicker.
var errSwung = errors.New("another program published in between")

// Recover finishes what a crash left: it publishes as Publish does, makes files
// that are missing anew from the entries, and removes partial tiles that no
// checkpoint needs any more. Call it once at start-up,
// after durable.Sweep on the folder.
func (p *Publisher) Recover(ctx context.Context) (Head, error) {
	h, err := p.Publish(ctx)
	if err != nil {
		return Head{}, err
	}
	names, err := p.files.List("tile")
	if err != nil {
		return Head{}, fmt.Errorf("tidy the ledger: %w", err)
	}
	have := make(map[string]bool, len(names))
	for _, n := range names {
		have[n] = true
	}
	for t := range ledger.TilesOf(h.Size) {
		if !have[t.Path()] {
			if _, err := p.rebuild(ctx, h); err != nil {
				return Head{}, fmt.Errorf("make missing files of the ledger anew: %w", err)
			}
			break
		}
	}
	if err := p.tidyAll(h.Size, names); err != nil {
		return Head{}, fmt.Errorf("tidy the ledger: %w", err)
	}
	return h, nil
}

// page publishes up to pageSize entries and reports whether those were all.
func (p *Publisher) page(ctx context.Context) (bool, error) {
	if err := p.load(ctx); err != nil {
		return false, err
	}
	head := p.head
	first := head.Size - head.Size%ledger.TileWidth // the bundle that is open is written anew
	es, err := p.log.Entries(ctx, first, pageSize)
	if err != nil {
		return false, fmt.Errorf("read entries: %w", err)
	}
	switch end := first + int64(len(es)); {
	case end < head.Size:
		return false, errs.Hint(errs.New(errs.Conflict, "the ledger has %d entries and the database only %d", head.Size, end),
			"entries were removed from the database; run `asepsis ledger check`")
	case end == head.Size:
		return true, p.writeCheckpoint(ctx)
	}
	if err := p.writeKey(); err != nil {
		return false, err
	}
	full, err := p.stage(first, es)
	if err != nil {
		return false, err
	}
	next := Head{Size: p.frontier.Size(), Root: p.frontier.Root()}
	cp, err := ledger.Checkpoint{Origin: p.keys.signer.Name(), Size: next.Size, Root: next.Root}.Sign(p.keys.signer)
	if err != nil {
		return false, err
	}
	next.Checkpoint = string(cp)
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if err := p.log.SwingHead(ctx, head, next); err != nil {
		if errs.Is(err, errs.Conflict) {
			err = errs.Wrap(errs.Conflict, errors.Join(errSwung, err))
		}
		return false, fmt.Errorf("swing the head: %w", err)
	}
	p.head = next
	if err := p.writeCheckpoint(ctx); err != nil {
		return false, err
	}
	if err := p.tidy(head.Size, next.Size, full); err != nil {
		return false, fmt.Errorf("remove partial tiles: %w", err)
	}
	return len(es) < pageSize, nil
}

// load makes head and frontier those of the store.
func (p *Publisher) load(ctx context.Context) error {
	// The checkpoint is read first: another program swings the head before it
	// publishes, so the head we read after it is never behind.
	cp, err := p.published()
	if err != nil {
		return err
	}
	h, err := p.log.Head(ctx)
	if err != nil {
		return fmt.Errorf("read the head: %w", err)
	}
	if cp.Size > h.Size || cp.Size == h.Size && cp.Root != h.Root && h.Size > 0 {
		return errs.Hint(errs.New(errs.Conflict, "the published ledger has %d entries and the database knows of %d", cp.Size, h.Size),
			"the database is older than the ledger, as after restoring a backup; restore the newest backup of both")
	}
	if p.frontier != nil && h == p.head {
		return nil
	}
	p.frontier, err = ledger.ResumeFrontier(h.Size, tiles(p.files))
	if errors.Is(err, fs.ErrNotExist) {
		p.frontier, err = p.rebuild(ctx, h)
	}
	if err != nil {
		return err
	}
	if h.Size > 0 && p.frontier.Root() != h.Root {
		return errs.Hint(errs.New(errs.Conflict, "the tiles do not match the head of the ledger: a file was changed"),
			"run `asepsis ledger check`, which says where; nothing is published until it is mended")
	}
	p.head = h
	return nil
}

// published returns the checkpoint in the folder, or the zero one if there is
// none. A store that is older than it, such as one restored from a backup, must
// not be published: going on from there would sign two histories.
func (p *Publisher) published() (ledger.Checkpoint, error) {
	b, err := p.files.Read(checkpointFile)
	if errors.Is(err, fs.ErrNotExist) {
		return ledger.Checkpoint{}, nil
	}
	if err != nil {
		return ledger.Checkpoint{}, err
	}
	v, err := p.keys.Verifier()
	if err != nil {
		return ledger.Checkpoint{}, err
	}
	cp, err := ledger.OpenCheckpoint(b, v)
	if err != nil {
		return ledger.Checkpoint{}, errs.Hint(errs.New(errs.Conflict, "the published checkpoint is not signed by our key: %w", err),
			"restore the ledger's keys and folder from the same backup as the database")
	}
	return cp, nil
}

// rebuild makes the missing tiles of the head's size from the entries. Tiles
// that are there are not touched: one that was changed must be found.
func (p *Publisher) rebuild(ctx context.Context, h Head) (*ledger.Frontier, error) {
	f := &ledger.Frontier{}
	var failed error
	put := func(t ledger.Tile, data []byte) {
		if failed == nil {
			failed = p.writeMissing(t, data)
		}
	}
	putTile := func(t ledger.Tile, hs []ledger.Hash) { put(t, ledger.AppendTile(nil, hs)) }
	for f.Size() < h.Size {
		from := f.Size()
		es, err := p.log.Entries(ctx, from, int(min(pageSize, h.Size-from)))
		if err != nil {
			return nil, fmt.Errorf("read entries: %w", err)
		}
		if err := verifyEntries(from, es); err != nil {
			return nil, err
		}
		if len(es) == 0 {
			return nil, errs.New(errs.Conflict, "the ledger has %d entries and the database only %d", h.Size, from)
		}
		for len(es) > 0 {
			n := min(len(es), ledger.TileWidth)
			b, err := bundle(es[:n])
			if err != nil {
				return nil, err
			}
			put(ledger.Tile{Level: ledger.Entries, Index: f.Size() / ledger.TileWidth, Width: n}, b)
			for _, e := range es[:n] {
				f.Append(e.Leaf, putTile)
			}
			es = es[n:]
		}
	}
	f.Partial(putTile)
	return f, failed
}

func (p *Publisher) writeMissing(t ledger.Tile, data []byte) error {
	if _, err := p.files.Read(t.Path()); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return p.files.Write(t.Path(), data)
}

// stage integrates the entries from first on and writes the bundles and tiles
// that are new. It returns the tiles and bundles that became full.
func (p *Publisher) stage(first int64, es []Entry) ([]ledger.Tile, error) {
	if err := verifyEntries(first, es); err != nil {
		return nil, err
	}
	old := p.head.Size
	if err := p.verifyOpen(es[:old-first]); err != nil {
		return nil, err
	}
	var full []ledger.Tile
	var failed error
	write := func(t ledger.Tile, data []byte) {
		if failed == nil {
			failed = p.files.Write(t.Path(), data)
		}
	}
	for i := 0; i < len(es); i += ledger.TileWidth {
		part := es[i:min(i+ledger.TileWidth, len(es))]
		b, err := bundle(part)
		if err != nil {
			return nil, err
		}
		t := ledger.Tile{Level: ledger.Entries, Index: (first + int64(i)) / ledger.TileWidth, Width: len(part)}
		write(t, b)
		if t.Full() {
			full = append(full, t)
		}
	}
	for _, e := range es[old-first:] {
		p.frontier.Append(e.Leaf, func(t ledger.Tile, hs []ledger.Hash) {
			write(t, ledger.AppendTile(nil, hs))
			full = append(full, t)
		})
	}
	p.frontier.Partial(func(t ledger.Tile, hs []ledger.Hash) {
		if t != open(old, t.Level) {
			write(t, ledger.AppendTile(nil, hs))
		}
	})
	return full, failed
}

// open returns the partial tile at the edge of a tree; its width is 0 if there
// is none.
func open(size int64, level int) ledger.Tile {
	n := size >> (ledger.TileHeight * max(level, 0))
	return ledger.Tile{Level: level, Index: n / ledger.TileWidth, Width: int(n % ledger.TileWidth)}
}

// verifyEntries makes sure that what the store gave is what it was asked for: a
// mistake or a change there must not be signed.
func verifyEntries(from int64, es []Entry) error {
	for i, e := range es {
		if e.Index != from+int64(i) {
			return errs.New(errs.Conflict, "the ledger has no entry %d: the next is %d", from+int64(i), e.Index)
		}
		if ledger.LeafHash(e.Statement) != e.Leaf {
			return errs.New(errs.Conflict, "entry %d of the ledger was changed: its hash is not that of its statement", e.Index)
		}
	}
	return nil
}

// verifyOpen makes sure that the entries of the open bundle, which is written
// anew, are still those that were published.
func (p *Publisher) verifyOpen(es []Entry) error {
	var err error
	p.frontier.Partial(func(t ledger.Tile, hs []ledger.Hash) {
		for i, e := range es {
			if t.Level == 0 && hs[i] != e.Leaf && err == nil {
				err = errs.New(errs.Conflict, "entry %d of the ledger was changed since it was published", e.Index)
			}
		}
	})
	return err
}

func bundle(es []Entry) ([]byte, error) {
	n := 0
	for _, e := range es {
		n += 2 + len(e.Statement)
	}
	b := make([]byte, 0, n)
	for _, e := range es {
		var err error
		if b, err = ledger.AppendEntry(b, e.Statement); err != nil {
			return nil, fmt.Errorf("entry %d: %w", e.Index, err)
		}
	}
	return b, nil
}

// writeCheckpoint publishes the head. Another program may swing the head and
// publish while we write; then ours would be the older one, so we look again
// until the checkpoint is that of the head.
func (p *Publisher) writeCheckpoint(ctx context.Context) error {
	if p.head.Size == 0 {
		return nil
	}
	for {
		have, err := p.files.Read(checkpointFile)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if !bytes.Equal(have, []byte(p.head.Checkpoint)) {
			if err := p.files.Write(checkpointFile, []byte(p.head.Checkpoint)); err != nil {
				return err
			}
		}
		h, err := p.log.Head(ctx)
		if err != nil {
			return fmt.Errorf("read the head: %w", err)
		}
		if h == p.head {
			return nil
		}
		p.head, p.frontier = h, nil
	}
}

// writeKey publishes the verifier key once, and refuses another.
func (p *Publisher) writeKey() error {
	b, err := p.files.Read(publicFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return p.files.Write(publicFile, []byte(p.keys.public+"\n"))
	case err != nil:
		return err
	case string(b) != p.keys.public+"\n":
		return errs.Hint(errs.New(errs.Conflict, "the ledger was published with another key than ours"),
			"restore %s from a backup of the data folder", signerFile)
	}
	return nil
}

// tidy removes the partial tiles and bundles that the step from the old size to
// the new made needless: all of those that became full, and the narrower
// bundles of the one that is open. Narrower tiles of hashes stay until theirs
// is full, so that who holds an older checkpoint can still use it.
func (p *Publisher) tidy(old, size int64, full []ledger.Tile) error {
	for _, t := range full {
		if o := open(old, t.Level); o.Index == t.Index && o.Width > 0 {
			if err := p.removePartials(t, 0); err != nil {
				return err
			}
		}
	}
	if o := open(size, ledger.Entries); o.Width > 0 {
		return p.removePartials(o, o.Width)
	}
	return nil
}

// removePartials removes the partial tiles of a tile, but for one width.
func (p *Publisher) removePartials(t ledger.Tile, keep int) error {
	t.Width = ledger.TileWidth
	folder := t.Path() + ".p"
	names, err := p.files.List(folder)
	if err != nil {
		return err
	}
	left := false
	for _, name := range names {
		have, err := ledger.ParsePath(name)
		if err != nil || have.Width == keep {
			left = true
			continue
		}
		if keep > 0 && have.Width > keep {
			left = true // staged by another program that is further
			continue
		}
		if err := p.files.Remove(name); err != nil {
			return err
		}
	}
	if left || len(names) == 0 {
		return nil
	}
	return p.files.Remove(folder)
}

// tidyAll looks at every partial tile there is.
func (p *Publisher) tidyAll(size int64, names []string) error {
	seen := map[string]bool{}
	for _, name := range names {
		folder := path.Dir(name)
		t, err := ledger.ParsePath(strings.TrimSuffix(folder, ".p"))
		if err != nil || !strings.HasSuffix(folder, ".p") || seen[folder] {
			continue
		}
		seen[folder] = true
		switch o := open(size, t.Level); {
		case t.Index < o.Index:
			err = p.removePartials(t, 0)
		case t.Index == o.Index && t.Level == ledger.Entries && o.Width > 0:
			err = p.removePartials(t, o.Width)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
