package judge

import (
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/vuln"
	"github.com/asepsis/asepsis/internal/vuln/eol"
)

// TestStaleSupport says nothing of what is in support by a table that is too old, and still
// names what had ended.
func TestStaleSupport(t *testing.T) {
	now := time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
	file := vuln.NewBuilder(now)
	if _, err := vuln.NewCompiler().Finish(file); err != nil {
		t.Fatal(err)
	}
	if err := eol.Add(file, []advisory.Cycle{
		{Product: "debian", Title: "Debian", Category: "os", Cycle: "9", SupportEnds: now.AddDate(-4, 0, 0)},
		{Product: "debian", Title: "Debian", Category: "os", Cycle: "12", SupportEnds: now.AddDate(2, 0, 0)},
	}); err != nil {
		t.Fatal(err)
	}
	db, err := vuln.Open(file.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	system := func(version string) *fact.Resource {
		return &fact.Resource{Values: map[string]fact.Value{"os_name": {V: "Debian"}, "os_version": {V: version}}}
	}
	for _, c := range []struct {
		stale   map[string]string
		version string
		known   bool
	}{
		{nil, "9", true},
		{nil, "12", true},
		{map[string]string{"support": "it is too old"}, "9", true},
		{map[string]string{"support": "it is too old"}, "12", false},
		{map[string]string{"PyPI": "it is too old"}, "12", true},
	} {
		s, ok := NewEngine(db, Feed{}, c.stale).SystemSupport(system(c.version), now)
		if ok != c.known {
			t.Errorf("Debian %s with %v stale: known %v, %+v", c.version, c.stale, ok, s)
		}
	}
}
