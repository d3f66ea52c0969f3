package fact

// UnknownSource is the Source of an operating system's package whose source
// package its list does not tell. An empty Source says that it is the package's own
// name, as it is for half of a system's packages; a list that tells of none does
// not say that.
const UnknownSource = "?"

// DoubtSources marks system packages with [UnknownSource] where nothing that is said
// of their asset tells the source of one of its packages: no system consists of
// packages that are all their own source, so it was left out.
func DoubtSources(list []Component) {
	type kind struct{ asset, ecosystem string }
	count := make(map[kind]int) // of packages; below zero where one tells its source
	for i := range list {
		c := &list[i]
		if !system(c.Ecosystem) {
			continue
		}
		k := kind{c.Asset, c.Ecosystem}
		switch {
		case c.Source != "" && c.Source != UnknownSource:
			count[k] = -1
		case count[k] >= 0:
			count[k]++
		}
	}
	for i := range list {
		c := &list[i]
		if c.Source == "" && system(c.Ecosystem) && count[kind{c.Asset, c.Ecosystem}] >= fewPackages {
			c.Source = UnknownSource
		}
	}
}

// fewPackages is from how many packages on they are not all their own source by
// chance: the smallest images have three that are.
const fewPackages = 4

func system(ecosystem string) bool {
	switch ecosystem {
	case "deb", "rpm", "apk":
		return true
	}
	return false
}
