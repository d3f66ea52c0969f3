package wire

import (
	"syscall"

	"golang.org/x/sys/windows"
)

// What the system says of connections that failed.
var (
	resets       = []syscall.Errno{windows.WSAECONNRESET, windows.WSAECONNABORTED}
	refusals     = []syscall.Errno{windows.WSAECONNREFUSED}
	unreachables = []syscall.Errno{windows.WSAEHOSTUNREACH, windows.WSAENETUNREACH}
)
