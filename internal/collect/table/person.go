package table

import (
	"fmt"
	"strings"

	"github.com/asepsis/asepsis/internal/fact"
)

// who identifies the person a row is about: by employee number, else by mail
// address. It sets both in vals. An empty key means that the row has a fault.
func (r *row) who(vals fact.Values) (key string, err error) {
	id := number(r.text("employee_id"))
	mail := strings.ToLower(r.text("email"))
	if mail != "" && (!strings.Contains(mail, "@") || strings.ContainsAny(mail, " ,;<>")) {
		return "", r.fault("email", fmt.Sprintf("%q is not a mail address", shorten(mail, 40)), "give the whole address, or the employee number instead")
	}
	if id != "" {
		vals["employee_id"] = id
	}
	if mail != "" {
		vals["email"] = mail
	}
	switch {
	case id != "":
		return strings.ToLower(id), nil
	case mail != "":
		return mail, nil
	}
	return "", r.fault("employee_id", "nothing says who this is", "give an employee number or a mail address")
}

// number undoes what spreadsheets do to employee numbers: 10023.0 is 10023.
func number(s string) string {
	if n, ok := strings.CutSuffix(s, ".0"); ok && strings.Trim(n, "0123456789") == "" && n != "" {
		return n
	}
	return s
}

// roster reads the HR roster.
type roster struct {
	keyed
	b       *builder
	undated int // who have left and nobody says when
}

func newPeople(b *builder) taker { return &roster{keyed: newKeyed(), b: b} }

func (p *roster) take(r *row) error {
	vals := r.values()
	key, err := r.who(vals)
	if err != nil || key == "" {
		return err
	}
	if n := r.fullName("name"); n != "" {
		vals["name"] = n
	}
	started, ended, status := r.time("started"), r.time("ended"), r.text("status")
	switch {
	case status == "active" && !ended.IsZero() && !started.IsZero() && ended.Before(started):
		delete(vals, "ended_at") // hired again: the last day is that of the time before
	case !ended.IsZero() && !started.IsZero() && ended.Before(started):
		return r.fault("ended", fmt.Sprintf("the last day (%s) comes before the first (%s)", show(ended), show(started)), "correct one of them; for someone hired again, empty the last day")
	case status == "active" && !ended.IsZero() && ended.Before(p.b.observed):
		return r.fault("ended", fmt.Sprintf("the status says that the person works here, and the last day was %s", show(ended)), "correct one of them; for someone hired again, empty the last day")
	case status == "left" && ended.IsZero():
		r.miss("ended_at", "the roster says that the person has left and does not say when")
		p.undated++
	}
	_, err = p.add(r, key, vals)
	return err
}

func (p *roster) done() {
	p.facts(p.b, fact.KindPerson)
	if p.undated > 0 {
		p.b.note("last day", fmt.Sprintf("the roster does not say when %s left; how fast their accounts were closed cannot be measured", count(p.undated, "person")))
	}
}
