package service

import (
	"context"
	"errors"
	"time"

	"github.com/asepsis/asepsis/internal/collect/service/cleartext"
	"github.com/asepsis/asepsis/internal/collect/service/clinical"
	"github.com/asepsis/asepsis/internal/collect/service/httpenum"
	"github.com/asepsis/asepsis/internal/collect/service/sshenum"
	"github.com/asepsis/asepsis/internal/collect/service/starttls"
	"github.com/asepsis/asepsis/internal/collect/service/tlsenum"
	"github.com/asepsis/asepsis/internal/collect/service/wire"
)

// Bounds of one connection that is listened to, or asked for what comes before TLS.
const (
	lookTime   = 4 * time.Second
	lookBytes  = 64 << 10
	listenWait = 1200 * time.Millisecond
	listenGap  = 150 * time.Millisecond
	listenMost = 4 << 10
)

// fewConnections is how many are opened to services that lock out whoever
// connects often without signing in: MySQL does after a hundred.
const fewConnections = 48

func yes() *bool { b := true; return &b }
func no() *bool  { b := false; return &b }

// ask asks the service as its kind wants.
func (a *asking) ask(ctx context.Context) {
	p := a.Gate.Permit(a.Addr.Addr())
	if p.Depth == Leave {
		a.denied = p.Why
		return
	}
	if a.Service == "" && a.Transport == "tcp" {
		a.Service = common[a.Addr.Port()]
	}
	w := wayOf(a.Service)
	switch {
	case a.Transport != "tcp" && w != snmp:
		a.Outcome, a.Why = Left, "of UDP services only SNMP is asked"
		return
	case w == alone:
		a.Outcome, a.Why = Left, "nothing is sent to this kind of service, lest it act on it"
		return
	case w == snmp:
		a.snmp(ctx)
		return
	case p.Depth == Touch:
		a.touch(ctx, p.Why)
		return
	}
	switch w {
	case web:
		a.web(ctx)
	case secureWeb:
		a.secureWeb(ctx)
	case secure:
		a.direct(ctx)
		a.inside(ctx)
	case turns:
		a.turns(ctx, starttls.Protocol(a.Service))
	case shell:
		a.shell(ctx)
	case dicom:
		a.dicom(ctx, false)
	case dicomTLS:
		a.dicom(ctx, true)
	case hl7:
		a.hl7(ctx)
	default:
		a.listen(ctx)
	}
}

// touch connects and closes.
func (a *asking) touch(ctx context.Context, why string) {
	c, err := a.reach(ctx, Touch)
	if err != nil {
		a.fail(err)
		return
	}
	_ = c.Close()
	a.Outcome, a.Why = Touched, why
	a.TLSWhy, a.ClearWhy = why, why
}

// name is what a web server is asked for.
func (a *asking) name() string {
	if len(a.Names) > 0 {
		return a.Names[0]
	}
	return a.Addr.Addr().String()
}

// enumerate asks for versions and suites of TLS. It reports whether it speaks it.
func (a *asking) enumerate(ctx context.Context, o tlsenum.Options) (bool, error) {
	rate := a.Gate.Permit(a.Addr.Addr()).Rate
	o.Names, o.Now, o.Roots = a.Names, a.At, a.Roots
	o.Brief = o.Brief || a.Brief || rate > 0 && rate < slowRate
	o.Time = time.Hour // the time with connections open is bounded, and waiting for a turn is no fault of the server
	r, err := tlsenum.Enumerate(ctx, a.dial, o)
	var refusal *tlsenum.Refusal
	var plain *tlsenum.Plain
	switch {
	case err == nil:
		a.Outcome, a.Secure, a.TLS = Asked, yes(), r
		return true, nil
	case errors.As(err, &refusal):
		a.Outcome, a.Secure, a.TLSWhy = Asked, yes(), wire.Why(err)
		return true, nil
	case errors.As(err, &plain), errors.Is(err, starttls.ErrNotOffered):
		a.Secure = no()
	default:
		a.TLSWhy = wire.Why(err)
	}
	return false, err
}

// direct asks a service that should speak TLS at once.
func (a *asking) direct(ctx context.Context) {
	ok, err := a.enumerate(ctx, tlsenum.Options{})
	var plain *tlsenum.Plain
	switch {
	case ok:
		a.Spoke, a.Clear = "tls", no()
	case errors.As(err, &plain):
		a.Outcome = Asked
		a.Spoke = plain.Protocol
		a.Clear = yes()
	default:
		a.fail(err)
		a.ClearWhy = a.Why
	}
}

func (a *asking) secureWeb(ctx context.Context) {
	a.direct(ctx)
	switch {
	case a.Spoke == "http":
		a.page(ctx, false)
	case a.TLS != nil:
		a.page(ctx, true)
	}
}

// insides are the protocols that some services speak inside TLS.
var insides = map[string]starttls.Protocol{
	"ldaps": starttls.LDAP, "imaps": starttls.IMAP, "pop3s": starttls.POP3, "smtps": starttls.SMTP, "ftps": starttls.FTP,
}

// inside looks whether a service speaks inside TLS what it is taken for.
func (a *asking) inside(ctx context.Context) {
	p, ok := insides[a.Service]
	if !ok || a.TLS == nil {
		return
	}
	c, err := wire.Secure(ctx, a.dial, a.name(), wire.Limits{Time: lookTime, Bytes: lookBytes})
	if err != nil {
		return
	}
	defer c.Close()
	if l, err := starttls.Show(c, p); err == nil {
		a.Spoke, a.Product = a.Service, l.Product
	}
}

// page asks a web server for its headers.
func (a *asking) page(ctx context.Context, secure bool) {
	r, err := httpenum.Ask(ctx, a.dial, a.name(), secure)
	if err != nil {
		if a.Why == "" {
			a.Why = "its headers: " + wire.Why(err)
		}
		return
	}
	a.Outcome, a.HTTP, a.Product, a.Spoke = Asked, r, r.Server, "https"
	if !secure {
		a.Spoke = "http"
		a.Clear = yes()
		if r.ToHTTPS {
			a.Clear = no() // it shows no page, so nothing passes in clear
		}
	}
}

func (a *asking) web(ctx context.Context) {
	r, err := httpenum.Ask(ctx, a.dial, a.name(), false)
	switch {
	case err == nil && r.Status != 400:
		a.Secure = no()
		a.Outcome, a.Spoke, a.Product, a.HTTP, a.Clear = Asked, "http", r.Server, r, yes()
		if r.ToHTTPS {
			a.Clear = no()
		}
	case err == nil:
		// Web servers answer a question in clear on a port of theirs that wants TLS with
		// this status.
		if ok, _ := a.enumerate(ctx, tlsenum.Options{}); ok {
			a.Spoke, a.Clear = "tls", no()
			a.page(ctx, true)
			return
		}
		a.Outcome, a.Spoke, a.Product, a.HTTP, a.Clear, a.Secure, a.TLSWhy = Asked, "http", r.Server, r, yes(), no(), ""
	case !a.took || wire.TimedOut(err):
		a.fail(err)
		a.TLSWhy, a.ClearWhy = a.Why, a.Why
	default:
		a.secureWeb(ctx)
	}
}

// turns asks a service that begins in clear.
func (a *asking) turns(ctx context.Context, p starttls.Protocol) {
	open := func() (*wire.Conn, error) {
		return wire.Open(ctx, a.dial, wire.Limits{Time: lookTime, Bytes: lookBytes})
	}
	l, err := show(open, p)
	if err != nil {
		a.Product = l.Product
		// MySQL speaks first, and counts whoever does not sign in against them.
		if a.took && p != starttls.MySQL && (errors.Is(err, wire.ErrProtocol) || wire.Hung(err)) && a.hiddenTLS(ctx) {
			return
		}
		a.fail(err)
		a.TLSWhy, a.ClearWhy = a.Why, a.Why
		return
	}
	a.Outcome, a.Before, a.Spoke, a.Product, a.Clear, a.ClearWhy = Asked, &l, string(p), l.Product, l.Clear, l.Why
	if !l.Offers && p != starttls.LDAP { // a directory need not list it
		a.Secure = no()
		return
	}
	o := tlsenum.Options{Begin: func(c *wire.Conn) error { return starttls.Begin(c, p) }}
	if p == starttls.MySQL || p == starttls.RDP {
		o.Brief, o.Connections = true, fewConnections
	}
	_, _ = a.enumerate(ctx, o) // what it said stands in the result
}

func show(open func() (*wire.Conn, error), p starttls.Protocol) (starttls.Look, error) {
	if p == starttls.RDP {
		return starttls.ShowRDP(open)
	}
	c, err := open()
	if err != nil {
		return starttls.Look{}, err
	}
	defer c.Close()
	return starttls.Show(c, p)
}

// hiddenTLS finds a service that speaks TLS at once on a port where one that
// begins in clear is common.
func (a *asking) hiddenTLS(ctx context.Context) bool {
	ok, _ := a.enumerate(ctx, tlsenum.Options{})
	if ok {
		a.Spoke, a.Clear, a.ClearWhy = "tls", no(), ""
	} else {
		a.Secure, a.TLSWhy = nil, ""
	}
	return ok
}

func (a *asking) shell(ctx context.Context) {
	r, err := sshenum.Enumerate(ctx, a.dial)
	if err != nil {
		a.fail(err)
		a.TLSWhy, a.ClearWhy = a.Why, a.Why
		return
	}
	a.Outcome, a.SSH, a.Spoke, a.Product = Asked, r, "ssh", r.Product()
	a.Secure, a.Clear = no(), no()
}

func (a *asking) dicom(ctx context.Context, tlsFirst bool) {
	try := func(secure bool) error {
		open := wire.Open
		if secure {
			open = func(ctx context.Context, d wire.Dial, l wire.Limits) (*wire.Conn, error) {
				return wire.Secure(ctx, d, a.name(), l)
			}
		}
		c, err := open(ctx, a.dial, wire.Limits{Time: clinical.EachTime, Bytes: clinical.EachBytes})
		if err != nil {
			return err
		}
		defer c.Close()
		d, err := clinical.Echo(c, a.Called)
		if err != nil {
			return err
		}
		a.Outcome, a.DICOM, a.Spoke, a.Product = Asked, d, "dicom", d.Version
		return nil
	}
	var err error
	if !tlsFirst {
		if err = try(false); err == nil {
			a.Secure, a.Clear = no(), yes()
			return
		}
		if !a.took || ctx.Err() != nil {
			a.fail(err)
			a.TLSWhy, a.ClearWhy = a.Why, a.Why
			return
		}
	}
	ok, tlsErr := a.enumerate(ctx, tlsenum.Options{EachTime: 2 * time.Second})
	if ok {
		a.Clear, a.Spoke = no(), "tls"
		if err := try(true); err != nil {
			a.Why = "DICOM inside TLS: " + wire.Why(err)
		}
		return
	}
	if tlsFirst {
		if err = try(false); err == nil {
			a.Secure, a.Clear, a.TLSWhy = no(), yes(), ""
			return
		}
		err = tlsErr
	}
	a.Secure = nil
	a.fail(err)
	a.TLSWhy, a.ClearWhy = a.Why, a.Why
}

func (a *asking) hl7(ctx context.Context) {
	c, err := wire.Open(ctx, a.dial, wire.Limits{Time: clinical.EachTime, Bytes: clinical.EachBytes})
	if err != nil {
		a.fail(err)
		a.TLSWhy, a.ClearWhy = a.Why, a.Why
		return
	}
	h, err := clinical.Frame(c)
	_ = c.Close()
	if err == nil {
		a.HL7 = h
		if h.Framed {
			a.Outcome, a.Spoke, a.Secure, a.Clear, a.Product = Asked, "hl7", no(), yes(), h.Sender
			return
		}
	}
	if ok, _ := a.enumerate(ctx, tlsenum.Options{EachTime: 2 * time.Second}); ok {
		a.HL7, a.Spoke, a.Clear = nil, "tls", no()
		return
	}
	a.Secure = nil
	if err != nil {
		a.fail(err)
		a.TLSWhy, a.ClearWhy = a.Why, a.Why
		return
	}
	a.Outcome, a.Why, a.TLSWhy, a.ClearWhy = Failed, h.Silent, h.Silent, h.Silent
}

// listen waits for what a service says by itself, and goes on from there.
func (a *asking) listen(ctx context.Context) {
	c, err := wire.Open(ctx, a.dial, wire.Limits{Time: lookTime, Bytes: lookBytes})
	if err != nil {
		a.fail(err)
		a.TLSWhy, a.ClearWhy = a.Why, a.Why
		return
	}
	said, _ := c.Listen(listenWait, listenGap, listenMost)
	_ = c.Close()
	name, product := cleartext.Recognize(said)
	switch w := wayOf(name); {
	case w == shell:
		a.shell(ctx)
	case w == turns:
		a.turns(ctx, starttls.Protocol(name))
	case name != "":
		a.Outcome, a.Spoke, a.Product, a.Clear, a.Secure = Asked, name, product, yes(), no()
	case len(said) > 0 && a.Service == "telnet":
		a.Outcome, a.Spoke, a.Clear, a.Secure = Asked, "telnet", yes(), no()
	case len(said) > 0:
		a.Outcome, a.Why = Failed, "it greeted us in words that tell no protocol"
		a.Secure, a.Clear = no(), yes()
	case a.Unknown && a.Service == "":
		if ok, err := a.enumerate(ctx, tlsenum.Options{EachTime: 2 * time.Second}); ok {
			a.Spoke, a.Clear = "tls", no()
		} else {
			a.Secure = nil
			a.fail(err)
			a.TLSWhy, a.ClearWhy = a.Why, a.Why
		}
	default:
		a.Outcome, a.Why = Failed, "it said nothing by itself, and nothing was sent to it"
		a.TLSWhy, a.ClearWhy = a.Why, a.Why
	}
}

// snmp asks with the communities that makers ship.
func (a *asking) snmp(ctx context.Context) {
	a.Transport = "udp"
	if !a.Scanner.SNMP {
		a.Outcome, a.Why = Left, "SNMP is asked only where a person wants the communities tried that makers ship"
		return
	}
	var last error
	for _, community := range cleartext.DefaultCommunities() {
		for _, v := range []int{cleartext.V2c, cleartext.V1} {
			c, err := wire.Open(ctx, a.dial, wire.Limits{Time: cleartext.SNMPTime, Bytes: 4 * cleartext.SNMPBytes})
			if err != nil {
				a.fail(err)
				return
			}
			r, err := cleartext.AskSNMP(c, v, community)
			_ = c.Close()
			if err == nil {
				a.Outcome, a.Spoke, a.Product, a.Result.SNMP, a.Community = Asked, "snmp", r.Description, r, community
				a.Clear, a.Secure = yes(), no()
				return
			}
			last = err
			if !wire.TimedOut(err) { // refused: nothing listens there
				a.took = false
				a.fail(err)
				return
			}
		}
	}
	a.Outcome, a.Why = Silent, "it did not answer to a well-known community: "+wire.Why(last)
	a.ClearWhy = a.Why
}
