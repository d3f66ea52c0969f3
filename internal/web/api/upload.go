package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/errs"
)

// ImportOptions says how to read a file. It travels as JSON in the part
// "options" of the form.
type ImportOptions struct {
	SkipRows   bool              `json:"skip_rows,omitempty" doc:"Leave bad rows out; else one bad row refuses the file"`
	Complete   bool              `json:"complete,omitempty" doc:"The file lists everything of its kind: what it leaves out is gone"`
	ObservedAt *time.Time        `json:"observed_at,omitempty" doc:"When the facts were true; else what the file says"`
	ModifiedAt *time.Time        `json:"modified_at,omitempty" doc:"When the file was last changed, as the browser knows it"`
	Table      string            `json:"table,omitempty" doc:"Kind of table: people, accounts, …"`
	Columns    map[string]string `json:"columns,omitempty" doc:"Header to field, where the columns were confirmed"`
	Options    map[string]string `json:"options,omitempty" doc:"A format's own choices, such as directory"`
}

type importInput struct {
	DryRun bool `query:"dry_run" doc:"Only say what would change"`
}

const (
	mostOptions = 256 << 10
	uploadTime  = 10 * time.Minute
)

// importRoute registers the upload. The form is read by hand: the framework
// would hold it whole, and we bound and hash it as it streams to a file.
func (s *server) importRoute(rt route) {
	rt.within = uploadTime
	rt.body = -1
	add(s, rt, s.importFile)
	// The body is described after the registration: the framework reads whatever
	// it knows of.
	options := s.huma.OpenAPI().Components.Schemas.Schema(typeOf[ImportOptions](), true, "ImportOptions")
	s.huma.OpenAPI().Paths[rt.path].Post.RequestBody = &huma.RequestBody{
		Required: true,
		Content: map[string]*huma.MediaType{"multipart/form-data": {Schema: &huma.Schema{
			Type:     huma.TypeObject,
			Required: []string{"file"},
			Properties: map[string]*huma.Schema{
				"options": options,
				"file":    {Type: huma.TypeString, Format: "binary", Description: "The file; after options"},
			},
		}}},
	}
}

func (s *server) importFile(ctx context.Context, who access.Caller, in *importInput) (*body[ImportOutcome], error) {
	x := requestOf(ctx)
	x.r.Body = http.MaxBytesReader(x.w, x.r.Body, s.uploads.most+mostOptions+64<<10)
	up, err := s.uploads.receive(x.r)
	if err != nil {
		return nil, err
	}
	defer up.close()
	o := up.options
	req := ImportRequest{
		Name: up.name, R: up.f, Size: up.size, SHA256: up.sum, DryRun: in.DryRun,
		SkipRows: o.SkipRows, Complete: o.Complete, Table: o.Table, Columns: o.Columns, Options: o.Options,
	}
	if o.ObservedAt != nil {
		req.ObservedAt = o.ObservedAt.UTC()
	}
	if o.ModifiedAt != nil {
		req.ModTime = o.ModifiedAt.UTC()
	}
	return ref(s.actions.ImportFile(ctx, who, req))
}

// uploads receives files into a folder.
type uploads struct {
	dir  string
	most int64
}

type upload struct {
	name    string
	f       *os.File
	size    int64
	sum     string
	options ImportOptions
}

func (u *upload) close() {
	_ = u.f.Close()
	_ = os.Remove(u.f.Name()) // on systems that keep open files' names
}

func malformed(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return err
	}
	return errs.Hint(errs.New(errs.Misused, "the form cannot be read: %w", err),
		"send multipart/form-data with the parts options (JSON, may be left out) and file")
}

// receive reads the form: at most one part of each name, the options first.
func (u uploads) receive(r *http.Request) (up *upload, err error) {
	mr, err := r.MultipartReader()
	if err != nil {
		return nil, malformed(err)
	}
	var o ImportOptions
	seen := map[string]bool{}
	defer func() {
		if err != nil && up != nil {
			up.close()
			up = nil
		}
	}()
	for {
		p, err := mr.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return up, malformed(err)
		}
		name := p.FormName()
		if seen[name] || up != nil {
			return up, malformed(fmt.Errorf("part %.20q comes after the file or twice", name))
		}
		seen[name] = true
		switch name {
		case "options":
			if o, err = readOptions(p); err != nil {
				return up, err
			}
		case "file":
			if up, err = u.save(p); err != nil {
				return up, err
			}
		default:
			return up, malformed(fmt.Errorf("there is no part %.20q", name))
		}
	}
	if up == nil {
		return nil, malformed(errors.New("the part file is missing"))
	}
	up.options = o
	return up, nil
}

func readOptions(r io.Reader) (o ImportOptions, err error) {
	d := json.NewDecoder(io.LimitReader(r, mostOptions))
	d.DisallowUnknownFields()
	if err := d.Decode(&o); err != nil {
		return o, malformed(fmt.Errorf("options: %w", err))
	}
	return o, nil
}

func (u uploads) save(p *multipart.Part) (*upload, error) {
	name := path.Base(strings.ReplaceAll(p.FileName(), `\`, "/"))
	if name == "." || name == "/" {
		return nil, malformed(errors.New("the file has no name"))
	}
	f, err := os.CreateTemp(u.dir, "upload-*")
	if err != nil {
		return nil, fmt.Errorf("receive file: %w", err)
	}
	// Where the system allows it the file has no name from here on, so that not
	// even a killed process leaves what somebody brought behind.
	_ = os.Remove(f.Name())
	up := &upload{name: name, f: f}
	h := sha256.New()
	up.size, err = io.Copy(io.MultiWriter(f, h), io.LimitReader(p, u.most+1))
	if err != nil {
		return up, fmt.Errorf("receive file: %w", asMalformed(err))
	}
	if up.size > u.most {
		return up, &http.MaxBytesError{Limit: u.most}
	}
	up.sum = hex.EncodeToString(h.Sum(nil))
	return up, nil
}

// asMalformed tells a body that broke off from a disk that is full.
func asMalformed(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return malformed(err)
	}
	return err
}
