package vuln

import (
	"bytes"
	"encoding/binary"
	"sort"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/pkgver"
)

// DB is an opened feed file. It refers to the bytes it was opened on, which
// must stay as they are; its methods may be called from many goroutines.
type DB struct {
	*File

	pkgs, prints, buckets, rows            []byte
	bounds, sets, extras                   []byte
	strs, advs, flaws, index, docs, blocks []byte
	kev, epss, points                      []byte

	bucketShift uint
	packages    int
	advisories  int
	sources     []string
	ecosystems  []ecosystem
	byName      map[string]uint16
	bases       map[string]bool // ecosystems of which some release is whole

	unpack *zstd.Decoder
}

type ecosystem struct {
	name   string
	seed   uint64
	whole  bool // a source holds all of it
	frozen bool // a release of which nobody writes any more
	scheme pkgver.Scheme
	known  bool // the scheme is
}

// Open opens a feed file. It checks header, table and the sizes of what it
// reads by place, not the content: [File.Verify] does, and a signature. Bytes that
// lie give wrong answers, never a panic.
func Open(b []byte) (*DB, error) {
	f, err := OpenFile(b)
	if err != nil {
		return nil, err
	}
	db := &DB{File: f, byName: make(map[string]uint16), bases: make(map[string]bool)}
	for _, s := range [...]struct {
		name string
		to   *[]byte
	}{
		{secPackages, &db.pkgs},
		{secPrints, &db.prints},
		{secBuckets, &db.buckets},
		{secRows, &db.rows},
		{secBounds, &db.bounds},
		{secSets, &db.sets},
		{secExtras, &db.extras},
		{secStrings, &db.strs},
		{secAdvisories, &db.advs},
		{secFlaws, &db.flaws},
		{secIndex, &db.index},
		{secDocs, &db.docs},
		{secBlocks, &db.blocks},
		{secEPSS, &db.epss},
		{secPoints, &db.points},
	} {
		if *s.to = f.Section(s.name); *s.to == nil {
			return nil, errs.Hint(errs.New(errs.Invalid, "the feed file is damaged: it has no section %s", s.name), "fetch or build it again")
		}
	}
	db.kev = f.Section(secExploited)
	db.packages, db.advisories = len(db.pkgs)/pkgLen-1, len(db.advs)/advLen-1
	buckets := len(db.buckets)/4 - 1
	if len(db.pkgs)%pkgLen != 0 || len(db.advs)%advLen != 0 || len(db.rows)%rowLen != 0 || len(db.prints) != 8*db.packages || db.packages < 0 || db.advisories < 0 ||
		buckets < 1 || buckets&(buckets-1) != 0 || uint64(len(db.rows)/rowLen) != uint64(db.firstRow(db.packages)) {
		return nil, errs.Hint(errs.New(errs.Invalid, "the feed file is damaged: a section has a wrong size"), "fetch or build it again")
	}
	db.bucketShift = 64 - uint(len2(buckets))
	db.readNames()
	if db.unpack, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxBlock), zstd.WithDecoderLowmem(true)); err != nil {
		return nil, errs.New(errs.Internal, "prepare to unpack documents: %w", err)
	}
	return db, nil
}

func len2(n int) int {
	k := 0
	for n > 1 {
		n >>= 1
		k++
	}
	return k
}

// readNames reads the few names that are needed often.
func (db *DB) readNames() {
	for b := db.Section(secSources); len(b) > 0 && len(db.sources) <= advSource; {
		var s []byte
		if s, b = text(b); s == nil {
			break
		}
		db.sources = append(db.sources, string(s))
	}
	for b := db.Section(secEcosystems); len(b) > 1 && len(db.ecosystems) < 1<<16; {
		whole, frozen := b[0] == ecoWhole, b[0] == ecoFrozen
		var s []byte
		if s, b = text(b[1:]); s == nil {
			break
		}
		e := ecosystem{name: string(s), seed: hash(0, s), whole: whole, frozen: frozen}
		enc := newEncoder(e.name)
		e.scheme, e.known = enc.scheme, enc.known
		db.byName[e.name] = uint16(len(db.ecosystems))
		db.ecosystems = append(db.ecosystems, e)
		if base := baseOf(e.name); whole {
			db.bases[base] = true
		}
	}
}

// firstRow returns where the rows of package i begin.
func (db *DB) firstRow(i int) uint32 {
	return binary.LittleEndian.Uint32(db.pkgs[i*pkgLen+12:])
}

// lookup returns the rows that name a package, from and up to.
func (db *DB) lookup(eco uint16, name []byte) (from, to uint32) {
	h := hash(db.ecosystems[eco].seed, name)
	var bucket uint32
	if db.bucketShift < 64 {
		bucket = uint32(h >> db.bucketShift)
	}
	lo, hi := int(u32(db.buckets, bucket)), min(int(u32(db.buckets, bucket+1)), db.packages)
	for i := lo; i < hi; i++ {
		switch k := binary.LittleEndian.Uint64(db.pkgs[i*pkgLen:]); {
		case k < h:
			continue
		case k > h:
			return 0, 0
		}
		e, n := db.packageName(i)
		if e != eco || !bytes.Equal(n, name) {
			continue
		}
		from, to = db.firstRow(i), db.firstRow(i+1)
		if last := uint32(len(db.rows) / rowLen); from > to || to > last {
			return 0, 0
		}
		return from, to
	}
	return 0, 0
}

// packageName returns ecosystem and name of package i.
func (db *DB) packageName(i int) (eco uint16, name []byte) {
	at := binary.LittleEndian.Uint32(db.pkgs[i*pkgLen+8:])
	if uint64(at)+2 > uint64(len(db.strs)) {
		return 0, nil
	}
	return binary.LittleEndian.Uint16(db.strs[at:]), textAt(db.strs, at+2)
}

// packageOf returns the package a row belongs to.
func (db *DB) packageOf(row uint32) (eco uint16, name []byte) {
	i := sort.Search(db.packages, func(i int) bool { return db.firstRow(i) > row })
	if i == 0 {
		return 0, nil
	}
	return db.packageName(i - 1)
}

func (db *DB) row(i uint32) row {
	if int(i) >= len(db.rows)/rowLen {
		return row{}
	}
	return readRow(db.rows[int(i)*rowLen:])
}

func (db *DB) adv(i uint32) adv {
	if int(i) >= db.advisories {
		return adv{}
	}
	b := db.advs[int(i)*advLen:]
	return adv{
		Flaw(binary.LittleEndian.Uint32(b)), binary.LittleEndian.Uint32(b[4:]),
		binary.LittleEndian.Uint32(b[8:]), binary.LittleEndian.Uint32(b[12:]),
	}
}

func (db *DB) extra(flags uint32) extra {
	b := db.extraBytes(flags)
	if b == nil {
		return extra{}
	}
	return decodeExtra(b)
}

func (db *DB) extraBytes(flags uint32) []byte {
	n := flags >> extraShift
	if n == 0 || n > u32(db.extras, 0) {
		return nil
	}
	at := u32(db.extras, n)
	if uint64(at) >= uint64(len(db.extras)) {
		return nil
	}
	return db.extras[at:]
}

// Advisories returns how many advisories the file holds. They are numbered from 0.
func (db *DB) Advisories() int { return db.advisories }

// Name returns the name of a flaw or an advisory.
func (db *DB) Name(f Flaw) string { return string(db.AppendName(nil, f)) }

// AppendName appends the name of a flaw or an advisory.
func (db *DB) AppendName(b []byte, f Flaw) []byte {
	switch {
	case f == 0:
		return b
	case f.IsCVE():
		return f.appendCVE(b)
	}
	return append(b, textAt(db.strs, uint32(f)&maxNumber)...)
}

// IDOf returns the name and the source of an advisory.
func (db *DB) IDOf(advisory uint32) (id Flaw, source string) {
	a := db.adv(advisory)
	return a.id, db.source(a)
}

func (db *DB) source(a adv) string {
	if s := int(a.source & advSource); s < len(db.sources) {
		return db.sources[s]
	}
	return ""
}

// Flaws appends the flaws an advisory is about: its CVEs, or its own name
// where it has none.
func (db *DB) Flaws(dst []Flaw, advisory uint32) []Flaw {
	names := db.names(advisory)
	for i := range uint32(len(names) / 4) {
		f := Flaw(u32(names, i))
		if i > 0 && !f.IsCVE() {
			break
		}
		dst = append(dst, f)
		if !f.IsCVE() {
			break
		}
	}
	return dst
}

// Names appends all names of an advisory: its flaws first.
func (db *DB) Names(dst []Flaw, advisory uint32) []Flaw {
	names := db.names(advisory)
	for i := range uint32(len(names) / 4) {
		dst = append(dst, Flaw(u32(names, i)))
	}
	return dst
}

// names returns the part of the list of names that is an advisory's.
func (db *DB) names(advisory uint32) []byte {
	if int(advisory) >= db.advisories {
		return nil
	}
	from, to := db.adv(advisory).flaws, binary.LittleEndian.Uint32(db.advs[(int(advisory)+1)*advLen+4:])
	if from > to || uint64(to)*4 > uint64(len(db.flaws)) {
		return nil
	}
	return db.flaws[from*4 : to*4]
}

// Flaw returns the flaw or advisory of a name, whether or not an advisory
// speaks of it; 0 where the name is no CVE's and is not in the file.
func (db *DB) Flaw(name string) Flaw {
	if f := CVEFlaw(name); f != 0 {
		return f
	}
	keys, _, _ := db.indexParts()
	n := len(keys) / 4
	first := sort.Search(n, func(i int) bool { return Flaw(u32(keys, uint32(i)))>>flawBits == named })
	i := first + sort.Search(n-first, func(i int) bool {
		return strings.Compare(string(textAt(db.strs, u32(keys, uint32(first+i))&maxNumber)), name) >= 0
	})
	if i < n && string(textAt(db.strs, u32(keys, uint32(i))&maxNumber)) == name {
		return Flaw(u32(keys, uint32(i)))
	}
	return 0
}

// About appends the advisories that a name leads to: those that bear it as
// their own, as an alias, or as a flaw they cover.
func (db *DB) About(dst []uint32, f Flaw) []uint32 {
	keys, starts, lists := db.indexParts()
	n := len(keys) / 4
	i := sort.Search(n, func(i int) bool { return Flaw(u32(keys, uint32(i))) >= f })
	if i == n || Flaw(u32(keys, uint32(i))) != f {
		return dst
	}
	from, to := u32(starts, uint32(i)), u32(starts, uint32(i+1))
	if from > to || uint64(to)*4 > uint64(len(lists)) {
		return dst
	}
	for k := from; k < to; k++ {
		dst = append(dst, u32(lists, k))
	}
	return dst
}

func (db *DB) indexParts() (keys, starts, lists []byte) {
	n := uint64(u32(db.index, 0))
	if 4+4*n+4*(n+1) > uint64(len(db.index)) {
		return nil, nil, nil
	}
	return db.index[4 : 4+4*n], db.index[4+4*n : 8+8*n], db.index[8+8*n:]
}

// Document unpacks what an advisory says for people.
func (db *DB) Document(advisory uint32) (Document, error) {
	raw, err := db.block(advisory / blockDocs)
	if err != nil {
		return Document{}, err
	}
	return db.document(raw, advisory)
}

func (db *DB) document(raw []byte, advisory uint32) (Document, error) {
	var doc []byte
	for range advisory%blockDocs + 1 {
		if doc, raw = text(raw); doc == nil {
			return Document{}, errs.New(errs.Invalid, "the feed file's documents are damaged")
		}
	}
	d := decodeDocument(doc)
	id, source := db.IDOf(advisory)
	d.ID, d.Source = db.Name(id), source
	return d, nil
}

func (db *DB) block(n uint32) ([]byte, error) {
	from, to := u32(db.blocks, n), u32(db.blocks, n+1)
	if uint64(n+1)*4 >= uint64(len(db.blocks)) || from >= to || uint64(to) > uint64(len(db.docs)) {
		return nil, errs.New(errs.NotFound, "the feed file has no such document")
	}
	raw, err := db.unpack.DecodeAll(db.docs[from:to], nil)
	if err != nil {
		return nil, errs.New(errs.Invalid, "the feed file's documents are damaged: %w", err)
	}
	return raw, nil
}

// Documents unpacks the documents of many advisories, each block once. Give the
// numbers in order.
func (db *DB) Documents(advisories []uint32, each func(advisory uint32, d Document) error) error {
	var raw []byte
	have := ^uint32(0)
	for _, a := range advisories {
		if b := a / blockDocs; b != have || raw == nil {
			var err error
			if raw, err = db.block(b); err != nil {
				return err
			}
			have = b
		}
		d, err := db.document(raw, a)
		if err != nil {
			return err
		}
		if err := each(a, d); err != nil {
			return err
		}
	}
	return nil
}
