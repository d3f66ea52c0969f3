package table

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/collect/table/grid"
	"github.com/asepsis/asepsis/internal/fact"
)

// completions reads training completions. Of several of one person the newest
// counts, and of what is still open the due date.
type completions struct {
	b       *builder
	people  map[string]*learner
	order   []string
	courses map[string]time.Time // newest completion, by title
	only    string               // the courses that count, in lower case; "" for all
	other   int                  // rows of other courses
}

type learner struct {
	vals fact.Values
	open time.Time // earliest due date of what is not completed
}

func newTraining(b *builder) taker {
	return &completions{b: b, people: make(map[string]*learner), courses: make(map[string]time.Time), only: strings.ToLower(strings.TrimSpace(b.in.Options["course"]))}
}

func (c *completions) take(r *row) error {
	vals := make(fact.Values)
	key, err := r.who(vals)
	if err != nil || key == "" {
		return err
	}
	course, when, due := r.text("course"), r.time("completed"), r.time("due")
	switch status := r.text("status"); {
	case status == "completed" && when.IsZero():
		return r.fault("completed", "the training is completed and has no date", "give the date of completion")
	case status == "open":
		when = time.Time{} // a failed or expired attempt has a date and is no completion
	}
	if c.only != "" && !strings.Contains(strings.ToLower(course), c.only) {
		c.other++
		return nil
	}
	p, ok := c.people[key]
	if !ok {
		p = &learner{vals: make(fact.Values)}
		c.people[key] = p
		c.order = append(c.order, key)
	}
	if n := r.fullName("name"); n != "" {
		vals["name"] = n
	}
	maps.Copy(p.vals, vals)
	if when.IsZero() {
		if !due.IsZero() && (p.open.IsZero() || due.Before(p.open)) {
			p.open = due
		}
		return nil
	}
	if have, ok := p.vals["trained_at"].(time.Time); !ok || when.After(have) {
		p.vals["trained_at"] = when
		delete(p.vals, "training_course")
		if course != "" {
			p.vals["training_course"] = course
		}
		delete(p.vals, "training_due_at")
		if next := r.time("expires"); next.After(when) {
			p.vals["training_due_at"] = next
		}
	}
	if when.After(c.courses[course]) {
		c.courses[course] = when
	}
	return nil
}

func (c *completions) done() {
	b := c.b
	for _, key := range c.order {
		p := c.people[key]
		if !p.open.IsZero() {
			p.vals["training_due_at"] = p.open
		}
		var missing map[string]string
		if _, ok := p.vals["trained_at"]; !ok {
			missing = map[string]string{"trained_at": "the training records list the person and no completion"}
		}
		b.batch.Facts = append(b.batch.Facts, fact.Fact{Kind: fact.KindPerson, Key: key, Values: p.vals, Missing: missing})
	}
	titles := slices.Sorted(maps.Keys(c.courses))
	for _, title := range titles {
		name := title
		if name == "" {
			name = "Security training"
		}
		b.batch.Facts = append(b.batch.Facts, fact.Fact{Kind: fact.KindActivity, Key: activityKey("training", name), Values: fact.Values{
			"type": "training", "title": name, "performed_at": c.courses[title],
		}})
	}
	if c.only == "" && len(titles) > 1 {
		b.note("courses", fmt.Sprintf("completions of %s were counted: %s. If not all of them are security training, name the right one when importing (option course)",
			count(len(titles), "course"), shorten(strings.Join(titles, "; "), 300)))
	}
	if c.other > 0 {
		b.note("courses", fmt.Sprintf("%s of other courses than %q left out", count(c.other, "row"), c.only))
	}
}

// activityKey names an activity so that the same one of another file is the same.
func activityKey(kind, title string) string {
	return kind + "/" + strings.ToLower(strings.Join(strings.Fields(title), " "))
}

// seconds reads an option that is a number of seconds.
func seconds(b *builder, option string, otherwise time.Duration) (time.Duration, error) {
	s := strings.TrimSpace(b.in.Options[option])
	if s == "" {
		return otherwise, nil
	}
	d, err := time.ParseDuration(strings.TrimSuffix(s, "s") + "s")
	if err != nil || d < 0 || d > time.Hour {
		return 0, &grid.Fault{Reason: fmt.Sprintf("the option %s is %.20q", option, s), Mend: "give a number of seconds, such as 10"}
	}
	return d, nil
}
