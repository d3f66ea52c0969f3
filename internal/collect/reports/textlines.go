package reports

import (
	"context"
	"errors"
	"io"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/lines"
	"github.com/asepsis/asepsis/internal/collect/safe"
)

// Lines reads a text line by line. What each returns ends the reading; Bad and the
// like give it the line's number.
func Lines(ctx context.Context, in collect.Input, each func(line string, number int) error) error {
	if in.Size == 0 {
		return &safe.Fault{Reason: "the file is empty", Mend: "export it again"}
	}
	r, err := lines.Open(ctx, in, max(in.Limits.Field, 4096))
	if err != nil {
		return err
	}
	for {
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := each(string(b), r.Line()); err != nil {
			return err
		}
	}
}
