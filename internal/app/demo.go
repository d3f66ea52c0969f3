package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/assess"
	"github.com/asepsis/asepsis/internal/demo"
	"github.com/asepsis/asepsis/internal/id"
	"github.com/asepsis/asepsis/internal/store/sqlstore"
	"github.com/asepsis/asepsis/internal/vuln"
	"github.com/asepsis/asepsis/internal/web"
)

// demoActor is who brought what the demonstration hospital has.
const demoActor = "demonstration"

// FillDemo fills an empty data folder with a made-up hospital and its history,
// by the same steps as a real one: batches are stored, goals decided and the
// record kept as of each day. It returns the path of a link that signs in.
func (a *App) FillDemo(ctx context.Context, seed uint64, progress func(step string)) (path string, err error) {
	tid, err := a.fillHospital(ctx, demo.Hospital(seed, a.now().UTC()), progress)
	if err != nil {
		return "", err
	}
	key, entrance := web.NewEntrance(a.access, a.cfg.TLSCert != "", web.Visitor{
		Tenant: tid, Name: "Demonstration visitor", Email: "visitor@demo.example", Role: access.Administrator,
	})
	a.entrance = entrance
	return "/enter/" + key.Reveal(), nil
}

// fillHospital stores a made-up hospital and decides its goals as of each step.
func (a *App) fillHospital(ctx context.Context, h *demo.Demo, progress func(step string)) (string, error) {
	r, err := a.rules()
	if err != nil {
		return "", err
	}
	advisories, err := demoFeed(a.now())
	if err != nil {
		return "", err
	}
	var tid string
	for step := range h.Steps() {
		// Each month's advisories are a day old when the month's work is done.
		a.feeds.demonstrate(advisories, step.At.Add(-20*time.Hour))
		if progress != nil {
			progress(step.At.Format("January 2006") + ": " + strings.ToLower(step.What[:1]) + step.What[1:])
		}
		if tid == "" {
			if tid, err = a.createDemo(ctx, h.Organization, step.At); err != nil {
				return "", err
			}
		}
		t, err := a.tenant(tid)
		if err != nil {
			return "", err
		}
		for _, b := range step.Batches {
			if _, err := t.Ingest(ctx, b, sqlstore.Delivery{Actor: demoActor, Now: step.At, Rows: len(b.Facts) + len(b.Sightings)}); err != nil {
				return "", fmt.Errorf("store what was learnt on %s: %w", step.At.Format(time.DateOnly), err)
			}
		}
		if _, err := a.assessAt(ctx, t, r, demoActor, step.What, step.At); err != nil {
			return "", fmt.Errorf("decide the goals as of %s: %w", step.At.Format(time.DateOnly), err)
		}
	}
	a.publish(ctx, tid)
	return tid, nil
}

// demoFeed compiles the made-up advisories as a real feed is.
func demoFeed(now time.Time) (*vuln.DB, error) {
	c := vuln.NewCompiler()
	c.AddSource(vuln.Source{Name: "demonstration", Snapshot: now})
	for _, adv := range demo.Advisories(now) {
		c.Add(&adv)
	}
	b := vuln.NewBuilder(now)
	if _, err := c.Finish(b); err != nil {
		return nil, fmt.Errorf("compile the made-up advisories: %w", err)
	}
	return vuln.Open(b.Bytes())
}

func (a *App) createDemo(ctx context.Context, o demo.Organization, at time.Time) (string, error) {
	p := sqlstore.Profile{
		Organization: assess.Organization{ID: id.New(id.Tenant, at), Name: o.Name, Kind: o.Kind, State: o.State, Beds: o.Beds},
		Demo:         true, CreatedAt: at,
	}
	return p.ID, a.db.CreateTenant(ctx, p, demoActor)
}
