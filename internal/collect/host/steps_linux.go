package host

func platformSteps() []step { return linuxSteps }
