package feed

import (
	"strings"
	"testing"

	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/vuln"
)

// TestStatementInside clears a component by what a product's maker says of it inside of
// the product, and nowhere else.
func TestStatementInside(t *testing.T) {
	vex := strings.Replace(vexOne, `"pkg:pypi/lamp@1.0"`, `{"@id":"pkg:oci/image","subcomponents":[{"@id":"pkg:pypi/lamp@1.0"}]},{"hashes":{"sha-256":"00"},"subcomponents":[{"@id":"pkg:pypi/lamp@1.0"}]}`, 1)
	b := build(t, write(t, map[string][]byte{"osv.jsonl": []byte(records(1600, "PyPI", "PYSEC", "GHSA") + osvLamp + "\n"), "vex.json": []byte(vex)}), nil, testNow())
	f, err := open(b.Data)
	if err != nil {
		t.Fatal(err)
	}
	lamp := fact.Component{PURL: "pkg:pypi/lamp@1.0", Ecosystem: "pypi", Name: "lamp", Version: "1.0"}
	for _, c := range []struct {
		within []string
		want   vuln.Verdict
	}{
		{nil, vuln.Affected},
		{[]string{"pkg:oci/other@1"}, vuln.Affected},
		{[]string{"pkg:oci/image@1"}, vuln.NotAffected},
	} {
		var a vuln.Answer
		f.DB.JudgeWithin(&lamp, c.within, &a)
		if a.Verdict != c.want {
			t.Errorf("inside of %v: %v (%s), want %v", c.within, a.Verdict, a.Reason.Say(), c.want)
		}
	}
}
