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
	{"packages of programming languages", languages},
	{"installed packages", packages},
	{"pending updates", updates},
	{"security tools", security},
	{"listening services", sockets},
	{"identity", identity},
	{"operating system", system},
	{"accounts", accounts},
	{"password rules", passwordRules},
	{"SSH server", sshServer},
	{"storage volumes", volumes},
	{"firewall", firewall},
	{"clock", clock},
	{"logs", logging},
	{"unneeded services", unneeded},
}
