package tlsenum

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/collect/service/wire"
)

// enum is one server being asked.
type enum struct {
	Options
	dial   wire.Dial
	name   string
	report *Report
	found  map[Suite]bool
	alert  string // the newest words of a refusal
	spoke  bool   // it has answered in TLS
}

// errSpent is the error where no more connections may be opened.
var errSpent = wire.Refused("it accepts more than could be looked at with the connections permitted")

// open opens a connection on which TLS is next.
func (e *enum) open(ctx context.Context) (*wire.Conn, error) {
	if e.report.Connections >= e.Connections {
		return nil, errSpent
	}
	e.report.Connections++
	c, err := wire.Open(ctx, e.dial, wire.Limits{Time: e.EachTime, Bytes: EachBytes})
	if err != nil {
		return nil, err
	}
	if e.Begin != nil {
		if err := e.Begin(c); err != nil {
			_ = c.Close()
			return nil, fmt.Errorf("begin TLS: %w", err)
		}
	}
	return c, nil
}

func (e *enum) run(ctx context.Context) (*Report, error) {
	version, suite, err := e.ordinary(ctx)
	if err != nil {
		var plain *Plain
		if errors.As(err, &plain) || !wire.TimedOut(err) || ctx.Err() != nil {
			return nil, err
		}
	}
	accepted := map[Version]bool{}
	if version != 0 {
		accepted[version] = true
		e.spoke = true
		e.take(suite, version)
		e.report.Chosen = suite
	}
	if err != nil { // it was silent: one hello of the plainest kind decides
		f, err := e.say(ctx, offer{version: TLS12, suites: suitesOf(TLS12, nil)[:30]}, untilDone)
		if err != nil {
			return nil, err
		}
		_ = e.answered(f, TLS12)
	}
	for _, v := range slices.Backward(versions) {
		if accepted[v] {
			continue
		}
		if ctx.Err() != nil {
			e.unsure(v, ctx.Err())
			continue
		}
		if ok, err := e.accepts(ctx, v); ok {
			accepted[v] = true
		} else if err != nil {
			var plain *Plain
			switch {
			case errors.As(err, &plain) && !e.spoke:
				return nil, err
			case !e.spoke && v == TLS12: // two versions were answered by nothing at all
				return nil, err
			}
			e.unsure(v, err)
		}
	}
	for _, v := range versions {
		if accepted[v] {
			e.report.Versions = append(e.report.Versions, v)
		}
	}
	if len(e.report.Versions) == 0 {
		switch {
		case len(e.report.Unsure) > 0:
			return nil, wire.Refused(e.report.Why)
		case !e.spoke:
			return nil, wire.Refused("it hung up when it was offered TLS")
		}
		return nil, &Refusal{e.alert}
	}
	if e.report.Chosen == 0 {
		e.choose()
	}
	e.suites(ctx)
	e.finish()
	return e.report, nil
}

func (e *enum) unsure(v Version, err error) {
	e.report.Unsure = append(e.report.Unsure, v)
	slices.Sort(e.report.Unsure)
	e.report.Why = "an offer of " + display(v) + ": " + wire.Why(err)
}

// display names a version for people.
func display(v Version) string {
	if v == SSL3 {
		return "SSL 3.0"
	}
	return "TLS " + v.String()
}

// choose takes the first suite that was agreed on in the newest version for the
// chosen one: what is offered first there is what present-day clients offer.
func (e *enum) choose() {
	newest := e.report.Versions[len(e.report.Versions)-1]
	for _, a := range e.report.Suites {
		if a.Version == newest {
			e.report.Chosen = a.Suite
			return
		}
	}
}

// accepts finds out whether the server accepts a version. The error is why that
// is not known.
func (e *enum) accepts(ctx context.Context, v Version) (bool, error) {
	for queue := offers(v, nil); len(queue) > 0; {
		o := queue[0]
		queue = queue[1:]
		f, err := e.again(ctx, o, untilDone)
		switch {
		case err != nil:
			return false, err
		case f.version == v:
			return true, e.answered(f, v)
		case f.version != 0, f.fatal == alertVersion:
			return false, nil // it would rather speak another one
		case f.hung && !e.spoke:
			if v != TLS12 {
				return false, nil // it may not speak TLS at all: one version is offered whole
			}
		case f.vague():
			queue = append(o.parts(), queue...)
		}
	}
	return false, nil
}

// offers are the hellos that offer all suites of a version that keep, most common
// first. The last one offers Diffie-Hellman again, with the fields of RFC 7919.
func offers(v Version, keep func(Suite) bool) []offer {
	all := suitesOf(v, keep)
	var out []offer
	for part := range slices.Chunk(all, MaxSuites) {
		out = append(out, offer{version: v, suites: part})
	}
	if again := slices.DeleteFunc(slices.Clone(all), func(s Suite) bool { return !s.ephemeral() }); len(again) > 0 && v > SSL3 {
		out = append(out, offer{version: v, suites: again[:min(len(again), MaxSuites)], fields: true})
	}
	return out
}

// answered takes what an answer tells beside the version.
func (e *enum) answered(f flight, v Version) error {
	if f.version == v {
		e.take(f.suite, v)
	}
	if f.dhBits > 0 && (e.report.DHBits == 0 || f.dhBits < e.report.DHBits) {
		e.report.DHBits = f.dhBits
	}
	if e.report.Chain == nil && len(f.certificates) > 0 {
		c, err := judge(f.certificates, f.sent, e.Roots, e.Now, e.Names)
		if err != nil {
			e.report.NoChain = wire.Why(err)
			return nil
		}
		e.report.Chain, e.report.NoChain = c, ""
	}
	return nil
}

// take notes a suite that was agreed on.
func (e *enum) take(s Suite, v Version) {
	if s == 0 || e.found[s] {
		return
	}
	e.found[s] = true
	e.report.Suites = append(e.report.Suites, Accepted{Suite: s, Version: v, Weak: s.Weak(), Name: s.Name()})
}

// suites looks for the suites that the server accepts: the weak ones first, in
// every version, then the others in the newest of each kind.
func (e *enum) suites(ctx context.Context) {
	vs := e.report.Versions
	for _, v := range slices.Backward(vs) {
		if v == TLS13 {
			continue // its weak suites are asked for with the few others it has
		}
		if !e.drain(ctx, v, func(s Suite) bool { return s.Weak() != "" }) {
			return
		}
	}
	older := slices.DeleteFunc(slices.Clone(vs), func(v Version) bool { return v == TLS13 })
	if slices.Contains(vs, TLS13) && !e.drain(ctx, TLS13, func(s Suite) bool { return !e.Brief || s.Weak() != "" }) {
		return
	}
	if !e.Brief && len(older) > 0 {
		e.drain(ctx, older[len(older)-1], func(s Suite) bool { return s.Weak() == "" })
	}
}

// drain offers what is left of a list until the server refuses it. It reports
// whether it came to the end.
func (e *enum) drain(ctx context.Context, v Version, keep func(Suite) bool) bool {
	for queue := offers(v, func(s Suite) bool { return keep(s) && !e.found[s] }); len(queue) > 0; {
		o := queue[0]
		queue = queue[1:]
		o.suites = slices.DeleteFunc(slices.Clone(o.suites), func(s Suite) bool { return e.found[s] })
		for len(o.suites) > 0 {
			want := untilHello
			if e.report.DHBits == 0 && slices.ContainsFunc(o.suites, Suite.ephemeral) {
				want = untilDone
			}
			f, err := e.again(ctx, o, want)
			if err != nil {
				e.report.Incomplete = wire.Why(err)
				return false
			}
			if f.version != v {
				if f.vague() {
					queue = append(o.parts(), queue...)
				}
				break
			}
			_ = e.answered(f, v)
			o.suites = without(o.suites, f.suite)
		}
	}
	return true
}

// again asks, and once more where it was silent: a busy server may be late, and
// that must not look like a version it does not speak.
func (e *enum) again(ctx context.Context, o offer, want until) (flight, error) {
	f, err := e.say(ctx, o, want)
	if err != nil && wire.TimedOut(err) && ctx.Err() == nil {
		f, err = e.say(ctx, o, want)
	}
	return f, err
}

// say sends one hello and reads the answer. A refusal is an answer without a
// version, not an error.
func (e *enum) say(ctx context.Context, o offer, want until) (flight, error) {
	c, err := e.open(ctx)
	if err != nil {
		return flight{}, err
	}
	defer c.Close()
	if _, err := c.Write(newHello(o, e.name).bytes()); err != nil {
		if wire.Hung(err) {
			return flight{fatal: -1, hung: true}, nil
		}
		return flight{}, err
	}
	f, err := readFlight(c, want)
	switch {
	case f.plain != "" || err != nil && f.version == 0 && f.fatal < 0 && !e.spoke && isLie(err):
		return f, &Plain{f.plain}
	case f.version != 0:
		e.spoke = true
		if err := lies(f, o); err != nil {
			return f, err
		}
		if err != nil && isLie(err) && len(f.certificates) == 0 && e.report.Chain == nil {
			e.report.NoChain = wire.Why(err)
		}
		return f, nil
	case f.fatal >= 0:
		e.spoke = true
		e.alert = strings.TrimPrefix(tls.AlertError(f.fatal).Error(), "tls: ")
		return f, nil
	case err != nil && ended(err) && ctx.Err() == nil:
		f.hung = true // many refuse by that
		return f, nil
	}
	return f, err
}

func isLie(err error) bool {
	var l errLies
	return errors.As(err, &l)
}

// lies reports an answer that no server that means it gives: whoever chooses
// what was not offered would lead us on without end.
func lies(f flight, o offer) error {
	switch {
	case f.version > o.version:
		return errLies(fmt.Sprintf("it chose %s, which it was not offered", display(f.version)))
	case f.version == o.version && !slices.Contains(o.suites, f.suite):
		return errLies("it chose " + f.suite.Name() + ", which it was not offered")
	}
	return nil
}

// finish puts the report in order.
func (e *enum) finish() {
	slices.SortFunc(e.report.Suites, func(a, b Accepted) int {
		if a.Version != b.Version {
			return int(b.Version) - int(a.Version)
		}
		return strings.Compare(a.Name, b.Name)
	})
	if e.report.Chain == nil && e.report.NoChain == "" {
		e.report.NoChain = "it showed no certificate"
	}
}
