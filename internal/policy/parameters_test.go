package policy

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/errs"
)

func catalog(t testing.TB) *Catalog {
	t.Helper()
	c, err := Load(goals, source(map[string]string{"mfa.yaml": goodCheck}))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestParameters(t *testing.T) {
	c := catalog(t)
	k, _ := c.Check("mfa-fresh")
	p, err := ParseParameters(c, "parameters.yaml", []byte(`
mfa-fresh.max_days: 90
coverage_floor: 0.5
mfa-fresh: {min_coverage: 1, fresh_within: 12h, methods: [fido2, "smart, card"]}
`))
	if err != nil {
		t.Fatal(err)
	}
	s := p.For(k)
	if s.MinCoverage != 1 || s.CoverageFloor != 0.5 || s.FreshWithin != 12*time.Hour || s.PassShare != 1 {
		t.Errorf("settings %+v", s)
	}
	if want := "one of fido2, smart, card, or not used for 90 days"; s.Expected != want {
		t.Errorf("expected text %q, want %q", s.Expected, want)
	}
	if d := k.Defaults(); d.Params["max_days"] != int64(365) || d.FreshWithin != 30*24*time.Hour {
		t.Errorf("the check's own defaults changed: %+v", d)
	}
	again, err := ParseParameters(c, "parameters.yaml", p.Encode())
	if err != nil {
		t.Fatalf("what Encode wrote is refused: %v\n%s", err, p.Encode())
	}
	if diff := cmp.Diff(p.Overrides(), again.Overrides()); diff != "" || p.Digest() != again.Digest() {
		t.Errorf("written and read again (-was +is):\n%s", diff)
	}
	less, err := p.With(c, Override{Check: "mfa-fresh", Name: "max_days"})
	if err != nil || less.For(k).Params["max_days"] != int64(365) || p.For(k).Params["max_days"] != int64(90) {
		t.Errorf("taking an override away: %v", err)
	}
	if _, err := p.With(c, Override{Check: "mfa-fres", Name: "max_days", Value: 3.0}); !errs.Is(err, errs.Invalid) {
		t.Errorf("an unknown check is %v, want invalid", err)
	}
	more, err := p.With(c, Override{Check: "mfa-fresh", Name: "max_days", Value: 30.0}) // as JSON has it
	if err != nil || more.For(k).Params["max_days"] != int64(30) {
		t.Errorf("a whole number from JSON: %v", err)
	}
	var none *Parameters
	if diff := cmp.Diff(k.Defaults().Params, none.For(k).Params); diff != "" || none.Digest() == p.Digest() {
		t.Errorf("no parameters at all: %s", diff)
	}
}

func TestParametersFaults(t *testing.T) {
	text := `
mfa-fresh.max_day: 90                     #! 1 mfa-fresh has no parameter "max_day"; did you mean max_days?
mfa-frseh.max_days: 90                    #! 1 there is no check "mfa-frseh"; did you mean mfa-fresh?
mfa-fresh.max_days: soon                  #! 21 mfa-fresh.max_days must be a whole number
mfa-fresh.min_coverage: 95                #! 25 must be a share
mfa-fresh.fresh_within: 30                #! 25 must be a window of days or hours
floor: 0.3                                #! 1 there is no check "floor"
mfa-fresh: 3                              #! 12 mfa-fresh must be keys with values
mfa-fresh.methods: [1]                    #! 21 must be text
coverage_floor: -1                        #! 17 must be a share
`
	_, err := ParseParameters(catalog(t), "parameters.yaml", []byte(text))
	if !errs.Is(err, errs.Invalid) {
		t.Fatalf("got %v, want an invalid file", err)
	}
	checkFaults(t, text, AsFaults(err))
	if p, err := ParseParameters(catalog(t), "parameters.yaml", []byte("# nothing yet\n")); err != nil || len(p.Overrides()) != 0 {
		t.Errorf("a file of comments sets nothing: %v", err)
	}
}
