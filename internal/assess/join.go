package assess

import (
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/policy"
)

// people finds the person behind an account.
//
// Names are not unique: a key that two people share finds nobody, for a wrong
// person is worse than none.
type people struct {
	byNumber, byMail, byLocal, byName map[string]*fact.Resource
}

func indexPeople(rs []*fact.Resource) people {
	p := people{
		byNumber: make(map[string]*fact.Resource, len(rs)), byMail: make(map[string]*fact.Resource, len(rs)),
		byLocal: make(map[string]*fact.Resource, len(rs)), byName: make(map[string]*fact.Resource, len(rs)),
	}
	for _, r := range rs {
		put(p.byNumber, plainKey(r.Text("employee_id")), r)
		mail := plainKey(r.Text("email"))
		put(p.byMail, mail, r)
		local, _, _ := strings.Cut(mail, "@")
		put(p.byLocal, local, r)
		put(p.byName, nameKey(r.Text("name")), r)
	}
	return p
}

// put keeps a key that is unique; of one that is shared it keeps nil.
func put(m map[string]*fact.Resource, key string, r *fact.Resource) {
	if key == "" {
		return
	}
	if other, taken := m[key]; taken && other != r {
		m[key] = nil
		return
	}
	m[key] = r
}

// plainKey makes keys comparable.
func plainKey(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// nameKey makes "Osei, Dana" and "Dana  Osei" one.
func nameKey(s string) string {
	if last, first, ok := strings.Cut(s, ","); ok {
		s = first + " " + last
	}
	return strings.Join(strings.Fields(strings.ToLower(s)), " ")
}

// signIn strips what surrounds a sign-in name: DOMAIN\name, name@domain.
func signIn(name string) string {
	name = plainKey(name)
	if i := strings.LastIndexByte(name, '\\'); i >= 0 {
		name = name[i+1:]
	}
	name, _, _ = strings.Cut(name, "@")
	return name
}

// adminMarks are what people put around their everyday name to make that of
// their administrator account.
var adminMarks = []string{"administrator", "privileged", "admin", "priv", "adm", "da", "sa", "a"}

// withoutMark returns the everyday name that an administrator's sign-in name
// was made from, or "".
func withoutMark(name string) string {
	for _, m := range adminMarks {
		for _, sep := range []string{"-", "_", "."} {
			if s, ok := strings.CutPrefix(name, m+sep); ok {
				return s
			}
			if s, ok := strings.CutSuffix(name, sep+m); ok {
				return s
			}
		}
	}
	return ""
}

// of returns the person behind an account and how they were found, strongest
// evidence first: employee number, mail address, sign-in name, shown name.
func (p people) of(a *fact.Resource) (person *fact.Resource, how, attr string) {
	try := func(m map[string]*fact.Resource, key, by, from string) bool {
		if person == nil && key != "" {
			if r := m[key]; r != nil {
				person, how, attr = r, by, from
			}
		}
		return person != nil
	}
	owner, mail, name := plainKey(a.Text("owner")), plainKey(a.Text("email")), signIn(a.Text("name"))
	full := plainKey(a.Text("name"))
	switch {
	case try(p.byNumber, owner, "employee number", "owner"), try(p.byNumber, name, "employee number as sign-in name", "name"):
	case try(p.byMail, mail, "mail address", "email"), try(p.byMail, owner, "mail address of the owner", "owner"), try(p.byMail, full, "mail address as sign-in name", "name"):
	case try(p.byLocal, name, "sign-in name", "name"), try(p.byLocal, withoutMark(name), "sign-in name without its administrator mark", "name"):
	case try(p.byName, nameKey(a.Text("display_name")), "shown name", "display_name"):
	}
	return person, how, attr
}

// joined is an account with the person behind it.
type joined struct {
	account *fact.Resource
	person  *fact.Resource
	title   string
	origin  fact.Origin
}

// deriveAccounts joins accounts and people, both ways.
func deriveAccounts(s *fact.Set, now time.Time) {
	listed := roster(s.Resources[fact.KindPerson])
	index, whole := indexPeople(listed), rosterOrigin(listed)
	of := make(map[string][]joined, len(listed)) // by person id
	for _, a := range s.Resources[fact.KindAccount] {
		if n, ok := a.Values["name"]; ok {
			set(a, "name_generic", genericName(signIn(a.Text("name"))), from("derived from its name", n.Origin))
		}
		if !personal(a) {
			continue
		}
		if len(listed) == 0 {
			for _, name := range []string{"person_known", "person_id", "person_ended_at", "person_has_everyday_account"} {
				missing(a, name, noRoster)
			}
			continue
		}
		person, how, attr := index.of(a)
		if person == nil {
			set(a, "person_known", false, from("derived from roster and accounts: nobody on the roster matches", newest(a), whole))
			missing(a, "person_has_everyday_account", "nobody on the roster matches the account")
			continue
		}
		j := joined{account: a, person: person, title: "derived from roster and accounts, matched by " + how}
		j.origin = from(j.title, a.Values[attr].Origin, newest(person))
		derivePerson(j, now)
		of[person.ID] = append(of[person.ID], j)
	}
	for _, js := range of {
		deriveEveryday(js)
	}
	derivePeople(s, of, len(listed) > 0, now)
}

// rosterOrigin is the origin of the roster as a whole.
func rosterOrigin(listed []*fact.Resource) fact.Origin {
	var seen span
	for _, p := range listed {
		seen.add(newest(p))
	}
	return seen.o
}

// personal reports whether an account is meant to be one person's. An account
// whose type nobody states may be.
func personal(a *fact.Resource) bool {
	t := a.Text("type")
	return t == "" || t == "person"
}

// derivePerson states on the account what is known of the person.
func derivePerson(j joined, now time.Time) {
	a, p := j.account, j.person
	set(a, "person_known", true, j.origin)
	id := p.Text("employee_id")
	if id == "" {
		id = p.ID
	}
	set(a, "person_id", id, j.origin)
	end, ok := p.Values["ended_at"]
	if !ok {
		if m, tried := p.Missing["ended_at"]; tried {
			missing(a, "person_ended_at", m.Why)
		}
		return
	}
	ended := p.When("ended_at")
	o := from(j.title, j.origin, end.Origin)
	set(a, "person_ended_at", ended, o)
	if ended.After(now) {
		return
	}
	disabled, ok := a.Values["disabled_at"]
	switch enabled, known := a.Get("enabled").(bool); {
	case known && enabled:
		// It is not disabled, so there is no time to tell.
	case ok:
		hours := max(0, int64((a.When("disabled_at").Sub(ended)+time.Hour-1)/time.Hour))
		set(a, "hours_to_disable", hours, from(j.title, o, disabled.Origin))
	case known:
		missing(a, "hours_to_disable", "no source says when the account was disabled")
	}
}

// deriveEveryday says of each account of a person whether they have another
// one that can sign in and has no administrator rights.
func deriveEveryday(all []joined) {
	kind := func(j joined) (everyday, unsure int) {
		if enabled, known := j.account.Get("enabled").(bool); known && !enabled {
			return 0, 0
		}
		switch privileged, known := j.account.Get("privileged").(bool); {
		case !known:
			return 0, 1
		case !privileged:
			return 1, 0
		}
		return 0, 0
	}
	everyday, unsure := 0, 0
	origins := make([]fact.Origin, 0, len(all))
	for _, j := range all {
		e, u := kind(j)
		everyday, unsure = everyday+e, unsure+u
		origins = append(origins, j.origin)
	}
	o := from("derived from the accounts of the same person", origins...)
	for _, j := range all {
		e, u := kind(j)
		if everyday == e && unsure > u {
			missing(j.account, "person_has_everyday_account", "no source says whether the person's other account has administrator rights")
			continue
		}
		set(j.account, "person_has_everyday_account", everyday > e, o)
	}
}

// derivePeople states on each person whether they work here and what accounts
// they hold.
func derivePeople(s *fact.Set, of map[string][]joined, hasRoster bool, now time.Time) {
	accounts := len(s.Resources[fact.KindAccount]) > 0
	for _, p := range s.Resources[fact.KindPerson] {
		deriveActive(p, hasRoster, now)
		if !accounts {
			missing(p, "privileged", "no accounts were imported")
			missing(p, "enabled_accounts", "no accounts were imported")
			continue
		}
		origins := []fact.Origin{newest(p)}
		enabled, holds, unsure, unsureEnabled := int64(0), false, false, false
		for _, j := range of[p.ID] {
			origins = append(origins, j.origin)
			on, known := j.account.Get("enabled").(bool)
			if known && !on {
				continue
			}
			if !known {
				unsureEnabled = true
			} else {
				enabled++
			}
			switch privileged, known := j.account.Get("privileged").(bool); {
			case !known:
				unsure = true
			case privileged:
				holds = true
			}
		}
		o := from("derived from roster and accounts", origins...)
		if unsureEnabled {
			missing(p, "enabled_accounts", "no source says whether the person's accounts can sign in")
		} else {
			set(p, "enabled_accounts", enabled, o)
		}
		if unsure && !holds {
			missing(p, "privileged", "no source says whether the person's accounts have administrator rights")
		} else {
			set(p, "privileged", holds, o)
		}
	}
}

// deriveActive says whether the person works here. The last day is a working
// day, so somebody is active until it is over.
func deriveActive(p *fact.Resource, hasRoster bool, now time.Time) {
	if !hasRoster {
		missing(p, "active", noRoster)
		return
	}
	if !onRoster(p) {
		set(p, "active", false, from("derived: the roster does not list this person", newest(p)))
		return
	}
	if m, tried := p.Missing["ended_at"]; tried {
		if strings.Contains(m.Why, "has left") {
			set(p, "active", false, from("derived: the roster says that the person has left", newest(p)))
			return
		}
		missing(p, "active", policy.Noun(fact.KindPerson, "ended_at")+" could not be read: "+m.Why)
		return
	}
	active := true
	origins := []fact.Origin{newest(p)}
	if v, ok := p.Values["started_at"]; ok {
		origins = append(origins, v.Origin)
		active = !p.When("started_at").After(now)
	}
	if v, ok := p.Values["ended_at"]; ok {
		origins = append(origins, v.Origin)
		end := p.When("ended_at")
		if end.Equal(end.Truncate(24 * time.Hour)) {
			end = end.Add(24 * time.Hour)
		}
		active = active && now.Before(end)
	}
	set(p, "active", active, from("derived from the roster", origins...))
}
