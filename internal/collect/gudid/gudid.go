// Package gudid reads the FDA's catalog of medical devices (GUDID) in the forms it
// is published in: AccessGUDID's XML and its delimited text, both also as the ZIP
// files they come in, and openFDA's JSON of device/udi.
//
// A record describes a model, known by its device identifier, and never a unit:
// nothing here is a sighting. [Read] gives the records that are wanted, and
// [Model.Values] what they say of an asset that carries the identifier.
package gudid

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/lines"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/collect/safe"
	"github.com/asepsis/asepsis/internal/collect/xmlsafe"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/udi"
)

const format = "gudid"

// Flag is what a record says to a question: yes, no, or nothing.
type Flag int8

// The flags.
const (
	Unsaid Flag = iota
	Yes
	No
)

func flag(s string) Flag {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "true", "yes", "1":
		return Yes
	case "false", "no", "0":
		return No
	}
	return Unsaid
}

// Code is a product code of the FDA.
type Code struct{ Code, Name string }

// Model is a record of the catalog: a model of device.
type Model struct {
	DI            string // of the model; 14 digits where GS1 issued it
	Agency        udi.Agency
	Other         []string // identifiers of its packages, and former ones
	Brand         string
	ModelNumber   string // version or model
	CatalogNumber string
	Company       string
	Description   string
	Terms         []string // GMDN
	Codes         []Code
	MRI           string // safety in magnetic resonance, in the FDA's words
	Status        string // commercial distribution, in the FDA's words
	Published     time.Time
	Rx, OTC       Flag
	SingleUse     Flag
	Sterile       Flag
	Kit           Flag
	HasSerial     Flag // its labels carry a serial number
	HasLot        Flag
	HasExpiry     Flag
}

// Values is what the record says of an asset that carries one of its identifiers.
// That it is a medical device is the law's word: only those have one.
func (m *Model) Values() fact.Values {
	v := fact.Values{"class": string(asset.Medical), "udi_di": m.DI}
	set := func(attr, s string) {
		if s = reports.Shorten(s, 300); s != "" {
			v[attr] = s
		}
	}
	set("manufacturer", m.Company)
	set("model", m.Brand)
	set("model_number", m.ModelNumber)
	if m.ModelNumber == "" {
		set("model_number", m.CatalogNumber)
	}
	switch {
	case len(m.Terms) > 0:
		set("gmdn_term", m.Terms[0])
	case len(m.Codes) > 0:
		set("gmdn_term", m.Codes[0].Name)
	}
	return v
}

// Recognize returns how sure it is, 0 to 100, that a file begins as one of the
// catalog's forms does.
func Recognize(name string, head []byte) int {
	if bytes.HasPrefix(head, []byte("PK\x03\x04")) {
		if strings.Contains(strings.ToLower(path.Base(name)), "gudid") {
			return 60
		}
		return 0
	}
	h := bytes.TrimSpace(lines.Head(head))
	switch {
	case len(h) == 0:
		return 0
	case h[0] == '<':
		if space, _ := xmlsafe.Sniff(head); strings.HasPrefix(space, namespace) || bytes.Contains(h[:min(len(h), 4096)], []byte(namespace)) {
			return 95
		}
	case h[0] == '{':
		if bytes.Contains(h, []byte(`"version_or_model_number"`)) || bytes.Contains(h, []byte(`"public_device_record_key"`)) {
			return 90
		}
	case bytes.HasPrefix(h, []byte("PrimaryDI|")) && bytes.Contains(h[:min(len(h), 4096)], []byte("versionModelNumber")):
		return 95
	}
	return 0
}

const namespace = "http://www.fda.gov/cdrh/gudid"

// Read calls found with each record of the file that is wanted. Wanted is asked
// with each identifier of a record, in the form that [udi.ParseDI] gives, and is
// cheap to call; nil wants all. The record is found's to keep.
//
// Memory is bounded by the limits of the input and does not grow with the file,
// except for delimited text in a ZIP file, whose terms lie in a file of their own:
// there those of the wanted records are held. A file that is none of the catalog
// is a *collect.Refusal; an error of found ends the reading and is returned.
func Read(ctx context.Context, in collect.Input, wanted func(di string) bool, found func(Model) error) error {
	if wanted == nil {
		wanted = func(string) bool { return true }
	}
	r := &reader{in: in, wanted: wanted, found: found}
	err := r.read(ctx)
	if own, ok := errors.AsType[*foundError](err); ok {
		return own.err
	}
	return safe.Refuse(in, format, err)
}

// foundError marks an error of the caller's own.
type foundError struct{ err error }

func (e *foundError) Error() string { return e.err.Error() }

type reader struct {
	in      collect.Input
	wanted  func(string) bool
	found   func(Model) error
	records int
	terms   map[string][]string // by identifier, of delimited text
	codes   map[string][]Code
}

func (r *reader) read(ctx context.Context) error {
	head, err := r.in.Head()
	if err != nil {
		return err
	}
	if bytes.HasPrefix(head, []byte("PK\x03\x04")) {
		err = r.archive(ctx)
	} else {
		var src io.Reader
		if src, err = lines.Unpacked(ctx, r.in); err != nil {
			return err
		}
		err = r.form(src, lines.Head(head))
	}
	if err == nil && r.records == 0 {
		err = &safe.Fault{Reason: "the file holds no records of devices", Mend: "download the catalog again"}
	}
	return err
}

// form reads one file by the form that its first bytes show.
func (r *reader) form(src io.Reader, head []byte) error {
	h := bytes.TrimSpace(head)
	switch {
	case len(h) > 0 && h[0] == '<':
		return r.xml(src)
	case len(h) > 0 && h[0] == '{':
		return r.json(src)
	case bytes.HasPrefix(h, []byte("PrimaryDI|")):
		return r.delimited(src)
	}
	return &safe.Fault{Line: 1, Reason: "this is none of the forms of the FDA's catalog", Mend: "bring AccessGUDID's XML or delimited text, or openFDA's JSON of device/udi"}
}

// archive reads the catalog as it is downloaded.
func (r *reader) archive(ctx context.Context) error {
	if r.in.Limits.Bytes > 0 && r.in.Size > r.in.Limits.Bytes {
		_, err := safe.Bytes(ctx, r.in)
		return err
	}
	z, err := zip.NewReader(r.in.R, r.in.Size)
	if err != nil {
		return &safe.Fault{Reason: "the ZIP file is cut off or damaged", Mend: "download it again"}
	}
	if len(z.File) > 1000 {
		return &safe.Fault{Reason: "the ZIP file holds more than 1,000 files", Mend: "bring the file as the FDA publishes it"}
	}
	left := r.in.Limits.Bytes
	each := func(f func(*zip.File) bool, do func(io.Reader) error) error {
		for _, e := range z.File {
			if !f(e) {
				continue
			}
			src, err := e.Open()
			if err != nil {
				return &safe.Fault{Reason: fmt.Sprintf("%.80q in the ZIP file cannot be unpacked", e.Name), Mend: "download it again"}
			}
			c := &counter{r: unzipper{src}}
			err = do(safe.Unpacked(ctx, c, int64(e.CompressedSize64), left))
			if cerr := src.Close(); err == nil && cerr != nil {
				err = &safe.Fault{Reason: fmt.Sprintf("%.80q in the ZIP file is damaged", e.Name), Mend: "download it again"}
			}
			if left -= c.n; err != nil {
				return err
			}
		}
		return nil
	}
	named := func(names ...string) func(*zip.File) bool {
		return func(e *zip.File) bool { return slices.Contains(names, strings.ToLower(path.Base(e.Name))) }
	}
	if slices.ContainsFunc(z.File, named("device.txt")) {
		if err := each(named("gmdnterms.txt"), r.termFile); err != nil {
			return err
		}
		if err := each(named("productcodes.txt"), r.codeFile); err != nil {
			return err
		}
		return each(named("device.txt"), r.delimited)
	}
	return each(func(e *zip.File) bool {
		ext := strings.ToLower(path.Ext(e.Name))
		return ext == ".xml" || ext == ".json"
	}, func(src io.Reader) error {
		head := make([]byte, 4096)
		n, err := io.ReadFull(src, head)
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
			return err
		}
		text, err := safe.Text(io.MultiReader(bytes.NewReader(head[:n]), src), head[:n], "")
		if err != nil {
			return err
		}
		return r.form(text, safe.Head(head[:n]))
	})
}

// unzipper makes the errors of a damaged archive faults of the file.
type unzipper struct{ r io.Reader }

func (u unzipper) Read(p []byte) (int, error) {
	n, err := u.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = &safe.Fault{Reason: "the ZIP file is damaged", Mend: "download it again"}
	}
	return n, err
}

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// give hands a record on, if it is wanted.
func (r *reader) give(m *Model, line int) error {
	if r.records++; r.records > r.in.Limits.Items {
		return r.tooMany(line)
	}
	if m.DI == "" {
		return &safe.Fault{Line: line, Reason: "a record has no device identifier", Mend: "download the catalog again"}
	}
	if agency, di, err := udi.ParseDI(m.DI); err == nil {
		m.DI = di
		if m.Agency == "" {
			m.Agency = agency
		}
	}
	want := r.wanted(m.DI)
	for i, o := range m.Other {
		if _, di, err := udi.ParseDI(o); err == nil {
			m.Other[i] = di
		}
		want = want || r.wanted(m.Other[i])
	}
	if !want {
		return nil
	}
	if err := r.found(*m); err != nil {
		return &foundError{err}
	}
	return nil
}

func (r *reader) tooMany(line int) error {
	return &safe.Fault{Line: line, Reason: fmt.Sprintf("there are more than %d records", r.in.Limits.Items), Mend: "bring the catalog in parts"}
}

// wantsRaw asks for an identifier as the file writes it.
func (r *reader) wantsRaw(s string) bool {
	if _, di, err := udi.ParseDI(s); err == nil {
		s = di
	}
	return r.wanted(s)
}

func day(s string) time.Time {
	for _, layout := range []string{"2006-01-02", "20060102"} {
		if t, err := time.Parse(layout, strings.TrimSpace(s)); err == nil {
			return t
		}
	}
	return time.Time{}
}

// agency gives ours by the FDA's name.
func agency(s string) udi.Agency {
	for _, a := range []udi.Agency{udi.GS1, udi.HIBCC, udi.ICCBBA} {
		if strings.EqualFold(strings.TrimSpace(s), string(a)) {
			return a
		}
	}
	return ""
}
