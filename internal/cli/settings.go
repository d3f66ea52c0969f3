package cli

import (
	"context"
	"fmt"
	"net"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/app"
	"github.com/asepsis/asepsis/internal/config"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/web/api"
)

type parametersCmd struct {
	List  parametersListCmd  `cmd:"" help:"List every parameter with its default, its source and what is in force."`
	Set   parametersSetCmd   `cmd:"" help:"Set a parameter: asepsis parameters set CHECK.NAME VALUE."`
	Unset parametersUnsetCmd `cmd:"" help:"Return a parameter to its default."`
}

type parametersListCmd struct {
	Changed bool `help:"Only those that were set."`
}

func (c *parametersListCmd) Run(ctx context.Context, r *runner) error {
	cl, err := r.remote()
	if err != nil {
		return err
	}
	var ps []api.Parameter
	if cl != nil {
		ps, err = cl.parameters(ctx)
	} else {
		err = r.with(ctx, func(a *app.App) error {
			p, err := a.Default(ctx, actor)
			if err != nil {
				return err
			}
			ps, err = a.ParametersOf(ctx, p.ID)
			return err
		})
	}
	if err != nil {
		return err
	}
	if c.Changed {
		kept := []api.Parameter{}
		for _, p := range ps {
			if p.Override != nil {
				kept = append(kept, p)
			}
		}
		ps = kept
	}
	if r.JSON {
		return r.printJSON(ps)
	}
	t := table{width: r.Width}
	for _, p := range ps {
		name := p.Name
		if p.Check != "" {
			name = p.Check + "." + p.Name
		}
		mark := ""
		if p.Override != nil {
			mark = fmt.Sprintf("(default %v)", p.Default)
		}
		t.add(name, fmt.Sprint(p.Value), p.Units, mark, p.Doc)
	}
	return t.print(r.Stdout)
}

type parametersSetCmd struct {
	Name   string `arg:"" help:"CHECK.NAME, or the name alone of one that belongs to no check, such as coverage_floor or feed_stale_after."`
	Value  string `arg:"" help:"The value, as in parameters.yaml."`
	Reason string `help:"Why; kept in the record." placeholder:"TEXT"`
}

func (c *parametersSetCmd) Run(ctx context.Context, r *runner) error {
	return r.setParameter(ctx, c.Name, &c.Value, c.Reason)
}

type parametersUnsetCmd struct {
	Name string `arg:"" help:"CHECK.NAME."`
}

func (c *parametersUnsetCmd) Run(ctx context.Context, r *runner) error {
	return r.setParameter(ctx, c.Name, nil, "")
}

func (r *runner) setParameter(ctx context.Context, name string, value *string, reason string) error {
	cl, err := r.remote()
	if err != nil {
		return err
	}
	var got *api.Parameter
	if cl != nil {
		o, err := app.ParseOverride(name, value)
		if err != nil {
			return err
		}
		if got, err = cl.setParameter(ctx, o.Check, o.Name, o.Value, reason); err != nil {
			return err
		}
	} else {
		err = r.with(ctx, func(a *app.App) error {
			p, err := a.Default(ctx, actor)
			if err != nil {
				return err
			}
			got, err = a.SetParameterText(ctx, p.ID, actor, name, value, reason)
			return err
		})
		if err != nil {
			return err
		}
	}
	if r.JSON {
		return r.printJSON(got)
	}
	fmt.Fprintf(r.Stdout, "%s is now %v\n", name, got.Value)
	return nil
}

type userCmd struct {
	List userListCmd `cmd:"" help:"List who can sign in."`
	Link userLinkCmd `cmd:"" help:"Make a new one-time link with which somebody sets a new password and second factor."`
}

type userListCmd struct{}

func (c *userListCmd) Run(ctx context.Context, r *runner) error {
	if err := r.localOnly("user list"); err != nil {
		return err
	}
	return r.with(ctx, func(a *app.App) error {
		us, err := r.users(ctx, a)
		if err != nil {
			return err
		}
		out := []api.User{}
		t := table{width: r.Width}
		for _, u := range us {
			v := api.User{ID: u.ID, Name: u.Name, Email: u.Email, Role: string(u.Role), State: string(u.State), CreatedAt: u.CreatedAt, Recovery: len(u.Recovery)}
			last := "never"
			if !u.LastSignIn.IsZero() {
				v.LastSignIn, last = &u.LastSignIn, moment(u.LastSignIn)
			}
			out = append(out, v)
			t.add(u.Email, string(u.Role), string(u.State), last, u.Name)
		}
		if r.JSON {
			return r.printJSON(out)
		}
		return t.print(r.Stdout)
	})
}

func (r *runner) users(ctx context.Context, a *app.App) ([]access.User, error) {
	p, err := a.Default(ctx, actor)
	if err != nil {
		return nil, err
	}
	return a.Access().Users(ctx, access.Command(p.ID, actor))
}

type userLinkCmd struct {
	Email string `arg:"" help:"Mail address of the user."`
}

func (c *userLinkCmd) Run(ctx context.Context, r *runner) error {
	if err := r.localOnly("user link"); err != nil {
		return err
	}
	return r.with(ctx, func(a *app.App) error {
		us, err := r.users(ctx, a)
		if err != nil {
			return err
		}
		for _, u := range us {
			if u.Email != c.Email {
				continue
			}
			link, err := a.Access().Relink(ctx, access.Command(u.Tenant, actor), u.ID)
			if err != nil {
				return err
			}
			cfg, err := r.configuration()
			if err != nil {
				return err
			}
			fmt.Fprintf(r.Stdout, "%s\n", setUpLink(cfg, link))
			fmt.Fprintln(r.Stderr, "It works once, for 24 hours. Whoever has it can become this user.")
			return nil
		}
		return errs.Hint(errs.New(errs.NotFound, "no user %q", c.Email), "list them with: asepsis user list")
	})
}

type configCmd struct {
	Check configCheckCmd `cmd:"" help:"Read the configuration, the organization's checks and parameters, and say what is wrong."`
}

type configCheckCmd struct{}

func (c *configCheckCmd) Run(ctx context.Context, r *runner) error {
	cfg, err := r.configuration()
	if err != nil {
		return err
	}
	if err := cfg.Check(); err != nil {
		return err
	}
	n, err := app.CheckContent(cfg.DataDir)
	if err != nil {
		return err
	}
	if r.JSON {
		return r.printJSON(map[string]any{"data_dir": cfg.DataDir, "listen": cfg.Listen, "checks": n})
	}
	fmt.Fprintf(r.Stdout, "the configuration works: data in %s, listening on %s, %s\n", cfg.DataDir, cfg.Listen, count(n, "check", "checks"))
	return nil
}

// listenURL is how a browser reaches the server: by the first name it answers
// to where it listens on every address.
func listenURL(c config.Config) string {
	scheme := "http"
	if c.TLSCert != "" {
		scheme = "https"
	}
	host, port, err := net.SplitHostPort(c.Listen)
	if ip := net.ParseIP(host); err == nil && len(c.Hosts) > 0 && (host == "" || ip != nil && ip.IsUnspecified()) {
		return scheme + "://" + net.JoinHostPort(c.Hosts[0], port)
	}
	return scheme + "://" + c.Listen
}
