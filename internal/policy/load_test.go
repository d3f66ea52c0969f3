package policy

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/errs"
)

var goals = []string{"mfa", "basic-training", "strong-encryption", "asset-inventory"}

const goodCheck = `goal: mfa
checks:
  - id: mfa-fresh
    title: Administrators sign in with a factor that cannot be phished
    resource: account
    role: deciding
    severity: critical
    applies: account.enabled && account.privileged && account.type == "person"
    pass: >
      account.mfa_phishing_resistant
      || account.mfa_methods.exists(m, m in param.methods)
      || (has(account.last_login_at) && age(account.last_login_at) > days(param.max_days))
    expected: one of {methods}, or not used for {max_days} days
    observe: [display_name]
    fresh_within: 30d
    min_coverage: 0.9
    needs: accounts
    params:
      max_days: {type: int, default: 365, unit: days, doc: "…", citation: "HICP TV2 3.M.D", tighter: lower}
      methods: {type: list(string), default: [fido2, passkey], doc: "factors that count"}
    why: Phished passwords open hospitals.
    remediation: Hand out keys. Then turn passwords off.
    hicp: [3.M.D]
`

func source(files map[string]string) Source {
	m := fstest.MapFS{}
	for name, text := range files {
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return Source{FS: m, Name: "content/checks"}
}

func TestLoad(t *testing.T) {
	c, err := Load(goals, source(map[string]string{"mfa.yaml": strings.ReplaceAll(goodCheck, "unit: days", "units: days"), "mfa.test.yaml": "not: read"}))
	if err != nil {
		t.Fatal(err)
	}
	k, ok := c.Check("mfa-fresh")
	if !ok {
		t.Fatal("the check is not in the catalog")
	}
	if got, want := k.Reads(), []string{"enabled", "last_login_at", "mfa_methods", "mfa_phishing_resistant", "privileged", "type"}; !cmp.Equal(got, want) {
		t.Errorf("reads %v, want %v", got, want)
	}
	if k.FreshWithin != 30*24*time.Hour || k.MinCoverage != 0.9 || k.PassShare != 1 {
		t.Errorf("fresh %v, coverage %v, share %v", k.FreshWithin, k.MinCoverage, k.PassShare)
	}
	if got := k.Defaults().Expected; got != "one of fido2, passkey, or not used for 365 days" {
		t.Errorf("expected text is %q", got)
	}
}

func TestLoadFaults(t *testing.T) {
	_, err := Load(goals, source(map[string]string{"mfa.yaml": goodCheck}))
	if !errs.Is(err, errs.Invalid) {
		t.Fatalf("got %v, want an invalid file", err)
	}
	t.Log(err)
}
