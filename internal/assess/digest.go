package assess

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
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
	d := digester{h: sha256.New()}
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
	return hex.EncodeToString(d.h.Sum(nil))
}

// digester feeds a hash unambiguously: texts carry their length.
type digester struct {
	h   hash.Hash
	buf []byte
}

func (d *digester) text(s string) {
	d.buf = binary.BigEndian.AppendUint64(d.buf[:0], uint64(len(s)))
	d.buf = append(d.buf, s...)
	d.h.Write(d.buf)
}

func (d *digester) number(n uint64) {
	d.buf = binary.BigEndian.AppendUint64(d.buf[:0], n)
	d.h.Write(d.buf)
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
		d.text(valueText(o.Value))
		d.text(o.Why)
		d.text(o.Origin.Stream)
		d.text(timeText(o.Origin.ObservedAt))
		d.number(uint64(o.Origin.Assurance))
	}
}

func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// valueText writes an observed value as JSON writes it.
func valueText(v any) string {
	switch x := v.(type) {
	case nil:
		return "null"
	case bool:
		if x {
			return "true"
		}
		return "false"
	case time.Time:
		return timeText(x)
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}
