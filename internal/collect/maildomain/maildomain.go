// Package maildomain looks at the domains a hospital sends mail from, as others see
// them: who may send in their name (SPF), which keys sign (DKIM), what others do with
// forged mail (DMARC), and how mail to them is protected on its way (STARTTLS, MTA-STS,
// TLS reporting).
//
// It asks DNS, and where a [Probe] is given it connects once to each mail server of the
// domain and fetches the domain's MTA-STS policy. It sends no mail. What DNS did not
// answer is missing with its reason; only what DNS said is not there counts as none.
package maildomain

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/mail"
)

// Domain is a domain to look at.
type Domain struct {
	Name string
	// Selectors are names of DKIM keys, as people or DMARC reports name them. They
	// are looked for before the common ones.
	Selectors []string
}

// Options say what to look at, and how.
type Options struct {
	Domains []Domain
	DNS     mail.DNS
	// Probe connects to mail servers and fetches policies; nil means that nothing
	// but DNS is asked.
	Probe *Probe
	// Complete says that Domains are all the domains there are: facts of those that
	// are no longer among them end.
	Complete bool
	// Parallel is how many domains are looked at at once; 0 means 4.
	Parallel int
	// Timeout is the most time for one domain; 0 means 90 s.
	Timeout time.Duration
}

// maxDomains bounds a run. The largest health systems have some hundreds.
const maxDomains = 5000

// Collector looks at mail domains.
type Collector struct{ opts Options }

var _ collect.Collector = (*Collector)(nil)

// New returns a collector. It refuses names that cannot be mail domains.
func New(o Options) (*Collector, error) {
	if o.DNS == nil {
		return nil, errs.New(errs.Internal, "the collector of mail domains has nobody to ask")
	}
	seen := map[string]int{}
	var list []Domain
	for _, d := range o.Domains {
		name, err := mail.Domain(d.Name)
		if err != nil {
			return nil, err
		}
		if i, ok := seen[name]; ok {
			list[i].Selectors = append(list[i].Selectors, d.Selectors...)
			continue
		}
		seen[name] = len(list)
		list = append(list, Domain{Name: name, Selectors: append([]string(nil), d.Selectors...)})
	}
	switch {
	case len(list) == 0:
		return nil, errs.Hint(errs.New(errs.Invalid, "no mail domain is named"), "name the part of your mail addresses behind the @")
	case len(list) > maxDomains:
		return nil, errs.Hint(errs.New(errs.Limited, "%d mail domains are named, and %d are looked at at most", len(list), maxDomains), "look at them in parts")
	}
	o.Domains = list
	if o.Parallel <= 0 {
		o.Parallel = 4
	}
	if o.Timeout <= 0 {
		o.Timeout = 90 * time.Second
	}
	return &Collector{opts: o}, nil
}

// Name is "maildomain".
func (*Collector) Name() string { return "maildomain" }

// Looks looks at every domain and returns what it saw, in the order of the options.
func (c *Collector) Looks(ctx context.Context, now time.Time, progress func(step string)) []Look {
	out := make([]Look, len(c.opts.Domains))
	free := make(chan struct{}, c.opts.Parallel)
	var told sync.Mutex
	var wg sync.WaitGroup
	for i, d := range c.opts.Domains {
		free <- struct{}{}
		wg.Go(func() {
			defer func() { <-free }()
			if progress != nil {
				told.Lock()
				progress(d.Name)
				told.Unlock()
			}
			ctx, cancel := context.WithTimeout(ctx, c.opts.Timeout)
			defer cancel()
			out[i] = c.look(ctx, now, d)
		})
	}
	wg.Wait()
	return out
}

// Collect looks at every domain. It fails only where nothing was asked before ctx
// ended; otherwise what could not be read is missing with its reason.
func (c *Collector) Collect(ctx context.Context, now time.Time, progress func(step string)) (*fact.Batch, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return Batch(c.Looks(ctx, now, progress), now, c.opts.Complete), nil
}

// Batch states what was seen.
func Batch(looks []Look, now time.Time, complete bool) *fact.Batch {
	b := &fact.Batch{
		Stream:    fact.Stream{ID: "mail/domains", Title: "mail domains as others see them", Snapshot: complete},
		Assurance: fact.Measured, ObservedAt: now.UTC(),
	}
	for i := range looks {
		l := &looks[i]
		values, missing := l.State()
		if f, ok := mail.Fact(fact.KindDomain, l.Name, values, missing); ok {
			b.Facts = append(b.Facts, f)
		}
		for _, n := range l.notes() {
			n.What = fmt.Sprintf("%s of %s", n.What, l.Name)
			b.Notes = append(b.Notes, n)
		}
	}
	return b
}
