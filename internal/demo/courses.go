package demo

import (
	"fmt"

	"github.com/asepsis/asepsis/internal/fact"
)

// training is the export of the learning system.
func (w *world) training(ago int) *fact.Batch {
	b := w.batch("import/training", "training completions", false, ago, "training completions.csv", "csv/training")
	newest := never
	for _, p := range w.people {
		at, ok := p.lastTrained(ago)
		if !ok || !p.hired(ago) {
			continue
		}
		newest = min(newest, at)
		b.Facts = append(b.Facts, fact.Fact{Kind: fact.KindPerson, Key: p.number, Values: fact.Values{
			"employee_id": p.number, "email": p.mail, "trained_at": w.day(at), "training_course": "Security awareness",
			"training_due_at": w.date(at - 365),
		}})
	}
	if len(b.Facts) == 0 {
		return nil
	}
	b.Facts = append(b.Facts, fact.Fact{Kind: fact.KindActivity, Key: "training/security awareness", Values: fact.Values{
		"type": "training", "title": "Security awareness", "performed_at": w.day(newest),
	}})
	return b
}

// campaigns are the simulated phishing messages, in days before now.
var campaigns = []int{400, 310, 220, 130, 40}

// phishing is the export of the phishing simulations: counts of the twelve
// months before.
func (w *world) phishing(ago int) *fact.Batch {
	b := w.batch("import/phishing", "results of simulated phishing", false, ago, "phishing results.csv", "csv/phishing")
	type sum struct{ sent, opened, clicked, scanner, reported int64 }
	last := 0
	clicks := make(map[int]int64)
	for i, p := range w.people {
		var t sum
		newest := 0
		for n, c := range campaigns {
			if c < ago || c > ago+365 || !p.works(c) {
				continue
			}
			newest = c
			t.sent++
			roll := (i*31 + n*17 + int(w.seed%97)) % 100
			// Fewer click from round to round.
			if p.careless || roll < 14-2*n {
				t.clicked++
				t.opened++
				clicks[c]++
			} else if roll < 60 {
				t.opened++
			}
			if roll%11 == 3 {
				t.scanner++
			}
			if p.reports && roll%2 == 0 {
				t.reported++
			}
		}
		if newest == 0 {
			continue
		}
		last = newest
		b.Facts = append(b.Facts, fact.Fact{Kind: fact.KindPerson, Key: p.number, Values: fact.Values{
			"employee_id": p.number, "email": p.mail, "phish_sent": t.sent, "phish_opened": t.opened, "phish_clicked": t.clicked,
			"phish_clicked_by_scanner": t.scanner, "phish_reported": t.reported, "phish_last_at": w.day(newest),
		}})
	}
	if last == 0 {
		return nil
	}
	for n, c := range campaigns {
		if clicks[c] > 0 {
			b.Facts = append(b.Facts, fact.Fact{Kind: fact.KindActivity, Key: fmt.Sprintf("phishing/round %d", n+1), Values: fact.Values{
				"type": "phishing_campaign", "title": fmt.Sprintf("Simulated phishing, round %d", n+1), "performed_at": w.day(c), "findings": clicks[c],
			}})
		}
	}
	b.Notes = append(b.Notes, fact.Note{What: "clicks", Why: "a click counts as a mail scanner's where it came less than 10 seconds after delivery"})
	return b
}
