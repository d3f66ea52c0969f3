package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/fact"
)

// software stores the components of each asset in the batch: every distinct
// component once, and per asset the list of their ids.
func (in *ingest) software(ctx context.Context) error {
	byAsset := make(map[string][]int64)
	identities := make(map[int64]string)
	for _, c := range in.batch.Components {
		n, identity, err := in.component(ctx, c)
		if err != nil {
			return err
		}
		a := in.assets[c.Asset]
		byAsset[a] = append(byAsset[a], n)
		identities[n] = identity
	}
	rows, err := in.tx.QueryContext(ctx, `SELECT asset, from_seq, components FROM inventory_software WHERE tenant = $1 AND stream = $2 AND until_seq = 0`,
		in.tenant.id, in.batch.Stream.ID)
	if err != nil {
		return fmt.Errorf("read software: %w", err)
	}
	type list struct {
		asset string
		from  int64
		ids   []byte
	}
	now, err := collect(rows, func(s scanner) (l list, err error) { return l, s.Scan(&l.asset, &l.from, &l.ids) })
	if err != nil {
		return fmt.Errorf("read software: %w", err)
	}
	closeList := func(l list) error {
		in.hash.SoftwareEnded(l.asset)
		_, err := in.tx.ExecContext(ctx, `UPDATE inventory_software SET until_seq = $1 WHERE tenant = $2 AND asset = $3 AND stream = $4 AND from_seq = $5`,
			in.seq, in.tenant.id, l.asset, in.batch.Stream.ID, l.from)
		if err != nil {
			return fmt.Errorf("close software of %s: %w", l.asset, err)
		}
		return nil
	}
	for _, l := range now {
		ids, restated := byAsset[l.asset]
		packed := packIDs(ids)
		switch {
		case restated && string(packed) == string(l.ids):
			delete(byAsset, l.asset)
		case restated || in.batch.Stream.Snapshot:
			if err := closeList(l); err != nil {
				return err
			}
			if !restated {
				in.out.Software++
			}
		}
	}
	assets := make([]string, 0, len(byAsset))
	for a := range byAsset {
		assets = append(assets, a)
	}
	slices.Sort(assets)
	for _, a := range assets {
		packed := packIDs(byAsset[a])
		names := make(map[string]bool, len(byAsset[a]))
		for _, n := range byAsset[a] {
			names[identities[n]] = true
		}
		in.hash.Software(a, slices.Collect(maps.Keys(names)))
		if _, err := in.tx.ExecContext(ctx, `INSERT INTO inventory_software (tenant, stream, asset, from_seq, until_seq, components) VALUES ($1, $2, $3, $4, 0, $5)`,
			in.tenant.id, in.batch.Stream.ID, a, in.seq, packed); err != nil {
			return fmt.Errorf("record software of %s: %w", a, err)
		}
		in.out.Software++
	}
	return nil
}

// component returns the id and identity of a component, making one for a new component.
// What it learns goes to the shared cache only after the commit: an id that
// was rolled back must not be handed out.
func (in *ingest) component(ctx context.Context, c fact.Component) (int64, string, error) {
	parts := []string{c.Ecosystem, c.Name, c.Version, c.Source, c.SourceVersion, c.Arch, c.PURL, c.Distro}
	if c.CPE != "" {
		parts = append(parts, c.CPE) // those without one keep the identity they always had
	}
	identity := strings.Join(parts, "\x1f")
	if n, ok := in.components[identity]; ok {
		return n, identity, nil
	}
	if n, ok := in.tenant.db.componentID(identity); ok {
		return n, identity, nil
	}
	var n int64
	find, err := in.stmt(ctx, `SELECT id FROM inventory_components WHERE identity = $1`)
	if err != nil {
		return 0, "", err
	}
	err = find.QueryRowContext(ctx, identity).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		var add *sql.Stmt
		add, err = in.stmt(ctx, `INSERT INTO inventory_components
			(id, identity, ecosystem, name, version, source, source_version, arch, purl, distro, cpe)
			SELECT coalesce(max(id), 0) + 1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10 FROM inventory_components WHERE true RETURNING id`)
		if err != nil {
			return 0, "", err
		}
		err = add.QueryRowContext(ctx, identity, c.Ecosystem, c.Name, c.Version, c.Source, c.SourceVersion, c.Arch, c.PURL, c.Distro, c.CPE).Scan(&n)
	}
	if err != nil {
		return 0, "", fmt.Errorf("record component %s: %w", c.Name, err)
	}
	in.components[identity] = n
	return n, identity, nil
}

// cacheLimit bounds the cache of component ids, some 200 bytes each.
const cacheLimit = 200_000

func (db *DB) componentID(identity string) (int64, bool) {
	db.mu.Lock()
	defer db.mu.Unlock()
	n, ok := db.components[identity]
	return n, ok
}

func (db *DB) rememberComponents(ids map[string]int64) {
	db.mu.Lock()
	defer db.mu.Unlock()
	if len(db.components)+len(ids) > cacheLimit {
		clear(db.components)
	}
	maps.Copy(db.components, ids)
}

// packIDs writes ids in ascending order, each once, as varint differences.
func packIDs(ids []int64) []byte {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	var b []byte
	var last int64
	for _, n := range ids {
		b = binary.AppendUvarint(b, uint64(n-last))
		last = n
	}
	return b
}

func unpackIDs(b []byte) ([]int64, error) {
	var ids []int64
	var last int64
	for len(b) > 0 {
		d, n := binary.Uvarint(b)
		if n <= 0 {
			return nil, errors.New("list of components is damaged")
		}
		last += int64(d) //nolint:gosec // differences of ids that were int64
		ids = append(ids, last)
		b = b[n:]
	}
	return ids, nil
}

// Software returns the components of an asset, all sources together, sorted by
// ecosystem, name and version.
func (t *Tenant) Software(ctx context.Context, assetID string) ([]fact.Component, error) {
	al, err := t.aliases(ctx)
	if err != nil {
		return nil, err
	}
	var lists [][]byte
	for _, home := range al.homesOf(assetID) {
		rows, err := t.db.read.QueryContext(ctx, `SELECT stream, components FROM inventory_software WHERE tenant = $1 AND asset = $2 AND until_seq = 0`, t.id, home)
		if err != nil {
			return nil, classify(fmt.Errorf("read software: %w", err))
		}
		_, err = collect(rows, func(s scanner) (struct{}, error) {
			var stream string
			var b []byte
			err := s.Scan(&stream, &b)
			if al.of(stream, home) == assetID {
				lists = append(lists, b)
			}
			return struct{}{}, err
		})
		if err != nil {
			return nil, classify(err)
		}
	}
	seen := make(map[int64]bool)
	var all []int64
	for _, l := range lists {
		ids, err := unpackIDs(l)
		if err != nil {
			return nil, fmt.Errorf("software of %s: %w", assetID, err)
		}
		for _, n := range ids {
			if !seen[n] {
				seen[n] = true
				all = append(all, n)
			}
		}
	}
	found, err := t.db.Components(ctx, all)
	if err != nil {
		return nil, err
	}
	out := make([]fact.Component, 0, len(all))
	for _, n := range all {
		c, ok := found[n]
		if !ok {
			return nil, fmt.Errorf("software of %s: component %d is gone", assetID, n)
		}
		c.Asset = assetID
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b fact.Component) int {
		return cmp.Or(strings.Compare(a.Ecosystem, b.Ecosystem), strings.Compare(a.Name, b.Name), strings.Compare(a.Version, b.Version))
	})
	return out, nil
}

// SoftwareCount counts distinct components in use.
func (t *Tenant) SoftwareCount(ctx context.Context) (assets, components int, err error) {
	al, err := t.aliases(ctx)
	if err != nil {
		return 0, 0, err
	}
	rows, err := t.db.read.QueryContext(ctx, `SELECT asset, stream, components FROM inventory_software WHERE tenant = $1 AND until_seq = 0`, t.id)
	if err != nil {
		return 0, 0, classify(fmt.Errorf("count software: %w", err))
	}
	type list struct {
		asset string
		ids   []byte
	}
	lists, err := collect(rows, func(s scanner) (l list, err error) {
		var home, stream string
		err = s.Scan(&home, &stream, &l.ids)
		l.asset = al.of(stream, home)
		return l, err
	})
	if err != nil {
		return 0, 0, classify(err)
	}
	as, cs := make(map[string]bool), make(map[int64]bool)
	for _, l := range lists {
		ids, err := unpackIDs(l.ids)
		if err != nil {
			return 0, 0, err
		}
		as[l.asset] = true
		for _, n := range ids {
			cs[n] = true
		}
	}
	return len(as), len(cs), nil
}
