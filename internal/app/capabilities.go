package app

import (
	"slices"
	"strings"
	"sync"

	"github.com/asepsis/asepsis/content/devices"
	"github.com/asepsis/asepsis/internal/vuln/device"
	"github.com/asepsis/asepsis/internal/web/api"
)

// capabilityTable is what may be lacking, and what holds then; read when the first model
// is shown.
var capabilityTable = sync.OnceValues(func() (*device.Capabilities, error) { return device.LoadCapabilities(devices.FS) })

// compensations says what has to hold in place of each capability that a model lacks.
// open are those that its maker's disclosure leaves open.
func compensations(lacks, open []string) []api.Compensation {
	t, err := capabilityTable()
	if err != nil {
		return nil // our own content; its test holds it
	}
	out := make([]api.Compensation, 0, len(lacks))
	for _, id := range lacks {
		k, ok := t.Find(id)
		if !ok {
			out = append(out, api.Compensation{Lacks: id, Do: "ask the maker what has to hold in its place"})
			continue
		}
		do := make([]string, 0, len(k.Compensate))
		for _, m := range k.Compensate {
			do = append(do, m.Do+" ("+t.Control(m.Control)+"; "+cited(m.Sources)+")")
		}
		out = append(out, api.Compensation{Lacks: k.Name + " (" + k.Cites() + ")", Do: strings.Join(do, " ")})
	}
	var names []string
	for _, id := range open {
		if slices.Contains(lacks, id) {
			continue
		}
		if k, ok := t.Find(id); ok {
			id = k.Name
		}
		names = append(names, id)
	}
	if len(names) > 0 {
		out = append(out, api.Compensation{Lacks: "an answer of the maker", Do: "ask the maker about " + strings.Join(names, ", ") + "; until it answers, act as if each were lacking"})
	}
	return out
}

// cited names sources shortly: HICP 9.M.D.
func cited(list []device.Source) string {
	out := make([]string, 0, len(list))
	for _, s := range list {
		title := strings.Replace(s.Title, "2023, Technical Volume 2, ", "", 1)
		if section, ok := strings.CutPrefix(title, "HICP "); ok {
			number, _, _ := strings.Cut(section, " ")
			title = "HICP " + number
		}
		out = append(out, title)
	}
	return strings.Join(out, ", ")
}

// unanswered gathers what the disclosures of a model's units leave open.
func (v *view) unanswered(m *api.DeviceModel) []string {
	of := make(map[string]bool, len(m.Units))
	for i := range m.Units {
		of[m.Units[i].Asset.ID] = true
	}
	var out []string
	for _, r := range v.inUse() {
		if open, ok := r.Get("mds2_unanswered").([]string); ok && of[r.ID] {
			for _, id := range open {
				if !slices.Contains(out, id) {
					out = append(out, id)
				}
			}
		}
	}
	return out
}
