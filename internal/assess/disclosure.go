package assess

import (
	"slices"
	"sync"
	"time"

	"github.com/asepsis/asepsis/content/devices"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/vuln/device"
)

// makers are the names of makers, read when the first disclosure is joined.
var makers = sync.OnceValues(func() (*device.Aliases, error) { return device.LoadAliases(devices.FS) })

// disclosure is a maker's disclosure (MDS2) with what it states.
type disclosure struct {
	r      *fact.Resource
	models []string
	at     time.Time // the date it bears; zero where it bears none
}

// joinDisclosures states of each device what the maker's disclosure about its model
// says. A person's word that one is on file stays; of several disclosures the one for
// the device's own version counts, else the newest.
func joinDisclosures(s *fact.Set) {
	var papers []disclosure
	for _, d := range s.Resources[fact.KindDocument] {
		if models, ok := d.Get("models").([]string); ok && d.Text("type") == "mds2" && d.Text("manufacturer") != "" {
			papers = append(papers, disclosure{d, models, d.When("published_at")})
		}
	}
	if len(papers) == 0 {
		return
	}
	names, err := makers()
	if err != nil {
		return // our own content; a test of the package holds it
	}
	byModel := make(map[device.Named][]disclosure)
	for _, a := range s.Resources[fact.KindAsset] {
		of := device.Named{Manufacturer: a.Text("manufacturer"), Model: a.Text("model"), ModelNumber: a.Text("model_number")}
		if of.Manufacturer == "" || of.Model == "" && of.ModelNumber == "" {
			continue
		}
		about, known := byModel[of]
		if !known {
			for _, p := range papers {
				if slices.ContainsFunc(p.models, func(m string) bool {
					return names.Same(device.Named{Manufacturer: p.r.Text("manufacturer"), Model: m}, of)
				}) {
					about = append(about, p)
				}
			}
			byModel[of] = about
		}
		if len(about) > 0 {
			disclose(a, pick(about, a.Text("version")))
		}
	}
}

// pick chooses among disclosures about one model.
func pick(about []disclosure, version string) disclosure {
	best := about[0]
	for _, p := range about[1:] {
		own, had := version != "" && p.r.Text("version") == version, version != "" && best.r.Text("version") == version
		switch {
		case own != had:
			if own {
				best = p
			}
		case p.at.After(best.at), p.at.Equal(best.at) && p.r.ID < best.r.ID:
			best = p
		}
	}
	return best
}

// disclose states of a device what its disclosure says.
func disclose(a *fact.Resource, p disclosure) {
	o := from("derived from "+p.r.Text("title"), newest(p.r))
	put := func(name string, v any) {
		if _, stated := a.Values[name]; stated && name != "mds2" {
			return
		}
		set(a, name, v, o)
		delete(a.Missing, name)
	}
	put("mds2", true)
	if !p.at.IsZero() {
		put("mds2_at", p.at)
	}
	if lacks, ok := p.r.Get("lacks").([]string); ok {
		put("mds2_lacks", lacks)
	} else {
		missing(a, "mds2_lacks", "the maker's disclosure answers none of its questions with yes or no")
	}
	if open, ok := p.r.Get("unanswered").([]string); ok {
		put("mds2_unanswered", open)
	}
}
