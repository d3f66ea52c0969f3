//go:build unix

package e2e

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Of the murders below. The roster is large enough that writing it takes a
// good part of the time between the start and the end of an import.
const (
	murders = 100
	victims = 1500
	seed    = 20261125
)

// TestKilledInAnImport kills the program a hundred times in the middle of an
// import, at moments spread over its run. After each, the file is in as
// a whole or not at all, an import that was reported is in, the record holds,
// and the next import starts from there.
func TestKilledInAnImport(t *testing.T) {
	needsTime(t)
	f := newFolder(t)
	f.must("import", write(t, "first.csv", roster("First", victims)))
	batches, people := 1, victims

	// How long an import takes here and now decides how long to wait with the
	// kill; it is measured again whenever one gets through.
	began := time.Now()
	f.must("import", write(t, "second.csv", roster("Second", victims)))
	took := time.Since(began)
	batches, people = batches+1, people+victims

	random := rand.New(rand.NewPCG(seed, 0))
	name, in, out := "", 0, 0
	for i := range murders {
		if name == "" {
			name = write(t, "roster.csv", roster(letters(i), victims))
		}
		cmd := f.command("import", name)
		var said bytes.Buffer
		cmd.Stdout = &said
		began := time.Now()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		wait := time.Duration((0.3 + 0.8*random.Float64()) * float64(took))
		timer := time.AfterFunc(wait, func() { _ = cmd.Process.Signal(syscall.SIGKILL) })
		err := cmd.Wait()
		timer.Stop()
		if err == nil {
			took = (took + time.Since(began)) / 2
		}

		b, p := count(t, f)
		switch {
		case b == batches && p == people:
			if strings.Contains(said.String(), "added") {
				t.Fatalf("kill %d: an import that was reported is not there", i)
			}
			out++
		case b == batches+1 && p == people+victims:
			batches, people, name = b, p, "" // the next kill has another file
			in++
		default:
			t.Fatalf("kill %d: %d batches with %d people, had %d with %d: neither all nor nothing", i, b, p, batches, people)
		}
		if !strings.Contains(f.must("ledger", "check").stdout, "the record holds") {
			t.Fatalf("kill %d: the record does not hold", i)
		}
	}
	t.Logf("%d imports were in when they were killed or ended, %d were not; an import takes %v", in, out, took)
	if in == 0 || out == 0 {
		t.Errorf("the kills were not spread over the import: %d in, %d not", in, out)
	}
	if name != "" {
		f.must("import", name)
	}
	f.holds()
}

// letters is a prefix of its own for each number.
func letters(i int) string { return string([]byte{'A' + byte(i/26%26), 'A' + byte(i%26)}) }

// count looks into the database as it was left: how many files are in, and how
// many people of them hold.
func count(t *testing.T, f folder) (batches, people int) {
	t.Helper()
	db := f.database(t)
	defer db.Close()
	err := db.QueryRow(`SELECT (SELECT count(*) FROM fact_batches WHERE stream = 'import/people'),
		(SELECT count(*) FROM facts WHERE stream = 'import/people' AND kind = 'person' AND until_seq = 0)`).Scan(&batches, &people)
	if err != nil {
		t.Fatal(err)
	}
	return batches, people
}
