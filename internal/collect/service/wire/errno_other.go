//go:build !windows

package wire

import "syscall"

// What the system says of connections that failed.
var (
	resets       = []syscall.Errno{syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNABORTED}
	refusals     = []syscall.Errno{syscall.ECONNREFUSED}
	unreachables = []syscall.Errno{syscall.EHOSTUNREACH, syscall.ENETUNREACH}
)
