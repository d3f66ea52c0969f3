package evidence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/asepsis/asepsis/internal/secret"
	"github.com/asepsis/asepsis/ledger"
)

// Checker derives a tenant's ledger anew and compares. It changes nothing, and
// believes nothing that it can compute: neither a stored hash nor a count.
type Checker struct {
	Tenant string
	Store  Store
	Files  Files
	Public string      // verifier key, see [Keys.Public]; from elsewhere than the folder, or it proves little
	Commit secret.Text // see [Keys.Commit]
	// Progress is called now and then with how many entries were derived of how
	// many are published; it may be nil.
	Progress func(done, total int64)
}

// Check derives everything. What was changed is in the report; the error says
// that something could not be read at all, or that ctx ended.
//
// Publishing at the same time does no harm: Check looks at the log as it was
// published when Check began.
func (c Checker) Check(ctx context.Context) (*Report, error) {
	k := &check{Checker: c, r: &Report{Faults: []Fault{}, Notes: []string{}}, bad: map[string]bool{}}
	k.claims = newClaims(k)
	var err error
	if k.verifier, err = note.NewVerifier(c.Public); err != nil {
		return nil, fmt.Errorf("check the ledger: verifier key: %w", err)
	}
	if k.head, err = c.Store.Head(ctx); err != nil {
		return nil, fmt.Errorf("check the ledger: read the head: %w", err)
	}
	for _, step := range []func(context.Context) error{k.claims.list, k.checkpoint, k.entries, k.strays, k.claims.finish} {
		if err := step(ctx); err != nil {
			return nil, fmt.Errorf("check the ledger: %w", err)
		}
	}
	k.verdict()
	return k.r, nil
}

// check is one run.
type check struct {
	Checker
	verifier note.Verifier
	r        *Report
	head     Head
	claims   *claims

	derived  ledger.Frontier // from the rows
	byFiles  ledger.Frontier // from the hashes in the tiles of level 0
	rootGood bool            // the rows give the signed root
	bundle   []byte          // of the entries since the last bundle boundary
	last     time.Time
	bad      map[string]bool // files with a fault already
}

// verdict says on which side a difference is. The signed checkpoint decides:
// nobody can make one for another history without the key.
func (k *check) verdict() {
	switch {
	case k.r.Good() || k.head.Size == 0:
	case k.rootGood:
		k.r.Verdict = "The entries in the database give the signed root; what is named above is what was changed."
	case k.byFiles.Size() == k.head.Size && k.byFiles.Root() == k.head.Root:
		k.r.Verdict = "The published files give the signed root; the rows of the database named above were changed."
	default:
		k.r.Verdict = "Neither the database nor the files give the signed root; compare with a backup of either."
	}
}

// checkpoint compares the head in the store with the signed note in the folder.
func (k *check) checkpoint(context.Context) error {
	b, err := k.Files.Read(checkpointFile)
	switch {
	case errors.Is(err, fs.ErrNotExist) && k.head.Size == 0:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		k.r.fault(checkpointFile, "the file is missing; the database says that %d entries were published", k.head.Size)
		return nil
	case err != nil:
		return err
	}
	k.r.Files++
	signed := func(where string, msg []byte) {
		cp, err := ledger.OpenCheckpoint(msg, k.verifier)
		switch {
		case err != nil:
			k.r.fault(where, "its signature does not hold: %v", err)
		case cp.Size != k.head.Size:
			k.r.fault(where, "it is signed for %d entries; the head in the database says %d", cp.Size, k.head.Size)
		case cp.Root != k.head.Root:
			k.r.fault(where, "it is signed for the root %s; the head in the database says %s", cp.Root, k.head.Root)
		}
	}
	if head := []byte(k.head.Checkpoint); !bytes.Equal(b, head) {
		k.r.fault(at(checkpointFile, firstDiff(b, head)), "it is not the checkpoint that the database holds")
		signed("the checkpoint in the database (head)", head)
	}
	signed(checkpointFile, b)
	return k.publicKey()
}

func (k *check) publicKey() error {
	b, err := k.Files.Read(publicFile)
	if errors.Is(err, fs.ErrNotExist) {
		k.r.fault(publicFile, "the file is missing")
		return nil
	}
	if err != nil {
		return err
	}
	k.r.Files++
	if want := []byte(k.Public + "\n"); !bytes.Equal(b, want) {
		k.r.fault(at(publicFile, firstDiff(b, want)), "it is not the key of this ledger")
	}
	return nil
}

// entries reads all entries and derives what follows from them.
func (k *check) entries(ctx context.Context) error {
	for {
		es, err := k.Store.Entries(ctx, k.r.Entries, pageSize)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			k.r.fault(row(k.r.Entries), "it or one of those after it cannot be read: %v", err)
			return nil
		}
		for _, e := range es {
			if e.Index != k.r.Entries {
				k.r.fault(row(k.r.Entries), "the row is missing; the next is %d", e.Index)
				return nil
			}
			if err := k.entry(ctx, e); err != nil {
				return err
			}
			k.r.Entries++
		}
		if k.Progress != nil {
			k.Progress(min(k.r.Entries, k.head.Size), k.head.Size)
		}
		if len(es) < pageSize {
			break
		}
	}
	if k.r.Entries < k.head.Size {
		k.r.fault(row(k.r.Entries), "the row is missing, and all after it: %d entries were published", k.head.Size)
	}
	if n := k.r.Entries - k.head.Size; n > 0 {
		k.r.note("%s not under a checkpoint yet; publishing brings them there", count(int(n), "entry"))
	}
	return nil
}

func (k *check) entry(ctx context.Context, e Entry) error {
	leaf := ledger.LeafHash(e.Statement)
	if leaf != e.Leaf {
		k.r.fault(row(e.Index), "its hash (leaf_hash) is not that of its statement")
	}
	s, err := ledger.ParseStatement(e.Statement)
	switch {
	case err != nil:
		k.r.fault(row(e.Index), "it cannot be read: %v", err)
	case s.Tenant != k.Tenant:
		k.r.fault(row(e.Index), "its statement is of another organization, %.40q", s.Tenant)
	case s.Kind != string(e.Kind):
		k.r.fault(row(e.Index), "its kind is %.40q, its statement says %.40q", e.Kind, s.Kind)
	case !s.At.Equal(e.At):
		k.r.fault(row(e.Index), "its time (at) is not that of its statement")
	}
	if err == nil {
		if s.At.Before(k.last) {
			k.r.fault(row(e.Index), "it is dated %s, before the entry before it", s.At.Format(ledger.TimeFormat))
		}
		k.last = s.At
	}
	if e.Index < k.head.Size {
		if err := k.published(e, leaf); err != nil {
			return err
		}
	}
	if err != nil {
		return nil
	}
	return k.claims.take(ctx, e.Index, s)
}

// published adds an entry to what the folder should hold, and compares at the
// end of each bundle and of the log.
func (k *check) published(e Entry, leaf ledger.Hash) error {
	k.r.Published++
	if len(e.Statement) <= ledger.MaxEntry {
		var err error
		if k.bundle, err = ledger.AppendEntry(k.bundle, e.Statement); err != nil {
			return err
		}
	}
	var failed error
	compare := func(t ledger.Tile, hs []ledger.Hash) {
		if err := k.tile(t, ledger.AppendTile(nil, hs)); err != nil {
			failed = err
		}
	}
	k.derived.Append(leaf, compare)
	if n := k.derived.Size(); n%ledger.TileWidth == 0 || n == k.head.Size {
		width := int((n-1)%ledger.TileWidth) + 1
		t := ledger.Tile{Level: ledger.Entries, Index: (n - 1) / ledger.TileWidth, Width: width}
		if err := k.bundleFile(t); err != nil {
			return err
		}
		k.bundle = k.bundle[:0]
		k.leavesOf(ledger.Tile{Level: 0, Index: t.Index, Width: width})
	}
	if k.derived.Size() == k.head.Size {
		k.derived.Partial(compare)
		if k.rootGood = k.derived.Root() == k.head.Root; !k.rootGood {
			k.r.fault(fmt.Sprintf("entries 0 to %d", k.head.Size-1), "their root is %s; the checkpoint is for %s", k.derived.Root(), k.head.Root)
		}
	}
	return failed
}

// leavesOf keeps what the tile of leaf hashes in the folder says, for the verdict.
func (k *check) leavesOf(t ledger.Tile) {
	b, err := k.Files.Read(t.Path())
	if err != nil {
		return
	}
	hs, err := ledger.ParseTile(t, b)
	if err != nil {
		return
	}
	for _, h := range hs {
		k.byFiles.Append(h, nil)
	}
}

// tile compares a tile of hashes.
func (k *check) tile(t ledger.Tile, want []byte) error {
	got, ok, err := k.file(t.Path())
	if err != nil || !ok || bytes.Equal(got, want) {
		return err
	}
	k.bad[t.Path()] = true
	d := firstDiff(got, want)
	if len(got) != len(want) {
		k.r.fault(at(t.Path(), d), "it has %d bytes, the entries give %d", len(got), len(want))
		return nil
	}
	span := int64(1) << (ledger.TileHeight * t.Level)
	from := (t.Index*ledger.TileWidth + int64(d/ledger.HashSize)) * span
	what := fmt.Sprintf("entry %d", from)
	if span > 1 {
		what = fmt.Sprintf("entries %d to %d", from, from+span-1)
	}
	k.r.fault(at(t.Path(), d), "the hash of %s is not what the database gives", what)
	return nil
}

// bundleFile compares a bundle of entries, and names each entry that differs.
func (k *check) bundleFile(t ledger.Tile) error {
	got, ok, err := k.file(t.Path())
	if err != nil || !ok || bytes.Equal(got, k.bundle) {
		return err
	}
	k.bad[t.Path()] = true
	have, err1 := ledger.ParseBundle(t, got)
	want, err2 := ledger.ParseBundle(t, k.bundle)
	if err1 != nil || err2 != nil {
		d := firstDiff(got, k.bundle)
		k.r.fault(at(t.Path(), d), "it is not what the entries of the database give: %v", errors.Join(err1, err2))
		return nil
	}
	offset := 0
	for i := range have {
		offset += 2
		if !bytes.Equal(have[i], want[i]) {
			d := firstDiff(have[i], want[i])
			k.r.fault(at(t.Path(), offset+d), "entry %d differs from %s at byte %d of its statement",
				t.Index*ledger.TileWidth+int64(i), row(t.Index*ledger.TileWidth+int64(i)), d)
		}
		offset += len(have[i])
	}
	return nil
}

// file reads a file that must be there.
func (k *check) file(name string) ([]byte, bool, error) {
	b, err := k.Files.Read(name)
	if errors.Is(err, fs.ErrNotExist) {
		k.bad[name] = true
		k.r.fault(name, "the file is missing")
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	k.r.Files++
	return b, true, nil
}

// strays looks at the files in the folder that the head does not need: partial
// tiles of earlier sizes, which must be the beginning of today's, and what a
// publication staged that is not done yet.
func (k *check) strays(context.Context) error {
	names, err := k.Files.List("tile")
	if err != nil {
		return err
	}
	for _, name := range names {
		t, err := ledger.ParsePath(name)
		if err != nil {
			k.r.note("%s is no file of a ledger", name)
			continue
		}
		now := open(k.head.Size, t.Level)
		if t.Index < now.Index {
			now = ledger.Tile{Level: t.Level, Index: t.Index, Width: ledger.TileWidth}
		}
		if t.Index > now.Index || t.Width > now.Width {
			k.r.note("%s is staged and not published yet", name)
			continue
		}
		if t == now || k.bad[now.Path()] {
			continue // compared already, or nothing to compare with
		}
		if err := k.earlier(t, now); err != nil {
			return err
		}
	}
	return nil
}

func (k *check) earlier(t, now ledger.Tile) error {
	old, err := k.Files.Read(t.Path())
	if errors.Is(err, fs.ErrNotExist) {
		return nil // tidied away as we looked
	}
	if err != nil {
		return err
	}
	whole, err := k.Files.Read(now.Path())
	if errors.Is(err, fs.ErrNotExist) {
		return nil // that it is missing was found already
	}
	if err != nil {
		return err
	}
	k.r.Files++
	if !bytes.HasPrefix(whole, old) {
		k.r.fault(at(t.Path(), firstDiff(old, whole)), "it is not the beginning of %s", now.Path())
	} else if t.Level != ledger.Entries && len(old) != t.Width*ledger.HashSize {
		k.r.fault(at(t.Path(), len(old)), "it has %d bytes, want %d", len(old), t.Width*ledger.HashSize)
	} else if t.Level == ledger.Entries {
		if _, err := ledger.ParseBundle(t, old); err != nil {
			k.r.fault(t.Path(), "%v", err)
		}
	}
	return nil
}

// row names an entry as the database keeps it.
func row(index int64) string { return fmt.Sprintf("row %d of evidence_entries", index) }

func at(file string, offset int) string { return fmt.Sprintf("%s, byte %d", file, offset) }

// firstDiff returns where two texts begin to differ.
func firstDiff(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}
