package network

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/netip"
	"time"

	"github.com/asepsis/asepsis/internal/errs"
)

// progress is what a checkpoint holds: which addresses are finished, in the order
// of the plan, and what was learnt of them.
type progress struct {
	Version   int         `json:"version"`
	StartedAt time.Time   `json:"started_at"`
	Finished  string      `json:"finished"` // a bit for each address of the plan, base64
	Hosts     []Host      `json:"hosts"`
	Untouched []Untouched `json:"untouched,omitempty"`
	Packets   int         `json:"packets"`
	Notes     []Note      `json:"notes,omitempty"`
	Alike     []Alike     `json:"alike,omitempty"`
	Sighted   []Sighted   `json:"sighted,omitempty"`
}

const progressVersion = 1

// saveEvery is how often a run is kept: a stop costs no more than this.
const saveEvery = 5 * time.Second

// maxAge is how old a stopped run may be to be gone on with: what it found is
// stated with its own time, and a network a week ago is another one.
const maxAge = 7 * 24 * time.Hour

// maxProgress bounds a checkpoint that is read back.
const maxProgress = 256 << 20

// resume goes on where an earlier run of the same plan was stopped.
func (r *running) resume(ctx context.Context) error {
	r.finished = make(map[netip.Addr]bool, r.out.Addresses)
	r.untouched = map[netip.Addr]string{}
	r.saved = r.started
	if r.Checkpoints == nil {
		return nil
	}
	b, err := r.Checkpoints.Load(ctx, r.plan.ID)
	if err != nil {
		return fmt.Errorf("read how far the last run came: %w", err)
	}
	if b == nil {
		return nil
	}
	p, bits, err := readProgress(b)
	if err != nil {
		r.note("checkpoint", err.Error()+": the run begins anew")
		return nil
	}
	if age := r.started.Sub(p.StartedAt); age > maxAge {
		r.note("checkpoint", "the search that was stopped is more than a week old: it begins anew")
		return nil
	}
	i := 0
	for _, pt := range r.plan.parts {
		for _, a := range pt.addrs {
			if i/8 < len(bits) && bits[i/8]&(1<<(i%8)) != 0 {
				r.finished[a] = true
			}
			i++
		}
	}
	r.before = len(r.finished)
	r.out.ResumedAt, r.out.StartedAt = r.started.UTC(), p.StartedAt
	r.out.Packets = p.Packets
	r.out.Alike, r.out.Sighted = p.Alike, p.Sighted
	for _, h := range p.Hosts {
		// What may not be touched by now is not spoken of either.
		if _, no := r.plan.job.Guard.Forbids(h.Addr, h.MAC); !no && r.finished[h.Addr] {
			h.named = h.Names != nil
			r.out.Hosts = append(r.out.Hosts, h)
		}
	}
	for _, u := range p.Untouched {
		r.untouched[u.Addr] = u.Why
	}
	for _, n := range p.Notes {
		r.note(n.What, n.Why)
	}
	return nil
}

func readProgress(b []byte) (p progress, bits []byte, err error) {
	bad := func(why string) (progress, []byte, error) {
		return progress{}, nil, errs.New(errs.Invalid, "the checkpoint cannot be used: %s", why)
	}
	if len(b) > maxProgress {
		return bad("it is too large")
	}
	if err := json.Unmarshal(b, &p); err != nil {
		return bad("it is damaged")
	}
	if p.Version != progressVersion {
		return bad("it is of another version of the program")
	}
	if bits, err = base64.StdEncoding.DecodeString(p.Finished); err != nil {
		return bad("it is damaged")
	}
	return p, bits, nil
}

// save keeps how far the run is, if it is time. A store that fails costs the
// checkpoint, not the run.
func (r *running) save(ctx context.Context, always bool) {
	if r.Checkpoints == nil {
		return
	}
	r.mu.Lock()
	now := r.Now()
	if !always && now.Sub(r.saved) < saveEvery {
		r.mu.Unlock()
		return
	}
	r.saved = now
	p := progress{
		Version: progressVersion, StartedAt: r.out.StartedAt, Hosts: r.out.Hosts, Notes: r.out.Notes,
		Packets: r.out.Packets + int(r.packets.Load()), Untouched: r.out.Untouched, Alike: r.out.Alike, Sighted: r.out.Sighted,
	}
	if always {
		p.Packets = r.out.Packets
	}
	bits := make([]byte, (r.out.Addresses+7)/8)
	i := 0
	for _, pt := range r.plan.parts {
		for _, a := range pt.addrs {
			if r.finished[a] {
				bits[i/8] |= 1 << (i % 8)
			}
			i++
		}
	}
	p.Finished = base64.StdEncoding.EncodeToString(bits)
	b, err := json.Marshal(p)
	r.mu.Unlock()
	if err == nil {
		err = r.Checkpoints.Save(ctx, r.plan.ID, b)
	}
	if err != nil {
		r.note("checkpoint", err.Error()+": a stopped run would begin anew")
	}
}

func (r *running) drop(ctx context.Context) {
	if r.Checkpoints == nil {
		return
	}
	if err := r.Checkpoints.Drop(ctx, r.plan.ID); err != nil {
		r.note("checkpoint", err.Error())
	}
}
