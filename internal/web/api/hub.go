package api

import "sync"

// Hub carries progress from the work of a tenant to the browsers that look on.
// Publishing never waits: a client that does not keep up is cut off, and
// catches up when it connects again.
type Hub struct {
	mu   sync.Mutex
	next uint64
	subs map[uint64]*subscription // guarded by mu
	most int
}

type subscription struct {
	tenant string
	ch     chan Event
}

// Event is one message of the event stream.
type Event struct {
	// Type is job (something runs, ended or moved on) or changed (what the
	// reader shows is new: ask again).
	Type    string `json:"type" enum:"job,changed"`
	Job     *Job   `json:"job,omitempty"`
	Version string `json:"version,omitempty" doc:"The reader's version, for changed"`
}

// The bounds of a hub.
const (
	eventBuffer = 64
	mostStreams = 1000
)

// NewHub returns a hub without clients.
func NewHub() *Hub { return &Hub{subs: make(map[uint64]*subscription), most: mostStreams} }

// Publish sends an event to all clients of the tenant. It never blocks.
func (h *Hub) Publish(tenant string, e Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, s := range h.subs {
		if s.tenant != tenant {
			continue
		}
		select {
		case s.ch <- e:
		default: // too slow
			delete(h.subs, id)
			close(s.ch)
		}
	}
}

// subscribe returns the tenant's events from now on. The channel is closed where
// the client is too slow. ok is false where there are too many clients, of
// this tenant or at all.
func (h *Hub) subscribe(tenant string) (events <-chan Event, cancel func(), ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	mine := 0
	for _, s := range h.subs {
		if s.tenant == tenant {
			mine++
		}
	}
	if len(h.subs) >= h.most || mine >= h.most/4 {
		return nil, nil, false
	}
	id := h.next
	h.next++
	s := &subscription{tenant: tenant, ch: make(chan Event, eventBuffer)}
	h.subs[id] = s
	return s.ch, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.subs, id)
	}, true
}
