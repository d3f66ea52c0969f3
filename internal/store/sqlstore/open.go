// Package sqlstore keeps every stage's rows in one SQL database.
//
// One small type per stage implements the interface that the stage declares.
// A write and the ledger entry that speaks of it are one transaction: either
// both are there after a crash or neither is. Writes are durable when they
// return. One connection writes, many read.
package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	_ "modernc.org/sqlite" // the embedded engine, pure Go

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/secret"
	"github.com/asepsis/asepsis/internal/store/migrations"
)

// writeTimeout bounds a write that has begun: it is finished even if the
// caller has gone, unless the database is stuck.
const writeTimeout = 2 * time.Minute

// DB is an open database. It is safe for use from many goroutines.
type DB struct {
	write *sql.DB // one connection: writers queue instead of colliding
	read  *sql.DB

	enc *zstd.Encoder
	dec *zstd.Decoder

	commitKey func(tenant string) (secret.Text, error)

	worlds worlds

	mu         sync.Mutex
	components map[string]int64 // identity → id of components seen, guarded by mu
}

// Open opens the database file, makes it if there is none, and brings its
// schema up to date. A failed migration leaves the database as it was and
// stops the opening. The error is of kind errs.Conflict where another program
// holds the file. commitKey returns the secret that salts what the ledger of a
// tenant commits to, see evidence.Commit; it is asked often and must be quick.
func Open(ctx context.Context, path string, commitKey func(tenant string) (secret.Text, error)) (*DB, error) {
	db := &DB{components: make(map[string]int64), commitKey: commitKey}
	var err error
	if db.enc, err = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(runtime.GOMAXPROCS(0))); err != nil {
		return nil, fmt.Errorf("zstd: %w", err)
	}
	if db.dec, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(runtime.GOMAXPROCS(0)), zstd.WithDecoderMaxMemory(1<<30)); err != nil {
		return nil, fmt.Errorf("zstd: %w", err)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	dsn := func(extra ...string) string {
		// synchronous(2) is FULL: in WAL mode a commit is on the disk when it
		// returns, which is what we promise for evidence.
		q := url.Values{"_pragma": append([]string{"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(2)", "foreign_keys(1)", "cache_size(-16000)"}, extra...)}
		q.Set("_txlock", "immediate")
		return "file:" + strings.ReplaceAll(filepath.ToSlash(abs), "?", "%3f") + "?" + q.Encode()
	}
	// The writer's undo list of a statement stays in memory, and its log is brought
	// into the file every 64 MB: a page that many deliveries touch is then written
	// there once. What a commit has put into the log is on the disk all the same.
	if db.write, err = sql.Open("sqlite", dsn("cache_size(-65536)", "temp_store(2)", "wal_autocheckpoint(16384)")); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	db.write.SetMaxOpenConns(1)
	if err := db.migrate(ctx); err != nil {
		return nil, errors.Join(err, db.write.Close())
	}
	if db.read, err = sql.Open("sqlite", dsn("query_only(1)")); err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", err), db.write.Close())
	}
	db.read.SetMaxOpenConns(4)
	db.read.SetMaxIdleConns(4)
	return db, nil
}

func (db *DB) migrate(ctx context.Context) error {
	files, err := fs.Sub(migrations.SQLite, "sqlite")
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	p, err := goose.NewProvider(database.DialectSQLite3, db.write, files)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	have, want, err := p.GetVersions(ctx)
	if err != nil {
		return classify(fmt.Errorf("read the database's version: %w", err))
	}
	if have > want {
		return errs.Hint(errs.New(errs.Conflict, "the database is of a newer version (%d) than this program knows (%d)", have, want),
			"install the newer program, or restore the backup made before it first ran")
	}
	if _, err := p.Up(ctx); err != nil {
		return classify(fmt.Errorf("bring the database up to date: %w", err))
	}
	return nil
}

// Close closes the database. It may be called twice.
func (db *DB) Close() error {
	var err error
	if db.read != nil {
		err = db.read.Close()
	}
	return errors.Join(err, db.write.Close())
}

// tx runs fn in one writing transaction. Once begun it is not cut off by the
// caller going away, so that an acknowledged write cannot be half of one.
func (db *DB) tx(ctx context.Context, fn func(context.Context, *sql.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	tx, err := db.write.BeginTx(ctx, nil)
	if err != nil {
		return classify(fmt.Errorf("begin: %w", err))
	}
	if err := fn(ctx, tx); err != nil {
		return classify(errors.Join(err, ignoreDone(tx.Rollback())))
	}
	if err := tx.Commit(); err != nil {
		return classify(fmt.Errorf("commit: %w", err))
	}
	return nil
}

func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

// shmSize is how the engine says that its index of the log could not grow
// (SQLITE_IOERR_SHMSIZE), which happens on a disk that is full to the last byte.
const shmSize = "disk I/O error (4874)"

// classify gives the database's own refusals the kind and advice people need.
func classify(err error) error {
	if err == nil || errs.KindOf(err) != errs.Internal {
		return err
	}
	switch s := err.Error(); {
	case strings.Contains(s, "SQLITE_FULL"), strings.Contains(s, "disk is full"), strings.Contains(s, "no space left"), strings.Contains(s, shmSize):
		return errs.Hint(errs.Wrap(errs.Limited, err), "the disk is full; nothing was changed; free some space and try again")
	case strings.Contains(s, "SQLITE_BUSY"), strings.Contains(s, "database is locked"):
		return errs.Hint(errs.Wrap(errs.Conflict, err), "another program is writing to the database; try again when it is done")
	case strings.Contains(s, "SQLITE_NOTADB"), strings.Contains(s, "SQLITE_CORRUPT"), strings.Contains(s, "malformed"):
		return errs.Hint(errs.Wrap(errs.Internal, err), "the database file is damaged; restore the newest backup of the data folder")
	case strings.Contains(s, "SQLITE_READONLY"), strings.Contains(s, "SQLITE_CANTOPEN"), strings.Contains(s, "unable to open"):
		return errs.Hint(errs.Wrap(errs.Denied, err), "the data folder cannot be written; check who owns it")
	}
	return err
}

// micros is how times are kept.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func moment(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}
