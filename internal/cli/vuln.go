package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/web/api"
)

type vulnCmd struct {
	List      vulnListCmd      `cmd:"" help:"What to mend first: updates that mend the most, most urgent first; exit 3 if something is past due."`
	Show      vulnShowCmd      `cmd:"" help:"Say whether the organization is affected by a flaw; exit 3 if it is, or if nobody can say."`
	Why       vulnWhyCmd       `cmd:"" help:"Explain how software was judged about a flaw: rule, versions compared, source, fix."`
	Decide    vulnDecideCmd    `cmd:"" help:"Accept, dispute or compensate findings until a day."`
	Scan      vulnScanCmd      `cmd:"" help:"Judge a bill of materials or list of software and keep nothing; exit 3 if something is affected, or nothing could be assessed."`
	End       vulnEndCmd       `cmd:"" help:"End a decision before its day."`
	Decisions vulnDecisionsCmd `cmd:"" help:"List decisions about findings."`
}

type vulnListCmd struct {
	Limit int `help:"How many updates to list." default:"20"`
}

func (c *vulnListCmd) Run(ctx context.Context, r *runner) error {
	return r.withInventory(ctx, func(inv api.Inventory, who access.Caller) error {
		o, err := inv.Vulnerabilities(ctx, who)
		if err != nil {
			return err
		}
		if r.JSON {
			err = r.printJSON(o)
		} else {
			err = r.printOverview(o, c.Limit)
		}
		if err == nil && o.PastDue > 0 {
			err = found{fmt.Sprintf("%s past due", count(o.PastDue, "finding is", "findings are"))}
		}
		return err
	})
}

func (r *runner) printOverview(o *api.VulnerabilityOverview, limit int) error {
	w, p := r.Stdout, r.palette()
	if o.Feed == nil {
		fmt.Fprintln(w, p.bold("No advisories are in force")+": what is installed cannot be judged. Bring a feed: asepsis feed update --from FILE")
	} else {
		stale := ""
		if o.Feed.Stale {
			stale = ", " + p.paint("31", "stale")
		}
		fmt.Fprintf(w, "advisories of %s%s\n", day(o.Feed.BuiltAt), stale)
	}
	fmt.Fprintf(w, "%s open on %s of %d in use: %d critical, %d high, %d medium, %d low; %d exploited, %d past due, %d due this week; %s decided\n",
		p.bold(count(o.Open, "finding", "findings")), count(o.AssetsOpen, "device", "devices"), o.Assets,
		o.BySeverity["critical"], o.BySeverity["high"], o.BySeverity["medium"], o.BySeverity["low"], o.Exploited, o.PastDue, o.DueSoon, count(o.Decided, "is", "are"))
	if o.NotAssessed > 0 {
		fmt.Fprintf(w, "%s: nobody knows of %s in use\n", p.bold("not assessed"), count(o.NotAssessed, "device", "devices"))
	}
	if o.ComponentsNotAssessed > 0 {
		fmt.Fprintf(w, "%s: %d of %d pieces of software\n", p.bold("not assessed"), o.ComponentsNotAssessed, o.Components)
		for _, g := range o.Gaps[:min(len(o.Gaps), 8)] {
			fmt.Fprintf(w, "  %d × %s: %s (%s)\n", g.Count, g.Ecosystem, g.Why, strings.Join(g.Sample, ", "))
		}
	}
	if o.Checks > 0 {
		fmt.Fprintf(w, "%s about devices must be compared by hand: asepsis device list\n", count(o.Checks, "advisory", "advisories"))
	}
	if len(o.Groups) == 0 {
		return nil
	}
	fmt.Fprintln(w)
	t := table{width: r.Width}
	for _, g := range o.Groups[:min(len(o.Groups), limit)] {
		by := "–"
		if g.FixBy != nil {
			by = "by " + day(*g.FixBy)
		}
		t.add(decisionWord(g.Decision), g.Severity, by, p.bold(g.Title), strings.Join(g.Why, "; "))
	}
	if err := t.print(w); err != nil {
		return err
	}
	if more := o.GroupsTotal - limit; more > 0 {
		fmt.Fprintf(w, "… and %d more\n", more)
	}
	return nil
}

func decisionWord(d string) string { return strings.ReplaceAll(d, "_", " ") }

type vulnShowCmd struct {
	ID string `arg:"" help:"CVE or an advisory's id."`
}

func (c *vulnShowCmd) Run(ctx context.Context, r *runner) error {
	return r.withInventory(ctx, func(inv api.Inventory, who access.Caller) error {
		d, err := inv.Flaw(ctx, who, c.ID)
		if err != nil {
			return err
		}
		if r.JSON {
			err = r.printJSON(d)
		} else {
			err = r.printFlaw(d)
		}
		if err == nil && d.Answer != "not_affected" {
			err = found{}
		}
		return err
	})
}

func (r *runner) printFlaw(d *api.FlawDetail) error {
	w, p := r.Stdout, r.palette()
	fmt.Fprintf(w, "%s  %s\n", p.bold(d.ID), d.Title)
	fmt.Fprintf(w, "%s\n", p.bold(d.Say))
	var facts []string
	if d.Severity != "" {
		s := d.Severity
		if d.CVSS > 0 {
			s += fmt.Sprintf(" (CVSS %.1f)", d.CVSS)
		}
		facts = append(facts, s)
	}
	if d.Exploited != nil {
		s := "exploited, by CISA's catalog"
		if d.Exploited.Due != nil {
			s += ", due " + d.Exploited.Due.Format("2 Jan 2006")
		}
		if d.Exploited.Ransomware {
			s += ", used by ransomware"
		}
		facts = append(facts, s)
	}
	if d.EPSS != nil {
		facts = append(facts, fmt.Sprintf("EPSS %.2f", *d.EPSS))
	}
	if d.Points != nil {
		facts = append(facts, "SSVC: exploitation "+d.Points.Exploitation)
	}
	if d.Published != nil {
		facts = append(facts, "published "+d.Published.Format("2 Jan 2006"))
	}
	if len(facts) > 0 {
		fmt.Fprintln(w, strings.Join(facts, "; "))
	}
	if len(d.Aliases) > 0 {
		fmt.Fprintln(w, "also "+strings.Join(d.Aliases, ", "))
	}
	t := table{width: r.Width}
	for _, a := range d.Affected {
		fix := "no fix known"
		if a.Fixed != "" {
			fix = "update to " + a.Fixed
		}
		if a.Disposition != "" {
			fix = a.Disposition
		}
		t.add("  "+p.bold(a.Asset.Label), a.Software+" "+a.Version, fix, cutOwner(a.Owner), strings.Join(a.Witnesses, "; "))
	}
	if err := t.print(w); err != nil {
		return err
	}
	if more := d.AffectedAll - len(d.Affected); more > 0 {
		fmt.Fprintf(w, "  … and %d more\n", more)
	}
	for _, c := range d.ToCheck {
		fmt.Fprintf(w, "  compare %s by hand with %s: %s %s (%s)\n", p.bold(c.Asset.Label), c.Advisory, c.Product, c.Versions, c.Reason)
	}
	for _, g := range d.Gaps {
		fmt.Fprintf(w, "  not assessed: %s (%s)\n", g.Why, strings.Join(g.Sample, ", "))
	}
	for _, a := range d.Advisories {
		fmt.Fprintf(w, "%s %s  %s\n", p.dim(a.Source), a.ID, cut(strings.Join(a.Products, "; "), 160))
	}
	return nil
}

func cutOwner(s string) string {
	if s == "" {
		return "no owner"
	}
	return s
}

type vulnWhyCmd struct {
	ID    string `arg:"" help:"CVE or an advisory's id."`
	Asset string `help:"Only the software of this asset: its id, name or address." placeholder:"ASSET"`
}

func (c *vulnWhyCmd) Run(ctx context.Context, r *runner) error {
	return r.withInventory(ctx, func(inv api.Inventory, who access.Caller) error {
		y, err := inv.FlawWhy(ctx, who, c.ID, c.Asset)
		if err != nil {
			return err
		}
		if r.JSON {
			return r.printJSON(y)
		}
		p := r.palette()
		if len(y.Lines) == 0 {
			fmt.Fprintf(r.Stdout, "%s: no advisory in force about it speaks of software that is installed\n", p.bold(y.Flaw))
			return nil
		}
		for _, l := range y.Lines {
			fmt.Fprintf(r.Stdout, "%s  %s %s (%s)\n", p.bold(strings.ReplaceAll(l.Verdict, "_", " ")), l.Software, l.Version, l.Ecosystem)
			fmt.Fprintf(r.Stdout, "  %s\n", l.Say)
			for _, row := range [][2]string{{"advisory", l.Advisory}, {"source", l.Source}, {"versions", l.Range}, {"fixed in", l.Fixed}} {
				if row[1] != "" {
					fmt.Fprintf(r.Stdout, "  %-9s %s\n", row[0], row[1])
				}
			}
		}
		return nil
	})
}

type vulnDecideCmd struct {
	Kind     string `arg:"" enum:"accept,dispute,compensate" help:"accept: the risk is taken; dispute: it is not so here; compensate: something else holds it."`
	Flaw     string `arg:"" help:"CVE or an advisory's id."`
	Reason   string `required:"" help:"Why, in a sentence or two; an auditor reads it."`
	Until    string `required:"" help:"Until when, as 2027-02-01; a year at most." placeholder:"DATE"`
	Software string `help:"Only in this software; * allowed." placeholder:"NAME"`
	Of       string `name:"of-version" help:"Only in this version of it." placeholder:"VERSION"`
	Group    string `help:"Only on this asset (its id), or on assets with attribute=value: class=medical_device." placeholder:"GROUP"`
	Control  string `help:"What holds the flaw, for a compensation." placeholder:"TEXT"`
}

func (c *vulnDecideCmd) Run(ctx context.Context, r *runner) error {
	until, err := parseDate(c.Until)
	if err != nil {
		return err
	}
	return r.withInventory(ctx, func(inv api.Inventory, who access.Caller) error {
		d, err := inv.Decide(ctx, who, api.DecisionInput{
			Kind: c.Kind, Flaw: c.Flaw, Reason: c.Reason, Until: until, Software: c.Software, Version: c.Of, Group: c.Group, Control: c.Control,
		})
		if err != nil {
			return err
		}
		return r.printDecisions([]api.FlawDecision{*d})
	})
}

type vulnEndCmd struct {
	ID string `arg:"" help:"The decision's id."`
}

func (c *vulnEndCmd) Run(ctx context.Context, r *runner) error {
	return r.withInventory(ctx, func(inv api.Inventory, who access.Caller) error {
		d, err := inv.EndDecision(ctx, who, c.ID)
		if err != nil {
			return err
		}
		return r.printDecisions([]api.FlawDecision{*d})
	})
}

type vulnDecisionsCmd struct{}

func (c *vulnDecisionsCmd) Run(ctx context.Context, r *runner) error {
	return r.withInventory(ctx, func(inv api.Inventory, who access.Caller) error {
		ds, err := inv.Decisions(ctx, who)
		if err != nil {
			return err
		}
		return r.printDecisions(ds)
	})
}

func (r *runner) printDecisions(ds []api.FlawDecision) error {
	if r.JSON {
		return r.printJSON(ds)
	}
	t := table{width: r.Width}
	for _, d := range ds {
		state := "until " + day(d.Until)
		switch {
		case d.EndedAt != nil:
			state = "ended " + day(*d.EndedAt) + " by " + d.EndedBy
		case !d.Live:
			state = "ran out " + day(d.Until)
		}
		t.add(d.ID, d.Kind, d.Flaw, strings.TrimSpace(d.Software+" "+d.Version+" "+d.Group), state, fmt.Sprintf("covers %d", d.Covers), d.By+": "+d.Reason)
	}
	return t.print(r.Stdout)
}

type feedCmd struct {
	Build  feedBuildCmd  `cmd:"" help:"Make one signed file from a folder of advisories, on a machine with or without internet."`
	Update feedUpdateCmd `cmd:"" help:"Put a feed in force: from a file, a folder or a URL. The one in force stays if it is not good."`
	Status feedStatusCmd `cmd:"" help:"Say which advisories are in force and how old each source is; exit 3 if none or stale."`
	Verify feedVerifyCmd `cmd:"" help:"Check a feed's signature and every byte of it; exit 3 if it is not good."`
	Key    feedKeyCmd    `cmd:"" help:"Print the key that feeds built here are signed with, making one on first use."`
	Trust  feedTrustCmd  `cmd:"" help:"Trust a key that signs feeds."`
}

type feedStatusCmd struct{}

func (c *feedStatusCmd) Run(ctx context.Context, r *runner) error {
	return r.withInventory(ctx, func(inv api.Inventory, who access.Caller) error {
		s, err := inv.Feeds(ctx, who)
		if err != nil {
			return err
		}
		return r.printFeeds(s)
	})
}

func (r *runner) printFeeds(s *api.FeedStatus) error {
	if r.JSON {
		if err := r.printJSON(s); err != nil {
			return err
		}
	} else if err := r.writeFeeds(r.Stdout, s); err != nil {
		return err
	}
	switch {
	case s.InForce == nil:
		return found{"no advisories are in force"}
	case s.InForce.Stale:
		return found{"the advisories in force are stale"}
	}
	return nil
}

func (r *runner) writeFeeds(w io.Writer, s *api.FeedStatus) error {
	p := r.palette()
	f := s.InForce
	if f == nil {
		fmt.Fprintln(w, "no advisories are in force; what is installed cannot be judged")
		return nil
	}
	fmt.Fprintf(w, "%s of %s, %.1f MB, signed by %s\n", p.bold("feed "+f.ID[:min(len(f.ID), 12)]), moment(f.BuiltAt), float64(f.Size)/1e6, f.SignedBy)
	if l := f.Landed; l != nil {
		fmt.Fprintf(w, "it came in force here on %s: %s came, %d went, on %s\n", moment(l.At), count(l.Opened, "finding", "findings"), l.Closed, count(l.Assets, "asset", "assets"))
	}
	t := table{width: r.Width}
	for _, x := range f.Sources {
		newest, state := "no date", ""
		if x.Newest != nil {
			newest = "newest " + day(*x.Newest)
		}
		switch {
		case x.Stale:
			state = p.paint("31", "stale: ") + x.Why
		case x.Why != "":
			state = x.Why
		}
		refused := ""
		if x.Refused > 0 {
			refused = fmt.Sprintf("%d refused", x.Refused)
		}
		t.add("  "+x.ID, fmt.Sprint(x.Records), refused, newest, state)
	}
	if err := t.print(w); err != nil {
		return err
	}
	var stale []string
	for _, e := range f.Ecosystems {
		if e.Stale {
			stale = append(stale, e.Name)
		}
	}
	if len(stale) > 0 {
		const most = 12
		more := ""
		if len(stale) > most {
			stale, more = stale[:most], fmt.Sprintf(" and %d more", len(stale)-most)
		}
		fmt.Fprintf(w, "%s: %s%s\n", p.paint("31", "not assessed, for the advisories are stale"), strings.Join(stale, ", "), more)
	}
	if f.Refused > 0 {
		fmt.Fprintf(w, "%s could not be read; --json lists the first of them\n", count(f.Refused, "record", "records"))
	}
	return nil
}

type feedTrustCmd struct {
	Key string `arg:"" help:"The key as asepsis feed key prints it."`
}

func (c *feedTrustCmd) Run(ctx context.Context, r *runner) error {
	return r.withInventory(ctx, func(inv api.Inventory, who access.Caller) error {
		s, err := inv.TrustKey(ctx, who, c.Key)
		if err != nil {
			return err
		}
		if r.JSON {
			return r.printJSON(s.Keys)
		}
		for _, k := range s.Keys {
			fmt.Fprintf(r.Stdout, "trusted: %s\n", k.Name)
		}
		return nil
	})
}
