package policy

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/fact"
)

// The oracle: three-valued logic as plainly as it can be written, over
// expressions built as trees. The engine must agree with it on every resource.

type truth int8

const (
	no truth = iota
	unsure
	yes
)

func of(b bool) truth {
	if b {
		return yes
	}
	return no
}

type expr struct {
	text string
	eval func(r *fact.Resource) truth
}

func not(a expr) expr {
	return expr{"!(" + a.text + ")", func(r *fact.Resource) truth { return yes - a.eval(r) }}
}

func and(a, b expr) expr {
	return expr{"(" + a.text + " && " + b.text + ")", func(r *fact.Resource) truth { return min(a.eval(r), b.eval(r)) }}
}

func or(a, b expr) expr {
	return expr{"(" + a.text + " || " + b.text + ")", func(r *fact.Resource) truth { return max(a.eval(r), b.eval(r)) }}
}

func cond(c, a, b expr) expr {
	return expr{"(" + c.text + " ? " + a.text + " : " + b.text + ")", func(r *fact.Resource) truth {
		switch c.eval(r) {
		case yes:
			return a.eval(r)
		case no:
			return b.eval(r)
		}
		return unsure
	}}
}

func equal(a, b expr) expr {
	return expr{"((" + a.text + ") == (" + b.text + "))", func(r *fact.Resource) truth {
		x, y := a.eval(r), b.eval(r)
		if x == unsure || y == unsure {
			return unsure
		}
		return of(x == y)
	}}
}

var (
	testNow   = time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)
	staleTime = testNow.Add(-31 * 24 * time.Hour)
)

// oracleValue returns an attribute where it has a fresh value.
func oracleValue(r *fact.Resource, name string) (any, bool) {
	v, ok := r.Values[name]
	return v.V, ok && !v.Origin.ObservedAt.Before(testNow.Add(-30*24*time.Hour))
}

func atom(text, attr string, f func(v any) bool) expr {
	return expr{text, func(r *fact.Resource) truth {
		v, ok := oracleValue(r, attr)
		if !ok {
			return unsure
		}
		return of(f(v))
	}}
}

func hasAtom(attr string) expr {
	return expr{"has(account." + attr + ")", func(r *fact.Resource) truth {
		if _, ok := oracleValue(r, attr); ok {
			return yes
		}
		if _, stale := r.Values[attr]; stale {
			return unsure
		}
		if _, tried := r.Missing[attr]; tried {
			return unsure
		}
		return no
	}}
}

// loop is exists or all over the list of second factors, with a condition on
// the element joined by one that does not depend on it.
func loop(all bool, elem string, other expr) expr {
	name, op := "exists", "&&"
	if all {
		name, op = "all", "||"
	}
	text := fmt.Sprintf("account.mfa_methods.%s(m, m == %q %s %s)", name, elem, op, other.text)
	return expr{text, func(r *fact.Resource) truth {
		v, ok := oracleValue(r, "mfa_methods")
		if !ok {
			return unsure
		}
		out := of(all)
		for _, m := range v.([]string) {
			if all {
				out = min(out, max(of(m == elem), other.eval(r)))
			} else {
				out = max(out, min(of(m == elem), other.eval(r)))
			}
		}
		return out
	}}
}

func atoms() []expr {
	isTrue := func(v any) bool { return v == true }
	es := []expr{
		{"true", func(*fact.Resource) truth { return yes }},
		{"false", func(*fact.Resource) truth { return no }},
		atom("account.enabled", "enabled", isTrue),
		atom("account.privileged", "privileged", isTrue),
		atom("account.sudo", "sudo", isTrue),
		atom(`account.type == "person"`, "type", func(v any) bool { return v == "person" }),
		atom(`account.type in ["service", "shared"]`, "type", func(v any) bool { return v == "service" || v == "shared" }),
		atom(`"sms" in account.mfa_methods`, "mfa_methods", func(v any) bool { return slices.Contains(v.([]string), "sms") }),
		atom(`size(account.mfa_methods) > 0`, "mfa_methods", func(v any) bool { return len(v.([]string)) > 0 }),
		atom("account.hours_to_disable <= 24", "hours_to_disable", func(v any) bool { return v.(int64) <= 24 }),
		atom("age(account.last_login_at) > days(90)", "last_login_at", func(v any) bool { return testNow.Sub(v.(time.Time)) > 90*24*time.Hour }),
		atom("account.last_login_at < now - hours(12)", "last_login_at", func(v any) bool { return v.(time.Time).Before(testNow.Add(-12 * time.Hour)) }),
	}
	for _, a := range []string{"enabled", "type", "mfa_methods", "last_login_at"} {
		es = append(es, hasAtom(a))
	}
	return es
}

// states are the ways an attribute can stand: its values, nobody spoke of it,
// a source could not read it, or it is stale.
func states(values ...any) []func(r *fact.Resource, name string) {
	out := []func(r *fact.Resource, name string){
		func(*fact.Resource, string) {},
		func(r *fact.Resource, name string) { r.Missing[name] = fact.Gap{Why: "needs root"} },
	}
	for _, v := range values {
		out = append(out,
			func(r *fact.Resource, name string) {
				r.Values[name] = fact.Value{V: v, Origin: fact.Origin{ObservedAt: testNow}}
			},
			func(r *fact.Resource, name string) {
				r.Values[name] = fact.Value{V: v, Origin: fact.Origin{ObservedAt: staleTime}}
			})
	}
	return out
}

var attrStates = map[string][]func(r *fact.Resource, name string){
	"enabled": states(true, false), "privileged": states(true, false), "sudo": states(true, false),
	"type": states("person", "service"), "mfa_methods": states([]string{}, []string{"sms"}, []string{"totp", "sms"}, []string{"fido2", "totp"}),
	"hours_to_disable": states(int64(3), int64(100)), "last_login_at": states(testNow.Add(-time.Hour), testNow.Add(-100*24*time.Hour)),
}

func blank(id int) *fact.Resource {
	return &fact.Resource{Kind: fact.KindAccount, ID: fmt.Sprintf("r%05d", id), Values: map[string]fact.Value{}, Missing: map[string]fact.Gap{}}
}

func randomResources(rng *rand.Rand, n int) []*fact.Resource {
	rs := make([]*fact.Resource, n)
	for i := range rs {
		rs[i] = blank(i)
		for _, name := range []string{"enabled", "privileged", "sudo", "type", "mfa_methods", "hours_to_disable", "last_login_at"} {
			ss := attrStates[name]
			ss[rng.IntN(len(ss))](rs[i], name)
		}
	}
	return rs
}

// agree loads the expressions as checks and compares every verdict.
func agree(t *testing.T, es []expr, rs []*fact.Resource) {
	t.Helper()
	var b strings.Builder
	b.WriteString("goal: mfa\nchecks:\n")
	for i, e := range es {
		fmt.Fprintf(&b, `  - {id: mfa-%d, title: t, resource: account, role: deciding, severity: low, pass: %q, expected: e, fresh_within: 30d, why: w, remediation: r}`+"\n", i, "has(account.owner) || "+e.text)
	}
	c, err := Load(goals, source(map[string]string{"mfa.yaml": b.String()}))
	if err != nil {
		t.Fatal(err)
	}
	want := map[truth]Verdict{yes: Pass, no: Fail, unsure: NotMeasured}
	for i, e := range es {
		k, _ := c.Check(fmt.Sprintf("mfa-%d", i))
		for j, res := range k.Evaluate(rs, k.Defaults(), testNow).Results {
			if w := want[e.eval(rs[j])]; res.Verdict != w {
				t.Errorf("%s\n on %v missing %v\n got %s (%s), want %s", e.text, rs[j].Values, rs[j].Missing, res.Verdict, res.Why, w)
				return
			}
			if res.Verdict == NotMeasured && res.Why == "" {
				t.Errorf("%s: not measured, and no reason", e.text)
				return
			}
		}
	}
}

// TestTruthTables goes through every pair of states of two attributes for
// every connective.
func TestTruthTables(t *testing.T) {
	a, b := atoms()[2], atoms()[3]
	var rs []*fact.Resource
	for _, x := range attrStates["enabled"] {
		for _, y := range attrStates["privileged"] {
			for _, z := range attrStates["sudo"] {
				r := blank(len(rs))
				x(r, "enabled")
				y(r, "privileged")
				z(r, "sudo")
				rs = append(rs, r)
			}
		}
	}
	c := atoms()[4]
	agree(t, []expr{
		a, not(a), and(a, b), or(a, b), and(a, not(a)), or(a, not(a)), equal(a, b), not(and(a, b)), not(or(not(a), b)),
		cond(a, b, c), cond(b, a, not(a)), cond(and(a, b), c, or(a, c)), and(or(a, b), c), or(and(a, b), c),
		hasAtom("enabled"), not(hasAtom("enabled")), and(hasAtom("enabled"), a), or(not(hasAtom("enabled")), a), cond(hasAtom("enabled"), a, b),
	}, rs)
}

func TestLoops(t *testing.T) {
	var rs []*fact.Resource
	for _, x := range attrStates["mfa_methods"] {
		for _, y := range attrStates["enabled"] {
			r := blank(len(rs))
			x(r, "mfa_methods")
			y(r, "enabled")
			rs = append(rs, r)
		}
	}
	var es []expr
	for _, all := range []bool{true, false} {
		for _, elem := range []string{"sms", "totp", "none"} {
			for _, other := range []expr{atoms()[0], atoms()[1], atoms()[2], not(atoms()[2]), hasAtom("enabled")} {
				es = append(es, loop(all, elem, other), not(loop(all, elem, other)))
			}
		}
	}
	agree(t, es, rs)
}

// TestRandomConditions builds conditions at random and compares them on
// random resources.
func TestRandomConditions(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	as := atoms()
	var build func(depth int) expr
	build = func(depth int) expr {
		if depth == 0 || rng.IntN(6) == 0 {
			return as[rng.IntN(len(as))]
		}
		switch rng.IntN(7) {
		case 0:
			return not(build(depth - 1))
		case 1, 2:
			return and(build(depth-1), build(depth-1))
		case 3, 4:
			return or(build(depth-1), build(depth-1))
		case 5:
			return cond(build(depth-1), build(depth-1), build(depth-1))
		}
		return loop(rng.IntN(2) == 0, []string{"sms", "totp", "none"}[rng.IntN(3)], build(depth-1))
	}
	es := make([]expr, 0, 400)
	for range cap(es) {
		es = append(es, build(1+rng.IntN(4)))
	}
	agree(t, es, randomResources(rng, 200))
}
