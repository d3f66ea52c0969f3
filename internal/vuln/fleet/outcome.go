package fleet

import (
	"slices"
	"strconv"
	"strings"

	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/vuln"
)

// Outcome is what the feed in force says of a component, wherever it is.
type Outcome struct {
	Verdict vuln.Verdict
	Reason  vuln.Reason
	Flaws   []string // it has, by name
}

// outcomes keeps one for each component; most are alike and kept once. The
// first is that of a component nobody judged yet.
type outcomes struct {
	of    []uint32
	texts []string
	index map[string]uint32
}

func newOutcomes() outcomes { return outcomes{texts: []string{""}, index: map[string]uint32{"": 0}} }

func (o *outcomes) grow(n int) {
	for len(o.of) < n {
		o.of = append(o.of, 0)
	}
}

func (o *outcomes) set(id ID, text []byte) { o.of[id] = o.intern(text) }

// intern returns the number of an outcome.
func (o *outcomes) intern(text []byte) uint32 {
	n, ok := o.index[string(text)]
	if !ok {
		n = uint32(len(o.texts))
		s := string(text)
		o.texts = append(o.texts, s)
		o.index[s] = n
	}
	return n
}

func (o *outcomes) outcome(n uint32) Outcome { return decodeOutcome(o.texts[n]) }

func (o *outcomes) get(id ID) string { return o.texts[o.of[id]] }

func decodeOutcome(s string) Outcome {
	if len(s) < 2 {
		return Outcome{}
	}
	out := Outcome{Verdict: vuln.Verdict(s[0]), Reason: vuln.Reason(s[1])}
	if len(s) > 2 {
		out.Flaws = strings.Split(s[2:], "\x00")
	}
	return out
}

// appendOutcome writes the outcome of an answer: verdict, reason and the names
// of flaws in order. Names, not numbers: they mean the same in every file.
func appendOutcome(b []byte, db *vuln.DB, a *vuln.Answer) []byte {
	b = append(b, byte(a.Verdict), byte(a.Reason))
	var space [64]vuln.Flaw
	flaws := space[:0]
	for _, h := range a.Hits {
		flaws = db.Flaws(flaws, h.Advisory)
	}
	for _, h := range a.Cleared { // of an advisory that stands, one flaw may not
		if h.Flaw != 0 && slices.ContainsFunc(a.Hits, func(k vuln.Hit) bool { return k.Advisory == h.Advisory }) {
			flaws = slices.DeleteFunc(flaws, func(f vuln.Flaw) bool { return f == h.Flaw })
		}
	}
	if len(flaws) == 0 {
		return b
	}
	names := make([]string, len(flaws))
	for i, f := range flaws {
		names[i] = db.Name(f)
	}
	slices.Sort(names)
	for i, n := range slices.Compact(names) {
		if i > 0 {
			b = append(b, 0)
		}
		b = append(b, n...)
	}
	return b
}

// judge appends the outcome of judging a component.
func judge(b []byte, db *vuln.DB, c *fact.Component, a *vuln.Answer) []byte {
	db.Judge(c, a)
	return appendOutcome(b, db, a)
}

// Outcome returns what the feed in force says of a component.
func (x *Index) Outcome(id ID) Outcome {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if int(id) >= len(x.outcomes.of) {
		return Outcome{}
	}
	return decodeOutcome(x.outcomes.get(id))
}

// Changed is a component of which a new feed says something else.
type Changed struct {
	Component     ID
	Before, After Outcome
}

// Judge puts a feed in force and returns of which components it says something
// else than the one before. Only what the two feeds differ in is judged again;
// the outcome is durable when it returns.
func (x *Index) Judge(db *vuln.DB) ([]Changed, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.feed == inForce(db) && x.db != nil {
		return nil, nil
	}
	ids := x.due(db)
	old := x.db
	x.db = db
	var texts []uint32
	changed := ids[:0]
	var a vuln.Answer
	var b []byte
	for _, id := range ids {
		c := x.dict.component(id)
		b = judge(b[:0], db, &c, &a)
		if string(b) != x.outcomes.get(id) {
			changed = append(changed, id)
			texts = append(texts, x.outcomes.intern(b))
		}
	}
	r := record{kind: recFeed, feed: inForce(db), ids: changed, texts: texts, outcomes: &x.outcomes}
	if err := x.append(r); err != nil {
		x.db = old
		return nil, err
	}
	out := make([]Changed, len(changed))
	for i, id := range changed {
		out[i] = Changed{id, x.outcomes.outcome(x.outcomes.of[id]), x.outcomes.outcome(texts[i])}
		x.outcomes.of[id] = texts[i]
	}
	x.feed = inForce(db)
	x.dict.takeKeys() // now, and not when the next feed is waited for
	return out, nil
}

// due returns the components to judge by a new feed. After a start the old one
// is not at hand: then it is those without an outcome, or all.
func (x *Index) due(db *vuln.DB) []ID {
	x.outcomes.grow(x.dict.len())
	switch {
	case x.db != nil:
		return x.dict.concerned(vuln.Changed(x.db, db))
	case x.feed == inForce(db):
		return slices.DeleteFunc(x.dict.all(), func(id ID) bool { return x.outcomes.of[id] != 0 })
	}
	return x.dict.all()
}

// rules is what a kept feed's name ends with: outcomes by other rules are not
// those of this program.
func rules() string { return " by rules " + strconv.Itoa(vuln.Rules) }

// inForce names a feed with the rules that it was judged by.
func inForce(db *vuln.DB) string { return db.ID() + rules() }

// Feed returns the name of the feed in force, "" before the first, and where an
// earlier program with other rules judged by it: then all is due again.
func (x *Index) Feed() string {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if id, ok := strings.CutSuffix(x.feed, rules()); ok {
		return id
	}
	return ""
}
