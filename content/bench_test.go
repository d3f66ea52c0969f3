package content_test

import (
	"testing"

	"github.com/asepsis/asepsis/internal/policy"
)

// Loading is part of every start of the program: all checks are compiled.
func BenchmarkLoadChecks(b *testing.B) {
	ids, src := goals(b).IDs(), source(b)
	for b.Loop() {
		if _, err := policy.Load(ids, src); err != nil {
			b.Fatal(err)
		}
	}
}
