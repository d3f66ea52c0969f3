package sqlstore

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/evidence"
)

// newestSums is what the rows must be: the newest hash under each name.
type newestSums map[sumName]rowSum

func (n newestSums) add(body []byte) error {
	if len(body)%sumSize != 0 {
		return errors.New("a list of hashes is damaged")
	}
	for ; len(body) > 0; body = body[sumSize:] {
		n[sumName(body[:nameSize])] = rowSum(body[nameSize:sumSize])
	}
	return nil
}

// rowCheck compares rows with the lists of hashes, on one state of the database.
type rowCheck struct {
	q      queryer
	tenant string
	faults []evidence.Fault
	failed map[string]bool // places that are named already
}

func (c *rowCheck) fault(where, what string) {
	if !c.failed[where] {
		c.failed[where] = true
		c.faults = append(c.faults, evidence.Fault{Where: where, What: what})
	}
}

// RowFaults implements evidence.Rows.
func (t *Tenant) RowFaults(ctx context.Context) (_ []evidence.Fault, err error) {
	conn, err := t.db.read.Conn(ctx)
	if err != nil {
		return nil, classify(err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	// One state of the database for all queries, whatever is written meanwhile.
	if _, err := conn.ExecContext(ctx, `BEGIN`); err != nil {
		return nil, classify(err)
	}
	defer func() {
		_, end := conn.ExecContext(context.WithoutCancel(ctx), `ROLLBACK`)
		err = errors.Join(err, end)
	}()
	c := &rowCheck{q: conn, tenant: t.id, failed: make(map[string]bool)}
	for _, step := range []func(context.Context) error{c.records, c.flaws, c.components, c.batches} {
		if err := step(ctx); err != nil {
			return nil, classify(err)
		}
	}
	return c.faults, nil
}

// records compares inventory_records with what batches wrote, and
// inventory_keys, by which they are found, with the records.
func (c *rowCheck) records(ctx context.Context) error {
	must := make(newestSums)
	if err := c.each(ctx, "the hashes of records", `SELECT body FROM inventory_sums WHERE tenant = $1 ORDER BY seq`, []any{c.tenant}, func(s scanner) error {
		var b []byte
		if err := s.Scan(&b); err != nil {
			return err
		}
		if must.add(b) != nil {
			c.fault("the hashes of records", "a list of them is damaged")
		}
		return nil
	}); err != nil {
		return err
	}
	sealed := len(must) > 0
	type holder struct {
		asset.Key
		home string
	}
	held := make(map[holder]bool)
	var scratch []byte
	if err := c.each(ctx, "records", recordRows, []any{c.tenant}, func(s scanner) error {
		r, err := scanRecordRow(s)
		if err != nil {
			return err
		}
		where := fmt.Sprintf("sightings of %s by %q", r.asset, r.stream)
		name, sum := sumOf(&scratch, r.name, r.rest)
		stated, ok := must[name]
		switch delete(must, name); {
		case !sealed:
		case !ok:
			c.fault(where, "no batch speaks of them")
		case stated != sum:
			c.fault(where, "their keys, times or reasons were changed since they were stored")
		}
		keys, err := unpackKeys(r.keys)
		if err != nil {
			c.fault(where, "their keys cannot be read")
		}
		for _, k := range keys {
			held[holder{k.Key, r.asset}] = false
		}
		return nil
	}); err != nil {
		return err
	}
	if n := len(must); n > 0 {
		c.fault("sightings", fmt.Sprintf("%d records that batches speak of are gone", n))
	}
	if err := c.each(ctx, "keys", `SELECT type, value, asset FROM inventory_keys WHERE tenant = $1`, []any{c.tenant}, func(s scanner) error {
		var h holder
		if err := s.Scan(&h.Type, &h.Value, &h.home); err != nil {
			return err
		}
		if _, ok := held[h]; !ok {
			c.fault(fmt.Sprintf("key %s of %s", h.Key, h.home), "no sighting has it")
		}
		held[h] = true
		return nil
	}); err != nil {
		return err
	}
	for h, found := range maps.All(held) {
		if !found {
			c.fault(fmt.Sprintf("key %s of %s", h.Key, h.home), "a sighting has it and the list of keys (inventory_keys) does not")
		}
	}
	return nil
}

// flaws compares vuln_flaws with the lists, and the lists with their chain,
// which judgings state.
func (c *rowCheck) flaws(ctx context.Context) error {
	must := make(newestSums)
	var chain []byte
	if err := c.each(ctx, "the hashes of flaws", `SELECT seq, chain, body FROM vuln_flaw_sums ORDER BY seq`, nil, func(s scanner) error {
		var seq int64
		var kept, b []byte
		if err := s.Scan(&seq, &kept, &b); err != nil {
			return err
		}
		next := chained(chain, b)
		if chain = next[:]; !bytes.Equal(kept, chain) || must.add(b) != nil {
			c.fault(fmt.Sprintf("the hashes of flaws, list %d", seq), "it was changed since it was kept")
		}
		return nil
	}); err != nil || len(must) == 0 {
		return err
	}
	var scratch []byte
	if err := c.each(ctx, "flaws", flawRows, nil, func(s scanner) error {
		r, err := scanFlawRow(s)
		if err != nil {
			return err
		}
		name, sum := sumOf(&scratch, r.name, r.rest)
		stated, ok := must[name]
		switch delete(must, name); {
		case !ok:
			c.fault("flaw "+r.flaw, "what is said of it was added or dated otherwise by hand")
		case stated != sum:
			c.fault("flaw "+r.flaw, "its severity, dates or text were changed since the feed said them")
		}
		return nil
	}); err != nil {
		return err
	}
	if n := len(must); n > 0 {
		c.fault("flaws", fmt.Sprintf("%d rows of what feeds said of flaws are gone", n))
	}
	return nil
}

// components compares what is said of each component with its identity, which
// is what the hash of a list of software covers.
func (c *rowCheck) components(ctx context.Context) error {
	return c.each(ctx, "components", `SELECT id, name FROM inventory_components WHERE identity <>
		ecosystem || char(31) || name || char(31) || version || char(31) || source || char(31) || source_version || char(31) || arch || char(31) || purl || char(31) || distro
		|| CASE cpe WHEN '' THEN '' ELSE char(31) || cpe END`, nil, func(s scanner) error {
		var id int64
		var name string
		err := s.Scan(&id, &name)
		c.fault(fmt.Sprintf("component %d (%s)", id, name), "its name, version or other columns were changed since it was stored")
		return err
	})
}

// batches compares the columns that say twice what another says.
func (c *rowCheck) batches(ctx context.Context) error {
	return c.each(ctx, "batches", `SELECT seq FROM fact_batches WHERE tenant = $1
		AND file_sha256 <> CASE WHEN json_valid(file) THEN coalesce(file ->> 'sha256', '') ELSE '' END`, []any{c.tenant}, func(s scanner) error {
		var seq int64
		err := s.Scan(&seq)
		c.fault(fmt.Sprintf("batch %d", seq), "the hash of its file (file_sha256) is not the one that the file has")
		return err
	})
}

// each runs a query and reads its rows.
func (c *rowCheck) each(ctx context.Context, what, text string, args []any, read func(scanner) error) error {
	rows, err := c.q.QueryContext(ctx, text, args...)
	if err == nil {
		_, err = collect(rows, func(s scanner) (struct{}, error) { return struct{}{}, read(s) })
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", strings.TrimPrefix(what, "the "), err)
	}
	return nil
}

var _ queryer = (*sql.Conn)(nil)
