package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/asepsis/asepsis/internal/errs"
)

func TestSamples(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) < 7 {
		t.Fatalf("samples: %v, %v", files, err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		c := Default()
		err = Parse(b, &c)
		if strings.HasSuffix(f, ".good.yaml") {
			if err != nil {
				t.Errorf("%s: %v", f, err)
			}
			continue
		}
		first, _, _ := strings.Cut(string(b), "\n")
		want := strings.TrimPrefix(first, "# want: ")
		if err == nil || !strings.Contains(err.Error(), want) || !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: err = %v, want %q", f, err, want)
		}
	}
}

func TestLoadWithoutAFileIsTheDefault(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("ASEPSIS_DATA", "/somewhere")
	c, err := Load("")
	if err != nil || c.DataDir != "/somewhere" || c.Listen != "127.0.0.1:7300" {
		t.Errorf("Load = %+v, %v", c, err)
	}
	if _, err := Load("missing.yaml"); !errs.Is(err, errs.Invalid) {
		t.Errorf("a file that was named and is not there: %v", err)
	}
}
