package evidence

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/asepsis/asepsis/ledger"
)

// FuzzRow holds the short way of writing a row against the long one: what was
// stated by either must be found again by the other.
func FuzzRow(f *testing.F) {
	f.Add("fact", "as_1/22/tcp", int64(1), true)
	f.Add("a\"b\\c\n\u2028</>&", "Zürich \U0001f600 \xff", int64(0), false)
	f.Fuzz(func(t *testing.T, a, b string, at int64, yes bool) {
		row := []any{a, b, yes, stamp(time.UnixMicro(at % (1 << 50)).UTC()), stamp(time.Time{})}
		got, ok := appendRow(nil, row)
		want, err := ledger.Canonical(row)
		if ok && (err != nil || string(got) != string(want)) {
			t.Errorf("got %s, want %s (%v)", got, want, err)
		}
		if !json.Valid(want) {
			t.Errorf("%s is no JSON", want)
		}
	})
}
