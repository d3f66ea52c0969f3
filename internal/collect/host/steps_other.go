//go:build !linux && !windows && !darwin

package host

import "context"

func platformSteps() []step {
	return []step{{"identity", func(_ context.Context, _ *machine, s *section) {
		nativeNetwork(s)
		s.set("os_family", "other")
		s.note("everything else", "this operating system is not read yet")
	}}}
}
