package evidence

import (
	"math"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/policy"
)

// FuzzResult compares the two ways a result is written.
func FuzzResult(f *testing.F) {
	f.Add("mfa", "ad:bob", "why <&>\u2028", int64(1<<60+1), 0.1, int64(1), true, "")
	f.Add("", "\xff", "\x00\"\\", int64(-5), math.Inf(1), int64(-1<<62), false, "as_1")
	f.Add("a", "b", "", int64(0), math.Copysign(0, -1), int64(1e17), false, "é")
	f.Fuzz(func(t *testing.T, check, resource, why string, n int64, x float64, nanos int64, b bool, asset string) {
		at := time.Unix(0, nanos).UTC()
		origin := fact.Origin{Stream: resource, Title: why, ObservedAt: at, Assurance: fact.Assurance(uint64(n) % 4)}
		r := policy.Result{Check: check, Resource: resource, Why: why, Asset: asset, Kind: "host", Verdict: policy.Fail, Label: asset + check, Expected: why}
		for _, v := range []any{nil, b, n, x, why, at, []string{check, why}, []string{}, []string(nil), []any{why, x, nil}, time.Unix(n, 0).UTC(), int(5), map[string]any{why: x}} {
			r.Observed = append(r.Observed, policy.Observed{Name: check, Value: v, Why: why, Origin: origin})
			if b {
				r.Observed = r.Observed[len(r.Observed)-1:]
			}
			got, errGot := appendResult([]byte("x"), r)
			want, errWant := canonicalResult(r)
			if (errGot == nil) != (errWant == nil) || errGot == nil && string(got) != "x"+string(want) {
				t.Fatalf("%#v: got\n%s, %v\nwant\n%s, %v", v, got, errGot, want, errWant)
			}
		}
		var empty policy.Result
		got, err := appendResult(nil, empty)
		if want, errWant := canonicalResult(empty); err != nil || errWant != nil || string(got) != string(want) {
			t.Fatalf("got %s, want %s", got, want)
		}
	})
}
