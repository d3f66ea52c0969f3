package app

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/web/api"
)

// modelClasses are the classes of asset whose maker decides when they are
// mended: people look after them by model.
var modelClasses = []string{"medical_device", "network_device", "printer", "iot"}

// modelOf names the model of an asset, or "".
func modelOf(r *fact.Resource) string {
	maker, model := r.Text("manufacturer"), r.Text("model")
	if model == "" || !slices.Contains(modelClasses, r.Text("class")) {
		return ""
	}
	return slug(maker) + "~" + slug(model)
}

// slug makes a text fit an address: lower case, words joined by minus.
func slug(s string) string {
	var b strings.Builder
	dash := false
	for _, r := range strings.ToLower(s) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r > 0x7f:
			if dash && b.Len() > 0 {
				b.WriteByte('-')
			}
			b.WriteRune(r)
			dash = false
		default:
			dash = true
		}
	}
	return b.String()
}

// DeviceModels implements api.Inventory.
func (a inventory) DeviceModels(ctx context.Context, who access.Caller, q string) ([]api.DeviceModel, error) {
	v, err := a.view(ctx, who.Tenant())
	if err != nil {
		return nil, err
	}
	out := []api.DeviceModel{}
	words := strings.Fields(strings.ToLower(q))
	for _, m := range v.models().all {
		text := strings.ToLower(m.Manufacturer + " " + m.Model + " " + m.Term + " " + m.Class)
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) }) {
			m.Units, m.Said, m.Compensations = nil, nil, nil
			out = append(out, m)
		}
	}
	return out, nil
}

// DeviceModel implements api.Inventory.
func (a inventory) DeviceModel(ctx context.Context, who access.Caller, id string) (*api.DeviceModel, error) {
	v, err := a.view(ctx, who.Tenant())
	if err != nil {
		return nil, err
	}
	ms := v.models()
	at, ok := ms.byID[id]
	if !ok {
		return nil, errs.New(errs.NotFound, "no model %.80q", id)
	}
	m := ms.all[at]
	m.Compensations = compensations(m.Lacks, v.unanswered(&m))
	return &m, nil
}

// modelList is all models, and where each is.
type modelList struct {
	all  []api.DeviceModel
	byID map[string]int
}

// models groups the devices in use by their model. Those with the most urgent come
// first.
func (v *view) models() modelList {
	return v.byModel.must(func() modelList {
		out := modelList{all: v.groupModels(), byID: make(map[string]int)}
		for i := range out.all {
			out.byID[out.all[i].ID] = i
		}
		return out
	})
}

func (v *view) groupModels() []api.DeviceModel {
	byID := make(map[string]*api.DeviceModel)
	of := make(map[string]*api.DeviceModel) // asset → model
	for _, r := range v.inUse() {
		key := modelOf(r)
		if key == "" {
			continue
		}
		m := byID[key]
		if m == nil {
			m = &api.DeviceModel{
				ID: key, Manufacturer: r.Text("manufacturer"), Model: r.Text("model"), Class: r.Text("class"), Versions: []string{}, Lacks: []string{},
				Units: []api.ModelUnit{}, Said: []api.ModelAdvisory{},
			}
			byID[key] = m
		}
		of[r.ID] = m
		m.Assets++
		m.Term = cmp.Or(m.Term, r.Text("gmdn_term"))
		m.MDS2 = m.MDS2 || r.True("mds2")
		if lacks, ok := r.Get("mds2_lacks").([]string); ok {
			for _, l := range lacks {
				if !slices.Contains(m.Lacks, l) {
					m.Lacks = append(m.Lacks, l)
				}
			}
		}
		version := cmp.Or(r.Text("version"), r.Text("os_version"))
		if version != "" && !slices.Contains(m.Versions, version) {
			m.Versions = append(m.Versions, version)
		}
		if t := r.When("os_support_ends_at"); !t.IsZero() && (m.SupportEnds == nil || t.Before(*m.SupportEnds)) {
			m.SupportEnds = &t
		}
		m.Units = append(m.Units, api.ModelUnit{
			Asset: *v.refOf(fact.KindAsset, r.ID), Serial: r.Text("serial"), Version: version, Location: r.Text("location"), Owner: r.Text("owner"),
			Zone: r.Text("zone"), Criticality: r.Text("criticality"), UDI: r.Text("udi"),
		})
		v.saidOf(m, r.ID)
	}
	v.countModelFindings(of)
	out := make([]api.DeviceModel, 0, len(byID))
	for _, m := range byID {
		slices.SortFunc(m.Versions, natural)
		slices.Sort(m.Lacks)
		slices.SortFunc(m.Units, func(x, y api.ModelUnit) int { return natural(x.Asset.Label, y.Asset.Label) })
		slices.SortFunc(m.Said, func(x, y api.ModelAdvisory) int {
			return cmp.Or(cmp.Compare(x.Grade, y.Grade), cmp.Compare(y.Advisory, x.Advisory), cmp.Compare(x.Product, y.Product))
		})
		m.Advisories = len(m.Said)
		for _, s := range m.Said {
			if s.Grade == "check_by_hand" {
				m.ToCheck++
			}
		}
		out = append(out, *m)
	}
	slices.SortFunc(out, func(x, y api.DeviceModel) int {
		return cmp.Or(
			cmp.Compare(rankOf(x.Severity), rankOf(y.Severity)), cmp.Compare(y.Findings, x.Findings), cmp.Compare(y.ToCheck, x.ToCheck),
			cmp.Compare(y.Assets, x.Assets), natural(x.Manufacturer+" "+x.Model, y.Manufacturer+" "+y.Model),
		)
	})
	return out
}

// saidOf adds what advisories say of a unit to its model.
func (v *view) saidOf(m *api.DeviceModel, asset string) {
	if v.known == nil {
		return
	}
	f := v.known.Found[asset]
	add := func(s api.ModelAdvisory) {
		for i := range m.Said {
			if h := &m.Said[i]; h.Advisory == s.Advisory && h.Product == s.Product && h.Grade == s.Grade {
				h.Assets++
				for _, fl := range s.Flaws {
					if !slices.Contains(h.Flaws, fl) {
						h.Flaws = append(h.Flaws, fl)
					}
				}
				return
			}
		}
		s.Assets = 1
		m.Said = append(m.Said, s)
	}
	for _, x := range f.Matches {
		if x.By != "device" {
			continue
		}
		grade := "certain"
		if x.Likely {
			grade = "likely"
		}
		for _, adv := range x.Advisories {
			product, versions := m.Model, ""
			if len(x.Software) > 0 {
				product, versions = x.Software[0].Name, x.Software[0].Version
			}
			add(api.ModelAdvisory{Advisory: adv, Flaws: []string{x.Flaw}, Grade: grade, Product: product, Versions: versions, Reason: x.Reason})
		}
	}
	for _, c := range f.Checks {
		flaws := c.Flaws
		if flaws == nil {
			flaws = []string{}
		}
		add(api.ModelAdvisory{Advisory: c.Advisory, Flaws: slices.Clone(flaws), Grade: "check_by_hand", Product: c.Product, Versions: c.Versions, Reason: c.Reason})
	}
}

func (v *view) countModelFindings(of map[string]*api.DeviceModel) {
	units := make(map[string]int) // open findings of each
	for _, r := range v.set.Resources[fact.KindVulnerability] {
		m := of[r.Asset]
		if m == nil || !open(r) {
			continue
		}
		m.Findings++
		units[r.Asset]++
		if m.Severity == "" || rankOf(r.Text("severity")) < rankOf(m.Severity) {
			m.Severity = r.Text("severity")
		}
	}
	done := make(map[*api.DeviceModel]bool)
	for _, m := range of {
		if done[m] {
			continue
		}
		done[m] = true
		for i := range m.Units {
			m.Units[i].Findings = units[m.Units[i].Asset.ID]
		}
	}
}
