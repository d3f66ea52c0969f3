package table

import "strconv"

// count writes a number with its noun: "1 row", "3 rows".
func count(n int, noun string) string {
	switch {
	case n == 1:
	case noun == "person":
		noun = "people"
	default:
		noun += "s"
	}
	return strconv.Itoa(n) + " " + noun
}
