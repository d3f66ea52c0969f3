package demo

import (
	"fmt"
	"strings"
)

// person is someone on the roster with their working life, in days before now.
type person struct {
	number, name, mail string
	job                job
	kind               string // employee, contractor, volunteer
	started            int
	ended              int // 0 means still here
	trained            []int
	late               bool // in the training round that lapsed
	careless           bool // clicks
	reports            bool // reports phishing
	it                 bool
}

// works reports whether the person was here so many days ago.
func (p *person) works(ago int) bool { return ago <= p.started && (p.ended == 0 || ago >= p.ended) }

// hired reports whether the roster listed the person by then.
func (p *person) hired(ago int) bool { return ago <= p.started }

func (w *world) makePeople() {
	total := w.scaled(310)
	used := make(map[string]bool)
	for i := range total {
		p := &person{number: fmt.Sprintf("%05d", 10000+i*7), kind: "employee", started: w.c.between(430, 7000)}
		for n := 0; p.name == ""; n++ {
			name := pick(w.c, firstNames) + " " + pick(w.c, lastNames)
			if n > 50 {
				name += fmt.Sprintf(" %d", i)
			}
			if !used[name] {
				used[name] = true
				p.name = name
			}
		}
		p.mail = strings.ToLower(strings.NewReplacer(" ", ".", "-", "").Replace(p.name)) + "@" + w.domain
		switch {
		case i < len(staffIT):
			p.job, p.it = job{staffIT[i], "Information technology", 0, true}, true
		default:
			p.job = w.someJob()
			w.career(p, i)
		}
		if p.job.role == "Volunteer" {
			p.kind = "volunteer"
		} else if p.kind == "employee" && w.c.percent(5) && !p.it {
			p.kind = "contractor"
		}
		w.school(p)
		w.people = append(w.people, p)
	}
}

func (w *world) someJob() job {
	n := w.c.IntN(100)
	for _, j := range jobs {
		if n < j.share {
			return j
		}
		n -= j.share
	}
	return jobs[0]
}

// career decides who came and who left within the history: about one in nine
// leaves, and one in seven came.
func (w *world) career(p *person, i int) {
	switch i % 20 {
	case 3, 11, 17:
		p.started = w.c.between(2, 415)
	case 5, 13:
		p.ended = w.c.between(2, 410)
	}
}

// school decides when somebody was trained. There is a round a year; the one
// that fell due eight months ago was not held and was caught up.
func (w *world) school(p *person) {
	p.late = w.c.percent(70) && !p.it
	p.careless, p.reports = w.c.percent(5), w.c.percent(55)
	if p.started > trainingLapsed+365+30 {
		p.trained = append(p.trained, trainingLapsed+365+w.c.between(0, 20))
	}
	round := trainingLapsed + w.c.between(0, 15)
	if p.late {
		round = trainingCaught + w.c.between(0, 12)
	}
	// Who came shortly before was trained already.
	if p.started > round+130 {
		p.trained = append(p.trained, round)
	}
	// New people are trained in their first weeks, nearly all of them.
	if p.started <= 425 {
		after := w.c.between(3, 24)
		if p.started > 150 && w.c.percent(4) {
			after = w.c.between(35, 50)
		}
		if p.started > after {
			p.trained = append(p.trained, p.started-after)
		}
	}
	if w.c.percent(2) && !p.it && p.started > 425 { // somebody always falls through
		p.trained = p.trained[:min(1, len(p.trained))]
	}
}

// lastTrained is the newest training known so many days ago.
func (p *person) lastTrained(ago int) (at int, ok bool) {
	for _, t := range p.trained {
		if t >= ago && (!ok || t < at) {
			at, ok = t, true
		}
	}
	return at, ok
}

// signIn is an account with its life, in days before now.
type signIn struct {
	directory, name, display, mail, owner, kind string
	person                                      *person
	privileged, mailbox, remote, phi            bool
	created                                     int
	disabled                                    int // 0 means it can sign in
	hours                                       int // between the person's end and the disabling
	factor                                      int // second factor since; 0 means none
	methods                                     []string
	strong                                      int // phishing-resistant factor since
	groups                                      []string
	idle                                        int // days since the last sign-in
}

func (a *signIn) exists(ago int) bool { return ago <= a.created }

// enabled reports whether it could sign in so many days ago.
func (a *signIn) enabled(ago int) bool { return a.disabled == 0 || ago > a.disabled }

func (w *world) makeSignIns() {
	forgotten := 0
	left := 0
	for _, p := range w.people {
		login := strings.ToLower(strings.ReplaceAll(p.name[:1]+strings.ReplaceAll(p.name[strings.LastIndex(p.name, " ")+1:], "-", ""), " ", "")) + p.number
		a := &signIn{
			directory: "entra", name: login + "@" + w.domain, display: p.name, mail: p.mail, owner: p.number, kind: "person", person: p,
			mailbox: p.kind != "volunteer", remote: p.kind != "volunteer", phi: false, created: p.started,
			groups: []string{"Everyone", p.job.department}, idle: w.c.between(0, 6),
		}
		w.spread(a, p)
		ehr := &signIn{
			directory: "ehr", name: strings.ToUpper(login), display: p.name, owner: p.number, kind: "person", person: p, phi: true,
			created: p.started, groups: []string{p.job.role}, idle: w.c.between(0, 9),
		}
		both := []*signIn{a}
		if p.job.clinical {
			both = append(both, ehr)
		}
		if p.ended > 0 {
			left++
			for _, x := range both {
				x.hours = w.c.between(1, 20)
				if w.c.percent(14) {
					x.hours = w.c.between(30, 400)
				}
				x.disabled = max(1, p.ended-(x.hours+12)/24)
				x.idle = 0
			}
			// In the record system accounts are closed by hand, and some are not.
			if p.job.clinical && p.ended > 12 && forgotten < 3 && left%4 == 1 {
				ehr.disabled, ehr.hours = 0, 0
				forgotten++
			}
		}
		w.signIns = append(w.signIns, both...)
		if p.it {
			w.admin(p, login)
		}
	}
	w.machines()
}

// spread decides when a person got a second factor. Two in five had one at the
// start; nearly everyone with a mailbox has one now.
func (w *world) spread(a *signIn, p *person) {
	switch {
	case p.kind == "volunteer" && w.c.percent(75):
		return
	case w.c.percent(40):
		a.factor = 500
	default:
		a.factor = w.c.between(15, 400)
	}
	a.factor = max(1, min(a.factor, max(a.created-1, 1)))
	a.methods = []string{"push"}
	switch n := w.c.IntN(100); {
	case n < 6:
		a.methods = []string{"sms"}
	case n < 20:
		a.methods = []string{"totp"}
	case n < 30:
		a.methods = []string{"push", "sms"}
	}
}

// admin gives somebody of the IT staff a second account for administration.
func (w *world) admin(p *person, login string) {
	a := &signIn{
		directory: "entra", name: "adm-" + login + "@" + w.domain, display: p.name + " (administration)", owner: p.number, kind: "person", person: p,
		privileged: true, remote: true, created: p.started, factor: 600, methods: []string{"push"},
		groups: []string{"Administrators"}, idle: w.c.between(0, 20),
	}
	// Keys were handed out over half a year; one is still missing.
	if p.job.role != "Network technician" {
		a.strong = w.c.between(100, 290)
		a.methods = []string{"fido2"}
	}
	w.signIns = append(w.signIns, a)
}

// machines adds accounts that are no person's: services, and the shared ones
// that were closed one by one.
func (w *world) machines() {
	for i, s := range []string{"backup", "pacs", "interface", "scan-mfp", "monitoring", "ehr-batch", "lab", "vpn-radius", "print", "patch", "voicemail", "portal"} {
		w.signIns = append(w.signIns, &signIn{
			directory: "ad", name: "svc-" + s, display: "Service: " + s, owner: w.people[i%len(staffIT)].number, kind: "service",
			created: 2000, groups: []string{"Service accounts"}, idle: 0,
		})
	}
	closing := []int{380, 350, 350, 320, 290, 290, 260, 250, 220, 190, 190, 160, 130, 130, 100, 70, 0, 0, 0}
	for i, s := range []string{"nurse1", "nurse2", "er1", "er2", "lab1", "lab2", "radiology", "pharmacy", "frontdesk", "registration", "clinic1", "clinic2", "pt", "billing", "training", "temp", "triage", "kiosk", "icu"} {
		w.signIns = append(w.signIns, &signIn{
			directory: "ad", name: s, display: "Shared: " + s, kind: "shared", phi: true, created: 3000, disabled: closing[i], idle: w.c.between(0, 3),
			groups: []string{"Shared accounts"},
		})
	}
}
