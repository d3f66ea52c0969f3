package report

import (
	"bytes"
	"encoding/csv"
	"io/fs"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/asepsis/asepsis/content"
	"github.com/asepsis/asepsis/internal/assess"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/goal"
	"github.com/asepsis/asepsis/internal/policy"
)

var now = time.Date(2026, 11, 25, 15, 4, 0, 0, time.UTC)

// hostile is what a table or a scanned banner may bring as a name.
const hostile = `=cmd|'/c calc'!A1 <script>alert("1")</script><img src=x onerror=alert(1)>`

func shipped(t *testing.T) assess.Rules {
	t.Helper()
	sub := func(dir string) fs.FS {
		f, err := fs.Sub(content.FS, dir)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	goals, err := goal.Parse(sub("goals"))
	if err != nil {
		t.Fatal(err)
	}
	checks, err := policy.Load(goals.IDs(), policy.Source{FS: sub("checks"), Name: "content/checks"})
	if err != nil {
		t.Fatal(err)
	}
	return assess.Rules{Version: "test", Goals: goals.Goals, Checks: checks}
}

func resource(kind fact.Kind, id, on string, vs fact.Values) *fact.Resource {
	return fact.Merge([]fact.Statement{{
		Kind: kind, ID: id, Asset: on, Values: vs,
		Origin: fact.Origin{Stream: "import/test", Title: "list of " + hostile, ObservedAt: now.Add(-time.Hour), Assurance: fact.Imported},
	}})
}

// hospital has one device with a hostile name and one vulnerability on it.
func hospital() fact.Set {
	origin := fact.Origin{Stream: "import/test", Title: "list of " + hostile, ObservedAt: now.Add(-time.Hour), Assurance: fact.Imported}
	return fact.Set{
		Resources: map[fact.Kind][]*fact.Resource{
			fact.KindAsset: {resource(fact.KindAsset, "as_1", "", fact.Values{
				"name": hostile, "class": "server", "internet_facing": true, "os_name": hostile, "os_support_ends_at": now.Add(-100 * 24 * time.Hour), "inventory_listed": true,
			})},
			fact.KindVulnerability: {resource(fact.KindVulnerability, "as_1/v", "as_1", fact.Values{
				"title": "Old hole", "severity": "critical", "status": "open", "first_seen_at": now.Add(-60 * 24 * time.Hour),
			})},
		},
		Notes: []fact.SourcedNote{{Note: fact.Note{What: hostile, Why: "of " + hostile}, Origin: origin}},
	}
}

func kept(t *testing.T, rules assess.Rules, set fact.Set, org assess.Organization) *assess.Kept {
	t.Helper()
	k := assess.Assess(rules, set, now, org)
	k.Assessment.ID = "an_test"
	return &k
}

func render(t *testing.T, in Input) string {
	t.Helper()
	var b bytes.Buffer
	if err := HTML(&b, in); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// parsePage reads the report and fails where a tag is not closed or an element runs
// or loads anything.
func parsePage(t *testing.T, text string) {
	t.Helper()
	void := map[string]bool{"meta": true, "br": true, "link": true, "img": true, "hr": true}
	var open []string
	ids := make(map[string]bool)
	var targets []string
	z := html.NewTokenizer(strings.NewReader(text))
	for {
		switch z.Next() {
		case html.ErrorToken:
			if len(open) > 0 {
				t.Errorf("never closed: %q", open)
			}
			for _, id := range targets {
				if !ids[id] {
					t.Errorf("a link leads to #%s, which is not there", id)
				}
			}
			return
		case html.StartTagToken:
			tok := z.Token()
			switch tok.Data {
			case "script", "iframe", "object", "embed", "img", "link", "form", "base":
				t.Errorf("the report holds <%s>", tok.Data)
			}
			for _, a := range tok.Attr {
				switch {
				case strings.HasPrefix(a.Key, "on"):
					t.Errorf("<%s> has %s", tok.Data, a.Key)
				case a.Key == "src", a.Key == "href" && !strings.HasPrefix(a.Val, "#"):
					t.Errorf("<%s> loads %q", tok.Data, a.Val)
				case a.Key == "href":
					targets = append(targets, a.Val[1:])
				case a.Key == "id":
					if ids[a.Val] {
						t.Errorf("id %q is there twice", a.Val)
					}
					ids[a.Val] = true
				}
			}
			if !void[tok.Data] {
				open = append(open, tok.Data)
			}
		case html.EndTagToken:
			name := z.Token().Data
			if len(open) == 0 || open[len(open)-1] != name {
				t.Fatalf("</%s> closes nothing; open are %q", name, open)
			}
			open = open[:len(open)-1]
		case html.TextToken, html.SelfClosingTagToken, html.CommentToken, html.DoctypeToken:
		}
	}
}

func TestHTML(t *testing.T) {
	rules := shipped(t)
	full := kept(t, rules, hospital(), assess.Organization{ID: "tn_1", Name: hostile})
	empty := kept(t, rules, fact.Set{}, assess.Organization{ID: "tn_1", Name: "Prairie View"})
	score := 40.0
	trend := []assess.Point{{AsOf: now.Add(-90 * 24 * time.Hour), Level: assess.Unmeasured}, {AsOf: now, Level: assess.Partial, GoalsMeasured: 3, Score: &score}}
	for _, tt := range []struct {
		name   string
		in     Input
		has    []string
		hasNot []string
	}{
		{
			"hostile names are text",
			Input{Kept: full, Previous: empty, Trend: trend, Rules: rules, Made: now},
			[]string{"Partial", "we are here", "Old hole on =cmd", "&lt;script&gt;alert", "What changed", "Goals met over time", "25 November 2026"},
			[]string{"made-up", "onerror=alert(1)>"},
		},
		{
			"nothing known",
			Input{Kept: empty, Rules: rules, Made: now},
			[]string{"Nothing could be measured yet", "This is the first assessment", "0 of 10 essential goals"},
			[]string{"over those the score is", "score 0", "NaN"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := render(t, tt.in)
			parsePage(t, text)
			for _, s := range tt.has {
				if !strings.Contains(text, s) {
					t.Errorf("does not say %q", s)
				}
			}
			for _, s := range tt.hasNot {
				if strings.Contains(text, s) {
					t.Errorf("says %q", s)
				}
			}
			if n := strings.Count(text, `<section class="goal"`); n != 20 {
				t.Errorf("%d goals in the report, want 20", n)
			}
		})
	}
}

// A report of the demonstration says so at the top, and in every row of its table.
func TestDemonstrationIsMarked(t *testing.T) {
	k := kept(t, shipped(t), hospital(), assess.Organization{ID: "tn_1", Name: "Prairie View"})
	plain := render(t, Input{Kept: k, Rules: shipped(t), Made: now})
	k.Assessment.Demo = true
	marked := render(t, Input{Kept: k, Rules: shipped(t), Made: now})
	mark := regexp.MustCompile(`(?i)demonstration`)
	if mark.MatchString(plain) {
		t.Error("the report of a real hospital speaks of a demonstration")
	}
	body := marked[strings.Index(marked, "<body"):]
	if at := mark.FindStringIndex(body); at == nil || at[0] > 1000 {
		t.Errorf("the mark of the demonstration is not at the top: %v", at)
	}
	var b bytes.Buffer
	if err := CSV(&b, k); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows[1:] {
		if r[len(r)-1] != "true" {
			t.Fatalf("a row of the demonstration is not marked: %q", r)
		}
	}
}

func TestCSV(t *testing.T) {
	k := kept(t, shipped(t), hospital(), assess.Organization{ID: "tn_1", Name: "+Prairie"})
	var b bytes.Buffer
	if err := CSV(&b, k); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := make(map[string]int)
	for i, h := range rows[0] {
		column[h] = i
	}
	counts := make(map[string]map[policy.Verdict]int)
	for _, r := range rows[1:] {
		for i, c := range r {
			if c != "" && strings.ContainsRune("=+-@\t\r\n", rune(c[0])) {
				t.Errorf("a spreadsheet would run %q in column %q", c, rows[0][i])
			}
		}
		id := r[column["check"]]
		if counts[id] == nil {
			counts[id] = make(map[policy.Verdict]int)
		}
		counts[id][policy.Verdict(r[column["result"]])]++
		if id == "vulnerabilities-critical-in-time" {
			if got := r[column["asset"]]; got != "'"+hostile {
				t.Errorf("the vulnerability is said to be on %q", got)
			}
		}
		if id == "vulnerabilities-supported-systems" && r[column["asset"]] != "" {
			t.Errorf("an asset is said to be on %q", r[column["asset"]])
		}
	}
	for _, g := range k.Assessment.Goals {
		for _, c := range g.Checks {
			n := counts[c.ID]
			got := policy.Tally{Pass: n[policy.Pass], Fail: n[policy.Fail], NotApplicable: n[policy.NotApplicable], NotMeasured: n[policy.NotMeasured], Error: n[policy.Error]}
			if got != c.Tally {
				t.Errorf("%s: the table counts %+v, the assessment %+v", c.ID, got, c.Tally)
			}
		}
	}
}

// Whoever reads "met" must see that a limit was loosened to get there.
func TestOwnLimitsAreShown(t *testing.T) {
	rules := shipped(t)
	plain := kept(t, rules, hospital(), assess.Organization{ID: "tn_1", Name: "Prairie View"})
	if text := render(t, Input{Kept: plain, Rules: rules, Made: now}); strings.Contains(text, "set itself") || strings.Contains(text, "have changed since") {
		t.Error("a report by the defaults speaks of own limits")
	}
	own := rules
	var err error
	own.Params, err = policy.NewParameters(rules.Checks, []policy.Override{
		{Check: "training-yearly", Name: "max_days", Value: int64(9999)}, {Check: "training-yearly", Name: policy.SetMinCoverage, Value: 0.5},
	})
	if err != nil {
		t.Fatal(err)
	}
	set := kept(t, own, hospital(), assess.Organization{ID: "tn_1", Name: "Prairie View"})
	text := render(t, Input{Kept: set, Rules: own, Made: now})
	parsePage(t, text)
	for _, row := range []string{
		"<td>Everyone was trained within the last year</td><td>max days</td><td>9999</td><td>365</td>",
		"<td>min coverage</td><td>0.5</td><td>0.95</td>",
	} {
		if !strings.Contains(text, row) {
			t.Errorf("the report does not hold %s", row)
		}
	}
	if text := render(t, Input{Kept: set, Rules: rules, Made: now}); !strings.Contains(text, "have changed since this assessment") {
		t.Error("the report of an assessment by other limits does not say so")
	}
}
