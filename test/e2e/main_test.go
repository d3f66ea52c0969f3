// Package e2e tests the built binary as people and machines meet it: killed in
// the middle, on a full disk, with hostile files, behind its API, and in a real
// browser.
package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// program is the program under test.
var program string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	if program = os.Getenv("ASEPSIS_BINARY"); program != "" {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "asepsis-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "asepsis")
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	build := exec.Command("go", "build", "-o", program, "./cmd/asepsis")
	build.Dir = filepath.Join("..", "..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// needsTime skips a test that takes more than a few seconds under -short.
func needsTime(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes long; runs without -short")
	}
}
