package host

import "context"

// timeSources are the programs that keep a clock right.
var timeSources = []struct{ process, name string }{
	{"chronyd", "chrony"},
	{"ntpd", "ntpd"},
	{"ntpsec", "ntpd"},
	{"systemd-timesyncd", "systemd-timesyncd"},
	{"systemd-timesyn", "systemd-timesyncd"},
	{"openntpd", "openntpd"},
	{"phc2sys", "ptp"},
	{"VBoxService", "virtualbox"},
}

// clock reads whether the clock follows a source. The kernel knows: every
// program that keeps time tells it, and anybody may ask.
func clock(_ context.Context, m *machine, s *section) {
	runs := m.programs()
	source := ""
	for _, src := range timeSources {
		if runs.has(src.process) {
			source = src.name
			break
		}
	}
	switch {
	case source != "":
		s.set("time_source", source)
	case runs.blind != "":
		s.miss(runs.blind, "time_source")
	default:
		s.miss("no program that keeps time is running", "time_source")
	}
	if !m.tree.Live() {
		s.miss("the kernel of a captured tree cannot be asked", "time_synced")
		return
	}
	synced, reason := clockSynced()
	switch {
	case reason != "":
		s.miss(reason, "time_synced")
	case !synced && containerized(m):
		s.miss("a container has its host's clock, and the kernel does not say here that it follows a source", "time_synced")
	default:
		s.set("time_synced", synced)
	}
}

func containerized(m *machine) bool {
	_, how := virtualMachine(m, "", "")
	return how == "container"
}
