package list_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/asepsis/asepsis/internal/collect/list"
)

// TestEveryFormatIsInTheGuide: a file that can be brought is one that people can
// read about.
func TestEveryFormatIsInTheGuide(t *testing.T) {
	var guide strings.Builder
	for _, name := range []string{"imports.md", "imports-tables.md", "vulnerabilities.md", "email.md"} {
		b, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", name))
		if err != nil {
			t.Fatal(err)
		}
		guide.Write(b)
	}
	seen := make(map[string]bool)
	for _, im := range list.Importers() {
		f := im.Format()
		if seen[f.ID] {
			t.Errorf("two importers are called %s", f.ID)
		}
		seen[f.ID] = true
		if f.ID != "xlsx" && !strings.Contains(guide.String(), "`"+f.ID+"`") {
			t.Errorf("no guide names the format `%s` (%s)", f.ID, f.Title)
		}
		if f.Title == "" || f.Gives == "" || f.Stream == "" || len(f.Extensions) == 0 {
			t.Errorf("%s is not described: %+v", f.ID, f)
		}
	}
}
