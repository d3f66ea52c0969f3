package evidence_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/assess"
	"github.com/asepsis/asepsis/internal/evidence"
	"github.com/asepsis/asepsis/internal/evidence/evidencetest"
	"github.com/asepsis/asepsis/ledger"
)

// published is a world with a bundle and a tile full, others partial.
func published(t testing.TB, entries int) *world {
	w := newWorld(t)
	for w.n < entries {
		w.append(min(37, entries-w.n)) // earlier partial tiles are left behind
		_, err := w.publisher().Publish(context.Background())
		w.must(err)
	}
	w.holds()
	return w
}

// found fails the test unless a fault's place holds where and its text holds what.
func found(t *testing.T, r *evidence.Report, where, what string) {
	t.Helper()
	for _, f := range r.Faults {
		if strings.Contains(f.Where, where) && strings.Contains(f.What, what) {
			return
		}
	}
	t.Errorf("no fault at %q that says %q in %q", where, what, r.Faults)
}

// TestEveryFile flips a bit at the start, in the middle and at the end of every
// published file, cuts it short, makes it longer, and removes it.
func TestEveryFile(t *testing.T) {
	w := published(t, 300)
	names, err := w.files.List(".")
	w.must(err)
	if len(names) != 10 {
		t.Fatalf("files %q", names)
	}
	for _, name := range names {
		whole, err := w.files.Read(name)
		w.must(err)
		n := len(whole)
		changes := map[string]func(b []byte) []byte{
			"short": func(b []byte) []byte { return b[:n-1] },
			"long":  func(b []byte) []byte { return append(b, 'x') },
			"empty": func([]byte) []byte { return []byte{} },
		}
		for _, at := range []int{0, n / 3, n / 2, n - 1} {
			changes[fmt.Sprint("bit of byte ", at)] = func(b []byte) []byte { b[at] ^= 4; return b }
		}
		// An earlier partial tile may be gone: it is tidied some day.
		head, err := w.store.Head(context.Background())
		w.must(err)
		tile, err := ledger.ParsePath(name)
		if err != nil || slices.Contains(slices.Collect(ledger.TilesOf(head.Size)), tile) {
			changes["gone"] = func([]byte) []byte { return nil }
		}
		for what, change := range changes {
			w.files.Change(name, change)
			r := w.check()
			if r.Good() {
				t.Errorf("%s: %s: nothing was found", name, what)
			} else if !strings.HasPrefix(r.Faults[0].Where, name) || !strings.Contains(r.Verdict, "database give the signed root") {
				t.Errorf("%s: %s: found %q, verdict %q", name, what, r.Faults, r.Verdict)
			}
			w.files.Change(name, func([]byte) []byte { return whole })
		}
	}
	w.holds()
}

// TestEveryByteOfASmallLog flips a bit of each byte of each file of a log.
func TestEveryByteOfASmallLog(t *testing.T) {
	w := published(t, 4)
	names, err := w.files.List(".")
	w.must(err)
	for _, name := range names {
		whole, err := w.files.Read(name)
		w.must(err)
		for i := range whole {
			w.files.Change(name, func(b []byte) []byte { b[i] ^= 1; return b })
			if r := w.check(); r.Good() {
				t.Errorf("%s: byte %d was changed and nothing was found", name, i)
			}
			w.files.Change(name, func([]byte) []byte { return whole })
		}
	}
}

func TestBundlePlace(t *testing.T) {
	w := published(t, 20)
	h, err := w.store.Head(context.Background())
	w.must(err)
	name := fmt.Sprintf("tile/entries/000.p/%d", h.Size)
	es, err := w.store.Entries(context.Background(), 0, 100)
	w.must(err)
	offset := 2
	for _, e := range es[:7] {
		offset += 2 + len(e.Statement)
	}
	w.files.Change(name, func(b []byte) []byte { b[offset+11] ^= 1; return b })
	found(t, w.check(), fmt.Sprintf("%s, byte %d", name, offset+11), "entry 7 differs from row 7 of evidence_entries at byte 11")
}

// TestEveryRow changes what the database holds, one thing at a time.
func TestEveryRow(t *testing.T) {
	byFiles := "published files give the signed root"
	for name, c := range map[string]struct {
		change               func(s *evidencetest.Tampered)
		where, what, verdict string
	}{
		"a statement": {
			func(s *evidencetest.Tampered) { s.Entries[7].Statement[20] ^= 1 },
			"row 7 of", "leaf_hash", byFiles,
		},
		"a statement and its hash": {
			func(s *evidencetest.Tampered) {
				e := &s.Entries[8]
				e.Statement = bytes.Replace(e.Statement, []byte(`"us_1"`), []byte(`"us_2"`), 1)
				e.Leaf = ledger.LeafHash(e.Statement)
			},
			"tile/entries", "entry 8 differs", byFiles,
		},
		"a hash": {
			func(s *evidencetest.Tampered) { s.Entries[7].Leaf[3] ^= 1 },
			"row 7 of", "leaf_hash", "database give the signed root",
		},
		"a kind": {
			func(s *evidencetest.Tampered) { s.Entries[7].Kind = evidence.KindParameter },
			"row 7 of", "its kind", "",
		},
		"a time": {
			func(s *evidencetest.Tampered) { s.Entries[7].At = s.Entries[7].At.Add(time.Microsecond) },
			"row 7 of", "its time", "",
		},
		"a row taken out": {
			func(s *evidencetest.Tampered) { s.Entries = slices.Delete(s.Entries, 7, 8) },
			"row 7 of", "missing", "",
		},
		"the end cut off": {
			func(s *evidencetest.Tampered) { s.Entries = s.Entries[:20] },
			"row 20 of", "missing", "",
		},
		"the head's root": {
			func(s *evidencetest.Tampered) { s.Head.Root[0] ^= 1 },
			"checkpoint", "it is signed for the root", "",
		},
		"the head's size": {
			func(s *evidencetest.Tampered) { s.Head.Size-- },
			"checkpoint", "the head in the database says", "",
		},
		"the head's size beyond the end": {
			func(s *evidencetest.Tampered) { s.Head.Size += 5 },
			"row 48 of", "the row is missing", "",
		},
		"the head's checkpoint": {
			func(s *evidencetest.Tampered) { s.Head.Checkpoint = s.Head.Checkpoint[1:] },
			"the checkpoint in the database", "signature", "",
		},
		"a fact": {
			func(s *evidencetest.Tampered) {
				s.Batches[2] = func() ledger.Hash { return batchHash(2, `{"name":"ehr-02"}`) }
			},
			"batch 2 (host/ehr-01)", "were changed", "",
		},
		"a fact ended by a batch that never was": {
			func(s *evidencetest.Tampered) { s.RowSeqs = []int64{1000} },
			"batch 1000", "no entry speaks of it", "",
		},
		"a batch removed": {
			func(s *evidencetest.Tampered) { delete(s.Batches, 2) },
			"batch 2", "does not have it", "",
		},
		"a result": {
			func(s *evidencetest.Tampered) { swapResult(s.Assessments["an_3"], `"fail"`, `"pass"`) },
			"assessment an_3, check mfa-check", "pass was 1 and is 2; fail was 1 and is 0", "",
		},
		"an observed value": {
			func(s *evidencetest.Tampered) { swapResult(s.Assessments["an_3"], `0.1`, `0.2`) },
			"assessment an_3, check mfa-check", "were changed", "",
		},
		"results removed": {
			func(s *evidencetest.Tampered) { s.Assessments["an_3"] = map[string][]byte{} },
			"assessment an_3, check mfa-check", "the database has 0 results", "",
		},
		"results of another check": {
			func(s *evidencetest.Tampered) { s.Assessments["an_3"]["other"] = []byte(`[]`) },
			"assessment an_3, check other", "no entry speaks of", "",
		},
		"an assessment removed": {
			func(s *evidencetest.Tampered) { delete(s.Assessments, "an_3") },
			"assessment an_3", "does not have it", "",
		},
		"an event changed": {
			func(s *evidencetest.Tampered) {
				e := s.Events["ev_4"]
				e.Who = "someone.else@example.org"
				s.Events["ev_4"] = e
			},
			"event ev_4", "was changed", "",
		},
		"an event removed": {
			func(s *evidencetest.Tampered) { delete(s.Events, "ev_4") },
			"event ev_4", "does not have it", "",
		},
		"an event slipped in": {
			func(s *evidencetest.Tampered) { s.Events["ev_x"] = access.Event{ID: "ev_x"} },
			"the audit trail", "1 event in it", "",
		},
		"what an assessment shows": {
			func(s *evidencetest.Tampered) {
				s.Kept["an_3"] = bytes.Replace(s.Kept["an_3"], []byte(`"partial"`), []byte(`"essential"`), 1)
			},
			"assessment an_3", "what it says was changed", "",
		},
		"results damaged": {
			func(s *evidencetest.Tampered) { swapResult(s.Assessments["an_3"], `{`, `<`) },
			"results of assessment an_3", "cannot be read", "",
		},
		"an assessment damaged": {
			func(s *evidencetest.Tampered) { s.Kept["an_3"] = []byte("{") },
			"assessment an_3", "cannot be read", "",
		},
		"an override changed": {
			func(s *evidencetest.Tampered) { s.Overrides["mfa-privileged.parameter_1"] = "0.1" },
			"parameter mfa-privileged.parameter_1", `it is set to "0.1"; entry`, "",
		},
		"an override removed": {
			func(s *evidencetest.Tampered) { delete(s.Overrides, "mfa-privileged.parameter_1") },
			"parameter mfa-privileged.parameter_1", "the database has no override", "",
		},
		"an override slipped in": {
			func(s *evidencetest.Tampered) { s.Overrides["mfa-privileged.pass_share"] = "0" },
			"parameter mfa-privileged.pass_share", "no entry says so", "",
		},
		"history made anew": {
			func(s *evidencetest.Tampered) {
				for i := range s.Entries {
					e := &s.Entries[i]
					e.Statement = bytes.Replace(e.Statement, []byte(`"us_1"`), []byte(`"us_2"`), 1)
					e.Leaf = ledger.LeafHash(e.Statement)
				}
			},
			"entries 0 to", "the checkpoint is for", byFiles,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := published(t, 40)
			w.store.Tamper(c.change)
			r := w.check()
			found(t, r, c.where, c.what)
			if !strings.Contains(r.Verdict, c.verdict) {
				t.Errorf("verdict %q, want %q", r.Verdict, c.verdict)
			}
		})
	}
}

func swapResult(rs map[string][]byte, old, replacement string) {
	for check, b := range rs {
		rs[check] = bytes.Replace(b, []byte(old), []byte(replacement), 1)
		return
	}
}

// TestWholeRewrite rewrites a row, and every file so that it fits. Only the
// signature is beyond the one who does it.
func TestWholeRewrite(t *testing.T) {
	ctx := context.Background()
	w := published(t, 30)
	forged := newWorld(t)
	w.store.Tamper(func(s *evidencetest.Tampered) {
		e := &s.Entries[8]
		e.Statement = bytes.Replace(e.Statement, []byte(`"us_1"`), []byte(`"us_2"`), 1)
		e.Leaf = ledger.LeafHash(e.Statement)
		forged.store.Tamper(func(f *evidencetest.Tampered) { f.Entries = s.Entries })
	})
	_, err := forged.publisher().Publish(ctx)
	w.must(err)
	names, err := forged.files.List("tile")
	w.must(err)
	for _, n := range names {
		b, err := forged.files.Read(n)
		w.must(err)
		w.files.Change(n, func([]byte) []byte { return b })
	}
	r := w.check()
	found(t, r, "entries 0 to", "their root is")
	if !strings.Contains(r.Verdict, "Neither") {
		t.Errorf("verdict %q", r.Verdict)
	}
}

// TestAddedBatch adds rows that no statement speaks of.
func TestAddedBatch(t *testing.T) {
	w := published(t, 5)
	w.must(w.store.Append(w.now, func(r *evidencetest.Rows) error {
		r.PutBatch(99, func() ledger.Hash { return ledger.Hash{} })
		return r.PutAssessment(assess.Assessment{ID: "an_99"}, nil)
	}))
	r := w.check()
	found(t, r, "batch 99", "no entry speaks of it")
	found(t, r, "assessment an_99", "no entry speaks of it")
}

// TestParts keeps an assessment that does not fit one entry.
func TestParts(t *testing.T) {
	w := newWorld(t)
	w.append(2)
	w.must(w.appendAssessment("an_big", 700))
	w.append(3)
	_, err := w.publisher().Publish(context.Background())
	w.must(err)
	w.holds()
	es, err := w.store.Entries(context.Background(), 0, 100)
	w.must(err)
	parts := 0
	for _, e := range es {
		if e.Kind == evidence.KindAssessmentPart {
			parts++
		}
		if len(e.Statement) > 60<<10 {
			t.Errorf("entry %d has %d bytes", e.Index, len(e.Statement))
		}
	}
	if parts < 2 {
		t.Errorf("%d parts", parts)
	}
	w.store.Tamper(func(s *evidencetest.Tampered) { swapResult(s.Assessments["an_big"], `"fail"`, `"pass"`) })
	found(t, w.check(), "assessment an_big, check mfa-check", "pass was 1 and is 2")
}

// TestStrays has files in the folder that are none of the ledger's, and some
// that a publication which died has staged.
func TestStrays(t *testing.T) {
	w := published(t, 20)
	w.must(w.files.Write("tile/notes.txt", []byte("hello")))
	w.append(5)
	w.faults.Arm(3, false, true)
	_, err := w.publisher().Publish(context.Background())
	if !errors.Is(err, evidencetest.ErrInjected) {
		t.Fatal(err)
	}
	w.faults.Disarm()
	r := w.holds()
	if got := strings.Join(r.Notes, "; "); !strings.Contains(got, "notes.txt is no file of a ledger") || !strings.Contains(got, "staged and not published yet") {
		t.Errorf("notes %q", r.Notes)
	}
}

func TestReportText(t *testing.T) {
	w := published(t, 6)
	var b strings.Builder
	w.must(w.check().WriteText(&b))
	want := "The record is whole: no byte was changed.\n" +
		"Derived anew: 7 entries (7 under the signed checkpoint), 4 files, 1 batch of facts, 1 assessment, 1 event of the audit trail.\n"
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
	w.store.Tamper(func(s *evidencetest.Tampered) { s.Entries[2].Leaf[0] ^= 1 })
	b.Reset()
	w.must(w.check().WriteText(&b))
	if !strings.HasPrefix(b.String(), "The record does not hold: 1 fault found.\n") || !strings.Contains(b.String(), "  row 2 of evidence_entries: its hash (leaf_hash)") {
		t.Errorf("got\n%s", b.String())
	}
}

// TestManyFaults bounds the report.
func TestManyFaults(t *testing.T) {
	w := published(t, 300)
	w.store.Tamper(func(s *evidencetest.Tampered) {
		for i := range s.Entries {
			s.Entries[i].Leaf[0] ^= 1
		}
	})
	r := w.check()
	if len(r.Faults) != 200 || r.More != int(r.Entries)-200 {
		t.Errorf("%d faults and %d more of %d entries", len(r.Faults), r.More, r.Entries)
	}
}

// TestCheckFails makes sure that what cannot be read is an error and no verdict.
func TestCheckFails(t *testing.T) {
	w := published(t, 5)
	c := w.checker()
	c.Files = brokenFiles{w.files}
	if _, err := c.Check(context.Background()); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("error %v, want fs.ErrPermission", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := w.checker().Check(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	c = w.checker()
	c.Public = "no key"
	if _, err := c.Check(context.Background()); err == nil {
		t.Error("a key that is none was taken")
	}
}

type brokenFiles struct{ evidence.Files }

func (brokenFiles) Read(string) ([]byte, error) { return nil, fs.ErrPermission }
