package cell

// Evidence counts what the dates of one column say about their order.
type Evidence struct {
	MonthFirst int // the second number is above 12
	DayFirst   int // the first number is above 12
	Either     int // both orders give a date
	Sample     string
}

// Add takes one cell of the column into account.
func (e *Evidence) Add(s string) {
	if len(s) < 6 || len(s) > 64 || allDigits(s) {
		return
	}
	p, err := scan(s)
	if err != nil || p.month != 0 || p.width[0] > 2 || p.width[1] > 2 {
		return
	}
	a, b := p.nums[0], p.nums[1]
	switch {
	case a > 12 && b > 12 || a == b:
		// Not a date, or the same date in both orders.
	case a > 12:
		e.DayFirst++
	case b > 12:
		e.MonthFirst++
	default:
		if e.Either == 0 {
			e.Sample = s
		}
		e.Either++
	}
}

// Order returns the order that most dates of the column are possible in, and
// whether any of them decided it. The order of the United States is the default.
func (e *Evidence) Order() (o Order, decided bool) {
	switch {
	case e.DayFirst > e.MonthFirst:
		return DayFirst, true
	case e.MonthFirst > e.DayFirst:
		return MonthFirst, true
	}
	return MonthFirst, e.MonthFirst > 0
}
