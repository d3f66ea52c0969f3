package feed

import "github.com/asepsis/asepsis/internal/vuln/windows"

// parts returns what compiles sections of its own.
func parts() []part { return []part{windows.NewCompiler()} }
