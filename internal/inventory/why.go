package inventory

import (
	"strings"
	"time"
)

// Text says in a sentence why a stream's sightings came to a home. title names
// a stream for people; stream is whose sightings they are.
func (y Why) Text(stream string, title func(string) string) string {
	if y.Grade == First || len(y.Keys) == 0 {
		return "first seen by " + title(stream) + " on " + onDay(y.At)
	}
	var b strings.Builder
	for i, k := range y.Keys {
		if i > 0 {
			b.WriteString(" and ")
		}
		t, _ := typeIndex(k.Type)
		b.WriteString("same " + said[t] + " " + k.Value)
	}
	b.WriteString(", seen by " + title(stream) + " on " + onDay(y.At))
	if y.Stream != "" && y.Stream != stream {
		b.WriteString(" and by " + title(y.Stream) + " on " + onDay(y.Seen))
	}
	if y.Grade == Likely {
		b.WriteString("; likely, nothing contradicts")
	}
	return b.String()
}

// Micros is how times are counted here.
func Micros(t time.Time) int64 { return t.UnixMicro() }
