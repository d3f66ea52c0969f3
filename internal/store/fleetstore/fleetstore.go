// Package fleetstore keeps a fleet index in a folder: a log whose records are on
// the disk when they are written, and blobs that are there whole or not at all.
package fleetstore

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/asepsis/asepsis/internal/durable"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/vuln/fleet"
)

var _ fleet.Storage = (*Dir)(nil)

// A record of the log is its length, the CRC-32C of length and record, and the
// record. A record that a crash cut short fails its sum; it was never
// acknowledged, and the log is cut before it.
const (
	logName    = "log"
	blobSuffix = ".blob"
	headLen    = 8
	maxRecord  = 1 << 30
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Dir is a folder that holds one index. It is not for use from many goroutines,
// and the folder not for use by many programs: the index sees to the one, the
// lock of the data folder to the other.
type Dir struct {
	dir  string
	log  *os.File
	size int64 // of the part of the log that is whole
}

// Open opens a folder, which it makes if there is none.
func Open(dir string) (*Dir, error) {
	if err := durable.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the fleet index: %w", err)
	}
	name := filepath.Join(dir, logName)
	if _, err := os.Lstat(name); errors.Is(err, fs.ErrNotExist) {
		if err := durable.WriteFile(name, nil, 0o600); err != nil {
			return nil, fmt.Errorf("make the log of the fleet index: %w", err)
		}
	}
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("open the log of the fleet index: %w", err)
	}
	d := &Dir{dir: dir, log: f}
	if err := d.Records(func([]byte) error { return nil }); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return d, nil
}

// Close closes the log.
func (d *Dir) Close() error { return d.log.Close() }

// Append implements fleet.Storage.
func (d *Dir) Append(record []byte) error {
	if len(record) > maxRecord {
		return errs.New(errs.Limited, "a record of %d bytes is too long for the log", len(record))
	}
	b := make([]byte, headLen, headLen+len(record))
	binary.LittleEndian.PutUint32(b, uint32(len(record)))
	b = append(b, record...)
	binary.LittleEndian.PutUint32(b[4:], sum(b))
	// Written at its place, not at the end: what a failed try left is overwritten.
	if _, err := d.log.WriteAt(b, d.size); err != nil {
		return fmt.Errorf("write to the log: %w", err)
	}
	if err := d.log.Sync(); err != nil {
		return fmt.Errorf("bring the log to the disk: %w", err)
	}
	d.size += int64(len(b))
	return nil
}

// sum is that of a whole record, its own place left out.
func sum(b []byte) uint32 {
	return crc32.Update(crc32.Checksum(b[:4], castagnoli), castagnoli, b[headLen:])
}

// Records implements fleet.Storage. It cuts the log where it stops being whole.
func (d *Dir) Records(f func(record []byte) error) error {
	r := bufio.NewReaderSize(io.NewSectionReader(d.log, 0, 1<<62), 1<<20)
	d.size = 0
	var b []byte
	for {
		b = append(b[:0], make([]byte, headLen)...)
		if _, err := io.ReadFull(r, b); err != nil {
			return d.cut(err)
		}
		n := binary.LittleEndian.Uint32(b)
		if n > maxRecord {
			return d.cut(io.ErrUnexpectedEOF)
		}
		var err error
		if b, err = readFull(r, b, int(n)); err != nil {
			return d.cut(err)
		}
		if binary.LittleEndian.Uint32(b[4:]) != sum(b) {
			return d.cut(io.ErrUnexpectedEOF)
		}
		if err := f(b[headLen:]); err != nil {
			return err
		}
		d.size += int64(len(b))
	}
}

// readFull appends n bytes, making room as they come: a length that lies costs
// no more memory than there are bytes.
func readFull(r io.Reader, b []byte, n int) ([]byte, error) {
	const step = 1 << 20
	for n > 0 {
		k := min(n, step)
		from := len(b)
		b = append(b, make([]byte, k)...)
		if _, err := io.ReadFull(r, b[from:]); err != nil {
			return b, err
		}
		n -= k
	}
	return b, nil
}

// cut ends the log where a record was cut short.
func (d *Dir) cut(err error) error {
	if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("read the log: %w", err)
	}
	if err := d.log.Truncate(d.size); err != nil {
		return fmt.Errorf("cut the log: %w", err)
	}
	if err := d.log.Sync(); err != nil {
		return fmt.Errorf("cut the log: %w", err)
	}
	return nil
}

// Truncate implements fleet.Storage.
func (d *Dir) Truncate() error {
	d.size = 0
	return d.cut(io.EOF)
}

func (d *Dir) path(name string) (string, error) {
	if name == "" || strings.ContainsAny(name, "/\\.") {
		return "", errs.New(errs.Internal, "blob name %.60q", name)
	}
	return filepath.Join(d.dir, name+blobSuffix), nil
}

// Write implements fleet.Storage.
func (d *Dir) Write(name string, data []byte) error {
	p, err := d.path(name)
	if err != nil {
		return err
	}
	return durable.WriteFile(p, data, 0o600)
}

// Read implements fleet.Storage.
func (d *Dir) Read(name string) ([]byte, error) {
	p, err := d.path(name)
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(p)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errs.New(errs.NotFound, "the fleet index has no %s: %w", name, err)
	}
	return b, err
}

// Names implements fleet.Storage.
func (d *Dir) Names() ([]string, error) {
	entries, err := os.ReadDir(d.dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), blobSuffix); ok && e.Type().IsRegular() {
			names = append(names, name)
		}
	}
	return names, nil
}

// Remove implements fleet.Storage.
func (d *Dir) Remove(name string) error {
	p, err := d.path(name)
	if err != nil {
		return err
	}
	return durable.Remove(p)
}
