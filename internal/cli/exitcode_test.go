package cli

import (
	"errors"
	"os/exec"
	"strconv"
)

// exitCodeOf returns the exit code of a program that ended with one.
func exitCodeOf(err error) (string, bool) {
	var e *exec.ExitError
	if !errors.As(err, &e) {
		return "", false
	}
	return strconv.Itoa(e.ExitCode()), true
}
