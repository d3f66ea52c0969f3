package device

// Speaks reports what a section holds: advisories about devices, and recalls. A feed of
// recalls alone says nothing of flaws that no recall was made for.
func Speaks(section []byte) (advisories, recalls bool) {
	list, err := decode(section)
	if err != nil {
		return false, false
	}
	for i := range list {
		if list[i].Sector == recalled {
			recalls = true
		} else {
			advisories = true
		}
	}
	return advisories, recalls
}
