package dmarcreport

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/collect/safe"
)

var (
	gzipMark = []byte{0x1f, 0x8b}
	zipMark  = []byte("PK\x03\x04")
)

const (
	// directoryMax is the most that the list of files in a ZIP may take: some
	// 50,000 reports.
	directoryMax = 8 << 20
	maxReports   = 50_000
)

var (
	badGZIP = &safe.Fault{Reason: "the packed file is damaged or cut off", Mend: "save the attachment again, or bring the unpacked report"}
	badZIP  = &safe.Fault{Reason: "the ZIP file is damaged or cut off", Mend: "save the attachment again, or bring the unpacked report"}
)

type parser struct {
	ctx       context.Context //nolint:containedctx // lives no longer than the call that made it
	in        collect.Input
	faults    *safe.Faults
	file      File
	receivers map[string]bool
	left      int64 // bytes that may still be unpacked
}

func (p *parser) open() error {
	src, err := safe.Bytes(p.ctx, p.in)
	if err != nil {
		return err
	}
	head := make([]byte, min(p.in.Size, 4))
	if _, err := p.in.R.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if bytes.Equal(head, zipMark) {
		return p.unzip()
	}
	return p.one(src)
}

// one reads one report, packed or not.
func (p *parser) one(src io.Reader) error {
	b := bufio.NewReader(src)
	head, err := b.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if bytes.Equal(head, gzipMark) {
		z, err := gzip.NewReader(b)
		if err != nil {
			return damaged(err, badGZIP)
		}
		b = bufio.NewReader(&unpacked{r: z, p: p, bad: badGZIP})
	}
	return p.document(b)
}

// unzip reads every report in a ZIP file. It looks at the end record first, because
// the directory that it points to is read whole.
func (p *parser) unzip() error {
	const record = 22
	tail := make([]byte, min(p.in.Size, record+1<<16))
	if _, err := p.in.R.ReadAt(tail, p.in.Size-int64(len(tail))); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	i := bytes.LastIndex(tail, []byte("PK\x05\x06"))
	if i < 0 || len(tail)-i < record {
		return badZIP
	}
	if start := int64(binary.LittleEndian.Uint32(tail[i+16:])); p.in.Size-start > directoryMax+1<<16 {
		return &safe.Fault{Reason: "the ZIP file holds too many files", Mend: "bring the reports of a shorter period at a time"}
	}
	z, err := zip.NewReader(p.in.R, p.in.Size)
	if err != nil {
		return badZIP
	}
	files := slices.DeleteFunc(z.File, func(f *zip.File) bool { return !report(f.Name) })
	if len(files) > maxReports {
		return &safe.Fault{Reason: fmt.Sprintf("the ZIP file holds more than %d reports", maxReports), Mend: "bring the reports of a shorter period at a time"}
	}
	for _, f := range files {
		if err := p.ctx.Err(); err != nil {
			return err
		}
		if err := p.entry(f, len(files) > 1); err != nil {
			return err
		}
	}
	return nil
}

// entry reads one report of a ZIP file. Where there are several, a bad one is a fault
// of its own, which the person chose to leave out or to refuse the file for.
func (p *parser) entry(f *zip.File, several bool) error {
	err := func() error {
		r, err := f.Open()
		if err != nil {
			return badZIP
		}
		defer r.Close() //nolint:errcheck // it was read to its end, or its content was refused
		return p.one(&unpacked{r: r, p: p, bad: badZIP})
	}()
	var fault *safe.Fault
	if !several || p.left < 0 || !errors.As(err, &fault) {
		return err
	}
	return p.faults.Add(fault.Line, "", reports.Shorten(path.Base(f.Name), 100)+": "+fault.Reason, fault.Mend)
}

// report says whether a file in a ZIP is one, by its name: others, such as the
// folders and marks that a Mac adds, are passed over.
func report(name string) bool {
	name = strings.ToLower(strings.ReplaceAll(name, `\`, "/"))
	base := path.Base(name)
	if strings.HasPrefix(base, ".") || strings.HasPrefix(name, "__macosx/") || strings.HasSuffix(name, "/") {
		return false
	}
	return strings.HasSuffix(base, ".xml") || strings.HasSuffix(base, ".gz") || strings.HasSuffix(base, ".gzip")
}

// unpacked bounds what all packed files together unpack to, and makes their errors
// faults of the file.
type unpacked struct {
	r   io.Reader
	p   *parser
	bad *safe.Fault
}

func (u *unpacked) Read(b []byte) (int, error) {
	if err := u.p.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := u.r.Read(b)
	if u.p.in.Limits.Bytes > 0 {
		if u.p.left -= int64(n); u.p.left < 0 {
			return 0, &safe.Fault{
				Reason: fmt.Sprintf("the file unpacks to more than %d MB, the most that is read", u.p.in.Limits.Bytes>>20),
				Mend:   "bring the reports of a shorter period at a time",
			}
		}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = damaged(err, u.bad)
	}
	return n, err
}

// damaged keeps what is no fault of the content: an ended context, and faults that
// have been told already.
func damaged(err error, bad *safe.Fault) error {
	var f *safe.Fault
	if errors.As(err, &f) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return bad
}

// zipHead looks at the first files of a ZIP of which only the head is there.
func zipHead(head []byte) int {
	const local = 30
	for range 8 {
		if len(head) < local || !bytes.HasPrefix(head, zipMark) {
			return 0
		}
		method, size := binary.LittleEndian.Uint16(head[8:]), int(binary.LittleEndian.Uint32(head[18:]))
		names, extra := int(binary.LittleEndian.Uint16(head[26:])), int(binary.LittleEndian.Uint16(head[28:]))
		if len(head) < local+names+extra {
			return 0
		}
		name, data := string(head[local:local+names]), head[local+names+extra:]
		if report(name) {
			switch method {
			case zip.Store:
			case zip.Deflate:
				data = some(flate.NewReader(bytes.NewReader(data)))
			default:
				return 0
			}
			if bytes.HasPrefix(data, gzipMark) {
				r, err := gzip.NewReader(bytes.NewReader(data))
				if err != nil {
					return 0
				}
				data = some(r)
			}
			return xmlHead(data)
		}
		if head[6]&8 != 0 { // its size stands behind it: look for the next file
			size = max(0, bytes.Index(data, zipMark))
		}
		if size < 0 || size > len(data) {
			return 0
		}
		head = data[size:]
	}
	return 0
}
