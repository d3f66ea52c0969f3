package policy

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/errs"
)

func TestRunTests(t *testing.T) {
	c := catalog(t)
	src := source(map[string]string{"mfa.yaml": goodCheck, "mfa.test.yaml": `
- check: mfa-fresh
  name: one of each
  now: 2026-11-25
  resources:
    - {id: a, values: {enabled: true, privileged: true, type: person, mfa_phishing_resistant: true}}
    - {id: b, values: {enabled: true, privileged: true, type: person, mfa_phishing_resistant: false, mfa_methods: [sms]}}
    - {id: c, values: {enabled: false}}
    - {id: d, values: {enabled: true, privileged: true, type: person, mfa_methods: []}, missing: {mfa_phishing_resistant: needs a premium license}}
    - {id: e, observed_at: 2026-01-01T00:00:00Z, values: {enabled: true, privileged: true, type: person, mfa_phishing_resistant: true}}
  want: {a: pass, b: fail, c: not_applicable, d: not_measured, e: not_measured}
  state: partly_met
  coverage: [2, 4]
- check: mfa-fresh
  now: 2026-11-25T12:00:00Z
  params: {max_days: 10, min_coverage: 0.5}
  resources:
    - id: a
      values: {enabled: true, privileged: true, type: person, mfa_phishing_resistant: false, mfa_methods: [], last_login_at: 2026-11-10}
    - id: b
      values: {enabled: true, privileged: true, type: person, mfa_phishing_resistant: false, mfa_methods: [], last_login_at: 2026-11-20}
  want:
    a: pass
    b: pass
  state: met
  coverage: [2, 3]
`})
	out, err := RunTests(c, src)
	if err != nil {
		t.Fatal(err)
	}
	if len(out) != 2 || len(out[0].Failures) != 0 || len(out[0].Verdicts) != 4 {
		t.Fatalf("got %+v", out)
	}
	var lines []string
	for _, f := range out[1].Failures {
		lines = append(lines, f.Error())
	}
	want := []string{
		"content/checks/mfa.test.yaml:24: b: got fail, want pass",
		"content/checks/mfa.test.yaml:25: state: got partly_met, want met",
		"content/checks/mfa.test.yaml:26: coverage: got 2 of 2, want 2 of 3",
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("failures (-want +got):\n%s", diff)
	}
}

func TestRunTestsFaults(t *testing.T) {
	text := `
- check: mfa-fesh                         #! 10 did you mean "mfa-fresh"?
  now: 2026-11-25
  resources: []
  want: {}
- check: mfa-fresh                        #! 3 want is missing
  now: yesterday                          #! 8 is not a date
  resources: []
- check: mfa-fresh
  now: 2026-11-25
  params: {max_dys: 3}                    #! 12 did you mean max_days?
  resources:
    - {id: a, values: {enabeld: true}}    #! 24 did you mean "enabled"?
    - {id: b, values: {enabled: 1}}       #! 33 enabled must be true or false
    - {id: c}
  want: {a: passed, b: pass, d: pass}     #! 13 did you mean "pass"? #! 30 "d" is not among the resources #! 3 say what is wanted of "a", too #! 3 say what is wanted of "c", too
`
	_, err := RunTests(catalog(t), source(map[string]string{"mfa.test.yaml": text}))
	if !errs.Is(err, errs.Invalid) {
		t.Fatalf("got %v, want an invalid file", err)
	}
	f := AsFaults(err)
	for i := range f {
		f[i].File = "content/checks/mfa.yaml"
	}
	checkFaults(t, text, f)
}
