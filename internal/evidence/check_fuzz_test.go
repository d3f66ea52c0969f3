package evidence_test

import (
	"bytes"
	"context"
	"slices"
	"testing"

	"github.com/asepsis/asepsis/internal/evidence"
	"github.com/asepsis/asepsis/internal/evidence/evidencetest"
	"github.com/asepsis/asepsis/ledger"
)

// FuzzCheck puts any bytes in the place of a published file or of a statement: the check
// comes to its end, and finds that they are other bytes.
func FuzzCheck(f *testing.F) {
	w := published(f, 5)
	names, err := w.files.List(".")
	w.must(err)
	var entries []evidence.Entry
	w.store.Tamper(func(t *evidencetest.Tampered) { entries = slices.Clone(t.Entries) })
	for i, name := range names {
		b, err := w.files.Read(name)
		w.must(err)
		f.Add(uint8(i), b)
	}
	for i, e := range entries {
		f.Add(uint8(len(names)+i), e.Statement)
	}
	f.Add(uint8(len(names)), []byte(`{"v":1,"kind":"assessment","body":{"id":"an_1","parts":-1,"checks":[{"id":"x"},{"id":"x"}]}}`))
	f.Fuzz(func(t *testing.T, n uint8, b []byte) {
		at := int(n) % (len(names) + len(entries))
		same := false
		if at < len(names) {
			name := names[at]
			whole, err := w.files.Read(name)
			if err != nil {
				t.Fatal(err)
			}
			same = bytes.Equal(whole, b)
			w.files.Change(name, func([]byte) []byte { return append([]byte{}, b...) })
			defer w.files.Change(name, func([]byte) []byte { return whole })
		} else {
			i := at - len(names)
			same = bytes.Equal(entries[i].Statement, b)
			// Whoever writes the statement anew writes its hash anew.
			w.store.Tamper(func(t *evidencetest.Tampered) {
				t.Entries = slices.Clone(entries)
				t.Entries[i].Statement, t.Entries[i].Leaf = b, ledger.LeafHash(b)
			})
			defer w.store.Tamper(func(t *evidencetest.Tampered) { t.Entries = slices.Clone(entries) })
		}
		r, err := evidence.Checker{Tenant: tenant, Store: w.store, Files: w.files, Public: w.keys.Public(), Commit: w.keys.Commit()}.Check(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if r.Good() != same {
			t.Errorf("%d, %d bytes: good %v, want %v; %v", at, len(b), r.Good(), same, r.Faults)
		}
	})
}
