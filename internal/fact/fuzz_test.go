package fact

import (
	"bytes"
	"testing"
)

// FuzzDecodeValues reads any bytes as values of each kind: what is read is written as
// bytes that read as the same, or a fact would change by being stored.
func FuzzDecodeValues(f *testing.F) {
	for i, s := range []string{
		`{"name":"ehr-01","ips":["10.0.0.1"],"medical":true}`, `{"name":"\u2028<&>","ips":null}`, `{"name":"\ud800"}`, `{"last_seen_at":"2026-11-25T03:00:00.123456789Z"}`,
		`{"last_seen_at":"0000-01-01T00:00:00+23:59"}`, `{"port":9223372036854775807}`, `{"epss":1e308}`, `{"epss":-0.0}`, `null`, `{"name":null}`, `[]`,
	} {
		f.Add(uint8(i), []byte(s))
	}
	kinds := Kinds()
	f.Fuzz(func(t *testing.T, n uint8, b []byte) {
		k := kinds[int(n)%len(kinds)]
		vs, err := DecodeValues(k, b)
		if err != nil {
			return
		}
		first, err := vs.Encode()
		if err != nil {
			t.Fatalf("%s %q became %v, which cannot be written: %v", k, b, vs, err)
		}
		again, err := DecodeValues(k, first)
		if err != nil {
			t.Fatalf("%s %q became %s, which is refused: %v", k, b, first, err)
		}
		if second, err := again.Encode(); err != nil || !bytes.Equal(first, second) {
			t.Fatalf("%s %q became %s, and that %s, %v", k, b, first, second, err)
		}
	})
}
