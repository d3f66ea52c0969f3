package demo

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/asepsis/asepsis/internal/fact"
)

// step makes what was brought on one day. Which files are brought when is that
// of a busy IT lead: accounts, scans and the roster each month, lists and reports
// each quarter, results of a phishing round once it is over.
func (w *world) step(i int) Step {
	ago := w.size.days[i]
	first, last := i == 0, i == len(w.size.days)-1
	s := Step{At: w.at(ago), What: w.what(ago, first)}
	add := func(bs ...*fact.Batch) {
		for _, b := range bs {
			if b != nil {
				s.Batches = append(s.Batches, b)
			}
		}
	}
	monthly := ago >= 30 && ago%30 == 0
	quarterly := ago >= 30 && ago%90 == 60 || first
	if first {
		add(w.organization(ago))
	}
	if quarterly || near(ago, clinicListed, 16) {
		add(w.assetList(ago))
	}
	if monthly || last {
		add(w.roster(ago), w.vendorList(ago), w.tests(ago))
		if quarterly {
			add(w.tenant(ago))
		}
		if quarterly && ago <= 240 {
			add(w.baseline(ago))
		}
	}
	add(w.accounts("entra", ago), w.accounts("ad", ago), w.accounts("ehr", ago))
	if monthly || last {
		add(w.training(ago), w.mailDomain(ago))
		// The network was searched every other month at first.
		if ago <= 120 || ago%60 == 0 {
			add(w.network(ago))
		}
		if first || ago%90 == 30 {
			add(w.phishing(ago))
		}
	}
	if ago != scannerDown {
		add(w.scan(ago))
	}
	if (monthly || last) && ago <= 330 && ago != scannerDown {
		add(w.outside(ago))
	}
	add(w.servers(ago), w.fleet(ago))
	if ago <= 330 {
		add(w.logs(ago))
	}
	return s
}

// near reports whether a step is the first at or after an event.
func near(ago, event, within int) bool { return ago <= event && ago > event-within }

// at is the moment of a step: a morning, and for the last one a moment before now.
func (w *world) at(ago int) time.Time {
	if t := w.day(ago); t.Before(w.now) {
		return t
	}
	return w.now.Add(-10 * time.Minute)
}

// what is remarkable about a step.
func (w *world) what(ago int, first bool) string {
	switch {
	case first && ago > 0:
		return "the first files are brought"
	case near(ago, trainingLapsed, 30):
		return "the yearly training falls due and is not held"
	case ago == scannerDown:
		return "the vulnerability scanner is down"
	case near(ago, trainingCaught, 30):
		return "the training is caught up"
	case near(ago, clinicBought, 30):
		return "a clinic joins, with devices nobody knows"
	case near(ago, clinicListed, 16):
		return "most of the clinic's devices are on the inventory"
	case near(ago, protectionDied, 7):
		return "endpoint protection has stopped on 12 laptops"
	case near(ago, certExpired, 7):
		return "the certificate of the image archive has expired"
	case ago == 0:
		return "today's files"
	}
	return "the files of the month"
}

// batch begins a delivery. Its file is none that exists: the name says demo,
// and the sum is one of its name and day.
func (w *world) batch(stream, title string, snapshot bool, ago int, file, format string) *fact.Batch {
	b := &fact.Batch{
		Stream:    fact.Stream{ID: stream, Title: title + " (demo)", Snapshot: snapshot},
		Assurance: fact.Imported, ObservedAt: w.at(ago).Add(-5 * time.Minute),
	}
	if file != "" {
		name := "demo " + file
		sum := sha256.Sum256(fmt.Appendf(nil, "%d %s %s", w.seed, b.ObservedAt.Format("2006-01-02"), name))
		b.File = &fact.File{Name: name, Format: format, Size: int64(20_000 + int(sum[0])*977), SHA256: hex.EncodeToString(sum[:])}
	}
	return b
}

func (w *world) organization(ago int) *fact.Batch {
	b := w.batch("demo/organization", "what the hospital says of itself", false, ago, "", "")
	b.Assurance = fact.Attested
	b.Facts = []fact.Fact{{Kind: fact.KindOrganization, Key: "organization", Values: fact.Values{
		"name": w.org.Name, "kind": w.org.Kind, "state": w.org.State, "beds": int64(w.org.Beds), "rural": w.org.Rural,
	}}}
	return b
}

// tests records what was done once: a penetration test long ago whose findings
// were closed one by one.
func (w *world) tests(ago int) *fact.Batch {
	if ago > pentest {
		return nil
	}
	b := w.batch("demo/activities", "tests on record", false, ago, "", "")
	b.Assurance = fact.Attested
	open := max(0, min(11, (ago-60)/28))
	b.Facts = []fact.Fact{{Kind: fact.KindActivity, Key: "penetration-test/first", Values: fact.Values{
		"type": "penetration_test", "title": "Penetration test", "performed_at": w.day(pentest), "performer": "Foxglove Testing (fictional)",
		"scope": "internal, external", "findings": int64(17), "findings_open": int64(open),
	}}}
	return b
}

// mailDomain is what the public record says of the mail domain. The policy
// against forged mail was tightened half a year ago.
func (w *world) mailDomain(ago int) *fact.Batch {
	b := w.batch("demo/domain", "mail domain "+w.domain, true, ago, "", "")
	vs := fact.Values{"name": w.domain, "spf": "softfail", "dkim": ago < 320, "dmarc_policy": "none", "dmarc_reporting": ago < 320}
	if ago < 170 {
		vs["spf"], vs["dmarc_policy"] = "fail", "quarantine"
	}
	vs["security_txt_expires_at"] = w.date(200)
	b.Facts = []fact.Fact{{Kind: fact.KindDomain, Key: w.domain, Values: vs}}
	return b
}
