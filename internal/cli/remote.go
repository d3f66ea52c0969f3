package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/assess"
	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/secret"
	"github.com/asepsis/asepsis/internal/web/api"
)

// client runs commands against a server, by the same API as the pages.
type client struct {
	base  string
	token secret.Text
	http  *http.Client
}

// newClient checks the address: a token goes only where nobody can read it on
// the way.
func newClient(server, token string) (*client, error) {
	u, err := url.Parse(server)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, errs.Hint(errs.New(errs.Misused, "server %q is no address", server), "write it as https://asepsis.hospital.example")
	}
	if host := u.Hostname(); u.Scheme == "http" && host != "localhost" && host != "127.0.0.1" && host != "::1" {
		return nil, errs.New(errs.Misused, "server %s is reached without TLS; the token could be read on the way", server)
	}
	if token == "" {
		return nil, errs.Hint(errs.New(errs.Misused, "no API token"), "make one in Settings, and name its file with --token-file or set ASEPSIS_TOKEN")
	}
	return &client{
		base: strings.TrimRight(u.Scheme+"://"+u.Host+u.Path, "/") + api.Prefix, token: secret.New(token),
		http: &http.Client{Timeout: 10 * time.Minute},
	}, nil
}

// do sends a request and decodes the answer into out, which may be nil or an
// io.Writer.
func (c *client) do(ctx context.Context, method, path, contentType string, body io.Reader, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return errs.Wrap(errs.Misused, err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token.Reveal())
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return errs.Hint(errs.Wrap(errs.Invalid, fmt.Errorf("reach the server: %w", err)), "is it running, and is the address right?")
	}
	defer res.Body.Close()
	if res.StatusCode >= http.StatusBadRequest {
		return problem(res)
	}
	if w, ok := out.(io.Writer); ok {
		_, err := io.Copy(w, res.Body)
		return err
	}
	if out == nil {
		return nil
	}
	if err := json.NewDecoder(res.Body).Decode(out); err != nil {
		return fmt.Errorf("read the server's answer: %w", err)
	}
	return nil
}

// problem turns the server's answer into the error a local command would give.
func problem(res *http.Response) error {
	var p api.Problem
	if err := json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(&p); err != nil || p.Detail == "" {
		return errs.New(errs.Invalid, "the server answered %s", res.Status)
	}
	if len(p.Faults) > 0 || p.Mapping != nil {
		r := &collect.Refusal{File: "the file", Format: p.Format, More: p.More}
		for _, f := range p.Faults {
			r.Faults = append(r.Faults, collect.RowFault(f))
		}
		if p.Mapping != nil {
			r.Mapping = &collect.Mapping{Table: p.Mapping.Table, Unsure: true, Why: p.Mapping.Why}
			for _, m := range p.Mapping.Columns {
				r.Mapping.Columns = append(r.Mapping.Columns, collect.Column{Header: m.Header, Field: m.Field, Match: m.Match, Sample: m.Sample})
			}
		}
		return r
	}
	err := errs.New(errs.Invalid, "%s", p.Detail)
	if p.Hint != "" {
		err = errs.Hint(err, "%s", p.Hint)
	}
	return err
}

func (c *client) get(ctx context.Context, path string, out any) error {
	return c.do(ctx, http.MethodGet, path, "", nil, out)
}

// importFile sends a file with what the flags say of it.
func (c *client) importFile(ctx context.Context, name string, cmd *importCmd, at time.Time) (*api.ImportOutcome, error) {
	f, _, mod, err := openFile(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	pr, pw := io.Pipe()
	form := multipart.NewWriter(pw)
	go func() { pw.CloseWithError(writeForm(form, f, filepath.Base(name), mod, cmd, at)) }()
	out := new(api.ImportOutcome)
	err = c.do(ctx, http.MethodPost, "/imports?dry_run="+strconv.FormatBool(cmd.DryRun), form.FormDataContentType(), pr, out)
	if r, ok := errors.AsType[*collect.Refusal](err); ok {
		r.File = filepath.Base(name)
	}
	return out, errors.Join(err, ignoreClosed(pr.Close()))
}

func ignoreClosed(err error) error {
	if errors.Is(err, io.ErrClosedPipe) {
		return nil
	}
	return err
}

// writeForm writes the options first: the server reads the file last.
func writeForm(form *multipart.Writer, f *os.File, name string, mod time.Time, cmd *importCmd, at time.Time) error {
	o := api.ImportOptions{SkipRows: cmd.SkipRows, Complete: cmd.Complete, ModifiedAt: &mod, Table: cmd.Table, Columns: cmd.Column, Options: cmd.Option}
	if !at.IsZero() {
		o.ObservedAt = &at
	}
	b, err := json.Marshal(o)
	if err != nil {
		return err
	}
	if err := form.WriteField("options", string(b)); err != nil {
		return err
	}
	w, err := form.CreateFormFile("file", name)
	if err != nil {
		return err
	}
	if _, err := io.Copy(w, f); err != nil {
		return err
	}
	return form.Close()
}

// assess starts an assessment and waits until it is done.
func (c *client) assess(ctx context.Context, step func(string)) (*api.Job, error) {
	job := new(api.Job)
	if err := c.do(ctx, http.MethodPost, "/assessments", "application/json", bytes.NewReader([]byte("{}")), job); err != nil {
		return nil, err
	}
	for {
		var t api.Today
		if err := c.get(ctx, "/today", &t); err != nil {
			return nil, err
		}
		if t.RunningJob == nil || t.RunningJob.ID != job.ID {
			if t.LastAssessment == nil {
				return nil, errs.New(errs.Invalid, "the server's assessment failed; its log says why")
			}
			job.Result = t.LastAssessment.ID
			return job, nil
		}
		step(t.RunningJob.Step)
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(300 * time.Millisecond):
		}
	}
}

// assessmentAt finds the newest assessment that the server kept by a moment.
func (c *client) assessmentAt(ctx context.Context, at time.Time) (string, error) {
	cursor := ""
	for {
		var p api.Page[api.AssessmentSummary]
		if err := c.get(ctx, "/assessments?limit=500&cursor="+url.QueryEscape(cursor), &p); err != nil {
			return "", err
		}
		for _, a := range p.Items {
			if !a.AsOf.After(at) {
				return a.ID, nil
			}
		}
		if cursor = p.Next; cursor == "" {
			return "", errs.New(errs.NotFound, "the server kept no assessment by %s", moment(at))
		}
	}
}

func (c *client) assessment(ctx context.Context, id string) (*assess.Assessment, error) {
	a := new(assess.Assessment)
	return a, c.get(ctx, "/assessments/"+url.PathEscape(id), a)
}

func (c *client) report(ctx context.Context, id, format string, w io.Writer) error {
	path := "/report"
	if format != "html" {
		path += "." + format
	}
	return c.get(ctx, path+"?assessment="+url.QueryEscape(id), w)
}

func (c *client) checks(ctx context.Context) ([]api.CheckRow, error) {
	var out struct {
		Items []api.CheckRow `json:"items"`
	}
	return out.Items, c.get(ctx, "/checks", &out)
}

func (c *client) parameters(ctx context.Context) ([]api.Parameter, error) {
	var out struct {
		Items []api.Parameter `json:"items"`
	}
	return out.Items, c.get(ctx, "/parameters", &out)
}

func (c *client) ledger(ctx context.Context) (*api.LedgerStatus, error) {
	out := new(api.LedgerStatus)
	return out, c.get(ctx, "/ledger", out)
}

func (c *client) checkLedger(ctx context.Context) (*api.LedgerCheck, error) {
	out := new(api.LedgerCheck)
	return out, c.do(ctx, http.MethodPost, "/ledger/check", "application/json", bytes.NewReader([]byte("{}")), out)
}

func (c *client) check(ctx context.Context, id string) (*api.CheckDetail, error) {
	out := new(api.CheckDetail)
	return out, c.get(ctx, "/checks/"+url.PathEscape(id), out)
}

// setParameter sets a parameter on the server; a nil value is its default.
func (c *client) setParameter(ctx context.Context, check, name string, value any, reason string) (*api.Parameter, error) {
	if reason == "" {
		reason = "set on the command line"
	}
	b, err := json.Marshal(map[string]any{"check": check, "name": name, "value": value, "reason": reason})
	if err != nil {
		return nil, err
	}
	out := new(api.Parameter)
	return out, c.do(ctx, http.MethodPut, "/parameters", "application/json", bytes.NewReader(b), out)
}
