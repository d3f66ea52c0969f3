package pkgdb

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
)

// Debian's apt can keep its lists in LZ4 frames (lz4_Frame_format.md 1.6.4).
// This reads them; checksums are skipped, because a damaged list can at worst
// make an update look older, and apt has verified it against the signed release.

var errLZ4 = errors.New("lz4: damaged frame")

const (
	lz4Magic     = 0x184D2204
	lz4Window    = 64 << 10
	lz4MaxBlock  = 4 << 20
	lz4Skippable = 0x184D2A50
)

type lz4Reader struct {
	r         *bufio.Reader
	checksums bool // each block is followed by one
	content   bool // the frame ends with one
	linked    bool // blocks refer to those before
	maxBlock  int
	buf       []byte // window, then the block just decoded
	pos       int    // what of buf was handed out
	in        []byte
	open      bool
	err       error
}

// NewLZ4Reader returns a reader of the decompressed bytes.
func NewLZ4Reader(r io.Reader) io.Reader {
	return &lz4Reader{r: bufio.NewReaderSize(r, 128<<10)}
}

func (z *lz4Reader) Read(p []byte) (int, error) {
	for z.pos == len(z.buf) {
		if z.err == nil {
			z.err = z.next()
		}
		if z.err != nil {
			return 0, z.err
		}
	}
	n := copy(p, z.buf[z.pos:])
	z.pos += n
	return n, nil
}

func (z *lz4Reader) word() (uint32, error) {
	var b [4]byte
	if _, err := io.ReadFull(z.r, b[:]); err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint32(b[:]), nil
}

// header reads the start of a frame. It returns io.EOF where the file ends.
func (z *lz4Reader) header() error {
	for {
		magic, err := z.word()
		if err != nil {
			return err
		}
		if magic&^0xF == lz4Skippable {
			n, err := z.word()
			if err != nil {
				return noEOF(err)
			}
			if _, err := io.CopyN(io.Discard, z.r, int64(n)); err != nil {
				return noEOF(err)
			}
			continue
		}
		if magic != lz4Magic {
			return errLZ4
		}
		break
	}
	var d [2]byte
	if _, err := io.ReadFull(z.r, d[:]); err != nil {
		return noEOF(err)
	}
	flags := d[0]
	size := int(d[1]>>4) & 7
	if flags>>6 != 1 || size < 4 || flags&1 != 0 {
		return errLZ4
	}
	z.linked, z.checksums, z.content = flags&0x20 == 0, flags&0x10 != 0, flags&4 != 0
	z.maxBlock = min(1<<(8+2*size), lz4MaxBlock)
	skip := 1 // header checksum
	if flags&8 != 0 {
		skip += 8
	}
	if _, err := z.r.Discard(skip); err != nil {
		return noEOF(err)
	}
	z.open, z.buf, z.pos = true, z.buf[:0], 0
	return nil
}

func (z *lz4Reader) next() error {
	if !z.open {
		if err := z.header(); err != nil {
			return err
		}
	}
	size, err := z.word()
	if err != nil {
		return noEOF(err)
	}
	if size == 0 {
		z.open = false
		if z.content {
			if _, err := z.r.Discard(4); err != nil {
				return noEOF(err)
			}
		}
		return nil
	}
	stored := size&(1<<31) != 0
	size &^= 1 << 31
	if int(size) > z.maxBlock {
		return errLZ4
	}
	if cap(z.in) < int(size) {
		z.in = make([]byte, size)
	}
	in := z.in[:size]
	if _, err := io.ReadFull(z.r, in); err != nil {
		return noEOF(err)
	}
	if z.checksums {
		if _, err := z.r.Discard(4); err != nil {
			return noEOF(err)
		}
	}
	window := 0
	if z.linked {
		window = min(len(z.buf), lz4Window)
		copy(z.buf, z.buf[len(z.buf)-window:])
	}
	z.buf, z.pos = z.buf[:window], window
	if stored {
		z.buf = append(z.buf, in...)
		return nil
	}
	z.buf, err = lz4Block(z.buf, in, window+z.maxBlock)
	return err
}

// lz4Block appends what a block holds to dst, whose present bytes are the
// window that matches may refer to. dst never grows beyond limit.
func lz4Block(dst, in []byte, limit int) ([]byte, error) {
	for len(in) > 0 {
		token := in[0]
		in = in[1:]
		n, rest, ok := lz4Length(int(token>>4), in)
		if !ok || n > len(rest) || len(dst)+n > limit {
			return dst, errLZ4
		}
		dst, in = append(dst, rest[:n]...), rest[n:]
		if len(in) == 0 {
			return dst, nil // the last sequence has no match
		}
		if len(in) < 2 {
			return dst, errLZ4
		}
		offset := int(in[0]) | int(in[1])<<8
		n, in, ok = lz4Length(int(token&15), in[2:])
		n += 4
		if !ok || offset == 0 || offset > len(dst) || len(dst)+n > limit {
			return dst, errLZ4
		}
		if from := len(dst) - offset; offset >= n {
			dst = append(dst, dst[from:from+n]...)
		} else {
			for ; n > 0; n-- { // the match overlaps what it writes
				dst = append(dst, dst[from])
				from++
			}
		}
	}
	return dst, nil
}

func lz4Length(n int, in []byte) (int, []byte, bool) {
	if n != 15 {
		return n, in, true
	}
	for i, b := range in {
		n += int(b)
		if n > lz4MaxBlock {
			return 0, nil, false
		}
		if b != 255 {
			return n, in[i+1:], true
		}
	}
	return 0, nil, false
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
