package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/web/api"
)

type discoverCmd struct {
	Plan   discoverPlanCmd   `cmd:"" help:"Say what a search would touch, how fast and how long. Nothing is sent."`
	Run_   discoverRunCmd    `cmd:"" name:"run" help:"Search a permitted network now. Ctrl-C stops it within a second; the next run goes on there."`
	Runs   discoverRunsCmd   `cmd:"" help:"List searches and what was different."`
	Stop   discoverStopCmd   `cmd:"" help:"Stop the search that runs on a server."`
	Scopes discoverScopesCmd `cmd:"" help:"List networks that may be searched."`
	Permit discoverPermitCmd `cmd:"" help:"Permit a network to be searched, and say how."`
	Forbid discoverForbidCmd `cmd:"" help:"Take the permission back. A search of it that runs is stopped."`
}

type discoverPlanCmd struct {
	Scope string `arg:"" help:"The scope's name."`
}

func (c *discoverPlanCmd) Run(ctx context.Context, r *runner) error {
	return r.withInventory(ctx, func(inv api.Inventory, who access.Caller) error {
		scopes, err := inv.Scopes(ctx, who)
		if err != nil {
			return err
		}
		for _, s := range scopes {
			if s.Name == c.Scope {
				return r.printPlan(ctx, inv, who, s)
			}
		}
		return errs.Hint(errs.New(errs.NotFound, "no network is permitted as %.60q", c.Scope), "asepsis discover scopes lists them; asepsis discover permit adds one")
	})
}

// printPlan says what a search of the scope would do.
func (r *runner) printPlan(ctx context.Context, inv api.Inventory, who access.Caller, s api.DiscoveryScope) error {
	if s.Profile == "never" {
		fmt.Fprintf(r.Stdout, "%s is never searched.\n", s.Name)
		return nil
	}
	p, err := inv.PlanDiscovery(ctx, who, s)
	if err != nil {
		return err
	}
	if r.JSON {
		return r.printJSON(p)
	}
	w, b := r.Stdout, r.palette()
	fmt.Fprintf(w, "A search of %s touches %s on %s and takes %s.\n", b.bold(s.Name), b.bold(count(p.Addresses, "address", "addresses")),
		count(len(p.Ports), "TCP port", "TCP ports"), between(p.Least, p.Most))
	for _, n := range p.Networks {
		how := "ARP or ping, then connections to " + strconv.Itoa(n.AtOnce) + " devices at once; greetings are read"
		if n.Profile == "cautious" {
			how = "plain connections to one device at a time; not one byte is sent over them"
		}
		fmt.Fprintf(w, "  %-20s %s, at most %g packets a second: %s\n", n.Network, count(n.Addresses, "address", "addresses"), n.Rate, how)
	}
	var ports []string
	for _, n := range p.Ports {
		ports = append(ports, strconv.Itoa(n))
	}
	fmt.Fprintf(w, "  %-20s %s\n", "ports", strings.Join(ports, " "))
	if p.SNMP != "" {
		fmt.Fprintf(w, "  %-20s devices are asked what they are by %s\n", "SNMP", p.SNMP)
	}
	if p.Left > 0 {
		fmt.Fprintf(w, "Sent nothing: %s\n", count(p.Left, "address", "addresses"))
		for i, n := range p.LeftAlone {
			if i == 10 {
				fmt.Fprintf(w, "  and %d more (--json lists them)\n", p.Left-i)
				break
			}
			fmt.Fprintf(w, "  %-20s %s\n", n.What, n.Why)
		}
	}
	for _, n := range p.Excluded {
		fmt.Fprintf(w, "  %-20s %s\n", n.What, n.Why)
	}
	for _, n := range p.Missing {
		fmt.Fprintf(w, "Not possible: %s: %s\n", n.What, n.Why)
	}
	return nil
}

// between says how long something takes, from seconds to seconds.
func between(least, most int) string {
	a, b := roughly(least), roughly(most)
	if a == b {
		return "about " + a
	}
	return a + " to " + b
}

func roughly(seconds int) string {
	switch {
	case seconds < 90:
		return count(max(seconds, 1), "second", "seconds")
	case seconds < 90*60:
		return count((seconds+30)/60, "minute", "minutes")
	}
	return count((seconds+1800)/3600, "hour", "hours")
}

type discoverRunCmd struct {
	Scope string `arg:"" help:"The scope's name."`
}

func (c *discoverRunCmd) Run(ctx context.Context, r *runner) error {
	return r.withInventory(ctx, func(inv api.Inventory, who access.Caller) error {
		if err := r.sayPlan(ctx, inv, who, c.Scope); err != nil {
			return err
		}
		steps := r.progress()
		defer steps.done()
		job, err := inv.Discover(ctx, who, c.Scope)
		if err != nil {
			return err
		}
		for {
			runs, err := inv.DiscoveryRuns(ctx, who)
			if err != nil && ctx.Err() == nil {
				return err
			}
			for _, run := range runs {
				if run.Scope != c.Scope || run.BegunAt.Before(job.StartedAt.Add(-time.Second)) {
					continue
				}
				if run.State == "running" {
					steps.step(fmt.Sprintf("searching %s: %d looked at, %d found", run.Scope, run.Looked, run.Found))
					break
				}
				steps.done()
				if err := r.printRuns([]api.DiscoveryRun{run}); err != nil {
					return err
				}
				if run.State != "done" {
					return errs.New(errs.Invalid, "the search %s", run.State)
				}
				return nil
			}
			select {
			case <-ctx.Done():
				// It goes on where it was the next time.
				if s, ok := inv.(interface{ StopSearches() }); ok {
					s.StopSearches()
				} else if err := inv.StopDiscovery(context.WithoutCancel(ctx), who); err != nil && !errs.Is(err, errs.NotFound) {
					return errors.Join(ctx.Err(), err)
				}
				return ctx.Err()
			case <-time.After(300 * time.Millisecond):
			}
		}
	})
}

// sayPlan says on standard error what the search that begins will touch.
func (r *runner) sayPlan(ctx context.Context, inv api.Inventory, who access.Caller, name string) error {
	if r.Quiet || r.JSON {
		return nil
	}
	scopes, err := inv.Scopes(ctx, who)
	if err != nil {
		return err
	}
	for _, s := range scopes {
		if s.Name != name || s.Profile == "never" {
			continue
		}
		p, err := inv.PlanDiscovery(ctx, who, s)
		if err != nil {
			return err
		}
		left := ""
		if p.Left > 0 {
			left = ", " + count(p.Left, "address is", "addresses are") + " sent nothing"
		}
		fmt.Fprintf(r.Stderr, "%s will be asked on %s%s. It takes %s; Ctrl-C stops it.\n", count(p.Addresses, "address", "addresses"),
			count(len(p.Ports), "TCP port", "TCP ports"), left, between(p.Least, p.Most))
	}
	return nil
}

type discoverRunsCmd struct{}

func (c *discoverRunsCmd) Run(ctx context.Context, r *runner) error {
	return r.withInventory(ctx, func(inv api.Inventory, who access.Caller) error {
		runs, err := inv.DiscoveryRuns(ctx, who)
		if err != nil {
			return err
		}
		return r.printRuns(runs)
	})
}

func (r *runner) printRuns(runs []api.DiscoveryRun) error {
	if r.JSON {
		return r.printJSON(runs)
	}
	if len(runs) == 0 {
		fmt.Fprintln(r.Stdout, "No network was searched yet.")
	}
	p := r.palette()
	for _, run := range runs {
		fmt.Fprintf(r.Stdout, "%s  %s  %s: %s looked at, %s found, %s left alone %s\n", moment(run.BegunAt), p.bold(run.Scope), run.State,
			count(run.Looked, "address", "addresses"), count(run.Found, "device", "devices"), count(run.Left, "address", "addresses"), run.Error)
		for _, n := range run.LeftAlone[:min(len(run.LeftAlone), 10)] {
			fmt.Fprintf(r.Stdout, "  not looked at: %s: %s\n", n.What, n.Why)
		}
		for _, c := range run.Changes {
			fmt.Fprintf(r.Stdout, "  %-11s %s  %s\n", strings.ReplaceAll(c.Change, "_", " "), c.Device, c.Say)
		}
		for _, n := range run.Notes {
			fmt.Fprintf(r.Stdout, "  note: %s: %s\n", n.What, n.Why)
		}
	}
	return nil
}

type discoverStopCmd struct{}

func (c *discoverStopCmd) Run(ctx context.Context, r *runner) error {
	return r.withInventory(ctx, func(inv api.Inventory, who access.Caller) error { return inv.StopDiscovery(ctx, who) })
}

type discoverScopesCmd struct{}

func (c *discoverScopesCmd) Run(ctx context.Context, r *runner) error {
	return r.withInventory(ctx, func(inv api.Inventory, who access.Caller) error {
		ss, err := inv.Scopes(ctx, who)
		if err != nil {
			return err
		}
		if r.JSON {
			return r.printJSON(ss)
		}
		if len(ss) == 0 {
			fmt.Fprintln(r.Stdout, "No network may be searched. asepsis discover permit NAME 10.20.0.0/22 --note \"who permitted it\" permits one.")
			return nil
		}
		t := table{width: r.Width}
		for _, s := range ss {
			when := "when asked"
			if s.Every != "" {
				when = "every " + s.Every
			}
			if s.From != "" && s.To != "" {
				when += ", " + s.From + " to " + s.To
			}
			t.add(r.palette().bold(s.Name), strings.Join(s.Networks, " "), s.Profile, s.Zone, when, s.Note)
		}
		return t.print(r.Stdout)
	})
}

type discoverPermitCmd struct {
	Name     string   `arg:"" help:"A name for it."`
	Networks []string `arg:"" help:"Networks, as 10.20.0.0/22."`
	Profile  string   `enum:"normal,cautious,never" default:"cautious" help:"cautious: connections only, one device at a time; never: not searched."`
	Zone     string   `help:"Zone that devices found here are in."`
	Rate     *int     `help:"Packets a second at most; the profile's own if not set."`
	Ports    []int    `help:"TCP ports, with commas; those that tell hospital devices apart if not set."`
	Every    string   `help:"How often, as 24h; only when asked if not set."`
	From     string   `help:"Not before this hour, as 01:00."`
	To       string   `help:"Not after this hour, as 05:00."`
	Public   bool     `help:"These are addresses of the internet, and the organization owns them."`
	Names    bool     `help:"Ask this machine's own name server for names of what is found."`
	Note     string   `help:"Who permitted it."`

	SNMP          string `name:"snmp" enum:",2c,3" default:"" help:"Ask devices what they are by SNMP, version 3 or 2c; not at all if not set."`
	SNMPUser      string `name:"snmp-user" help:"The user of version 3."`
	SNMPAuth      string `name:"snmp-auth" enum:"md5,sha,sha224,sha256,sha384,sha512" default:"sha256" help:"How the user proves who it is."`
	SNMPPrivacy   string `name:"snmp-privacy" enum:"none,des,aes,aes192,aes256,aes192c,aes256c" default:"aes" help:"How answers are encrypted."`
	SNMPCommunity string `name:"snmp-community-file" type:"existingfile" placeholder:"FILE" help:"File with the community of version 2c."`
	SNMPAuthKey   string `name:"snmp-auth-file" type:"existingfile" placeholder:"FILE" help:"File with the user's password."`
	SNMPPrivKey   string `name:"snmp-privacy-file" type:"existingfile" placeholder:"FILE" help:"File with the password for privacy."`
}

// access reads what SNMP needs. Secrets come from files: a command line is seen by
// everybody on the machine.
func (c *discoverPermitCmd) access() (*api.SNMPAccess, error) {
	if c.SNMP == "" {
		if c.SNMPUser != "" || c.SNMPCommunity != "" || c.SNMPAuthKey != "" || c.SNMPPrivKey != "" {
			return nil, errs.Hint(errs.New(errs.Invalid, "which SNMP is not said"), "add --snmp 3, or --snmp 2c")
		}
		return nil, nil //nolint:nilnil // it is not permitted
	}
	out := &api.SNMPAccess{Version: c.SNMP}
	if c.SNMP == "3" {
		out.User, out.Auth = c.SNMPUser, c.SNMPAuth
		if c.SNMPPrivacy != "none" {
			out.Privacy = c.SNMPPrivacy
		}
	}
	for _, f := range []struct {
		name string
		into *string
	}{{c.SNMPCommunity, &out.Community}, {c.SNMPAuthKey, &out.AuthKey}, {c.SNMPPrivKey, &out.PrivKey}} {
		if f.name == "" {
			continue
		}
		b, err := os.ReadFile(f.name)
		if err != nil {
			return nil, errs.Wrap(errs.Invalid, fmt.Errorf("read a secret of SNMP: %w", err))
		}
		line, _, _ := strings.Cut(string(b), "\n")
		*f.into = strings.TrimRight(line, "\r")
	}
	return out, nil
}

func (c *discoverPermitCmd) Run(ctx context.Context, r *runner) error {
	s := api.DiscoveryScope{
		Name: c.Name, Networks: c.Networks, Profile: c.Profile, Zone: c.Zone, Ports: c.Ports, Every: c.Every, From: c.From, To: c.To, Note: c.Note, Public: c.Public, Names: c.Names,
	}
	var err error
	if s.SNMP, err = c.access(); err != nil {
		return err
	}
	if c.Rate != nil {
		if *c.Rate < 1 {
			return errs.Hint(errs.New(errs.Invalid, "a search at %d packets a second would never end", *c.Rate), "write at least 1, or leave the rate out for the profile's own")
		}
		s.Rate = *c.Rate
	}
	return r.withInventory(ctx, func(inv api.Inventory, who access.Caller) error {
		if err := inv.PutScope(ctx, who, s); err != nil {
			return err
		}
		s.SNMP = s.SNMP.Public()
		if r.JSON {
			return r.printJSON(s)
		}
		return r.printPlan(ctx, inv, who, s)
	})
}

type discoverForbidCmd struct {
	Name string `arg:"" help:"The scope's name."`
}

func (c *discoverForbidCmd) Run(ctx context.Context, r *runner) error {
	return r.withInventory(ctx, func(inv api.Inventory, who access.Caller) error { return inv.DeleteScope(ctx, who, c.Name) })
}

// PlanDiscovery implements api.Inventory on a server.
func (c *client) PlanDiscovery(ctx context.Context, _ access.Caller, s api.DiscoveryScope) (*api.DiscoveryPlan, error) {
	return sendFor[api.DiscoveryPlan](ctx, c, http.MethodPost, "/discovery/plan", s)
}

// StopDiscovery implements api.Inventory on a server.
func (c *client) StopDiscovery(ctx context.Context, _ access.Caller) error {
	return c.send(ctx, http.MethodPost, "/discovery/stop", struct{}{}, nil)
}
