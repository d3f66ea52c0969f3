package api

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/bits"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/asepsis/asepsis/internal/access"
)

// route is what every operation must say of itself.
type route struct {
	need    access.Permission // exactly one
	method  string
	path    string
	id      string
	tag     string
	summary string
	status  int           // 0: 200, or 204 where nothing is answered
	body    int64         // bytes of request body; 0: 1 MiB
	within  time.Duration // 0: defaultTime; negative: as long as the client likes
	// versioned answers carry the reader's version as ETag.
	versioned bool
}

const (
	defaultBody = 1 << 20
	defaultTime = 30 * time.Second
)

func (rt route) time() time.Duration {
	if rt.within == 0 {
		return defaultTime
	}
	return rt.within
}

// add registers an operation. A route without exactly one permission is a fault
// of the program and ends it at start-up.
func add[I, O any](s *server, rt route, handle func(context.Context, access.Caller, *I) (*O, error)) {
	op := s.operation(rt)
	huma.Register(s.huma, op, func(ctx context.Context, in *I) (*O, error) {
		ctx, cancel := context.WithTimeout(ctx, rt.time())
		defer cancel()
		out, err := handle(ctx, access.From(ctx), in)
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		return out, nil
	})
}

func (s *server) operation(rt route) huma.Operation {
	if bits.OnesCount32(uint32(rt.need)) != 1 {
		panic(fmt.Sprintf("api: %s %s does not declare the one permission it needs", rt.method, rt.path))
	}
	op := huma.Operation{
		OperationID: rt.id, Method: rt.method, Path: rt.path, Summary: rt.summary, Tags: []string{rt.tag},
		DefaultStatus: rt.status, MaxBodyBytes: rt.body, BodyReadTimeout: defaultTime,
		Extensions:  map[string]any{"x-permission": rt.need.String()},
		Middlewares: huma.Middlewares{s.guard(rt)},
		Responses: map[string]*huma.Response{"default": {
			Description: "What went wrong, and what to do about it",
			Content:     map[string]*huma.MediaType{problemType: {Schema: s.problemSchema}},
		}},
		Security: []map[string][]string{{"session": {}}, {"token": {}}},
	}
	if op.MaxBodyBytes == 0 {
		op.MaxBodyBytes = defaultBody
	}
	if f := s.files[rt.id]; f != nil {
		op.Responses["200"] = f
	}
	if rt.need == access.Public {
		op.Security = []map[string][]string{}
	}
	if rt.versioned {
		op.Responses["304"] = &huma.Response{Description: "Unchanged: the ETag is the one in If-None-Match"}
		op.Parameters = append(op.Parameters, &huma.Param{
			Name: "If-None-Match", In: "header", Description: "The ETag of the answer that the client still has",
			Schema: &huma.Schema{Type: huma.TypeString},
		})
	}
	return op
}

// guard finds the caller, and lets nobody past who lacks the permission.
func (s *server) guard(rt route) func(huma.Context, func(huma.Context)) {
	return func(hc huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(hc)
		ctx := hc.Context()
		who, err := s.caller(ctx, r)
		switch {
		case err != nil && (rt.need != access.Public || !isUnsigned(err)):
			s.fail(ctx, w, err)
			return
		case rt.need != access.Public && !who.Can(rt.need):
			s.fail(ctx, w, denied(who, rt.need))
			return
		}
		if rt.versioned {
			v, err := s.reader.Version(ctx, who)
			if err != nil {
				s.fail(ctx, w, fmt.Errorf("read version: %w", err))
				return
			}
			tag := etag(v, string(who.Role()), r.URL.RequestURI(), s.build)
			w.Header().Set("ETag", tag)
			if matches(r.Header.Get("If-None-Match"), tag) {
				w.WriteHeader(http.StatusNotModified)
				return
			}
		}
		if rt.within < 0 {
			Limit(w, 0) // an event stream sets a limit for each event
		} else {
			Limit(w, rt.time()+slack)
		}
		next(huma.WithContext(hc, access.With(withRequest(ctx, r, w), who)))
	}
}

// caller tells who asks: by the token where there is one, else by the cookie. A
// request with neither has the error of one that is not signed in.
func (s *server) caller(ctx context.Context, r *http.Request) (access.Caller, error) {
	if h := r.Header.Get("Authorization"); h != "" {
		scheme, token, _ := strings.Cut(h, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			token = ""
		}
		return s.access.ByToken(ctx, strings.TrimSpace(token), addrOf(r))
	}
	return s.access.BySession(ctx, s.cookie(r, sessionCookie), addrOf(r))
}

// addrOf is the address of the peer. Forwarding headers are not believed: anyone
// can write them.
func addrOf(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr()
}

// etag is weak, since the same answer may go out compressed or not.
func etag(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		_, _ = fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return `W/"` + base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:15]) + `"`
}

func matches(header, tag string) bool {
	for t := range strings.SplitSeq(header, ",") {
		if t = strings.TrimSpace(t); t == "*" || strings.TrimPrefix(t, "W/") == strings.TrimPrefix(tag, "W/") {
			return true
		}
	}
	return false
}

type requestKey struct{}

type exchange struct {
	r *http.Request
	w http.ResponseWriter
}

func withRequest(ctx context.Context, r *http.Request, w http.ResponseWriter) context.Context {
	return context.WithValue(ctx, requestKey{}, exchange{r, w})
}

// requestOf gives the few handlers that set cookies or stream bodies the
// exchange itself.
func requestOf(ctx context.Context) exchange {
	x, _ := ctx.Value(requestKey{}).(exchange)
	return x
}
