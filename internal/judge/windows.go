package judge

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/vuln"
	"github.com/asepsis/asepsis/internal/vuln/windows"
)

// windowsTable returns Microsoft's table of the feed, or nil where it has none.
func (e *feedEngine) windowsTable() *windows.Table {
	e.windowsOnce.Do(func() {
		section := e.db.Section(windows.Section)
		if section == nil {
			return
		}
		t, err := windows.Open(section)
		if err != nil {
			return
		}
		// Records of flaws name builds too; without Microsoft's table they are a few of many.
		if _, updates, _ := t.Size(); updates > 0 {
			e.windows = t
		}
	})
	return e.windows
}

// kbName names an update as people do. A service pack has a name of its own.
func kbName(kb string) string {
	if kb != "" && strings.Trim(kb, "0123456789") == "" {
		return "KB" + kb
	}
	return kb
}

// windowsHost is what an asset's Windows is judged by; false where another system
// runs on it.
func windowsHost(a *fact.Resource) (windows.Host, bool) {
	if a.Text("os_family") != "windows" && !strings.Contains(strings.ToLower(a.Text("os_name")), "windows") {
		return windows.Host{}, false
	}
	updates, known := a.Get("windows_updates").([]string)
	return windows.Host{
		Name: a.Text("os_name"), Version: a.Text("os_version"), Build: a.Text("os_build"), Arch: a.Text("os_arch"), Core: a.True("os_core"),
		Updates: updates, UpdatesKnown: known,
	}, true
}

func systemName(a *fact.Resource) string { return cmp.Or(a.Text("os_name"), "Windows") }

// System implements Engine: it says which of Microsoft's updates a machine
// lacks. Packages speak for other systems.
func (e *feedEngine) System(a *fact.Resource) Answer {
	host, ok := windowsHost(a)
	if !ok {
		return Answer{}
	}
	out := Answer{Spoke: true, About: "Windows"}
	t := e.windowsTable()
	if t == nil {
		out.Why = "the advisories in force do not hold Microsoft's table of updates; bring a feed that does"
		return out
	}
	ans := t.Judge(host)
	if ans.Why != "" {
		out.Why = strings.TrimSuffix(ans.Why, ".")
		return out
	}
	mends := make(map[string]string) // flaw → the update that mends it
	for _, u := range ans.Missing {
		for _, f := range u.Flaws {
			mends[f] = kbName(u.KB)
		}
	}
	undecided := 0
	name := systemName(a)
	for _, f := range ans.Flaws {
		switch f.Verdict {
		case vuln.NotAssessed:
			undecided++
		case vuln.Affected:
			m := Match{Flaw: f.ID, By: "windows", Reason: f.Why, Software: []Piece{{Name: name, Version: a.Text("os_build"), Fixed: mends[f.ID]}}}
			for _, kb := range f.KBs {
				m.Advisories = append(m.Advisories, kbName(kb))
			}
			if f.Doubt != "" {
				m.Likely, m.Reason = true, strings.TrimSuffix(f.Why, ".")+"; "+f.Doubt
			}
			if ans.MayBeNewer {
				m.Likely, m.Reason = true, "an installed update is newer than the table; what is missing may be in it"
			}
			out.Matches = append(out.Matches, m)
		}
	}
	switch {
	case undecided > 0:
		out.Why = fmt.Sprintf("of some flaws of %s nobody can say: the list of installed updates or the build is not known", name)
	case e.staleWindows != "":
		out.Why = e.staleWindows
	}
	return out
}
