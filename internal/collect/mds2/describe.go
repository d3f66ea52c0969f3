package mds2

import (
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/lazy"
)

// Names of what a form says of the device itself.
const (
	theMaker   = "maker"
	theModel   = "model"
	theVersion = "version"
	theDate    = "date"
	other      = "other" // a label whose value is of no use here
)

// fieldOf says what a label stands for, or "".
func fieldOf(label string) string {
	switch strings.ToLower(strings.Trim(label, " :.*")) {
	case "manufacturer", "manufacturer name", "name of manufacturer", "maker":
		return theMaker
	case "device model", "device model(s)", "device models", "model", "model(s)", "model name", "product model":
		return theModel
	case "software revision", "software version", "software release", "firmware version", "device version", "version":
		return theVersion
	case "document release date", "release date", "date of release", "document date":
		return theDate
	case "device category", "device description", "document id", "document number", "software release date", "manufacturer contact information", "company name", "representative name/position",
		"intended use of device in network-connected environment", "manufacturer or representative contact information", "contact information":
		return other
	}
	return ""
}

// take keeps a value of the device, the first that is stated.
func (f *form) take(field, value string) {
	value = strings.Trim(reports.Shorten(value, 500), " \"")
	if value == "" || fieldOf(value) != "" {
		return
	}
	switch field {
	case theMaker:
		if f.maker == "" {
			f.maker = reports.Shorten(value, 200)
		}
	case theModel:
		if len(f.models) == 0 {
			f.models = modelsOf(value)
		}
	case theVersion:
		if f.version == "" && !isNone(value) {
			f.version = reports.Shorten(value, 100)
		}
	case theDate:
		if t, err := date(value); err == nil && f.at.IsZero() {
			f.at = t
		}
	}
}

func isNone(s string) bool {
	return slices.Contains([]string{"n/a", "na", "none", "-", "see notes", "see note"}, strings.ToLower(s))
}

// document takes the value of a DOC question of the edition of 2019.
func (f *form) document(id, rest string, cells []string) {
	field := map[string]string{"DOC-1": theMaker, "DOC-3": theModel, "DOC-7": theDate}[id]
	if field == "" {
		return
	}
	// The first cell that says something is the label, unless it stands in the cell of the
	// identifier: "DOC-1:Manufacturer Name:Maker".
	if rest != "" {
		if label, value, ok := strings.Cut(rest, ":"); ok && fieldOf(label) != "" && strings.TrimSpace(value) != "" {
			f.take(field, value)
			return
		}
	}
	for _, c := range cells {
		if c == "" || fieldOf(c) != "" {
			continue
		}
		if label, value, ok := strings.Cut(c, ":"); ok && fieldOf(label) != "" {
			c = value
		}
		f.take(field, c)
		if strings.TrimSpace(c) != "" {
			return
		}
	}
}

// describe takes what a row without a question says of the device: labels with their
// values beside them, or below in the next row.
func (f *form) describe(cells []string) {
	above := f.labels
	f.labels = nil
	labels := 0
	fields := make([]string, len(cells))
	for i, c := range cells {
		label := c
		if l, value, ok := strings.Cut(c, ":"); ok && strings.TrimSpace(value) != "" {
			if field := fieldOf(l); field != "" {
				f.take(field, value)
				labels++
			}
			continue
		}
		if fields[i] = fieldOf(label); fields[i] != "" {
			labels++
		}
	}
	if labels == 0 {
		for i, field := range above {
			if field != "" && i < len(cells) {
				f.take(field, cells[i])
			}
		}
		return
	}
	beside := false
	for i, field := range fields {
		if field == "" {
			continue
		}
		for _, c := range cells[i+1:] {
			if fieldOf(c) != "" {
				break
			}
			if c != "" {
				f.take(field, c)
				beside = true
				break
			}
		}
	}
	if !beside {
		f.labels = fields
	}
}

var modelBreak = lazy.Regexp(`[,;\n]| / | and `)

// modelsOf lists the models that a form names in one cell.
func modelsOf(s string) []string {
	s = strings.TrimSpace(reports.Shorten(s, 2000))
	for _, p := range [...]string{"Models:", "Model:", "models:", "model:"} {
		s = strings.TrimPrefix(s, p)
	}
	var out []string
	for _, m := range modelBreak().Split(s, -1) {
		m = strings.Trim(reports.Shorten(m, 120), " .:\"")
		if m != "" && !isNone(m) && !slices.Contains(out, m) && len(out) < maxModels {
			out = append(out, m)
		}
	}
	return out
}

const maxModels = 100
