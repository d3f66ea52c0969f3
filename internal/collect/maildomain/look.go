package maildomain

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/asepsis/asepsis/internal/mail"
	"github.com/asepsis/asepsis/internal/mail/dkim"
	"github.com/asepsis/asepsis/internal/mail/dmarc"
	"github.com/asepsis/asepsis/internal/mail/spf"
	"github.com/asepsis/asepsis/internal/mail/sts"
)

// Look is what was seen of one domain. Where a pointer is nil, the error beside it
// says why nothing is known; where both are nil there is none of it.
type Look struct {
	Name   string
	NoName bool // DNS says that there is no such domain

	SPF      *spf.Reading
	SPFErr   error
	DMARC    *dmarc.Reading
	DMARCErr error
	DKIM     *dkim.Reading
	MX       *sts.Exchange
	MXErr    error

	STS           *sts.Record
	STSErr        error
	Policy        *sts.Policy // nil where none is announced, or it cannot be used
	PolicyFault   string      // why senders cannot use the policy
	PolicyErr     error       // why it is not known whether they can
	TLSReports    *sts.Reports
	TLSReportsErr error

	Probed bool // connections were made
	Hosts  []Host
}

func (c *Collector) look(ctx context.Context, now time.Time, d Domain) Look {
	l := Look{Name: d.Name, Probed: c.opts.Probe != nil}
	dns := c.opts.DNS
	if _, err := dns.TXT(ctx, d.Name); errors.Is(err, mail.ErrNoName) {
		l.NoName = true
		return l
	}
	var wg sync.WaitGroup
	wg.Go(func() { l.SPF, l.SPFErr = spf.Read(ctx, dns, d.Name) })
	wg.Go(func() { l.DMARC, l.DMARCErr = dmarc.Read(ctx, dns, d.Name) })
	wg.Go(func() { l.DKIM = dkim.Read(ctx, dns, d.Name, slices.Concat(d.Selectors, dkim.Common())) })
	wg.Go(func() { l.TLSReports, l.TLSReportsErr = sts.ReadReports(ctx, dns, d.Name) })
	wg.Go(func() {
		if l.STS, l.STSErr = sts.ReadRecord(ctx, dns, d.Name); l.STS != nil && l.STS.Fault == "" && l.Probed {
			l.Policy, l.PolicyFault, l.PolicyErr = c.opts.Probe.policy(ctx, now, dns, d.Name)
		}
	})
	wg.Go(func() {
		l.MX, l.MXErr = sts.Exchangers(ctx, dns, d.Name)
		if l.MX == nil || !l.Probed {
			return
		}
		l.Hosts = make([]Host, len(l.MX.Hosts))
		// One after the other: they are often one machine, which shall not take us
		// for an attack.
		for i, h := range l.MX.Hosts {
			l.Hosts[i] = c.opts.Probe.host(ctx, now, dns, h.Host)
		}
	})
	wg.Wait()
	return l
}
