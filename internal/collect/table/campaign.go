package table

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/collect/table/cell"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/lazy"
)

// scannerWithin is how soon after delivery a click counts as a mail scanner's
// where the option scanner_seconds does not say otherwise. Scanners follow the
// links of a message as it passes, within seconds; a person has to find it first.
const scannerWithin = 10 * time.Second

// maxClicks bounds what is kept of one message.
const maxClicks = 64

// simulation reads results of simulated phishing, one row a recipient or one
// row an event.
type simulation struct {
	b        *builder
	within   time.Duration
	people   map[string]fact.Values
	order    []string
	messages map[messageID]*message
	list     []*message
	timeless int // clicks without a time or a word on who clicked
}

type messageID struct{ person, campaign, template, day string }

// message is one simulated phishing message to one person.
type message struct {
	id                           messageID
	campaign                     string // as written
	sent, delivered              time.Time
	bounced, submitted, reported bool
	opens, clicks                []act
	newest                       time.Time
}

// act is an opening or a click.
type act struct {
	at  time.Time // zero if not told
	bot bool      // the export says that a scanner did it
}

func newPhishing(b *builder) taker {
	return &simulation{b: b, people: make(map[string]fact.Values), messages: make(map[messageID]*message)}
}

// scannerAgents are words by which programs, not people, introduce themselves.
var scannerAgents = lazy.Regexp(`(?i)bot\b|crawler|spider|proofpoint|mimecast|barracuda|safelinks|urldefense|headless|phantomjs|python|curl/|wget|java/|okhttp|go-http|libwww|apache-httpclient|scanner|sandbox|trendmicro|forcepoint|ironport`)

func (s *simulation) take(r *row) error {
	if s.within == 0 {
		var err error
		if s.within, err = seconds(s.b, "scanner_seconds", scannerWithin); err != nil {
			return err
		}
		if s.within == 0 {
			s.within = -1 // switched off
		}
	}
	event, at := r.text("event"), r.time("time")
	if event == "other" {
		return nil // about the campaign, not about a person
	}
	vals := make(fact.Values)
	key, err := r.who(vals)
	if err != nil || key == "" {
		return err
	}
	if n := r.fullName("name"); n != "" {
		vals["name"] = n
	}
	when := make(map[string]time.Time)
	happened := make(map[string]bool)
	for _, f := range [...]string{"bounced", "opened", "clicked", "submitted", "reported"} {
		if happened[f], when[f], err = s.moment(r, f); err != nil || r.bad {
			return err
		}
	}
	switch event {
	case "submitted", "clicked", "opened", "reported", "bounced":
		happened[event] = true
		if when[event].IsZero() {
			when[event] = at
		}
	}
	if have, ok := s.people[key]; ok {
		maps.Copy(have, vals)
	} else {
		s.people[key] = vals
		s.order = append(s.order, key)
	}
	m := s.message(r, key, event, at)
	m.bounced = m.bounced || happened["bounced"]
	m.reported = m.reported || happened["reported"]
	bot, _ := r.yes("bot")
	bot = bot || scannerAgents().MatchString(r.text("browser"))
	if happened["opened"] && len(m.opens) < maxClicks {
		m.opens = append(m.opens, act{when["opened"], bot})
	}
	if happened["clicked"] && len(m.clicks) < maxClicks {
		m.clicks = append(m.clicks, act{when["clicked"], bot})
		if when["clicked"].IsZero() && s.b.column("bot") < 0 && s.b.column("browser") < 0 {
			s.timeless++
		}
	}
	// Whoever entered something is no scanner, unless the export says so.
	if happened["submitted"] && !bot {
		m.submitted = true
	}
	for _, t := range when {
		if t.After(m.newest) {
			m.newest = t
		}
	}
	return nil
}

// moment reads a cell that says yes, no, or when.
func (s *simulation) moment(r *row, field string) (bool, time.Time, error) {
	text := r.text(field)
	col := s.b.column(field)
	if text == "" || col < 0 {
		return false, time.Time{}, nil
	}
	if v, err := cell.Bool(text); err == nil {
		return v, time.Time{}, nil
	}
	t, err := s.b.dates[col].Parse(text)
	if err != nil {
		return false, time.Time{}, r.fault(field, fmt.Sprintf("%q is neither yes or no nor a date", shorten(text, 40)), "write yes, no, or when; or leave it empty")
	}
	if t.After(s.b.in.Now.Add(24 * time.Hour)) {
		return false, time.Time{}, r.fault(field, fmt.Sprintf("%q has not come yet", shorten(text, 40)), "correct the date, or choose the order of day and month")
	}
	return !t.IsZero(), t, nil
}

// message finds the message the row is about. In a table of events, a message
// is a person's part in a campaign; otherwise every row is one, and the same
// row twice is the same message.
func (s *simulation) message(r *row, person, event string, at time.Time) *message {
	sent := r.time("sent")
	if event == "sent" && sent.IsZero() {
		sent = at
	}
	campaign := r.text("campaign")
	id := messageID{person: person, campaign: strings.ToLower(campaign), template: strings.ToLower(r.text("template"))}
	if s.b.column("event") < 0 || campaign == "" {
		day := sent
		if day.IsZero() {
			day = r.time("delivered")
		}
		if !day.IsZero() {
			id.day = day.Format(time.RFC3339)
		}
	}
	m, ok := s.messages[id]
	if !ok {
		m = &message{id: id, campaign: campaign}
		s.messages[id] = m
		s.list = append(s.list, m)
	}
	if m.sent.IsZero() {
		m.sent = sent
	}
	if d := r.time("delivered"); m.delivered.IsZero() {
		m.delivered = d
	}
	for _, t := range [...]time.Time{sent, r.time("delivered"), at} {
		if t.After(m.newest) {
			m.newest = t
		}
	}
	return m
}

// byScanner says whether a mail scanner did it.
func (s *simulation) byScanner(m *message, a act) bool {
	if a.bot {
		return true
	}
	from := m.delivered
	if from.IsZero() {
		from = m.sent
	}
	// A message cannot be opened before it is delivered: clocks differ, or a
	// gateway held and scanned it.
	return s.within > 0 && !from.IsZero() && !a.at.IsZero() && a.at.Sub(from) < s.within
}

// when the message was sent, as near as the file tells.
func (m *message) when() time.Time {
	for _, t := range [...]time.Time{m.sent, m.delivered, m.newest} {
		if !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}

// tally counts the messages of one person or campaign.
type tally struct {
	sent, opened, clicked, scanner, reported int64
	last                                     time.Time
}

func (t *tally) add(s *simulation, m *message) {
	t.sent++
	clicked, scanner := m.submitted, false
	for _, c := range m.clicks {
		if s.byScanner(m, c) {
			scanner = true
		} else {
			clicked = true
		}
	}
	opened := clicked // who clicked has opened, whatever the picture in the message counted
	for _, o := range m.opens {
		opened = opened || !s.byScanner(m, o)
	}
	for _, c := range [...]struct {
		happened bool
		count    *int64
	}{{opened, &t.opened}, {clicked, &t.clicked}, {scanner, &t.scanner}, {m.reported, &t.reported}} {
		if c.happened {
			*c.count++
		}
	}
	if w := m.when(); w.After(t.last) {
		t.last = w
	}
}

func (s *simulation) done() {
	b := s.b
	since := b.observed.AddDate(-1, 0, 0)
	people := make(map[string]*tally)
	campaigns := make(map[string]*tally)
	titles := make(map[string]string)
	var old, undated, bounced int
	var scanner, persons int64
	for _, m := range s.list {
		w := m.when()
		switch {
		case m.bounced:
			bounced++
			continue
		case w.IsZero():
			undated++
		}
		c, ok := campaigns[m.id.campaign]
		if !ok {
			c = &tally{}
			campaigns[m.id.campaign], titles[m.id.campaign] = c, m.campaign
		}
		c.add(s, m)
		if !w.IsZero() && !w.After(since) {
			old++
			continue
		}
		p, ok := people[m.id.person]
		if !ok {
			p = &tally{}
			people[m.id.person] = p
		}
		p.add(s, m)
	}
	for _, key := range s.order {
		vals := s.people[key]
		p := people[key]
		if p == nil {
			p = &tally{}
		}
		vals["phish_sent"], vals["phish_opened"], vals["phish_clicked"] = p.sent, p.opened, p.clicked
		vals["phish_clicked_by_scanner"], vals["phish_reported"] = p.scanner, p.reported
		if !p.last.IsZero() {
			vals["phish_last_at"] = p.last
		}
		scanner, persons = scanner+p.scanner, persons+p.clicked
		b.batch.Facts = append(b.batch.Facts, fact.Fact{Kind: fact.KindPerson, Key: key, Values: vals})
	}
	for _, id := range slices.Sorted(maps.Keys(campaigns)) {
		s.campaign(id, titles[id], campaigns[id])
	}
	s.notes(old, undated, bounced, scanner, persons)
}

func (s *simulation) campaign(id, title string, c *tally) {
	f := fact.Fact{Kind: fact.KindActivity, Key: activityKey("phishing", title), Values: fact.Values{"type": "phishing_campaign", "findings": c.clicked}}
	if id == "" {
		title = "Simulated phishing"
		f.Key = activityKey("phishing", title)
	}
	f.Values["title"] = title
	if c.last.IsZero() {
		f.Missing = map[string]string{"performed_at": "the file gives no date for the campaign"}
	} else {
		f.Values["performed_at"] = c.last
	}
	s.b.batch.Facts = append(s.b.batch.Facts, f)
}

func (s *simulation) notes(old, undated, bounced int, scanner, persons int64) {
	b := s.b
	rule := "a click counts as a mail scanner's where the export says so"
	if s.within > 0 {
		rule += fmt.Sprintf(", or where it came less than %g seconds after delivery", s.within.Seconds())
	}
	b.note("clicks", fmt.Sprintf("%s; in the 12 months counted, people clicked in %s and scanners in %d", rule, count(int(persons), "message"), scanner))
	b.note("time counted", "the counts of a person are those of this file, for the 12 months before "+b.observed.Format("2006-01-02")+": bring all campaigns of that time in one file")
	if s.timeless > 0 {
		b.note("clicks without a time", fmt.Sprintf("%s with neither a time nor a word on who clicked, counted as people's", count(s.timeless, "click")))
	}
	if old > 0 {
		b.note("older messages", fmt.Sprintf("%s older than 12 months, not counted for the people", count(old, "message")))
	}
	if undated > 0 {
		b.note("messages without a date", fmt.Sprintf("%s without a date, counted", count(undated, "message")))
	}
	if bounced > 0 {
		b.note("messages not delivered", fmt.Sprintf("%s not delivered, left out", count(bounced, "message")))
	}
}
