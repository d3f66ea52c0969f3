package report

import (
	"fmt"
	"html/template"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/assess"
)

// trend draws how many goals were met and measured over time. The same numbers
// stand in a table beside it for those who do not see the drawing.
func trend(points []assess.Point, loc *time.Location) template.HTML {
	if len(points) < 2 {
		return ""
	}
	const width, height, left, bottom, top = 640.0, 170.0, 30.0, 24.0, 10.0
	first, last := points[0].AsOf, points[len(points)-1].AsOf
	span := last.Sub(first).Seconds()
	if span <= 0 {
		return ""
	}
	x := func(t time.Time) float64 { return left + (width-left-10)*t.Sub(first).Seconds()/span }
	y := func(n int) float64 { return top + (height-top-bottom)*(1-float64(n)/20) }

	// Goals stay as they are until the next assessment, so the lines are stairs.
	line := func(value func(assess.Point) int) string {
		var b strings.Builder
		for i, p := range points {
			if i == 0 {
				fmt.Fprintf(&b, "M%.1f %.1f", x(p.AsOf), y(value(p)))
				continue
			}
			fmt.Fprintf(&b, "H%.1fV%.1f", x(p.AsOf), y(value(p)))
		}
		return b.String()
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="trend" viewBox="0 0 %.0f %.0f" role="img" aria-label="Goals met and measured from %s to %s; the table below has the numbers">`,
		width, height, first.In(loc).Format("January 2006"), last.In(loc).Format("January 2006"))
	for n := 0; n <= 20; n += 5 {
		fmt.Fprintf(&b, `<line class="grid" x1="%.0f" x2="%.0f" y1="%.1f" y2="%.1f"/><text x="%.0f" y="%.1f" text-anchor="end">%d</text>`,
			left, width-10, y(n), y(n), left-6, y(n)+4, n)
	}
	fmt.Fprintf(&b, `<path class="measured" d="%s"/><path class="metline" d="%s"/>`,
		line(func(p assess.Point) int { return p.GoalsMeasured }), line(func(p assess.Point) int { return p.GoalsMet }))
	fmt.Fprintf(&b, `<text x="%.0f" y="%.0f">%s</text><text x="%.0f" y="%.0f" text-anchor="end">%s</text>`,
		left, height-6, first.In(loc).Format("Jan 2006"), width-10, height-6, last.In(loc).Format("Jan 2006"))
	b.WriteString(`</svg>`)
	return template.HTML(b.String()) //nolint:gosec // numbers and dates alone
}
