package api

// Page is one page of a list.
type Page[T any] struct {
	Items []T `json:"items"`
	// Next is the cursor of the next page; empty on the last.
	Next  string `json:"next" doc:"Cursor of the next page; empty on the last"`
	Total int    `json:"total" doc:"Items on all pages; -1 where it is not counted"`
}

// The limits of a page.
const (
	DefaultLimit = 50
	MaxLimit     = 500
)

// PageQuery asks for one page. Cursor is what an earlier page gave as Next,
// opaque to the client and checked by whoever reads it.
type PageQuery struct {
	Cursor string
	Limit  int // 1 to MaxLimit
}
