package assess

import "time"

// Point is a past assessment as a chart shows it.
type Point struct {
	AsOf          time.Time `json:"as_of"`
	Level         Level     `json:"level"`
	Score         *float64  `json:"score"` // null where nothing was measured
	GoalsMet      int       `json:"goals_met"`
	GoalsMeasured int       `json:"goals_measured"`
}

// Point returns the assessment as a point of the trend.
func (a *Assessment) Point() Point {
	return Point{AsOf: a.AsOf, Level: a.Level, Score: a.Score, GoalsMet: a.GoalsMet, GoalsMeasured: a.GoalsMeasured}
}
