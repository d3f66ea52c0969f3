// Package lazy puts off what a program need not do before it is asked.
//
// The program has more than a hundred patterns, most of them of formats that one
// run never sees. Compiling all of them at the start took a third of the time of
// a short command.
package lazy

import (
	"regexp"
	"sync"
)

// Regexp returns a function that compiles a pattern when it is first called. It
// panics then, as regexp.MustCompile does, where the pattern is none.
func Regexp(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}
