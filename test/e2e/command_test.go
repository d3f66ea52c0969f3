//go:build unix

package e2e

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// folder is a data folder and what is run on it.
type folder struct {
	t   testing.TB
	dir string
}

func newFolder(t testing.TB) folder { return folder{t, filepath.Join(t.TempDir(), "data")} }

// answer is what a command said.
type answer struct {
	code           int
	stdout, stderr string
	peak           int64 // bytes of memory at its fullest
}

// command makes a command over the folder that nothing of the tester's own
// configuration reaches.
func (f folder) command(args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir = f.t.TempDir()
	cmd.Env = []string{"ASEPSIS_DATA=" + f.dir, "HOME=" + cmd.Dir, "TZ=UTC", "PATH=" + os.Getenv("PATH")}
	return cmd
}

func (f folder) run(args ...string) answer {
	f.t.Helper()
	return finish(f.t, f.command(args...))
}

func finish(t testing.TB, cmd *exec.Cmd) answer {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("run %v: %v", cmd.Args, err)
	}
	a := answer{code: cmd.ProcessState.ExitCode(), stdout: out.String(), stderr: errs.String()}
	if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		a.peak = int64(u.Maxrss)
		if runtime.GOOS == "linux" {
			a.peak *= 1024
		}
	}
	return a
}

// must runs a command that has to succeed.
func (f folder) must(args ...string) answer {
	f.t.Helper()
	a := f.run(args...)
	if a.code != 0 {
		f.t.Fatalf("%v exited %d\n%s%s", args, a.code, a.stdout, a.stderr)
	}
	return a
}

// holds checks the whole record from the outside.
func (f folder) holds() {
	f.t.Helper()
	if a := f.run("ledger", "check"); a.code != 0 || !strings.Contains(a.stdout, "the record holds") {
		f.t.Fatalf("ledger check exited %d\n%s%s", a.code, a.stdout, a.stderr)
	}
}

// write writes a file into a fresh folder.
func write(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
