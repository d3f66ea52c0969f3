package jsonsafe

import "io"

// Reset makes the reader begin anew with another document of the same limits,
// whose first line is the given one: a log has one on each line, and a buffer
// for each would be the most that reading it costs.
func (r *Reader) Reset(src io.Reader, line int) {
	r.src, r.pos, r.end, r.eof, r.line, r.depth, r.values = src, 0, 0, false, line, 0, 0
}

// More reports whether another value follows: documents may stand one behind
// the other.
func (r *Reader) More() (bool, error) {
	c, err := r.peek()
	return c != 0, err
}
