//go:build unix

package servertest

import (
	"os/exec"
	"syscall"
)

// ownGroup lets a server and what it starts be ended together.
func ownGroup(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func endGroup(c *exec.Cmd) { _ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
