package feed

import (
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/vuln"
)

// maxFile bounds a feed file. The largest one planned for, of all public sources,
// has some 300 MB.
const maxFile = 4 << 30

// Feed is an opened feed file. Its methods may be called from many goroutines.
// The file may be replaced, or removed, while it is open.
type Feed struct {
	DB       *vuln.DB
	ID       string // SHA-256 of the file, as its name carries it; "" where the name has none
	Path     string
	Manifest Manifest

	once  sync.Once
	close func() error
}

// Open opens a feed file by mapping it into memory, where the system can, and
// reads its manifest. It does not read the rest: [Verify] did, before [Update] put
// the file in force.
func Open(path string) (*Feed, error) {
	b, closeFile, err := mapFile(path)
	if err != nil {
		return nil, err
	}
	f, err := open(b)
	if err != nil {
		_ = closeFile() // the error that matters is why it could not be opened
		return nil, err
	}
	f.Path, f.close = path, closeFile
	f.ID = idFromName(filepath.Base(path))
	return f, nil
}

func open(b []byte) (*Feed, error) {
	container, _, err := unseal(b)
	if err != nil {
		return nil, err
	}
	db, err := vuln.Open(container)
	if err != nil {
		return nil, err
	}
	m, err := readManifest(db.Section(secManifest))
	if err != nil {
		return nil, err
	}
	return &Feed{DB: db, Manifest: m}, nil
}

// Close gives the memory back. Nothing that the feed gave out may be used any
// more. It may be called twice.
func (f *Feed) Close() error {
	var err error
	f.once.Do(func() { err = f.close() })
	return err
}

func manifestOf(container []byte) (Manifest, error) {
	f, err := vuln.OpenFile(container)
	if err != nil {
		return Manifest{}, err
	}
	return readManifest(f.Section(secManifest))
}

func readManifest(b []byte) (Manifest, error) {
	var m Manifest
	if err := json.Unmarshal(b, &m); err != nil {
		return m, errs.Hint(errs.New(errs.Invalid, "the feed file's manifest is damaged: %w", err), "fetch or build it again")
	}
	if m.Format != manifestFormat {
		return m, errs.Hint(errs.New(errs.Unsupported, "the feed file's manifest is of format %d, this program reads format %d", m.Format, manifestFormat),
			"build the feed again, or update the program")
	}
	return m, nil
}

// Verify holds every byte of a file against the signature of one of the keys.
// The error of a changed byte says in which section it lies.
func Verify(path string, keys []note.Verifier) (Verified, error) {
	st, err := os.Stat(path)
	if err != nil {
		return Verified{}, errs.New(errs.NotFound, "open the feed file: %w", err)
	}
	if st.Size() > maxFile {
		return Verified{}, errs.New(errs.Limited, "the file is larger than a feed can be")
	}
	b, closeFile, err := mapFile(path)
	if err != nil {
		return Verified{}, err
	}
	defer closeFile()
	v, err := verify(b, keys)
	if err != nil {
		return v, err
	}
	if id := idFromName(filepath.Base(path)); id != "" && id != v.ID {
		return Verified{}, errs.Hint(errs.New(errs.Invalid, "the file's name carries another SHA-256 than its content has"), "fetch it again")
	}
	return v, nil
}

// Age is how old the feed is.
func (m Manifest) Age(now time.Time) time.Duration { return now.Sub(m.Built) }
