package policy

import (
	"slices"
	"time"
)

// Names of the settings that belong to no check.
const (
	FeedStaleAfter        = "feed_stale_after"
	FeedWindowsStaleAfter = "feed_windows_stale_after"
	FeedSupportStaleAfter = "feed_support_stale_after"
	FeedDevicesStaleAfter = "feed_devices_stale_after"
)

// General is a setting of the whole installation, which belongs to no check.
type General struct {
	Name     string
	Type     ParamType // string for a window of days or hours
	Units    string
	Doc      string
	Citation string // where the default comes from
	Default  any
}

// Generals lists the settings that belong to no check.
func Generals() []General {
	window := func(name, def, doc, citation string) General {
		return General{Name: name, Type: ParamString, Units: "days or hours", Doc: doc, Citation: citation, Default: def}
	}
	return []General{
		{
			Name: SetCoverageFloor, Type: ParamDouble, Units: "share", Default: DefaultCoverageFloor,
			Doc: "Below this share measured, nothing counts as met in part.",
		},
		window(FeedStaleAfter, "7d", "Advisories older than this count as stale: what rests on them is not assessed.",
			"CISA BOD 23-01 has federal agencies look for flaws every 14 days; half of that leaves a week to carry a feed to a site without a network"),
		window(FeedDevicesStaleAfter, "7d", "Advisories about devices that are older than this count as stale.",
			"CISA publishes advisories about medical and industrial devices on two days of most weeks"),
		window(FeedWindowsStaleAfter, "31d", "A table of Microsoft's updates that is older than this counts as stale.",
			"Microsoft publishes its updates on the second Tuesday of each month"),
		window(FeedSupportStaleAfter, "90d", "Dates of support that are older than this count as stale.",
			"makers announce the end of support long before: Microsoft's lifecycle policy and those of Linux distributions give a year and more"),
	}
}

// general returns the setting of the name.
func general(name string) (General, bool) {
	all := Generals()
	i := slices.IndexFunc(all, func(g General) bool { return g.Name == name })
	if i < 0 {
		return General{}, false
	}
	return all[i], true
}

// GeneralDefault is the default of a setting that belongs to no check; nil where there
// is none of the name.
func GeneralDefault(name string) any {
	g, _ := general(name)
	return g.Default
}

// General returns what is in force for a setting that belongs to no check.
func (p *Parameters) General(name string) any {
	if p != nil {
		if o, ok := p.byKey[name]; ok {
			return o.Value
		}
	}
	return GeneralDefault(name)
}

// Window returns a setting that belongs to no check and is a window of time.
func (p *Parameters) Window(name string) time.Duration {
	text, _ := p.General(name).(string)
	return span(text)
}
