package mds2

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/asepsis/asepsis/content/devices"
	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/vuln/device"
)

// Templates names the templates: for makers' forms that came on paper or as PDF.
func Templates() []string {
	return []string{"mds2-2019.csv", "mds2-2019.xlsx", "mds2-2013.csv", "mds2-2013.xlsx"}
}

// WriteTemplate returns the template with the name: the questions by which a device is
// judged, in our own words, with room for the maker's answers. It returns an error of
// kind errs.NotFound if there is none.
func WriteTemplate(name string) ([]byte, error) {
	if !slices.Contains(Templates(), name) {
		return nil, errs.Hint(errs.New(errs.NotFound, "there is no template %.40q", name), "the templates are %s", strings.Join(Templates(), ", "))
	}
	table, err := device.LoadCapabilities(devices.FS)
	if err != nil {
		return nil, err
	}
	e := device.Edition(strings.TrimSuffix(strings.TrimPrefix(name, "mds2-"), path.Ext(name)))
	rows := templateRows(e, table)
	if path.Ext(name) == ".csv" {
		var b bytes.Buffer
		b.WriteString("\xEF\xBB\xBF") // without this mark Excel does not take it for UTF-8
		err := collect.WriteCSV(&b, rows[0], slices.Values(rows[1:]))
		return b.Bytes(), err
	}
	f := excelize.NewFile()
	defer func() { _ = f.Close() }() // nothing on disk to lose
	const sheet = "MDS2"
	if err := f.SetSheetName("Sheet1", sheet); err != nil {
		return nil, err
	}
	for i, row := range rows {
		for j, c := range row {
			// As text: Excel would make a date of 1-1.
			if err := f.SetCellStr(sheet, fmt.Sprintf("%c%d", 'A'+j, i+1), collect.SafeCell(c)); err != nil {
				return nil, err
			}
		}
	}
	for col, width := range map[string]float64{"A": 14, "B": 90, "C": 14, "D": 40} {
		if err := f.SetColWidth(sheet, col, col, width); err != nil {
			return nil, err
		}
	}
	out, err := f.WriteToBuffer()
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", name, err)
	}
	return out.Bytes(), nil
}

// templateRows are the rows of a template, its head first.
func templateRows(e device.Edition, table *device.Capabilities) [][]string {
	rows := [][]string{
		{"Question", "What it is about", "Answer: Yes, No, N/A or See Note", "Note"},
		{"", "MDS2, HN 1-" + string(e) + ": copy what the maker's form says beside each number. Leave empty what it leaves empty.", "", ""},
	}
	if e == device.Edition2019 {
		rows = append(rows, []string{"DOC-1", "Manufacturer Name", "", ""}, []string{"DOC-3", "Device Model", "", ""}, []string{"DOC-7", "Document Release Date", "", ""}, []string{"", "Software Version", "", ""})
	} else {
		for _, label := range []string{"Manufacturer", "Device Model", "Software Revision", "Document Release Date"} {
			rows = append(rows, []string{"", label, "", ""})
		}
	}
	asked := make(map[string]bool)
	add := func(id, about string) {
		if id != "" && !asked[id] {
			asked[id] = true
			rows = append(rows, []string{id, about, "", ""})
		}
	}
	for _, k := range table.All() {
		add(k.When[e], "Whether this matters for it: "+k.Name)
		for _, id := range append(slices.Clone(k.Questions[e]), k.Bad[e]...) {
			add(id, k.ID+": "+k.Means)
		}
	}
	return rows
}
