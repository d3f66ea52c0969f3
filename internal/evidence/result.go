package evidence

import (
	"fmt"
	"math"
	"time"
	"unicode/utf8"

	"github.com/asepsis/asepsis/internal/policy"
	"github.com/asepsis/asepsis/ledger"
)

// appendResult appends the canonical JSON that is committed to: the JSON of the
// result by RFC 8785. A result that was stored as JSON and read back has the
// same bytes: whole numbers beyond 2^53, which JSON readers round, are rounded
// here too.
//
// An assessment has tens of thousands of results, so they are written by hand;
// what is out of the ordinary takes the long way. A test compares the two.
func appendResult(dst []byte, r policy.Result) ([]byte, error) {
	w := resultWriter{b: dst}
	w.result(r)
	if !w.odd {
		return w.b, nil
	}
	b, err := canonicalResult(r)
	if err != nil {
		return nil, fmt.Errorf("result of %s for %s: %w", r.Check, r.Resource, err)
	}
	return append(dst, b...), nil
}

// canonicalResult goes by the JSON encoding of the type.
func canonicalResult(r policy.Result) ([]byte, error) {
	obs := make([]policy.Observed, len(r.Observed))
	for i, o := range r.Observed {
		if n, ok := o.Value.(int64); ok {
			o.Value = float64(n)
		}
		obs[i] = o
	}
	r.Observed = obs
	return ledger.Canonical(r)
}

// resultWriter writes members in the order of their names.
type resultWriter struct {
	b   []byte
	odd bool // something that only encoding/json knows how to write
}

func (w *resultWriter) result(r policy.Result) {
	w.b = append(w.b, '{')
	if r.Asset != "" {
		w.member(`"asset":`, r.Asset)
		w.b = append(w.b, ',')
	}
	w.member(`"assurance":`, r.Assurance.String())
	w.member(`,"check":`, r.Check)
	w.member(`,"expected":`, r.Expected)
	w.member(`,"kind":`, string(r.Kind))
	w.member(`,"label":`, r.Label)
	w.b = append(w.b, `,"observed":[`...)
	for i, o := range r.Observed {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		w.observed(o)
	}
	w.member(`],"resource":`, r.Resource)
	w.member(`,"verdict":`, string(r.Verdict))
	if r.Why != "" {
		w.member(`,"why":`, r.Why)
	}
	w.b = append(w.b, '}')
}

func (w *resultWriter) observed(o policy.Observed) {
	w.member(`{"name":`, o.Name)
	w.member(`,"origin":{"assurance":`, o.Origin.Assurance.String())
	w.b = append(w.b, `,"observed_at":`...)
	w.time(o.Origin.ObservedAt)
	w.member(`,"stream":`, o.Origin.Stream)
	w.member(`,"title":`, o.Origin.Title)
	w.b = append(w.b, `},"value":`...)
	w.value(o.Value)
	if o.Why != "" {
		w.member(`,"why":`, o.Why)
	}
	w.b = append(w.b, '}')
}

func (w *resultWriter) member(name, text string) {
	w.b = append(w.b, name...)
	w.text(text)
}

func (w *resultWriter) text(s string) {
	w.odd = w.odd || !utf8.ValidString(s)
	w.b = ledger.AppendString(w.b, s)
}

func (w *resultWriter) time(t time.Time) {
	if y := t.Year(); y < 0 || y > 9999 {
		w.odd = true
	}
	w.b = append(t.AppendFormat(append(w.b, '"'), time.RFC3339Nano), '"')
}

func (w *resultWriter) number(f float64) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		w.odd = true
		return
	}
	w.b = ledger.AppendNumber(w.b, f)
}

func (w *resultWriter) value(v any) {
	switch v := v.(type) {
	case nil:
		w.b = append(w.b, "null"...)
	case bool:
		if v {
			w.b = append(w.b, "true"...)
		} else {
			w.b = append(w.b, "false"...)
		}
	case int64:
		w.number(float64(v))
	case float64:
		w.number(v)
	case string:
		w.text(v)
	case time.Time:
		w.time(v)
	case []string:
		if v == nil {
			w.b = append(w.b, "null"...)
			return
		}
		w.b = append(w.b, '[')
		for i, s := range v {
			if i > 0 {
				w.b = append(w.b, ',')
			}
			w.text(s)
		}
		w.b = append(w.b, ']')
	case []any: // what a list is when it comes back from JSON
		w.b = append(w.b, '[')
		for i, s := range v {
			if i > 0 {
				w.b = append(w.b, ',')
			}
			w.value(s)
		}
		w.b = append(w.b, ']')
	default:
		w.odd = true
	}
}
