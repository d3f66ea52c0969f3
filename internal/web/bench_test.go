package web_test

import (
	"net/http"
	"testing"

	"github.com/asepsis/asepsis/internal/web"
)

// BenchmarkNew is what the pages add to the start of the program.
func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		if _, err := web.New(web.Config{API: http.NotFoundHandler()}); err != nil {
			b.Fatal(err)
		}
	}
}
