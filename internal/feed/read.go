package feed

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"

	"github.com/asepsis/asepsis/internal/feed/jscan"
)

const (
	batchBytes = 512 << 10
	maxUnknown = 200 // documents of no known kind that are listed one by one, of a file
)

// doc is one document of a batch.
type doc struct {
	from, to int
	line     int    // where it begins, of a file of lines
	name     string // within an archive
}

// batch is work for one reader: documents of one file.
type batch struct {
	data      []byte
	docs      []doc
	file      *source
	container string
}

// source is a file that is being read.
type source struct {
	file
	work sync.WaitGroup // batches that are not read yet

	mu      sync.Mutex
	known   int      // documents of a known kind
	unknown int      // of no known kind
	odd     []oddity // the first of them
	unused  map[string]int
	broken  bool // a document of it is not well-formed
	checks  checks
}

type oddity struct {
	line      int
	name, why string
}

// builder reads files and counts.
type builder struct {
	*ledger
	ctx       context.Context // of one build
	kinds     []kind
	texts     []textKind
	beside    map[string]bool // paths of hashes and signatures
	providers providers
	work      chan *batch
	pool      sync.Pool
}

func (b *builder) newBatch(src *source, container string) *batch {
	w, ok := b.pool.Get().(*batch)
	if !ok {
		w = &batch{data: make([]byte, 0, batchBytes+batchBytes/4)}
	}
	w.data, w.docs, w.file, w.container = w.data[:0], w.docs[:0], src, container
	return w
}

func (b *builder) send(w *batch) error {
	w.file.work.Add(1)
	select {
	case b.work <- w:
		return nil
	case <-b.ctx.Done():
		w.file.work.Done()
		return b.ctx.Err()
	}
}

// readFile reads one file, whatever it is packed in. What is wrong with it is
// listed; an error ends the build.
func (b *builder) readFile(f file) error {
	src := &source{file: f, unused: make(map[string]int)}
	if ok := b.check(src); !ok {
		return b.ctx.Err()
	}
	w := b.newBatch(src, f.name)
	loose := true
	err := unpack(b.ctx, f, func(name string, r *bufio.Reader) error {
		loose = name == ""
		var err error
		w, err = b.readEntry(src, w, name, r)
		return err
	})
	if loose && len(w.docs) == 1 && w.docs[0].line == 0 {
		w.container = f.dir + "/" // a document of its own: its folder is what was published
	}
	if len(w.docs) > 0 {
		if e := b.send(w); e != nil {
			return e
		}
	}
	src.work.Wait()
	b.finish(src, err)
	return b.ctx.Err()
}

// finish lists what a file had that could not be read. Its batches are read.
func (b *builder) finish(src *source, err error) {
	s := sink{l: b.ledger, file: src.name, container: src.name}
	if err != nil && b.ctx.Err() == nil {
		s.broken = true
		s.Refuse("unreadable", 0, "", "the file cannot be read to its end: "+err.Error())
	}
	var unused []Unused
	if src.known > 0 || src.broken {
		for _, o := range src.odd {
			s.line, s.name = o.line, o.name
			s.Refuse("unknown", 0, "", o.why)
		}
		s.line, s.name = 0, ""
		for range src.unknown - len(src.odd) {
			s.Refuse("unknown", 0, "", "a document of no known kind; the first ones of this file are listed with their lines")
		}
	} else if src.unknown > 0 {
		unused = append(unused, Unused{src.name, src.unknown, "no kind of feed that is read here"})
	}
	for why, n := range src.unused {
		unused = append(unused, Unused{src.name, n, why})
	}
	s.flush()
	b.mu.Lock()
	b.unused = append(b.unused, unused...)
	b.mu.Unlock()
}

// readEntry reads a file or an entry of an archive: lines of JSON, one document, or
// a kind of text. Documents are put in batches.
func (b *builder) readEntry(src *source, w *batch, name string, r *bufio.Reader) (*batch, error) {
	head, err := r.Peek(4 << 10)
	if err != nil && !errors.Is(err, io.EOF) {
		return w, err
	}
	head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	if why := notData(head, fileName(src.name, name)); why != "" {
		src.strange(oddity{name: name, why: why}, true)
		return w, nil
	}
	if len(head) == 0 {
		src.note("it is empty")
		return w, nil
	}
	switch first := bytes.TrimLeft(head, " \t\r\n"); {
	case len(first) > 0 && first[0] == '{':
		return b.readJSON(src, w, name, r)
	case len(first) > 0 && first[0] == '[' && isJSONArray(first):
		data, err := readAll(r, nil)
		if err != nil {
			return w, err
		}
		return b.readArray(src, w, name, data)
	}
	for i := range b.texts {
		t := &b.texts[i]
		if !t.is(head) {
			continue
		}
		if t.read == nil {
			src.note(t.why)
			return w, nil
		}
		s := &sink{l: b.ledger, file: src.name, container: src.name, name: name}
		defer s.flush()
		src.mu.Lock()
		src.known++
		src.mu.Unlock()
		return w, t.read(r, fileName(src.name, name), s)
	}
	src.note("no kind of feed that is read here")
	return w, nil
}

// notData says why a file that is named like data holds none: it would otherwise pass for
// one of the many that are no feed, and what it should have held would be missing in
// silence.
func notData(head []byte, name string) string {
	switch strings.ToLower(filepath.Ext(strings.TrimSuffix(name, ".zst"))) {
	case ".json", ".jsonl", ".ndjson", ".csv", ".zip", ".gz", ".zst", ".bz2", ".xz", ".tar", ".tgz":
	default:
		if len(head) >= 2 && (head[0] == 0xff && head[1] == 0xfe || head[0] == 0xfe && head[1] == 0xff) {
			return "it is in UTF-16; save it in UTF-8"
		}
		return ""
	}
	text := bytes.ToLower(bytes.TrimLeft(head[:min(len(head), 256)], " \t\r\n"))
	switch {
	case len(head) == 0:
		return "it is empty; fetch it again"
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}), bytes.HasPrefix(head, []byte{0xfe, 0xff}),
		len(head) > 3 && head[0] != 0 && head[1] == 0 && head[2] != 0 && head[3] == 0,
		len(head) > 3 && head[0] == 0 && head[1] != 0 && head[2] == 0 && head[3] != 0:
		return "it is in UTF-16; save it in UTF-8"
	case bytes.HasPrefix(text, []byte("<!doctype html")), bytes.HasPrefix(text, []byte("<html")):
		return "it is a web page, such as a server's error or a sign-in page; fetch it again"
	case bytes.HasPrefix(head, []byte("\xfd7zXZ\x00")):
		return "it is packed with xz, which is not read here; unpack it"
	case bytes.HasPrefix(head, []byte("7z\xbc\xaf\x27\x1c")):
		return "it is packed with 7-Zip, which is not read here; unpack it"
	}
	return ""
}

func fileName(file, entry string) string {
	if entry != "" {
		file = entry
	}
	_, base := splitPath(file)
	return base
}

// isJSONArray tells a list of objects from a text that begins with a bracket.
func isJSONArray(b []byte) bool {
	b = bytes.TrimLeft(b[1:], " \t\r\n")
	return len(b) > 0 && (b[0] == '{' || b[0] == ']')
}

func (s *source) note(why string) {
	s.mu.Lock()
	s.unused[why]++
	s.mu.Unlock()
}

func readAll(r io.Reader, buf []byte) ([]byte, error) {
	b := bytes.NewBuffer(buf)
	if _, err := b.ReadFrom(io.LimitReader(r, maxDocument+1)); err != nil {
		return nil, err
	}
	if b.Len()-len(buf) > maxDocument {
		return nil, errLimit(fmt.Sprintf("it holds a document of more than %d MiB", maxDocument>>20))
	}
	return b.Bytes(), nil
}

// readJSON reads one document, or lines of which each is one. They are lines where
// the first line is closed and the second opens an object.
func (b *builder) readJSON(src *source, w *batch, name string, r *bufio.Reader) (*batch, error) {
	first, err := readLine(r, nil)
	if err != nil && !errors.Is(err, io.EOF) {
		return w, err
	}
	line := bytes.TrimRight(first, " \t\r\n")
	lines := false
	if err == nil && len(line) > 1 && line[len(line)-1] == '}' {
		next, _ := r.Peek(512)
		next = bytes.TrimLeft(next, " \t\r\n")
		lines = len(next) > 0 && next[0] == '{'
	}
	if !lines {
		if err == nil {
			if first, err = readAll(r, first); err != nil {
				return w, err
			}
		}
		return b.add(src, w, doc{name: name}, first)
	}
	if w, err = b.add(src, w, doc{line: 1, name: name}, line); err != nil {
		return w, err
	}
	var buf []byte
	for n := 2; ; n++ {
		var err error
		buf, err = readLine(r, buf[:0])
		if err != nil && !errors.Is(err, io.EOF) {
			return w, err
		}
		if t := bytes.TrimRight(buf, " \t\r\n"); len(bytes.TrimLeft(t, " \t")) > 0 {
			var e error
			if w, e = b.add(src, w, doc{line: n, name: name}, t); e != nil {
				return w, e
			}
		}
		if err != nil {
			return w, nil
		}
	}
}

// readLine appends a line with its end to buf.
func readLine(r *bufio.Reader, buf []byte) ([]byte, error) {
	for {
		part, err := r.ReadSlice('\n')
		buf = append(buf, part...)
		if len(buf) > maxDocument {
			return buf, errLimit(fmt.Sprintf("it holds a line of more than %d MiB", maxDocument>>20))
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return buf, err
		}
	}
}

// readArray reads a list of documents.
func (b *builder) readArray(src *source, w *batch, name string, data []byte) (*batch, error) {
	s := jscan.New(data)
	var err error
	n := 0
	s.Array(func() {
		n++
		v := s.Value()
		if err == nil && !s.Failed() {
			w, err = b.add(src, w, doc{name: fmt.Sprintf("%s[%d]", name, n)}, v)
		}
	})
	if e := s.End(); err == nil && e != nil {
		src.strange(oddity{name: name, why: e.Error()}, true)
	}
	return w, err
}

// add puts a document into a batch, and begins another where it is full.
func (b *builder) add(src *source, w *batch, d doc, data []byte) (*batch, error) {
	if len(w.docs) > 0 && len(w.data)+len(data) > batchBytes {
		if err := b.send(w); err != nil {
			return w, err
		}
		w = b.newBatch(src, src.name)
	}
	d.from = len(w.data)
	w.data = append(w.data, data...)
	d.to = len(w.data)
	w.docs = append(w.docs, d)
	return w, nil
}

// run reads batches until there are no more.
func (b *builder) run() {
	var d document
	for w := range b.work {
		s := &sink{l: b.ledger, file: w.file.name, container: w.container, checks: w.file.checks}
		for _, at := range w.docs {
			if b.ctx.Err() != nil {
				break
			}
			s.line, s.name = at.line, at.name
			b.document(s, w.file, &d, w.data[at.from:at.to], at)
		}
		s.flush()
		w.file.work.Done()
		if cap(w.data) <= 4*batchBytes {
			b.pool.Put(w)
		}
	}
}

// document reads one document.
func (b *builder) document(s *sink, src *source, d *document, data []byte, at doc) {
	if err := d.look(data); err != nil {
		line := at.line
		var f *jscan.Fault
		if errors.As(err, &f) && line == 0 {
			line = f.Line
		}
		src.strange(oddity{line, at.name, err.Error()}, true)
		return
	}
	if d.has("asepsis_source") {
		if err := b.stated.add(src.name, data, b.now); err != nil {
			src.strange(oddity{at.line, at.name, err.Error()}, true)
			return
		}
		src.note("it says when the folder was fetched")
		return
	}
	for i := range b.kinds {
		k := &b.kinds[i]
		if !k.is(d) {
			continue
		}
		if k.read == nil {
			src.note(k.why)
			return
		}
		src.mu.Lock()
		src.known++
		src.mu.Unlock()
		k.read(data, fileName(src.name, at.name), s)
		return
	}
	src.strange(oddity{at.line, at.name, "a document of no known kind"}, false)
}

// strange notes a document that could not be read.
func (s *source) strange(o oddity, broken bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unknown++
	s.broken = s.broken || broken
	if len(s.odd) < maxUnknown {
		s.odd = append(s.odd, o)
	}
}
