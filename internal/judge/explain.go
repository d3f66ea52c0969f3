package judge

import (
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/vuln"
	"github.com/asepsis/asepsis/internal/vuln/device"
	"github.com/asepsis/asepsis/internal/vuln/windows"
)

// AssetExplanation says how an asset itself was judged about a flaw, where no piece
// of software on it answers: its Windows, or its make, model and version.
type AssetExplanation struct {
	Explanation

	Software string // what was judged, in the asset's own words
	Version  string
	About    string // Windows, device
}

// Explain says how a piece of software stands to a flaw, and implements Engine.
func (e *feedEngine) Explain(flaw string, c *fact.Component) (Explanation, bool) {
	x, ok := e.db.Why(flaw, c)
	out := Explanation{Say: x.Say, Verdict: verdictWord(x.Verdict)}
	if len(x.Rules) > 0 {
		r := x.Rules[0]
		out.Advisory, out.Source, out.Range, out.Fixed = r.Advisory, r.Source, r.Range.String(), r.Fixed
	}
	if x.Reason != vuln.Stated {
		out.tooOld(e.stale[x.Ecosystem])
	}
	return out, ok
}

// tooOld takes back a "not affected" that rests on advisories too old to say so.
func (x *Explanation) tooOld(why string) {
	if why != "" && x.Verdict == verdictWord(vuln.NotAffected) {
		x.Verdict = verdictWord(vuln.NotAssessed)
		x.Say = strings.TrimSuffix(x.Say, ".") + "; but nobody can say so now: " + why
	}
}

func verdictWord(v vuln.Verdict) string { return strings.ReplaceAll(v.String(), " ", "_") }

// ExplainAsset implements Engine.
func (e *feedEngine) ExplainAsset(flaw string, a *fact.Resource) []AssetExplanation {
	return append(e.explainWindows(flaw, a), e.explainDevice(flaw, a)...)
}

func (e *feedEngine) explainWindows(flaw string, a *fact.Resource) []AssetExplanation {
	host, ok := windowsHost(a)
	t := e.windowsTable()
	if !ok || t == nil {
		return nil
	}
	x := AssetExplanation{Software: systemName(a), Version: a.Text("os_build"), About: "Windows"}
	x.Source = "Microsoft's table of updates"
	ans := t.Judge(host)
	if ans.Why != "" {
		// A flaw that is not Microsoft's says nothing of a machine that was not judged.
		if !slices.ContainsFunc(e.Advisories(flaw), func(adv Advisory) bool { return adv.Source == msrc }) {
			return nil
		}
		x.Verdict, x.Say = verdictWord(vuln.NotAssessed), ans.Why
		return []AssetExplanation{x}
	}
	i := slices.IndexFunc(ans.Flaws, func(f windows.Flaw) bool { return f.ID == flaw })
	if i < 0 {
		return nil
	}
	f := &ans.Flaws[i]
	x.Verdict, x.Say = verdictWord(f.Verdict), f.Why
	if f.Doubt != "" {
		x.Say = strings.TrimSuffix(f.Why, ".") + "; " + f.Doubt
	}
	var kbs []string
	for _, kb := range f.KBs {
		kbs = append(kbs, kbName(kb))
	}
	x.Advisory = strings.Join(kbs, ", ")
	if f.Verdict == vuln.Affected {
		for _, u := range ans.Missing {
			if slices.Contains(u.Flaws, flaw) {
				x.Fixed = kbName(u.KB)
			}
		}
	}
	x.tooOld(e.staleWindows)
	return []AssetExplanation{x}
}

// msrc is the source of Microsoft's table.
const msrc = "msrc"

func (e *feedEngine) explainDevice(flaw string, a *fact.Resource) []AssetExplanation {
	k, ok := deviceOf(a)
	ix := e.deviceIndex()
	if !ok || ix == nil {
		return nil
	}
	var out []AssetExplanation
	for _, m := range ix.Match(k.asset(), nil, e.feed.BuiltAt) {
		if !slices.Contains(m.Flaws, flaw) && !strings.EqualFold(m.Advisory, flaw) {
			continue
		}
		say := strings.Join(m.Reasons, "; ") + "."
		if m.Grade != device.Certain {
			say = m.Grade.String() + ": " + say
		}
		x := AssetExplanation{Software: strings.TrimSpace(k.maker + " " + k.model), Version: k.version, About: "device"}
		x.Explanation = Explanation{Verdict: verdictWord(m.Verdict), Advisory: m.Advisory, Source: m.Source, Range: strings.TrimSpace(m.Product + " " + m.Version), Say: say}
		x.tooOld(e.stale["devices"])
		out = append(out, x)
	}
	return out
}
