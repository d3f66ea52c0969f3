package assess

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/asepsis/asepsis/internal/policy"
)

// digest is over everything the results say: the rules, each check's state and
// thresholds, and every result with what it observed. The id and the time of
// the assessment are left out. docs/formats/assessment.md fixes the bytes.
func digest(a *Assessment, results map[string][]policy.Result) string {
	d := digester{h: sha256.New(), buf: make([]byte, 0, 2*flushAt)}
	d.text(a.Schema)
	d.text(a.Organization.ID)
	d.text(a.Content.Version)
	d.text(a.Content.Checks)
	d.text(a.Content.Parameters)
	for i := range a.Goals {
		g := &a.Goals[i]
		d.text(g.ID)
		d.text(string(g.State))
		for j := range g.Checks {
			c := &g.Checks[j]
			d.text(c.ID)
			d.text(string(c.State))
			d.number(math.Float64bits(c.MinCoverage))
			d.number(math.Float64bits(c.PassShare))
			d.number(math.Float64bits(c.CoverageFloor))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(results)) {
		rs := results[id]
		d.text(id)
		d.number(uint64(len(rs)))
		for i := range rs {
			d.result(&rs[i])
		}
	}
	d.flush()
	return hex.EncodeToString(d.h.Sum(nil))
}

// digester feeds a hash unambiguously: texts carry their length, values their
// type. It gathers what it feeds, for a hash works best on long pieces.
type digester struct {
	h   hash.Hash
	buf []byte
}

const flushAt = 32 << 10

func (d *digester) flush() {
	d.h.Write(d.buf)
	d.buf = d.buf[:0]
}

func (d *digester) number(n uint64) {
	if len(d.buf) >= flushAt {
		d.flush()
	}
	d.buf = binary.BigEndian.AppendUint64(d.buf, n)
}

func (d *digester) text(s string) {
	d.number(uint64(len(s)))
	d.buf = append(d.buf, s...)
}

// moment writes microseconds since 1970, the precision facts are kept at; the
// zero time as the least number there is.
func (d *digester) moment(t time.Time) {
	us := int64(math.MinInt64)
	if !t.IsZero() {
		us = t.UnixMicro()
	}
	d.number(uint64(us)) //nolint:gosec // the bits are what is wanted
}

func (d *digester) value(v any) {
	switch x := v.(type) {
	case nil:
		d.text("null")
	case bool:
		d.text("bool")
		if x {
			d.number(1)
		} else {
			d.number(0)
		}
	case int64:
		d.text("int")
		d.number(uint64(x)) //nolint:gosec // as above
	case float64:
		d.text("double")
		d.number(math.Float64bits(x))
	case string:
		d.text("string")
		d.text(x)
	case time.Time:
		d.text("timestamp")
		d.moment(x)
	case []string:
		d.text("list(string)")
		d.number(uint64(len(x)))
		for _, s := range x {
			d.text(s)
		}
	default:
		// Facts hold nothing else; what should not be here still counts.
		d.text(fmt.Sprintf("%T", v))
		d.text(fmt.Sprint(v))
	}
}

func (d *digester) result(r *policy.Result) {
	d.text(r.Resource)
	d.text(r.Label)
	d.text(r.Asset)
	d.text(string(r.Verdict))
	d.text(r.Expected)
	d.text(r.Why)
	d.number(uint64(r.Assurance))
	d.number(uint64(len(r.Observed)))
	for i := range r.Observed {
		o := &r.Observed[i]
		d.text(o.Name)
		d.value(o.Value)
		d.text(o.Why)
		d.text(o.Origin.Stream)
		d.moment(o.Origin.ObservedAt)
		d.number(uint64(o.Origin.Assurance))
	}
}
