package fingerprint

import "testing"

func TestRulesLoad(t *testing.T) {
	e := Default()
	t.Logf("%d rules, %d makers", e.Rules(), len(e.makers.list))
}
