package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/asepsis/asepsis/internal/app"
	"github.com/asepsis/asepsis/internal/web/api"
)

type ledgerCmd struct {
	Check  ledgerCheckCmd  `cmd:"" help:"Derive the record anew from its bytes and say whether one was changed; exit 3 if so."`
	Status ledgerStatusCmd `cmd:"" help:"Say how far the record reaches."`
}

type ledgerCheckCmd struct{}

func (c *ledgerCheckCmd) Run(ctx context.Context, r *runner) error {
	cl, err := r.remote()
	if err != nil {
		return err
	}
	var got *api.LedgerCheck
	if cl != nil {
		got, err = cl.checkLedger(ctx)
	} else {
		err = r.with(ctx, func(a *app.App) error {
			p, err := a.Default(ctx, actor)
			if err != nil {
				return err
			}
			steps := r.progress()
			defer steps.done()
			got, err = a.CheckLedgerOf(ctx, p.ID, steps.step)
			return err
		})
	}
	if err != nil {
		return err
	}
	if r.JSON {
		if err := r.printJSON(got); err != nil {
			return err
		}
	} else {
		took := time.Duration(got.TookMS) * time.Millisecond
		if got.Good {
			fmt.Fprintf(r.Stdout, "the record holds: %s read and hashed anew in %s, every row they speak of compared\n",
				count(int(got.Entries), "entry", "entries"), took)
		}
		for _, f := range got.Faults {
			fmt.Fprintln(r.Stdout, f)
		}
	}
	if !got.Good {
		return found{fmt.Sprintf("the record does not hold: %s", count(len(got.Faults), "fault", "faults"))}
	}
	return nil
}

type ledgerStatusCmd struct{}

func (c *ledgerStatusCmd) Run(ctx context.Context, r *runner) error {
	cl, err := r.remote()
	if err != nil {
		return err
	}
	var got *api.LedgerStatus
	if cl != nil {
		got, err = cl.ledger(ctx)
	} else {
		err = r.with(ctx, func(a *app.App) error {
			p, err := a.Default(ctx, actor)
			if err != nil {
				return err
			}
			got, err = a.LedgerStatusOf(ctx, p.ID)
			return err
		})
	}
	if err != nil {
		return err
	}
	if r.JSON {
		return r.printJSON(got)
	}
	fmt.Fprintf(r.Stdout, "%s, root %s\nkey %s\n\n%s", count(int(got.Size), "entry", "entries"), got.RootHash, got.KeyName, got.Checkpoint)
	return nil
}
