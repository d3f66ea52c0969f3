package api

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/errs"
)

// writeWithin is how long a client may take to read one event.
const writeWithin = 10 * time.Second

// eventRoute registers the stream of server-sent events.
func (s *server) eventRoute(rt route) {
	op := s.operation(rt)
	op.Responses["200"] = &huma.Response{
		Description: "Server-sent events; the data of each is an Event. A comment line comes every 15 seconds. The stream ends where the client reads too slowly, and when the session ends: connect again and read what changed.",
		Content: map[string]*huma.MediaType{"text/event-stream": {
			Schema: s.huma.OpenAPI().Components.Schemas.Schema(typeOf[Event](), true, "Event"),
		}},
	}
	huma.Register(s.huma, op, func(ctx context.Context, _ *none) (*huma.StreamResponse, error) {
		who := access.From(ctx)
		events, cancel, ok := s.hub.subscribe(who.Tenant())
		if !ok {
			return nil, s.problem(ctx, errs.Hint(errs.New(errs.Limited, "too many pages follow the events"), "close some and reload"))
		}
		return &huma.StreamResponse{Body: func(hc huma.Context) {
			defer cancel()
			r, w := humago.Unwrap(hc)
			s.stream(r, w, who, events)
		}}, nil
	})
}

// stream writes events until the client goes, is too slow, or its session ends.
func (s *server) stream(r *http.Request, w http.ResponseWriter, who access.Caller, events <-chan Event) {
	ctx := r.Context()
	rc := http.NewResponseController(w)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	send := func(b []byte) bool {
		_ = rc.SetWriteDeadline(deadline(writeWithin)) // as in Limit
		if _, err := w.Write(b); err != nil {
			return false
		}
		return rc.Flush() == nil
	}
	if !send([]byte("retry: 2000\n\n")) {
		return
	}
	beat := time.NewTicker(s.beat)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
			// A session that was ended or disabled must not go on listening.
			if now, err := s.listener(ctx, r); err != nil || now.Tenant() != who.Tenant() || !now.Can(access.ReadSummary) {
				return
			}
			if !send([]byte(": alive\n\n")) {
				return
			}
		case e, ok := <-events:
			if !ok {
				return
			}
			var b bytes.Buffer
			b.WriteString("event: " + e.Type + "\ndata: ")
			if err := jsonFormat.Marshal(&b, e); err != nil {
				s.log.ErrorContext(ctx, "event cannot be written", "error", err)
				return
			}
			b.WriteString("\n\n")
			if !send(b.Bytes()) {
				return
			}
		}
	}
}

// listener is caller without counting as a use of the session.
func (s *server) listener(ctx context.Context, r *http.Request) (access.Caller, error) {
	if r.Header.Get("Authorization") != "" {
		return s.caller(ctx, r)
	}
	return s.access.CheckSession(ctx, s.cookie(r, sessionCookie), addrOf(r))
}
