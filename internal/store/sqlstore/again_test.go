package sqlstore

import (
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/fact"
)

// Whoever chose the wrong order of dates brings the same bytes again with the
// right one: that is not "nothing new".
func TestSameFileReadOtherwise(t *testing.T) {
	_, tn := openTest(t)
	ended := func(day int) *fact.Batch {
		b := peopleBatch(t0, "sum", "e1")
		b.Facts[0].Values["ended_at"] = time.Date(2026, 3, day, 0, 0, 0, 0, time.UTC)
		return b
	}
	ingestTest(t, tn, ended(4), t0)
	if again := ingestTest(t, tn, ended(4), t0.Add(time.Hour)); !again.Unchanged || !again.Earlier.Equal(t0) {
		t.Errorf("the same file read the same way: unchanged %v, earlier %v; want true, %v", again.Unchanged, again.Earlier, t0)
	}
	if again := ingestTest(t, tn, ended(5), t0.Add(2*time.Hour)); again.Unchanged {
		t.Error("the same file read with the right order of dates was taken for nothing new")
	}
	got, want := load(t, tn, t0.Add(3*time.Hour)).Resources[fact.KindPerson][0].Values["ended_at"].V, time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC)
	if !fact.Equal(got, want) {
		t.Errorf("ended_at = %v, want %v", got, want)
	}
	// The same bytes, now said to be the whole list: whoever they leave out is gone.
	ingestTest(t, tn, peopleBatch(t0, "other", "e2"), t0.Add(4*time.Hour))
	whole := ended(5)
	whole.Stream.Snapshot = true
	if again := ingestTest(t, tn, whole, t0.Add(5*time.Hour)); again.Unchanged {
		t.Error("the same file said to be complete was taken for nothing new")
	}
	if n := len(load(t, tn, t0.Add(6*time.Hour)).Resources[fact.KindPerson]); n != 1 {
		t.Errorf("people after the complete list = %d, want 1", n)
	}
}

// A few rows brought later do not make the rest of a complete list look fresh.
func TestPartAfterTheWholeLeavesItsDate(t *testing.T) {
	_, tn := openTest(t)
	whole := peopleBatch(t0, "whole", "e1", "e2")
	whole.Stream.Snapshot = true
	ingestTest(t, tn, whole, t0)
	later := t0.Add(200 * 24 * time.Hour)
	ingestTest(t, tn, peopleBatch(later, "part", "e1"), later)
	for _, r := range load(t, tn, later).Resources[fact.KindPerson] {
		want := t0
		if r.ID == "e1" {
			want = later
		}
		if got := r.Values["name"].Origin.ObservedAt; !got.Equal(want) {
			t.Errorf("%s was observed %v, want %v", r.ID, got, want)
		}
	}
}
