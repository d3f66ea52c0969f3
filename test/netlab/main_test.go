//go:build linux

package netlab_test

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"github.com/asepsis/asepsis/internal/cli"
)

// program makes the test binary the program itself, so that tests run it inside
// a namespace.
const program = "ASEPSIS_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(program) == "" {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Main(ctx, os.Args[1:], cli.OS())
	stop()
	os.Exit(code)
}
