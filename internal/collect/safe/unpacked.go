package safe

import (
	"context"
	"fmt"
	"io"
)

// Files that are packed become ten to sixty times as large; what is made to fill memory
// or to take hours becomes a thousand times as large.
const (
	maxRatio = 200
	freely   = 16 << 20 // bytes that any file may become
)

// Unpacked ends r, which unpacks a file of that many bytes, as [Bound] does, and with a
// [Fault] where far more comes out of it than goes in.
func Unpacked(ctx context.Context, r io.Reader, packed, limit int64) io.Reader {
	return &unpacked{r: Bound(ctx, r, limit), left: max(freely, packed*maxRatio)}
}

type unpacked struct {
	r    io.Reader
	left int64
}

func (u *unpacked) Read(p []byte) (int, error) {
	n, err := u.r.Read(p)
	if u.left -= int64(n); u.left < 0 {
		return 0, &Fault{
			Reason: fmt.Sprintf("the packed file becomes more than %d times as large, as no real one does", maxRatio),
			Mend:   "unpack it and look what is in it; bring what you find",
		}
	}
	return n, err
}
