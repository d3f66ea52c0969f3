// Package demo makes up a hospital: 85 beds, rural, with everything a small
// hospital has lying about and fourteen months of what happened to it.
//
// The history is the point. People leave and an account stays open, a training
// round lapses and is caught up, a certificate expires, the scanner is down for a
// month, endpoint protection dies on twelve laptops, a clinic is bought and
// brings forty devices nobody knows; and month by month second factors and
// encryption spread. Pages that show trends, gaps and reasons have something to
// show.
//
// Everything is computed from a seed: the same seed and moment give the same
// hospital to the byte, another seed another one. Nobody in it exists, and
// neither do its vendors, makers and weaknesses; only operating systems are real.
package demo

import (
	"iter"
	"time"

	"github.com/asepsis/asepsis/internal/fact"
)

// Organization is the hospital.
type Organization struct {
	Name  string
	Kind  string // critical_access, community, clinic, health_system
	State string
	Beds  int
	Rural bool
}

// Step is a day on which files were brought or machines were read.
type Step struct {
	At      time.Time // when it was learnt
	What    string    // in a sentence: what is remarkable about it
	Batches []*fact.Batch
}

// Demo is a made-up hospital with its history.
type Demo struct {
	Organization Organization

	world *world
}

// Option changes what is made up.
type Option func(*size)

// size is how much of everything there is; 1 is the hospital of 85 beds.
type size struct {
	scale float64
	days  []int // how long ago each step was, first to last
}

// Scale makes the hospital larger or smaller by a factor.
func Scale(factor float64) Option { return func(s *size) { s.scale = factor } }

// Latest leaves out the history: one step that says how things stand now. For
// benchmarks that need many hospitals.
func Latest() Option { return func(s *size) { s.days = []int{0} } }

// Hospital makes up a hospital as it stands at a moment.
func Hospital(seed uint64, now time.Time, options ...Option) *Demo {
	s := size{scale: 1, days: []int{420, 390, 360, 330, 300, 270, 240, 210, 180, 150, 120, 90, 60, 30, 14, 7, 0}}
	for _, o := range options {
		o(&s)
	}
	w := newWorld(seed, now.UTC(), s)
	return &Demo{Organization: w.org, world: w}
}

// Steps goes through the history, oldest first. Batches are made as they are
// asked for, so a hospital costs the memory of one step.
func (d *Demo) Steps() iter.Seq[Step] {
	return func(yield func(Step) bool) {
		for i := range d.world.size.days {
			if !yield(d.world.step(i)) {
				return
			}
		}
	}
}

// Steps counts are what progress is shown by.
func (d *Demo) Len() int { return len(d.world.size.days) }
