package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/store/sqlstore"
	"github.com/asepsis/asepsis/internal/udi"
)

// Imported is what came of a file.
type Imported struct {
	Format   collect.Format
	Parsed   *collect.Parsed
	Ingested sqlstore.Ingested
	File     fact.File
}

// Formats lists what can be imported.
func (a *App) Formats() []collect.Format { return collect.Formats(a.importers) }

// Bring reads a file whole, and stores what it says in one transaction. A
// file that cannot be taken is a *collect.Refusal, and changes nothing. With
// dry set it says what would change. sum is the file's SHA-256 in hex where
// the caller has it already, else "".
func (a *App) Bring(ctx context.Context, tid, actor string, in collect.Input, sum string, dry bool) (*Imported, error) {
	t, err := a.tenant(tid)
	if err != nil {
		return nil, err
	}
	in.Now = a.now().UTC()
	if in.Limits == (collect.Limits{}) {
		in.Limits = collect.DefaultLimits()
	}
	if in.OnFault == "" {
		in.OnFault = collect.RefuseFile
	}
	if in.Size > in.Limits.Bytes {
		return nil, collect.Refuse(in, "", 0, fmt.Sprintf("the file has %d bytes, more than the limit of %d", in.Size, in.Limits.Bytes),
			"split it, or leave out what is not needed")
	}
	im, err := collect.Recognize(a.importers, in)
	if err != nil {
		return nil, err
	}
	if sum == "" {
		h := sha256.New()
		if _, err := io.Copy(h, in.Reader()); err != nil {
			return nil, fmt.Errorf("read %s: %w", in.Name, err)
		}
		sum = hex.EncodeToString(h.Sum(nil))
	}
	if _, ok := im.(collect.Catalog); ok {
		if in.Units, err = unitsOf(ctx, t, in.Now); err != nil {
			return nil, err
		}
	}
	in.Confirmed = func(headers []string) (c collect.Confirmation, ok bool) {
		err := t.GetNamed(ctx, sqlstore.Tables, headersID(headers), &c)
		return c, err == nil // what cannot be read is asked anew
	}
	out := &Imported{Format: im.Format()}
	if out.Parsed, err = im.Parse(ctx, in); err != nil {
		return nil, named(err, in.Name)
	}
	b := out.Parsed.Batch
	out.File = fact.File{Name: in.Name, Format: out.Format.ID, Size: in.Size, SHA256: sum}
	if b.File != nil && b.File.Format != "" {
		out.File.Format = b.File.Format // a table says which one it is
	}
	b.File = &out.File

	t.running.Lock()
	defer t.running.Unlock()
	out.Ingested, err = t.Ingest(ctx, b, sqlstore.Delivery{
		Actor: actor, Now: in.Now, DryRun: dry, Rows: out.Parsed.Rows, Skipped: len(out.Parsed.Skipped),
	})
	if err != nil {
		return nil, fmt.Errorf("store %s: %w", in.Name, err)
	}
	if !dry {
		if err := rememberColumns(ctx, t, in, out.Parsed.Mapping); err != nil {
			a.log.WarnContext(ctx, "how the table was read is not remembered; the next one is asked about again", "error", err)
		}
	}
	if dry || out.Ingested.Unchanged {
		return out, nil
	}
	a.publish(ctx, tid)
	return out, nil
}

// rememberColumns keeps how a person had a table read, for the same export next month.
func rememberColumns(ctx context.Context, t *tenant, in collect.Input, m *collect.Mapping) error {
	if m == nil || in.Table == "" && len(in.Columns) == 0 {
		return nil
	}
	headers := make([]string, len(m.Columns))
	for i, c := range m.Columns {
		headers[i] = c.Header
	}
	return t.PutNamed(ctx, sqlstore.Tables, headersID(headers), collect.Confirmation{Table: m.Table, Columns: in.Columns, At: in.Now})
}

// headersID names a set of headers, whatever their order.
func headersID(headers []string) string {
	hs := make([]string, len(headers))
	for i, h := range headers {
		hs[i] = strings.TrimSpace(h)
	}
	slices.Sort(hs)
	sum := sha256.Sum256([]byte(strings.Join(hs, "\x00")))
	return hex.EncodeToString(sum[:])
}

// unitsOf returns the devices that carry an FDA device identifier.
func unitsOf(ctx context.Context, t *tenant, now time.Time) (map[string][]collect.Unit, error) {
	set, _, err := t.Load(ctx, now)
	if err != nil {
		return nil, fmt.Errorf("load the inventory: %w", err)
	}
	units := make(map[string][]collect.Unit)
	for _, r := range set.Resources[fact.KindAsset] {
		_, di, err := udi.ParseDI(r.Text("udi_di"))
		if err != nil {
			continue
		}
		keys, err := t.AssetKeys(ctx, r.ID)
		if err != nil {
			return nil, err
		}
		units[di] = append(units[di], collect.Unit{ID: r.ID, Keys: keys})
	}
	return units, nil
}

// named makes sure that a refusal says which file it is of.
func named(err error, name string) error {
	if r, ok := errors.AsType[*collect.Refusal](err); ok {
		if r.File == "" {
			r.File = name
		}
		return err
	}
	return fmt.Errorf("%s: %w", name, err)
}

// CollectHost reads this machine and stores what it found.
func (a *App) CollectHost(ctx context.Context, tid string, progress func(step string)) (sqlstore.Ingested, error) {
	t, err := a.tenant(tid)
	if err != nil {
		return sqlstore.Ingested{}, err
	}
	now, err := a.present(ctx, t)
	if err != nil {
		return sqlstore.Ingested{}, err
	}
	b, err := a.collector.Collect(ctx, now, progress)
	if err != nil {
		return sqlstore.Ingested{}, fmt.Errorf("read this machine: %w", err)
	}
	t.running.Lock()
	defer t.running.Unlock()
	in, err := t.Ingest(ctx, b, sqlstore.Delivery{Actor: a.collector.Name(), Now: now})
	if err != nil {
		return in, fmt.Errorf("store what was read of this machine: %w", err)
	}
	a.publish(ctx, tid)
	return in, nil
}

// IngestBatch stores a batch as it is: for generated histories, which bring
// their own clock.
func (a *App) IngestBatch(ctx context.Context, tid string, b *fact.Batch, d sqlstore.Delivery) (sqlstore.Ingested, error) {
	t, err := a.tenant(tid)
	if err != nil {
		return sqlstore.Ingested{}, err
	}
	t.running.Lock()
	defer t.running.Unlock()
	return t.Ingest(ctx, b, d)
}
