package host

// stepsFor lists what is read of a machine. The slowest come first, so that
// the others fill the time they wait.
func stepsFor(m *machine) []step {
	if !m.tree.Live() {
		return linuxSteps
	}
	return platformSteps()
}

var linuxSteps = []step{
	{"installed packages", packages},
	{"listening services", sockets},
	{"identity", identity},
	{"operating system", system},
	{"accounts", accounts},
	{"password rules", passwordRules},
	{"SSH server", sshServer},
}
