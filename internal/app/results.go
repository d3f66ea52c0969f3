package app

import (
	"cmp"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/policy"
)

// resultList is what the list of a check's results needs again and again. Results
// are named by their place in rs.
type resultList struct {
	rs    []policy.Result
	order memo[[]int32]          // what is wrong first, then by label
	texts memo[[]string]         // what a search looks in
	at    memo[map[string]int32] // by resource
}

// resultsBy returns the results of a check. Few checks are looked at, at a time.
func (v *view) resultsBy(check string) *resultList {
	return v.told.of(check, 4).must(func() *resultList { return &resultList{rs: v.results[check]} })
}

// sorted lists all results, what is wrong first.
func (l *resultList) sorted() []int32 {
	return l.order.must(func() []int32 {
		keys, order := make([]string, len(l.rs)), make([]int32, len(l.rs))
		for i := range l.rs {
			keys[i], order[i] = naturalKey(l.rs[i].Label), int32(i) //nolint:gosec // results of one organization
		}
		slices.SortFunc(order, func(a, b int32) int {
			x, y := &l.rs[a], &l.rs[b]
			return cmp.Or(cmp.Compare(verdictRank(x.Verdict), verdictRank(y.Verdict)), cmp.Compare(keys[a], keys[b]), cmp.Compare(x.Resource, y.Resource))
		})
		return order
	})
}

// text returns what a search looks in: what a row of the list shows.
func (l *resultList) text(v *view) []string {
	return l.texts.must(func() []string {
		out := make([]string, len(l.rs))
		for i := range l.rs {
			row := v.resultRow(&l.rs[i])
			text := row.Label + "\n" + row.Why + "\n" + row.Observed
			if row.Asset != nil {
				text += "\n" + row.Asset.Label
			}
			out[i] = strings.ToLower(text)
		}
		return out
	})
}

// find returns what is said of a resource, or nil.
func (l *resultList) find(resource string) *policy.Result {
	i, ok := l.at.must(func() map[string]int32 {
		out := make(map[string]int32, len(l.rs))
		for i := range l.rs {
			if _, twice := out[l.rs[i].Resource]; !twice {
				out[l.rs[i].Resource] = int32(i) //nolint:gosec // as above
			}
		}
		return out
	})[resource]
	if !ok {
		return nil
	}
	return &l.rs[i]
}
