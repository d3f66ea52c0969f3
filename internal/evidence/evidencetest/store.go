package evidencetest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/assess"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/evidence"
	"github.com/asepsis/asepsis/internal/policy"
	"github.com/asepsis/asepsis/ledger"
)

// Store is the store of one tenant in memory. It implements evidence.Store.
type Store struct {
	Tenant string
	Faults *Faults // may be nil

	mu          sync.Mutex
	entries     []evidence.Entry             // guarded by mu
	head        evidence.Head                // guarded by mu
	batches     map[int64]func() ledger.Hash // guarded by mu
	rowSeqs     []int64                      // batches that rows name and never were; guarded by mu
	seqs        []int64                      // guarded by mu
	assessments map[string]map[string][]byte // by id and check, JSON as a database keeps it; guarded by mu
	kept        map[string][]byte            // assessments as shown, JSON; guarded by mu
	overrides   map[string]string            // guarded by mu
	ids         []string                     // guarded by mu
	events      map[string]access.Event      // guarded by mu
	broken      []string                     // what callers did wrong; guarded by mu
}

var _ evidence.Store = (*Store)(nil)

// NewStore returns an empty store.
func NewStore(tenant string, f *Faults) *Store {
	return &Store{
		Tenant: tenant, Faults: f,
		batches:     map[int64]func() ledger.Hash{},
		assessments: map[string]map[string][]byte{},
		events:      map[string]access.Event{},
		kept:        map[string][]byte{},
		overrides:   map[string]string{},
	}
}

// Append commits statements together, as a transaction of a real store does
// with the rows they speak of. rows, which may be nil, changes those.
func (s *Store) Append(now time.Time, rows func(*Rows) error, drafts ...evidence.Draft) error {
	return s.Faults.step("append", func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		es := s.entries
		for _, d := range drafts {
			var last time.Time
			if len(es) > 0 {
				last = es[len(es)-1].At
			}
			e, err := d.Seal(s.Tenant, int64(len(es)), now, last)
			if err != nil {
				return err
			}
			es = append(es, e)
		}
		if rows != nil {
			if err := rows((*Rows)(s)); err != nil {
				return err
			}
		}
		s.entries = es
		return nil
	})
}

// Rows is the store inside a transaction.
type Rows Store

// PutBatch keeps a batch, whose digest is computed each time it is asked for.
func (r *Rows) PutBatch(seq int64, digest func() ledger.Hash) {
	if _, ok := r.batches[seq]; !ok {
		r.seqs = append(r.seqs, seq)
	}
	r.batches[seq] = digest
}

// PutAssessment keeps an assessment and its results as JSON.
func (r *Rows) PutAssessment(a assess.Assessment, results map[string][]policy.Result) error {
	m := map[string][]byte{}
	for check, rs := range results {
		b, err := json.Marshal(rs)
		if err != nil {
			return fmt.Errorf("keep results of %s: %w", check, err)
		}
		m[check] = b
	}
	b, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("keep assessment %s: %w", a.ID, err)
	}
	r.assessments[a.ID], r.kept[a.ID] = m, b
	r.ids = append(r.ids, a.ID)
	return nil
}

// PutOverride sets a parameter, or with an empty value returns it to its default.
func (r *Rows) PutOverride(name, value string) {
	if r.overrides[name] = value; value == "" {
		delete(r.overrides, name)
	}
}

// PutEvent keeps an event of the audit trail.
func (r *Rows) PutEvent(e access.Event) { r.events[e.ID] = e }

// Entries implements evidence.Log.
func (s *Store) Entries(ctx context.Context, from int64, limit int) ([]evidence.Entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if from < 0 || limit < 1 {
		s.broken = append(s.broken, fmt.Sprintf("Entries(%d, %d)", from, limit))
	}
	if err := ctx.Err(); err != nil || from >= int64(len(s.entries)) {
		return nil, err
	}
	var out []evidence.Entry
	for _, e := range s.entries[from:min(int64(len(s.entries)), from+int64(limit))] {
		e.Statement = bytes.Clone(e.Statement)
		out = append(out, e)
	}
	return out, nil
}

// Head implements evidence.Log.
func (s *Store) Head(ctx context.Context) (evidence.Head, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.head, ctx.Err()
}

// SwingHead implements evidence.Log.
func (s *Store) SwingHead(ctx context.Context, old, next evidence.Head) error {
	return s.Faults.step("swing", func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if err := ctx.Err(); err != nil {
			return err
		}
		if next.Size <= old.Size || next.Size > int64(len(s.entries)) || next.Checkpoint == "" {
			s.broken = append(s.broken, fmt.Sprintf("SwingHead from %d to %d of %d entries", old.Size, next.Size, len(s.entries)))
		}
		if s.head != old {
			return errs.New(errs.Conflict, "the head is at %d, not at %d", s.head.Size, old.Size)
		}
		s.head = next
		return nil
	})
}

// BatchSeqs implements evidence.Rows.
func (s *Store) BatchSeqs(ctx context.Context) ([]int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]int64(nil), s.seqs...), ctx.Err()
}

// RowSeqs implements evidence.Rows.
func (s *Store) RowSeqs(ctx context.Context) ([]int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]int64(nil), s.rowSeqs...), ctx.Err()
}

// BatchDigest implements evidence.Rows.
func (s *Store) BatchDigest(ctx context.Context, seq int64) (ledger.Hash, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, ok := s.batches[seq]
	if !ok {
		return ledger.Hash{}, errs.New(errs.NotFound, "no batch %d", seq)
	}
	return d(), ctx.Err()
}

// AssessmentIDs implements evidence.Rows.
func (s *Store) AssessmentIDs(ctx context.Context) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.ids...), ctx.Err()
}

// AssessmentResults implements evidence.Rows.
func (s *Store) AssessmentResults(_ context.Context, id string) (map[string][]policy.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, ok := s.assessments[id]
	if !ok {
		return nil, errs.New(errs.NotFound, "no assessment %s", id)
	}
	out := map[string][]policy.Result{}
	for check, b := range m {
		var rs []policy.Result
		if err := json.Unmarshal(b, &rs); err != nil {
			return nil, fmt.Errorf("results of %s: %w", check, err)
		}
		out[check] = rs
	}
	return out, nil
}

// KeptAssessment implements evidence.Rows.
func (s *Store) KeptAssessment(_ context.Context, id string) (assess.Assessment, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var a assess.Assessment
	b, ok := s.kept[id]
	if !ok {
		return a, errs.New(errs.NotFound, "no assessment %s", id)
	}
	if err := json.Unmarshal(b, &a); err != nil {
		return a, fmt.Errorf("assessment %s: %w", id, err)
	}
	return a, nil
}

// Overrides implements evidence.Rows.
func (s *Store) Overrides(context.Context) (map[string]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.overrides), nil
}

// AccessEvents implements evidence.Rows.
func (s *Store) AccessEvents(ctx context.Context) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return int64(len(s.events)), ctx.Err()
}

// JudgingSums implements evidence.Rows: this store keeps no judgings.
func (s *Store) JudgingSums(context.Context) (map[string]ledger.Hash, error) { return nil, nil }

// DecisionSums implements evidence.Rows: this store keeps no decisions.
func (s *Store) DecisionSums(context.Context) (map[string]ledger.Hash, error) { return nil, nil }

// AccessEvent implements evidence.Rows.
func (s *Store) AccessEvent(_ context.Context, id string) (access.Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.events[id]
	if !ok {
		return e, errs.New(errs.NotFound, "no event %s", id)
	}
	return e, nil
}

// Tamper changes what the store holds behind everybody's back.
func (s *Store) Tamper(change func(t *Tampered)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := &Tampered{Entries: s.entries, Head: s.head, Batches: s.batches, Assessments: s.assessments, Kept: s.kept, Overrides: s.overrides, Events: s.events}
	change(t)
	s.entries, s.head, s.rowSeqs = t.Entries, t.Head, t.RowSeqs
}

// Tampered is all a store holds.
type Tampered struct {
	Entries     []evidence.Entry
	Head        evidence.Head
	Batches     map[int64]func() ledger.Hash
	RowSeqs     []int64
	Assessments map[string]map[string][]byte
	Kept        map[string][]byte
	Overrides   map[string]string
	Events      map[string]access.Event
}

// Broken returns an error that names what callers did wrong.
func (s *Store) Broken() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []error
	for _, b := range s.broken {
		all = append(all, errors.New("a caller broke the contract: "+b))
	}
	return errors.Join(all...)
}

// IdentitySums implements evidence.Rows: this store decides nothing about identity.
func (s *Store) IdentitySums(context.Context) (map[string]ledger.Hash, error) { return nil, nil }

// RowFaults implements evidence.Rows: this store rewrites nothing in place.
func (s *Store) RowFaults(context.Context) ([]evidence.Fault, error) { return nil, nil }
