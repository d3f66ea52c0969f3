package api

import (
	"context"
	"net/http"
	"time"
)

// slack is for the answer to reach the peer after the work is done.
const slack = 15 * time.Second

// Limit sets how long the peer may take from now on to send what is left of its
// request and to take the answer, in place of the server's own limits; zero is
// for ever. What one request of a connection sets holds for the next as well, so
// every handler begins with it.
func Limit(w http.ResponseWriter, within time.Duration) {
	var until time.Time
	if within > 0 {
		until = deadline(within)
	}
	rc := http.NewResponseController(w)
	// A writer that has no deadlines, as in tests, is one that cannot stall.
	_ = rc.SetReadDeadline(until)
	_ = rc.SetWriteDeadline(until)
}

// deadline is a moment on the machine's own clock, which connections go by
// whatever clock the program was given.
func deadline(in time.Duration) time.Time {
	ctx, cancel := context.WithTimeout(context.Background(), in)
	defer cancel()
	t, _ := ctx.Deadline()
	return t
}
