package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	jsonv2 "github.com/go-json-experiment/json"
	jsonv1 "github.com/go-json-experiment/json/v1"
	"github.com/klauspost/compress/gzhttp"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/errs"
)

// Prefix is where the API lives.
const Prefix = "/api/v1"

// Config is what the API is made of. All but the last few must be set.
type Config struct {
	Access    *access.Service
	Reader    Reader
	Actions   Actions
	Inventory Inventory
	Catalog   Catalog
	Hub       *Hub
	Log       *slog.Logger
	Now       func() time.Time

	Build string // version of the program, part of every ETag
	Demo  bool   // the data is generated
	// Secure says that browsers reach the server by TLS: cookies are marked so.
	Secure bool
	// UploadDir is where an imported file lies while it is read; the system's
	// folder for temporary files where empty.
	UploadDir string
	// MaxUpload bounds an imported file in bytes; 1 GiB where zero.
	MaxUpload int64
	// Heartbeat is how often a quiet event stream says that it is alive; 15 s
	// where zero.
	Heartbeat time.Duration
}

type server struct {
	access    *access.Service
	reader    Reader
	actions   Actions
	inventory Inventory
	catalog   Catalog
	hub       *Hub
	log       *slog.Logger
	now       func() time.Time
	build     string
	demo      bool
	secure    bool
	uploads   uploads
	beat      time.Duration

	mux           *http.ServeMux
	huma          huma.API
	problemSchema *huma.Schema
	openapi       []byte
	files         map[string]*huma.Response // by operation id: answers that are files
}

// New returns the handler of everything below [Prefix].
func New(c Config) (http.Handler, error) {
	s, err := build(c)
	if err != nil {
		return nil, err
	}
	return s.handler(), nil
}

// OpenAPI returns the description of the API, indented, as docs/formats keeps it.
func OpenAPI() ([]byte, error) {
	s, err := build(Config{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	return s.openapi, nil
}

func build(c Config) (*server, error) {
	s := &server{
		access: c.Access, reader: c.Reader, actions: c.Actions, inventory: c.Inventory, catalog: c.Catalog, hub: c.Hub, log: c.Log, now: c.Now,
		build: c.Build, demo: c.Demo, secure: c.Secure, beat: c.Heartbeat,
		uploads: uploads{dir: c.UploadDir, most: c.MaxUpload},
		mux:     http.NewServeMux(),
		files:   make(map[string]*huma.Response),
	}
	if s.beat == 0 {
		s.beat = 15 * time.Second
	}
	if s.uploads.most == 0 {
		s.uploads.most = 1 << 30
	}
	s.huma = humago.NewWithPrefix(s.mux, Prefix, humaConfig())
	s.problemSchema = s.huma.OpenAPI().Components.Schemas.Schema(typeOf[Problem](), true, "Problem")
	s.routes()
	var err error
	if s.openapi, err = describe(s.huma.OpenAPI()); err != nil {
		return nil, err
	}
	s.mux.HandleFunc("/api/", s.unknown)
	return s, nil
}

func humaConfig() huma.Config {
	c := huma.DefaultConfig("Asepsis", "1")
	c.Info.Description = "The one API of Asepsis. Sign in with a session cookie or send an API token as `Authorization: Bearer asepsis_…`."
	c.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"session": {Type: "apiKey", In: "cookie", Name: sessionCookie},
		"token":   {Type: "http", Scheme: "bearer"},
	}
	// The description and the schemas are served by a route of ours, with a
	// permission like any other; there is no page of documentation from elsewhere.
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "", "", ""
	c.CreateHooks = nil
	c.RejectUnknownQueryParameters = true
	c.Formats = map[string]huma.Format{"application/json": jsonFormat, "json": jsonFormat}
	c.Transformers = []huma.Transformer{fromFramework}
	return c
}

// jsonFormat writes as encoding/json does, but never null for an empty list or
// map: clients need no second case.
var jsonFormat = huma.Format{
	Marshal: func(w io.Writer, v any) error {
		return jsonv2.MarshalWrite(w, v, jsonv1.DefaultOptionsV1(),
			jsonv2.FormatNilSliceAsNull(false), jsonv2.FormatNilMapAsNull(false))
	},
	Unmarshal: json.Unmarshal,
}

// handler wraps the routes in what holds for all of them.
func (s *server) handler() http.Handler {
	gz, err := gzhttp.NewWrapper(gzhttp.MinSize(1400), gzhttp.ContentTypes([]string{
		"application/json", problemType, "text/html", "text/csv",
	}))
	if err != nil {
		panic("api: " + err.Error()) // the options are constants
	}
	csrf := http.NewCrossOriginProtection()
	csrf.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.fail(r.Context(), w, errs.Hint(errs.New(errs.Denied, "the request comes from another site"),
			"open Asepsis in its own tab and try again"))
	}))
	inner := csrf.Handler(gz(s.mux))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		Limit(w, defaultTime+slack)
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		defer func() {
			if v := recover(); v != nil {
				if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
					panic(v)
				}
				s.log.ErrorContext(r.Context(), "request panicked", "panic", v, "path", r.URL.Path)
				s.fail(r.Context(), w, errs.New(errs.Internal, "panic"))
			}
		}()
		inner.ServeHTTP(w, r)
	})
}

// fail answers with a problem outside of an operation.
func (s *server) fail(ctx context.Context, w http.ResponseWriter, err error) {
	p := s.problem(ctx, err)
	maps.Copy(w.Header(), p.GetHeaders())
	w.Header().Set("Content-Type", problemType)
	w.WriteHeader(p.Status)
	_ = jsonFormat.Marshal(w, p) // the client has gone
}

// unknown answers for addresses that are none, and for methods that an address
// does not have.
func (s *server) unknown(w http.ResponseWriter, r *http.Request) {
	var allow []string
	for _, m := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		probe := r.Clone(r.Context())
		probe.Method = m
		if _, pattern := s.mux.Handler(probe); pattern != "/api/" && pattern != "" {
			allow = append(allow, m)
		}
	}
	if len(allow) > 0 && !slices.Contains(allow, r.Method) {
		w.Header().Set("Allow", strings.Join(allow, ", "))
		s.fail(r.Context(), w, &Problem{
			Type: "urn:asepsis:problem:method", Title: "Wrong method", Status: http.StatusMethodNotAllowed,
			Detail: "this address does not take " + r.Method, Hint: "use " + strings.Join(allow, " or "),
		})
		return
	}
	s.fail(r.Context(), w, errs.Hint(errs.New(errs.NotFound, "the API has no such address"), "read %s/openapi.json", Prefix))
}
