package cli

import (
	"os"
	"time"

	"golang.org/x/term"
)

// OS returns the world of a real process.
func OS() World {
	w := World{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Env: os.Getenv, Now: time.Now}
	if fd := int(os.Stdout.Fd()); term.IsTerminal(fd) { //nolint:gosec // a file descriptor fits an int
		w.Width = 80
		if n, _, err := term.GetSize(fd); err == nil && n > 0 {
			w.Width = n
		}
	}
	w.Terminal = term.IsTerminal(int(os.Stderr.Fd())) //nolint:gosec // a file descriptor fits an int
	return w
}
