package policy

import (
	"fmt"
	"slices"
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
      max_days: {type: int, default: 365, units: days, doc: "…", citation: "HICP TV2 3.M.D", tighter: lower}
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
	c, err := Load(goals, source(map[string]string{"mfa.yaml": goodCheck, "mfa.test.yaml": "not: read"}))
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

// TestLoadFaults loads broken files. Every line that has a fault says so after
// a "#!" with the column of the fault and a part of its message.
func TestLoadFaults(t *testing.T) {
	for name, text := range map[string]string{
		"everything wrong at once": `
goal: mfa
owner: us                                  #! 1 key "owner" is not known; use goal or checks
checks:
  - id: Admins_Use_MFA                     #! 9 must be lower-case words
    title: ""                              #! 12 title is empty
    resource: acount                       #! 15 resource "acount" is not known; did you mean "account"?
    role: decides                          #! 11 role "decides" is not known; use deciding or supporting
    severity: criticl                      #! 15 did you mean "critical"?
    pass: account.enabled
    expected: {a: b}                       #! 15 expected must be text, not keys with values
    fresh_within: 3 weeks                  #! 19 write days or hours
    min_coverage: 95                       #! 19 min_coverage is a share
    pass_share: most                       #! 17 must be a number, not text
    needs: acounts                         #! 12 did you mean "accounts"?
    why: w
    remediation: r
    hicp: [3.M.D, 3-M]                     #! 19 "3-M" is not a HICP sub-practice
    threats: ransomware                    #! 14 threats must be a list, not text
`,
		"missing keys": `
goal: mfa
checks:
  - id: mfa-x                              #! 5 title is missing #! 5 pass is missing #! 5 remediation is missing #! 5 why is missing
    resource: account
    role: deciding
    severity: low
    expected: e
`,
		"conditions": `
goal: mfa
checks:
  - id: mfa-1
    title: t
    resource: account
    role: deciding
    severity: low
    applies: account.enabeld && person.active          #! 21 account has no attribute "enabeld"; did you mean account.enabled? #! 33 kind account, so person is not in reach
    pass: 'account.type == "person" && acount.enabled' #! 40 "acount" is not known; a condition can use account, now or param; did you mean account?
    expected: e
    why: w
    remediation: r
  - id: mfa-2
    title: t
    resource: account
    role: deciding
    severity: low
    pass: |
      account.enabled &&

        // comments are part of CEL
        account.last_login_at > 3          //#! 31 > does not go with timestamp and int
    expected: e
    why: w
    remediation: r
  - id: mfa-3
    title: t
    resource: account
    role: deciding
    severity: low
    pass: >-
      account.enabled
      && ages(account.last_login_at)       //#! 14 "ages" is not known; did you mean age?
      < days(30)
    expected: e
    why: w
    remediation: r
  - id: mfa-4
    title: t
    resource: account
    role: deciding
    severity: low
    pass: account.enabled
      && account.privileged && account.mfa_methods.exists(m,
      m.startsWith(3))                     #! 19 startsWith does not go with string and int
    expected: e
    why: w
    remediation: r
  - {id: mfa-5, title: t, resource: account, role: deciding, severity: low, pass: account.name, expected: e, why: w, remediation: r} #! 83 must be true or false, but is a string
  - {id: mfa-6, title: t, resource: account, role: deciding, severity: low, pass: account == account, expected: e, why: w, remediation: r} #! 83 ask for one of its attributes #! 94 ask for one of its attributes
  - {id: mfa-7, title: t, resource: account, role: deciding, severity: low, pass: "true", expected: e, why: w, remediation: r} #! 83 reads no attribute
  - {id: mfa-8, title: t, resource: account, role: deciding, severity: low, pass: account.enabled && (, expected: e, why: w, remediation: r} #! 103 something is missing at the end
  - {id: mfa-9, title: t, resource: account, role: deciding, severity: low, pass: "has(account.enabled.x)", expected: e, why: w, remediation: r} #! 103 has() asks for an attribute
  - {id: mfa-10, title: t, resource: account, role: deciding, severity: low, pass: has(account.enabed), expected: e, why: w, remediation: r} #! 87 did you mean account.enabled?
  - {id: mfa-11, title: t, resource: account, role: deciding, severity: low, pass: "account.groups.exists(now, now == 'x')", expected: e, why: w, remediation: r} #! 106 names something else already
  - {id: mfa-12, title: t, resource: account, role: deciding, severity: low, pass: "account.name.matches('(')", expected: e, why: w, remediation: r} #! 106 pass:
  - {id: mfa-13, title: t, resource: account, role: deciding, severity: low, pass: "dyn(account).enabled", expected: e, why: w, remediation: r} #! 89 ask for one of its attributes
  - {id: mfa-14, title: t, resource: account, role: deciding, severity: low, pass: "account.enabled && enabled", expected: e, why: w, remediation: r} #! 104 did you mean account.enabled?
`,
		"beyond ASCII": `
goal: mfa
checks:
  - {id: mfa-1, title: Zoë’s, resource: account, role: deciding, severity: low, pass: "account.name == 'Zoë’s' && account.enabeld", expected: e, why: w, remediation: r} #! 122 did you mean account.enabled?
  - id: mfa-2
    title: t
    resource: account
    role: deciding
    severity: low
    pass: >
      account.name == 'Zoë’s'
      && account.name != 'Zoë’s' && account.enabeld    //#! 44 did you mean account.enabled?
    expected: e
    why: w
    remediation: r
`,
		"parameters": `
goal: mfa
checks:
  - id: mfa-1
    title: t
    resource: account
    role: deciding
    severity: low
    pass: age(account.last_login_at) < days(param.max_day) || param == 3   #! 50 the check has no parameter "max_day"; it has cover, max_days or methods; did you mean param.max_days? #! 63 ask for one, as in param.max_days
    expected: within {max_dys} days                                       #! 15 {max_dys} is not a parameter of the check; did you mean max_days?
    params:
      max_days: {type: int, default: soon, doc: d}                        #! 38 default of max_days must be a whole number, not text
      Methods: {type: list(string), default: [a], doc: d}                 #! 7 must be lower-case words
      methods: {type: list, default: [a], doc: d}                         #! 23 type "list" is not known
      cover: {type: double, default: 1, doc: d, tighter: up}              #! 58 tighter "up" is not known
      min_coverage: {type: double, default: 1, doc: d}                    #! 7 is a setting of every check already
    why: w
    remediation: r
`,
		"the same twice": `
goal: mfa
checks:
  - {id: mfa-1, title: t, resource: account, role: deciding, severity: low, pass: account.enabled, expected: e, why: w, remediation: r}
  - {id: mfa-1, title: t, resource: account, role: deciding, severity: low, pass: account.enabled, expected: e, why: w, remediation: r} #! 1 check "mfa-1" is defined already, content/checks/mfa.yaml:4
  - {id: mfa-2, title: t, title: u, resource: account, role: deciding, severity: low, pass: account.enabled, expected: e, why: w, remediation: r} #! 27 "title" is set twice
`,
		"never read": `
goal: mfa
checks:
  - id: mfa-1
    title: t
    resource: account
    role: deciding
    severity: low
    pass: account.enabled
    observe: [mfa_enabeld]                                                #! 15 did you mean "mfa_enabled"?
    expected: e
    params: {max_days: {type: int, default: 3, doc: d}}                   #! 5 parameter max_days is never read
    why: w
    remediation: r
`,
		"anchors": `
goal: &g mfa                                                              #! 7 anchors and aliases are not used here
checks: []
`,
		"another goal": `
goal: basic-training                                                      #! 7 belong into basic-training.yaml
checks: []
`,
		"not YAML": `
goal: mfa
checks: [                                                                 #! 9
`,
		"no goal":         "\ngoal: mfaa                                  #! 7 did you mean \"mfa\"?\nchecks: []\n",
		"a list":          "- a #! 1 a check file must be keys with values, not a list\n",
		"two documents":   "goal: mfa\nchecks: []\n---\ngoal: mfa #! 1 a second document begins here\n",
		"nested too deep": strings.Repeat("[", 40) + strings.Repeat("]", 40) + " #! 25 nested too deeply\n",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load(goals, source(map[string]string{"mfa.yaml": text}))
			if !errs.Is(err, errs.Invalid) {
				t.Fatalf("got %v, want an invalid file", err)
			}
			checkFaults(t, text, AsFaults(err))
		})
	}
}

// checkFaults compares faults with those that the text's "#!" notes foretell.
func checkFaults(t *testing.T, text string, faults Faults) {
	t.Helper()
	left := slices.Clone(faults)
	for i, line := range strings.Split(text, "\n") {
		for _, note := range strings.Split(line, "#!")[1:] {
			col, want, _ := strings.Cut(strings.TrimSpace(note), " ")
			at := slices.IndexFunc(left, func(f Fault) bool {
				return f.Line == i+1 && fmt.Sprint(f.Column) == col && strings.Contains(f.Error(), want)
			})
			if at < 0 {
				t.Errorf("no fault at %d:%s says %q", i+1, col, want)
				continue
			}
			left = slices.Delete(left, at, at+1)
		}
	}
	for _, f := range left {
		t.Errorf("not foreseen: %v", f)
	}
}

// TestHostileSizes: files of the greatest size that are accepted at all, each
// made of what costs a YAML parser most.
func TestHostileSizes(t *testing.T) {
	fill := func(s string) string { return strings.Repeat(s, (250<<10)/len(s)) }
	var keys, deep strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&keys, "k%d: v\n", i)
	}
	for i := range 190 {
		fmt.Fprintf(&deep, "%sa:\n", strings.Repeat(" ", i))
	}
	for name, text := range map[string]string{
		"many keys": keys.String(), "one key many times": fill("a: b\n"), "JSON": "{" + fill("\"a\":b,\n") + "}", "open keys": fill("a:\n"),
		"question keys": fill("? a\n: b\n"), "documents": fill("---\na: b\n"), "a long list": fill("- a\n"), "lists of lists": fill("- - - a\n"),
		"anchors": fill("- &a b\n"), "a long flow list": "a: [" + fill("a,\n") + "]", "folded text": "a: >\n" + fill("  xx\n"), "comments": fill("# c\n"),
		"deep": deep.String(), "brackets": fill("{a\n}"), "one line": strings.Repeat("a", 200<<10), "too large": strings.Repeat("a: b\n", 100_000),
	} {
		start := time.Now()
		_, err := Load(goals, source(map[string]string{"mfa.yaml": text}))
		if !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: got %v, want an invalid file", name, err)
		}
		if took := time.Since(start); took > budget {
			t.Errorf("%s: it took %s to refuse", name, took)
		}
	}
}
