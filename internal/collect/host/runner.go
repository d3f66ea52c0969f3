package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"
)

// Runner runs a program of the operating system and returns what it prints.
// Only programs that change nothing are ever asked for, by a fixed list of
// arguments and without a shell.
type Runner interface {
	// Run returns the standard output. It fails with exec.ErrNotFound if the
	// program is not installed.
	Run(ctx context.Context, name string, args ...string) ([]byte, error)
}

// maxOutput bounds what a program may print. `rpm -qa` of a large server is below 2 MB.
const maxOutput = 32 << 20

// searchPath is where programs are looked for. The caller's own PATH is not
// used: a folder that others can write to must not lend us programs.
var searchPath = [...]string{"/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/"}

type commandRunner struct{ timeout time.Duration }

// Run implements [Runner].
func (r commandRunner) Run(ctx context.Context, name string, args ...string) ([]byte, error) {
	file, err := lookup(name)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	out := &bounded{limit: maxOutput}
	cmd := exec.CommandContext(ctx, file, args...)
	cmd.Env = append(systemEnv(), "LC_ALL=C", "LANG=C")
	cmd.Dir = os.TempDir()
	cmd.Stdout = out
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("%s: %w", name, ctx.Err())
		}
		return out.Bytes(), fmt.Errorf("%s: %w", name, err)
	}
	if out.cut {
		return nil, fmt.Errorf("%s printed more than %d bytes", name, maxOutput)
	}
	return out.Bytes(), nil
}

// bounded keeps the first bytes written to it and swallows the rest.
type bounded struct {
	bytes.Buffer
	limit int
	cut   bool
}

func (b *bounded) Write(p []byte) (int, error) {
	if room := b.limit - b.Len(); room < len(p) {
		b.cut = true
		b.Buffer.Write(p[:max(room, 0)])
		return len(p), nil
	}
	return b.Buffer.Write(p)
}

var errCaptured = errors.New("this is a captured tree: no program is run")

// noRunner stands in where the files read are those of another machine, about
// which the programs of this one would tell lies.
type noRunner struct{}

// Run implements [Runner].
func (noRunner) Run(context.Context, string, ...string) ([]byte, error) { return nil, errCaptured }

// why turns a failure into the reason people see.
func why(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, os.ErrPermission):
		return "needs root"
	case errors.Is(err, os.ErrNotExist), errors.Is(err, exec.ErrNotFound):
		return "not on this machine"
	case errors.Is(err, context.DeadlineExceeded):
		return "took too long"
	case errors.Is(err, context.Canceled):
		return "was stopped"
	}
	return err.Error()
}
