//go:build unix

package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// TestFirstDay walks through the pages in a real browser, from the set-up link
// to the report: see journey.mjs. The screenshots are for people to look at.
func TestFirstDay(t *testing.T) {
	needsTime(t)
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no node here: the journey through the pages needs it")
	}
	chromium := os.Getenv("CHROMIUM")
	for _, name := range []string{"chromium", "google-chrome"} {
		if path, err := exec.LookPath(name); chromium == "" && err == nil {
			chromium = path
		}
	}
	if chromium == "" {
		t.Skip("no Chromium here: scripts/setup.sh test installs it")
	}
	if _, err := os.Stat(filepath.Join("..", "..", "ui", "node_modules", "playwright-core")); err != nil {
		t.Skip("the browser driver is not installed: run npm ci in ui/")
	}
	if _, err := os.Stat(filepath.Join("..", "..", "internal", "web", "dist", "index.html")); err != nil {
		t.Skip("the pages are not built: run make ui")
	}
	s := newFolder(t).serve()
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	shots, err := filepath.Abs("screenshots")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, node, "journey.mjs", s.setUp, shots)
	cmd.Env = append(os.Environ(), "CHROMIUM="+chromium)
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Errorf("the journey: %v\n%s", err, s.log)
	}
}
