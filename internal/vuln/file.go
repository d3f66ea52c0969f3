package vuln

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/asepsis/asepsis/internal/errs"
)

// The file begins with a header of headLen bytes: magic, version, number of
// sections, time of the build in seconds, length of the file. Then one entry of
// entryLen bytes for each section, by name: name padded with zeros, offset, length,
// SHA-256. Then the sections, each at a multiple of align. All numbers are little
// endian. The SHA-256 of header and entries names the whole content, because the
// entries hold the sums of everything else: that is what is signed.
const (
	magic       = "ASEPVULN"
	version     = 2
	headLen     = 32
	nameLen     = 16
	entryLen    = nameLen + 8 + 8 + sha256.Size
	align       = 64
	maxSections = 64
)

// Section describes one named part of a file.
type Section struct {
	Name   string
	Offset int
	Length int
	SHA256 [sha256.Size]byte
}

// File is an opened container. It refers to the bytes it was opened on.
type File struct {
	raw      []byte
	id       [sha256.Size]byte
	builtAt  time.Time
	sections []Section
}

// OpenFile checks the header and the table of sections. It does not read the
// sections: [File.Verify] does.
func OpenFile(b []byte) (*File, error) {
	bad := func(why string) error {
		return errs.Hint(errs.New(errs.Invalid, "the feed file is damaged: %s", why), "fetch or build it again")
	}
	if len(b) < headLen || string(b[:len(magic)]) != magic {
		return nil, errs.Hint(errs.New(errs.Invalid, "this is not a feed file"), "give the file that a feed build wrote")
	}
	if v := binary.LittleEndian.Uint32(b[8:]); v != version {
		return nil, errs.Hint(errs.New(errs.Unsupported, "the feed file is of version %d, this program reads version %d", v, version),
			"build the feed again, or update the program")
	}
	n := int(binary.LittleEndian.Uint32(b[12:]))
	if n > maxSections || headLen+n*entryLen > len(b) {
		return nil, bad("its table of sections is cut short")
	}
	if binary.LittleEndian.Uint64(b[24:]) != uint64(len(b)) {
		return nil, bad("it is not as long as it says")
	}
	f := &File{raw: b, builtAt: time.Unix(int64(binary.LittleEndian.Uint64(b[16:])), 0).UTC(), sections: make([]Section, n)}
	tableEnd := headLen + n*entryLen
	f.id = sha256.Sum256(b[:tableEnd])
	end := uint64(tableEnd)
	for i := range f.sections {
		e := b[headLen+i*entryLen:][:entryLen]
		s := &f.sections[i]
		s.Name = string(bytes.TrimRight(e[:nameLen], "\x00"))
		off, length := binary.LittleEndian.Uint64(e[nameLen:]), binary.LittleEndian.Uint64(e[nameLen+8:])
		copy(s.SHA256[:], e[nameLen+16:])
		if off < end || off > uint64(len(b)) || length > uint64(len(b))-off {
			return nil, bad("a section lies outside of it")
		}
		if i > 0 && f.sections[i-1].Name >= s.Name {
			return nil, bad("its sections are not in order")
		}
		s.Offset, s.Length, end = int(off), int(length), off+length
	}
	return f, nil
}

// ID names the content: the SHA-256 of the header and the table, in hex.
func (f *File) ID() string { return hex.EncodeToString(f.id[:]) }

// BuiltAt is when the file was built.
func (f *File) BuiltAt() time.Time { return f.builtAt }

// Sections lists the sections, by name.
func (f *File) Sections() []Section { return slices.Clone(f.sections) }

// Section returns the bytes of a section, or nil.
func (f *File) Section(name string) []byte {
	i, ok := slices.BinarySearchFunc(f.sections, name, func(s Section, n string) int { return strings.Compare(s.Name, n) })
	if !ok {
		return nil
	}
	s := &f.sections[i]
	return f.raw[s.Offset : s.Offset+s.Length : s.Offset+s.Length]
}

// Verify reads every section and holds it against its sum.
func (f *File) Verify() error {
	for i := range f.sections {
		s := &f.sections[i]
		if sha256.Sum256(f.raw[s.Offset:s.Offset+s.Length]) != s.SHA256 {
			return errs.Hint(errs.New(errs.Invalid, "section %s of the feed file is damaged", s.Name), "fetch or build it again")
		}
	}
	return nil
}

// Builder collects the sections of a file. The same sections and time give the
// same bytes, whatever the order they were added in.
type Builder struct {
	builtAt  time.Time
	mu       sync.Mutex
	sections map[string][]byte // guarded by mu
}

// NewBuilder returns an empty builder.
func NewBuilder(builtAt time.Time) *Builder {
	return &Builder{builtAt: builtAt, sections: make(map[string][]byte)}
}

// Add puts a section in. It keeps data. It may be called from many goroutines; the file
// does not depend on their order.
func (b *Builder) Add(name string, data []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case name == "" || len(name) > nameLen || strings.ContainsRune(name, 0):
		return errs.New(errs.Internal, "section name %.40q", name)
	case b.sections[name] != nil:
		return errs.New(errs.Internal, "section %s is there already", name)
	case len(b.sections) == maxSections:
		return errs.New(errs.Limited, "more than %d sections", maxSections)
	}
	b.sections[name] = slices.Clip(data)
	if data == nil {
		b.sections[name] = []byte{}
	}
	return nil
}

// Bytes returns the file.
func (b *Builder) Bytes() []byte {
	names := make([]string, 0, len(b.sections))
	for n := range b.sections {
		names = append(names, n)
	}
	slices.Sort(names)
	up := func(n int) int { return (n + align - 1) &^ (align - 1) }
	total := headLen + len(names)*entryLen
	for _, n := range names {
		total = up(total) + len(b.sections[n])
	}
	out := make([]byte, headLen, total)
	copy(out, magic)
	binary.LittleEndian.PutUint32(out[8:], version)
	binary.LittleEndian.PutUint32(out[12:], uint32(len(names)))
	binary.LittleEndian.PutUint64(out[16:], uint64(b.builtAt.Unix()))
	binary.LittleEndian.PutUint64(out[24:], uint64(total))
	off := headLen + len(names)*entryLen
	for _, n := range names {
		var name [nameLen]byte
		copy(name[:], n)
		off = up(off)
		out = append(out, name[:]...)
		out = binary.LittleEndian.AppendUint64(out, uint64(off))
		out = binary.LittleEndian.AppendUint64(out, uint64(len(b.sections[n])))
		sum := sha256.Sum256(b.sections[n])
		out = append(out, sum[:]...)
		off += len(b.sections[n])
	}
	for _, n := range names {
		out = append(out, make([]byte, up(len(out))-len(out))...)
		out = append(out, b.sections[n]...)
	}
	return out
}
