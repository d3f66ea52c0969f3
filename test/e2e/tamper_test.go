//go:build unix

package e2e

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite" // looks at the program's database, and changes it
)

// TestOneByte changes one byte at a time, in each kind of thing that the
// record speaks of. The check says so by its exit code and names what was
// changed, and is content again when the byte is back.
func TestOneByte(t *testing.T) {
	f := newFolder(t)
	f.must("import", write(t, "people.csv", roster("P", 20)))
	if a := f.run("assess", "--no-host"); a.code != 3 {
		t.Fatalf("assess exited %d\n%s", a.code, a.stderr)
	}
	f.holds()
	changed := func(what string, names ...string) {
		t.Helper()
		a := f.run("ledger", "check")
		if a.code != 3 || !strings.Contains(a.stderr, "the record does not hold") {
			t.Errorf("%s: ledger check exited %d\n%s%s", what, a.code, a.stdout, a.stderr)
		}
		for _, name := range names {
			if !strings.Contains(a.stdout, name) {
				t.Errorf("%s: ledger check does not say %q:\n%s", what, name, a.stdout)
			}
		}
		if a := f.run("ledger", "check", "--json"); a.code != 3 || !strings.Contains(a.stdout, `"good": false`) {
			t.Errorf("%s: ledger check --json exited %d\n%s", what, a.code, a.stdout)
		}
	}

	for _, row := range []struct {
		what, table, column, where string
		from, to                   string // empty: the last byte is turned over
		names                      []string
	}{
		{"a fact", "facts", "attributes", "kind = 'person'", "Ann P", "Eve P", []string{"batch 1"}},
		{"a batch's own row", "fact_batches", "actor", "seq = 1", "command line", "command lime", []string{"batch 1"}},
		{"the results of a check", "assess_blobs", "data", "digest = (SELECT min(digest) FROM assess_blobs)", "", "", []string{"results"}},
		{"an assessment", "assess_assessments", "level", "seq = 1", "unmeasured", "unmeasureD", []string{"assessment"}},
		{"a statement", "evidence_entries", "statement", "idx = 1", "asepsis/statement/v1", "asepsis/statement/v2", []string{"entry 1"}},
		{"a leaf hash", "evidence_entries", "leaf", "idx = 1", "", "", []string{"row 1 of evidence_entries", "leaf_hash"}},
		{"the head", "evidence_heads", "root", "1 = 1", "", "", []string{"root"}},
	} {
		put := f.edit(t, row.table, row.column, row.where, row.from, row.to)
		changed(row.what, row.names...)
		put()
		f.holds()
	}

	root, err := filepath.Glob(filepath.Join(f.dir, "ledger", "tn_*"))
	if err != nil || len(root) != 1 {
		t.Fatalf("ledger folders %v, %v", root, err)
	}
	files := 0
	err = filepath.WalkDir(root[0], func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		rel, err := filepath.Rel(root[0], path)
		if err != nil {
			return err
		}
		whole, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		other := bytes.Clone(whole)
		other[len(other)/2] ^= 1
		if err := os.WriteFile(path, other, 0o600); err != nil {
			return err
		}
		changed(rel, filepath.ToSlash(rel))
		return os.WriteFile(path, whole, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	// The checkpoint, the public key, one tile and one bundle at least.
	if files < 4 {
		t.Errorf("the ledger has %d files, want at least 4", files)
	}
	f.holds()
}

// edit changes one row of the database behind the program's back, and returns
// how to put it back.
func (f folder) edit(t *testing.T, table, column, where, from, to string) (restore func()) {
	t.Helper()
	set := func(value any, rowid int64) {
		db := f.database(t)
		defer db.Close()
		if _, err := db.Exec(`UPDATE `+table+` SET `+column+` = $1 WHERE rowid = $2`, value, rowid); err != nil {
			t.Fatal(err)
		}
	}
	db := f.database(t)
	defer db.Close()
	var rowid int64
	var was any
	if err := db.QueryRow(`SELECT rowid, `+column+` FROM `+table+` WHERE `+where+` ORDER BY rowid LIMIT 1`).Scan(&rowid, &was); err != nil {
		t.Fatalf("%s.%s: %v", table, column, err)
	}
	var now any
	switch v := was.(type) {
	case string:
		now = strings.Replace(v, from, to, 1)
	case []byte:
		b := bytes.Clone(v)
		if from == "" {
			b[len(b)-1] ^= 1
		} else {
			b = bytes.Replace(b, []byte(from), []byte(to), 1)
		}
		if bytes.Equal(b, v) {
			t.Fatalf("%s.%s has no %q: %s", table, column, from, v)
		}
		now = b
	}
	if text, ok := was.(string); ok && now == any(text) || now == nil {
		t.Fatalf("%s.%s is not changed by %q → %q: %v", table, column, from, to, was)
	}
	set(now, rowid)
	return func() { set(was, rowid) }
}

func (f folder) database(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(f.dir, "asepsis.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	return db
}
