// Devserver serves the API over a made-up hospital, for work on the pages.
//
//	go run ./internal/web/api/apitest/devserver -addr 127.0.0.1:7300
//
// It signs every browser in as an administrator; -role shows the pages as
// somebody else sees them. With -sign-in=false it prints a set-up link and a
// user to sign in as. Nothing is kept.
package main //nolint:forbidigo // a command, if not below cmd: it hands the clock on

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/access/accesstest"
	"github.com/asepsis/asepsis/internal/id"
	"github.com/asepsis/asepsis/internal/web/api"
	"github.com/asepsis/asepsis/internal/web/api/apitest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		slog.Error("devserver failed", "error", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	fs := flag.NewFlagSet("devserver", flag.ContinueOnError)
	addr := fs.String("addr", "127.0.0.1:7300", "address to listen on")
	role := fs.String("role", string(access.Administrator), "role of whoever is signed in")
	signIn := fs.Bool("sign-in", true, "sign every browser in")
	step := fs.Duration("step", 700*time.Millisecond, "time between the steps of a made-up assessment")
	if err := fs.Parse(args); err != nil {
		return err
	}
	key, err := access.NewKey()
	if err != nil {
		return err
	}
	acc, err := access.New(accesstest.NewMemory(), key, access.Options{Now: time.Now})
	if err != nil {
		return err
	}
	hub := api.NewHub()
	tenant := id.New(id.Tenant, time.Now())
	fake := apitest.New(tenant, time.Now, hub, *step)
	handler, err := api.New(api.Config{
		Access: acc, Reader: fake, Actions: fake, Inventory: fake, Catalog: fake, Hub: hub, Log: slog.Default(), Now: time.Now,
		Build: "dev", Demo: true,
	})
	if err != nil {
		return err
	}
	if *signIn {
		in, err := acc.Enter(ctx, access.Command(tenant, "devserver"), "Dana Osei", "d.osei@cedarridge.example", access.Role(*role))
		if err != nil {
			return err
		}
		handler = signedIn(handler, in.Session.Reveal())
	} else {
		link, err := acc.FirstLink(ctx, tenant)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(out, "set-up link: http://%s/set-up#%s\n", *addr, link.Reveal()); err != nil {
			return err
		}
	}
	return serve(ctx, *addr, handler, out)
}

// signedIn gives requests without a cookie or token the one session.
func signedIn(next http.Handler, session string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := r.Cookie("asepsis_session"); err != nil && r.Header.Get("Authorization") == "" {
			r.AddCookie(&http.Cookie{Name: "asepsis_session", Value: session}) //nolint:gosec // a request, not an answer
		}
		next.ServeHTTP(w, r)
	})
}

func serve(ctx context.Context, addr string, h http.Handler, out io.Writer) error {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		<-ctx.Done()
		_ = srv.Close()
	}()
	if _, err := fmt.Fprintf(out, "API of a made-up hospital on http://%s%s\n", ln.Addr(), api.Prefix); err != nil {
		return err
	}
	if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
