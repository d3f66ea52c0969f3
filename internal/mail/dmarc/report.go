package dmarc

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Report is what one receiver says it saw in one period (RFC 7489 appendix C,
// RFC 9990).
type Report struct {
	Reporter   string // the receiver, as it calls itself
	ID         string
	Begin, End time.Time
	Published  Published
	Rows       []Row
}

// Published is the policy the receiver found.
type Published struct {
	Domain                string
	P, SP                 string
	StrictDKIM, StrictSPF bool
	Percent               int
	Testing               bool
}

// Applied is the policy that was asked for all messages that fail.
func (p Published) Applied() Policy {
	switch q := Policy(strings.ToLower(p.P)); {
	case q != None && q != Quarantine && q != Reject:
		return Missing
	case p.Percent < 100 || p.Testing:
		return q.lower()
	default:
		return q
	}
}

// Row is a group of messages alike.
type Row struct {
	Source     netip.Addr
	Count      int64
	HeaderFrom string // the domain a reader of the mail sees
	// DKIM and SPF say that it passed and was aligned, which is what counts.
	DKIM, SPF   bool
	Disposition string // none, quarantine, reject, pass
	// Overrides are why the receiver did otherwise than the policy asks: forwarded,
	// mailing_list, local_policy, …
	Overrides []string
	Checked   []Checked
}

// Checked is one result of DKIM or SPF, aligned or not.
type Checked struct {
	Method   string // dkim or spf
	Domain   string
	Selector string // of dkim
	Result   string // pass, fail, none, …
}

// Passed reports whether the messages passed DMARC.
func (r *Row) Passed() bool { return r.DKIM || r.SPF }

// Sender is who sent mail in a domain's name.
type Sender struct {
	Domain string // in whose name
	// Name is the service or network: the organization whose SPF or DKIM it passed,
	// else its address. It is one's own domain for servers of one's own.
	Name  string
	Known string // how it is known: spf, dkim or address; others where it is the rest

	Messages  int64
	Passed    int64 // DMARC: at least one of the next two
	DKIM, SPF int64 // passed and aligned
	Stopped   int64 // put into the junk folder, or refused
	Forwarded int64 // failed, and the receiver knows why: forwarded, or by a mailing list

	Addresses []netip.Addr // up to MaxAddresses, in order
	More      bool         // there are others
	Selectors []string     // of DKIM signatures that passed, in the domain's name
	Begin     time.Time
	End       time.Time
}

// MaxAddresses is how many addresses of a sender are kept, MaxSenders how many
// senders; those beyond are added up under the name Others.
const (
	MaxAddresses = 50
	MaxSenders   = 50_000
	Others       = "others"
)

// maxDomains is how many domains are kept: names below one's own that somebody made
// up count as the domain that was reported on, beyond these.
const maxDomains = 10_000

// maxSelectors is how many selectors of a sender are kept.
const maxSelectors = 20

// Tally adds up reports by sender. The zero value is empty. A report that comes
// twice counts once.
type Tally struct {
	reports map[reportID]bool
	senders map[senderID]*Sender
	domains map[string]*Domain
}

type reportID struct {
	reporter, id, domain string
	begin                int64
}

type senderID struct{ domain, name string }

// Domain is what all reports say of mail in a domain's name together.
type Domain struct {
	Name       string
	Reporters  []string
	Messages   int64
	Passed     int64
	DKIM, SPF  int64 // passed and aligned
	Stopped    int64
	Forwarded  int64
	Published  Published // the newest
	Begin, End time.Time
}

// Add adds a report and says whether it was new.
func (t *Tally) Add(r *Report) bool {
	if t.reports == nil {
		t.reports, t.senders = map[reportID]bool{}, map[senderID]*Sender{}
		t.domains = map[string]*Domain{}
	}
	id := reportID{r.Reporter, r.ID, r.Published.Domain, r.Begin.Unix()}
	if t.reports[id] {
		return false
	}
	t.reports[id] = true
	t.domain(r, r.Published.Domain) // known although nobody sent anything
	for i := range r.Rows {
		t.row(r, &r.Rows[i])
	}
	return true
}

func (t *Tally) domain(r *Report, name string) *Domain {
	d := t.domains[name]
	if d == nil {
		d = &Domain{Name: name, Published: r.Published, Begin: r.Begin, End: r.End}
		t.domains[name] = d
	}
	if !r.End.Before(d.End) {
		d.Published = r.Published
	}
	d.Begin, d.End = earlier(d.Begin, r.Begin), later(d.End, r.End)
	if i, ok := slices.BinarySearch(d.Reporters, r.Reporter); !ok && len(d.Reporters) < 1000 {
		d.Reporters = slices.Insert(d.Reporters, i, r.Reporter)
	}
	return d
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func (t *Tally) row(r *Report, row *Row) {
	from := cmp.Or(row.HeaderFrom, r.Published.Domain)
	if t.domains[from] == nil && len(t.domains) >= maxDomains {
		from = r.Published.Domain
	}
	d, s := t.domain(r, from), t.sender(r, row, from)
	add := func(to ...*int64) {
		for _, n := range to {
			*n += row.Count
		}
	}
	add(&s.Messages, &d.Messages)
	if row.DKIM {
		add(&s.DKIM, &d.DKIM)
	}
	if row.SPF {
		add(&s.SPF, &d.SPF)
	}
	switch {
	case row.Passed():
		add(&s.Passed, &d.Passed)
	case forwarded(row.Overrides):
		add(&s.Forwarded, &d.Forwarded)
	}
	if row.Disposition == "quarantine" || row.Disposition == "reject" {
		add(&s.Stopped, &d.Stopped)
	}
	s.Begin, s.End = earlier(s.Begin, r.Begin), later(s.End, r.End)
	if !slices.Contains(s.Addresses, row.Source) {
		if s.More = len(s.Addresses) == MaxAddresses; !s.More {
			s.Addresses = append(s.Addresses, row.Source)
		}
	}
	for _, c := range row.Checked {
		if c.Method == "dkim" && c.Result == "pass" && c.Selector != "" && len(s.Selectors) < maxSelectors &&
			Aligned(false, from, c.Domain, Organizational) && !slices.Contains(s.Selectors, c.Selector) {
			s.Selectors = append(s.Selectors, c.Selector)
		}
	}
}

// sender finds or begins the sender of a row. Where there are too many, as when one
// domain is forged from everywhere, the rest are one.
func (t *Tally) sender(r *Report, row *Row, from string) *Sender {
	name, known := who(row, from)
	id := senderID{from, name}
	s := t.senders[id]
	if s == nil && len(t.senders) >= MaxSenders {
		name, known = Others, "others"
		id = senderID{from, name}
		s = t.senders[id]
	}
	if s == nil {
		s = &Sender{Domain: from, Name: name, Known: known, Begin: r.Begin, End: r.End}
		t.senders[id] = s
	}
	return s
}

// who names a sender. What it proved to be tells more than its address: a service
// passes SPF or DKIM in its own name whether or not it does in ours.
func who(row *Row, from string) (name, known string) {
	own := Organizational(from)
	ours := ""
	for _, method := range []string{"spf", "dkim"} {
		for _, c := range row.Checked {
			if c.Method != method || c.Result != "pass" || c.Domain == "" {
				continue
			}
			org := Organizational(c.Domain)
			if org != own {
				return org, method
			}
			if ours == "" {
				ours = method
			}
		}
	}
	if ours == "spf" {
		return own, ours // a server the domain itself lists
	}
	return row.Source.String(), "address"
}

func forwarded(overrides []string) bool {
	return slices.ContainsFunc(overrides, func(s string) bool {
		return s == "forwarded" || s == "mailing_list" || s == "trusted_forwarder"
	})
}

// Reports is how many were added.
func (t *Tally) Reports() int { return len(t.reports) }

// Domains returns what is known of each domain, by name.
func (t *Tally) Domains() []Domain {
	out := make([]Domain, 0, len(t.domains))
	for _, d := range t.domains {
		out = append(out, *d)
	}
	slices.SortFunc(out, func(a, b Domain) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Senders returns the senders, those with the most failing messages first.
func (t *Tally) Senders() []Sender {
	out := make([]Sender, 0, len(t.senders))
	for _, s := range t.senders {
		c := *s
		slices.SortFunc(c.Addresses, netip.Addr.Compare)
		slices.Sort(c.Selectors)
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b Sender) int {
		return cmp.Or(cmp.Compare(b.Messages-b.Passed, a.Messages-a.Passed), cmp.Compare(b.Messages, a.Messages), strings.Compare(a.Domain, b.Domain), strings.Compare(a.Name, b.Name))
	})
	return out
}

// Selectors returns the selectors of signatures that passed in the name of a domain
// or one below its organization, by the domain that signed.
func (t *Tally) Selectors(domain string) []string {
	var out []string
	for _, s := range t.senders {
		if Organizational(s.Domain) != Organizational(domain) {
			continue
		}
		for _, sel := range s.Selectors {
			if !slices.Contains(out, sel) {
				out = append(out, sel)
			}
		}
	}
	slices.Sort(out)
	return out
}
