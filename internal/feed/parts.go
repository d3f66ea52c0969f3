package feed

import (
	"github.com/asepsis/asepsis/internal/vuln/device"
	"github.com/asepsis/asepsis/internal/vuln/windows"
)

var (
	_ part = (*device.Compiler)(nil)
	_ part = (*windows.Compiler)(nil)
)

// parts returns what compiles sections of its own from advisories.
func parts() []part { return []part{device.NewCompiler(), windows.NewCompiler()} }
