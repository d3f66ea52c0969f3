// Command asepsis measures the twenty cybersecurity goals for health care.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/asepsis/asepsis/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Main(ctx, os.Args[1:], cli.OS())
	stop()
	os.Exit(code)
}
