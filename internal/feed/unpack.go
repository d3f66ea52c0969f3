package feed

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// Limits of what is unpacked.
const (
	maxUnpacked = 16 << 30 // of one file, all that is in it together
	maxDocument = 512 << 20
	maxEntries  = 2_000_000
	maxNesting  = 4 // a list in an archive in a packed file

	// Sources become five to thirty times as large; what is made to fill memory becomes a
	// thousand times as large and more.
	maxRatio   = 100
	freely     = 32 << 20 // bytes that any file may become
	bufferSize = 256 << 10
)

// errLimit is a refusal that the file as a whole gets.
type errLimit string

func (e errLimit) Error() string { return string(e) }

// unpack calls each for every file that is in a file, packed or not: the file
// itself where it is no archive. name is "" for what has no name of its own.
func unpack(ctx context.Context, f file, each func(name string, r *bufio.Reader) error) error {
	in, err := os.Open(f.path)
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	defer in.Close()
	u := unpacker{ctx: ctx, left: min(maxUnpacked, max(freely, f.size*maxRatio)), each: each}
	return u.open("", in, f.size, 0)
}

type unpacker struct {
	ctx     context.Context // of one call of unpack
	left    int64
	entries int
	each    func(name string, r *bufio.Reader) error
}

// Read bounds what all readers below give together.
type bounded struct {
	u *unpacker
	r io.Reader
}

func (b bounded) Read(p []byte) (int, error) {
	if err := b.u.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := b.r.Read(p)
	if b.u.left -= int64(n); b.u.left < 0 {
		return 0, errLimit(fmt.Sprintf("it unpacks to more than %d GiB, or to more than %d times its size; fetch it again from its publisher", maxUnpacked>>30, maxRatio))
	}
	return n, err
}

// open opens what comes from outside or out of something packed: its bytes count.
func (u *unpacker) open(name string, in io.Reader, size int64, depth int) error {
	return u.look(name, in, bounded{u, in}, size, depth)
}

// look tells by the first bytes what a file is packed with. It reads in by way of through.
func (u *unpacker) look(name string, in, through io.Reader, size int64, depth int) error {
	r := bufio.NewReaderSize(through, bufferSize)
	head, err := r.Peek(512)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if depth > maxNesting {
		return errLimit("it is packed too many times")
	}
	switch {
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		d, err := zstd.NewReader(r, zstd.WithDecoderMaxWindow(128<<20), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return err
		}
		defer d.Close()
		return u.open(name, d, -1, depth+1)
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		d, err := gzip.NewReader(r)
		if err != nil {
			return err
		}
		return u.open(name, d, -1, depth+1)
	case bytes.HasPrefix(head, []byte("BZh")):
		return u.open(name, bzip2.NewReader(r), -1, depth+1)
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return u.zip(in, r, size, depth)
	case len(head) >= 263 && string(head[257:262]) == "ustar":
		return u.tar(r, depth)
	}
	return u.each(name, r)
}

func (u *unpacker) entry() error {
	if u.entries++; u.entries > maxEntries {
		return errLimit(fmt.Sprintf("it holds more than %d files", maxEntries))
	}
	return u.ctx.Err()
}

func (u *unpacker) tar(r io.Reader, depth int) error {
	t := tar.NewReader(r)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		if err := u.entry(); err != nil {
			return err
		}
		// Its bytes are the archive's, which counted.
		if err := u.look(strings.TrimPrefix(h.Name, "./"), t, t, h.Size, depth+1); err != nil {
			return err
		}
	}
}

// zip reads an archive, which needs its end first: a file is read in place,
// what is packed in something else is held in memory.
func (u *unpacker) zip(in io.Reader, r io.Reader, size int64, depth int) error {
	at, ok := in.(io.ReaderAt)
	if !ok || size < 0 {
		b, err := io.ReadAll(io.LimitReader(r, maxDocument+1))
		if err != nil {
			return err
		}
		if len(b) > maxDocument {
			return errLimit(fmt.Sprintf("an archive within it is larger than %d MiB", maxDocument>>20))
		}
		at, size = bytes.NewReader(b), int64(len(b))
	}
	z, err := zip.NewReader(at, size)
	if err != nil {
		return err
	}
	for _, e := range z.File {
		if !e.Mode().IsRegular() {
			continue
		}
		if err := u.entry(); err != nil {
			return err
		}
		if err := u.zipEntry(e, depth); err != nil {
			return err
		}
	}
	return nil
}

func (u *unpacker) zipEntry(e *zip.File, depth int) error {
	r, err := e.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	return u.open(e.Name, r, -1, depth+1)
}
