//go:build unix

package e2e

import (
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestLockedDatabase holds the database as another program would. An import
// waits for a short hold; for a long one it gives up, says why, and has changed
// nothing.
func TestLockedDatabase(t *testing.T) {
	f := newFolder(t)
	f.must("import", write(t, "first.csv", roster("First", 10)))
	db, err := sql.Open("sqlite", "file:"+filepath.Join(f.dir, "asepsis.db")+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	hold := func() *sql.Tx {
		tx, err := db.BeginTx(context.Background(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return tx
	}

	tx := hold()
	release := time.AfterFunc(1500*time.Millisecond, func() { _ = tx.Rollback() })
	defer release.Stop()
	began := time.Now()
	f.must("import", write(t, "second.csv", roster("Second", 10)))
	if took := time.Since(began); took < 1500*time.Millisecond {
		t.Errorf("the import took %v although the database was held for 1.5 s", took)
	}

	needsTime(t)
	tx = hold()
	third := write(t, "third.csv", roster("Third", 10))
	a := f.run("import", third)
	if a.code != 1 || !strings.Contains(a.stderr, "another program is writing to the database; try again when it is done") {
		t.Errorf("with the database held the import exited %d\n%s%s", a.code, a.stdout, a.stderr)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if b, p := count(t, f); b != 2 || p != 20 {
		t.Errorf("%d files with %d people are in, want 2 with 20", b, p)
	}
	f.must("import", third)
	f.holds()
}
