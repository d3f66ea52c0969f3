package app

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/asepsis/asepsis/internal/evidence"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/judge"
	"github.com/asepsis/asepsis/internal/store/sqlstore"
)

// known returns all that was known at a moment: the facts, joined with what the
// advisories then in force said and what people had decided; and the newest
// batch it rests on.
func (a *App) known(ctx context.Context, t *tenant, at time.Time) (*fact.Set, *judge.Known, int64, error) {
	set, seq, err := t.Load(ctx, at)
	if err != nil {
		return nil, nil, 0, fmt.Errorf("load what is known: %w", err)
	}
	k, err := a.judged(ctx, t, seq, at)
	if err != nil {
		return nil, nil, 0, err
	}
	return judge.Join(set, k), k, seq, nil
}

// judged reads what was known of flaws at a moment.
func (a *App) judged(ctx context.Context, t *tenant, seq int64, at time.Time) (*judge.Known, error) {
	j, err := t.JudgingAt(ctx, at)
	if err != nil {
		return nil, err
	}
	k := &judge.Known{Feed: j.Feed, JudgedAt: j.At}
	decisions, err := t.Decisions(ctx, at)
	if err != nil {
		return nil, err
	}
	for _, d := range decisions {
		if d.Live(at) {
			k.Decisions = append(k.Decisions, d)
		}
	}
	if k.Listed, err = t.SoftwareListedAt(ctx, seq); err != nil {
		return nil, err
	}
	if j.Seq == 0 {
		return k, nil
	}
	if k.Found, err = t.FindingsAt(ctx, j.Seq); err != nil {
		return nil, err
	}
	k.Flaws, err = a.db.FlawsAt(ctx, at)
	return k, err
}

// judge holds the inventory of an organization against the feed in force, and
// keeps what came of it. It does nothing where neither the facts nor the feed
// changed since the last time. The caller holds t.running.
func (a *App) judge(ctx context.Context, t *tenant, now time.Time) error {
	last, err := t.JudgingAt(ctx, now)
	if err != nil {
		return err
	}
	e := a.engine()
	if e == nil {
		if last.Feed.ID == "" {
			return nil // there never was a feed, so there is nothing to take back
		}
		// A feed that is gone makes nothing clean: what it found stays found, with its date.
		return nil
	}
	seq, _, err := t.FactsSeq(ctx, now)
	if err != nil {
		return err
	}
	feed := e.Feed()
	read := sync.OnceValues(func() (*judge.Inventory, error) { return a.inventory(ctx, t, now) })
	a.keepInstalled(ctx, t.ID(), seq, read)
	if last.Seq != 0 && last.Feed.ID == feed.ID && last.FactsSeq == seq && now.Sub(last.At) < judgeAgain && !last.At.Before(a.agedSince()) {
		return nil
	}
	in, err := read()
	if err != nil {
		return err
	}
	found := in.Judge(e, &t.judged, now)
	flaws := a.flawsOf(e, in.Set, found)
	if err := a.db.KeepFlaws(ctx, flaws, now); err != nil {
		return fmt.Errorf("keep what the advisories say: %w", err)
	}
	before, err := t.FindingsAt(ctx, last.Seq)
	if err != nil {
		return err
	}
	for asset := range before {
		if _, ok := found[asset]; !ok {
			found[asset] = nil
		}
	}
	_, err = t.KeepJudging(ctx, sqlstore.Judging{At: now, Feed: feed, FactsSeq: seq}, found,
		func(flaw string) string { return flaws[flaw].Severity }, evidence.System)
	if err != nil {
		return fmt.Errorf("keep the findings: %w", err)
	}
	return nil
}

// judgeAgain is after how long the same inventory is held against the same feed
// again: some of it may have become stale by the clock alone.
const judgeAgain = 24 * time.Hour

// inventory reads what is held against a feed.
func (a *App) inventory(ctx context.Context, t *tenant, now time.Time) (*judge.Inventory, error) {
	set, _, err := t.Load(ctx, now)
	if err != nil {
		return nil, fmt.Errorf("load what is known: %w", err)
	}
	in, err := a.lists(ctx, t)
	if err != nil {
		return nil, err
	}
	in.Set = set
	return in, nil
}

// flawsOf returns what the feed says of every flaw that some asset has, by our
// own comparison or a scanner's report.
func (a *App) flawsOf(e judge.Engine, set *fact.Set, found map[string]*judge.Findings) map[string]judge.Flaw {
	flaws := make(map[string]judge.Flaw)
	add := func(id string) {
		if _, ok := flaws[id]; ok {
			return
		}
		if f, ok := e.Flaw(id); ok {
			flaws[f.ID] = f
		}
	}
	for _, f := range found {
		for _, m := range f.Matches {
			add(m.Flaw)
		}
	}
	for _, r := range set.Resources[fact.KindVulnerability] {
		for _, name := range [...]string{"cves", "aliases"} {
			ids, _ := r.Get(name).([]string)
			for _, id := range ids {
				add(id)
			}
		}
	}
	return flaws
}
