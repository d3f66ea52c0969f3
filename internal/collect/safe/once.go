package safe

import "slices"

// long is from how many values on a list is no longer looked through for each new one.
const long = 64

// AddOnce adds a value to a list that does not have it yet. seen is the caller's, nil at
// first, and one for each list: it is used where the list is long, so that a file that
// lists a hundred thousand addresses of one host costs as many steps, and the many hosts
// with two cost no map.
func AddOnce[T comparable](list []T, seen *map[T]bool, v T) []T {
	if len(list) < long {
		if slices.Contains(list, v) {
			return list
		}
		return append(list, v)
	}
	if *seen == nil {
		*seen = make(map[T]bool, 2*len(list))
		for _, have := range list {
			(*seen)[have] = true
		}
	}
	if (*seen)[v] {
		return list
	}
	(*seen)[v] = true
	return append(list, v)
}
