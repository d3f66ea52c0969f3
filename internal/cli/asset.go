package cli

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/app"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/web/api"
)

type assetCmd struct {
	List      assetListCmd      `cmd:"" help:"List assets."`
	Show      assetShowCmd      `cmd:"" help:"Show one asset: what is known of it, by whom, and what it was recognized by."`
	Set       assetSetCmd       `cmd:"" help:"Say what people know of assets: owner, site, zone, location, criticality, class, status, fragile…"`
	Software  assetSoftwareCmd  `cmd:"" help:"List an asset's software with what the advisories say of it."`
	SBOM      assetSBOMCmd      `cmd:"" name:"sbom" help:"Write an asset's software as a bill of materials."`
	Questions assetQuestionsCmd `cmd:"" help:"List records that may be one device; a person decides."`
	Answer    assetAnswerCmd    `cmd:"" help:"Say whether two records are one device."`
	Merge     assetMergeCmd     `cmd:"" help:"Join two records of one device."`
	Unmerge   assetUnmergeCmd   `cmd:"" help:"Take a merge back."`
}

type assetListCmd struct {
	Q      string   `arg:"" optional:"" help:"Words in name, address, serial number…"`
	Filter []string `help:"attribute:value; an empty value finds those without." placeholder:"FILTER" sep:"none"`
	Limit  int      `default:"50"`
}

// resources reads lists of resources, here or on a server.
type resources interface {
	Resources(ctx context.Context, who access.Caller, q api.ResourceQuery) (*api.ResourcePage, error)
	Resource(ctx context.Context, who access.Caller, kind, id string) (*api.ResourceDetail, error)
}

func (r *runner) withResources(ctx context.Context, fn func(resources, api.Inventory, access.Caller) error) error {
	cl, err := r.remote()
	if err != nil {
		return err
	}
	if cl != nil {
		return fn(cl, cl, access.Caller{})
	}
	return r.with(ctx, func(a *app.App) error {
		p, err := a.Default(ctx, actor)
		if err != nil {
			return err
		}
		defer a.Wait()
		return fn(a.Reader(), a.Inventory(), access.Command(p.ID, actor))
	})
}

func (c *assetListCmd) Run(ctx context.Context, r *runner) error {
	q := api.ResourceQuery{Kind: "asset", Q: c.Q, PageQuery: api.PageQuery{Limit: c.Limit}}
	for _, f := range c.Filter {
		name, value, ok := strings.Cut(f, ":")
		if !ok {
			return errs.Hint(errs.New(errs.Misused, "filter %q cannot be read", f), "write it as attribute:value, such as class:medical_device")
		}
		q.Filters = append(q.Filters, api.Filter{Attribute: name, Value: value})
	}
	return r.withResources(ctx, func(res resources, _ api.Inventory, who access.Caller) error {
		page, err := res.Resources(ctx, who, q)
		if err != nil {
			return err
		}
		if r.JSON {
			return r.printJSON(page)
		}
		t := table{width: r.Width}
		for _, it := range page.Items {
			text := func(n string) string {
				if v, ok := it.Values[n]; ok {
					return fmt.Sprint(v)
				}
				return "–"
			}
			t.add(it.ID, r.palette().bold(it.Label), text("class"), text("criticality"), text("owner"), text("location"), text("os_name"))
		}
		if err := t.print(r.Stdout); err != nil {
			return err
		}
		if page.Total > len(page.Items) {
			fmt.Fprintf(r.Stdout, "%d of %d; narrow it, or ask for more with --limit\n", len(page.Items), page.Total)
		}
		return nil
	})
}

type assetShowCmd struct {
	Asset string `arg:"" help:"Id, name, or address."`
}

// assetID finds the asset people mean.
func assetID(ctx context.Context, res resources, who access.Caller, name string) (string, error) {
	if strings.HasPrefix(name, "as_") {
		return name, nil
	}
	page, err := res.Resources(ctx, who, api.ResourceQuery{Kind: "asset", Q: name, PageQuery: api.PageQuery{Limit: 50}})
	if err != nil {
		return "", err
	}
	var hits []string
	for _, it := range page.Items {
		if strings.EqualFold(it.Label, name) {
			hits = append(hits, it.ID)
		}
	}
	if len(hits) == 0 && len(page.Items) == 1 {
		hits = append(hits, page.Items[0].ID)
	}
	switch len(hits) {
	case 0:
		return "", errs.Hint(errs.New(errs.NotFound, "no asset %q", name), "asepsis asset list finds it by any of its words")
	case 1:
		return hits[0], nil
	}
	return "", errs.Hint(errs.New(errs.Misused, "%d assets are called %q", len(hits), name), "name one by its id: %s", strings.Join(hits, ", "))
}

func (c *assetShowCmd) Run(ctx context.Context, r *runner) error {
	return r.withResources(ctx, func(res resources, inv api.Inventory, who access.Caller) error {
		id, err := assetID(ctx, res, who, c.Asset)
		if err != nil {
			return err
		}
		d, err := res.Resource(ctx, who, "asset", id)
		if err != nil {
			return err
		}
		h, err := inv.AssetHistory(ctx, who, id)
		if err != nil {
			return err
		}
		if r.JSON {
			return r.printJSON(map[string]any{"asset": d, "history": h})
		}
		w, p := r.Stdout, r.palette()
		fmt.Fprintf(w, "%s  %s\n", p.bold(d.Label), id)
		t := table{width: r.Width}
		for _, a := range d.Attributes {
			v, by := spoken(a.Value), ""
			if a.Missing != "" {
				v = "not known: " + a.Missing
			}
			if a.Origin != nil {
				if by = a.Origin.Title; !a.Origin.ObservedAt.IsZero() {
					by += ", " + day(a.Origin.ObservedAt)
				}
			}
			for _, o := range a.Others {
				by += fmt.Sprintf("; %s says %s", o.Origin.Title, spoken(o.Value))
			}
			t.add("  "+a.Name, cut(v, 48), p.dim(by))
		}
		if err := t.print(w); err != nil {
			return err
		}
		fmt.Fprintln(w, p.bold("recognized by"))
		for _, l := range h.Identity {
			fmt.Fprintf(w, "  %s  %s\n", l.Key, l.Reason)
		}
		for _, m := range h.Merges {
			undone := ""
			if m.Undone {
				undone = ", taken back"
			}
			fmt.Fprintf(w, "  merged with %s on %s by %s: %s%s  (%s)\n", m.Other.Label, day(m.At), m.By, m.Reason, undone, m.ID)
		}
		return nil
	})
}

// spoken writes a value for people, whether it came from here or through the API.
func spoken(v any) string {
	switch v := v.(type) {
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case time.Time:
		return moment(v)
	case string:
		if t, err := time.Parse(time.RFC3339, v); err == nil {
			return moment(t)
		}
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []string:
		return strings.Join(v, ", ")
	case []any:
		words := make([]string, len(v))
		for i, x := range v {
			words[i] = spoken(x)
		}
		return strings.Join(words, ", ")
	}
	return fmt.Sprint(v)
}

// assetValue reads what a person says of an asset; nothing takes back what was said.
func assetValue(name, s string) (any, error) {
	if s == "" {
		return nil, nil //nolint:nilnil // no value is a value here
	}
	schema, _ := fact.SchemaOf(fact.KindAsset)
	if a, ok := schema.Attr(name); !ok || a.Type != fact.Bool {
		return s, nil
	}
	switch strings.ToLower(s) {
	case "yes", "true":
		return true, nil
	case "no", "false":
		return false, nil
	}
	return nil, errs.New(errs.Misused, "%s is yes or no, not %.40q", name, s)
}

type assetSetCmd struct {
	Values []string `arg:"" help:"attribute=value; an empty value takes back what a person said."`
	Asset  []string `required:"" help:"Id, name or address; repeat for each." placeholder:"ASSET" sep:"none"`
	Reason string   `help:"Why."`
}

func (c *assetSetCmd) Run(ctx context.Context, r *runner) error {
	e := api.AssetEdit{Values: map[string]any{}, Reason: c.Reason}
	for _, s := range c.Values {
		name, value, ok := strings.Cut(s, "=")
		if !ok {
			return errs.Hint(errs.New(errs.Misused, "%q cannot be read", s), "write it as attribute=value, such as owner=Radiology")
		}
		v, err := assetValue(name, value)
		if err != nil {
			return err
		}
		e.Values[name] = v
	}
	return r.withResources(ctx, func(res resources, inv api.Inventory, who access.Caller) error {
		for _, name := range c.Asset {
			id, err := assetID(ctx, res, who, name)
			if err != nil {
				return err
			}
			e.Assets = append(e.Assets, id)
		}
		got, err := inv.EditAssets(ctx, who, e)
		if err != nil {
			return err
		}
		if r.JSON {
			return r.printJSON(got)
		}
		fmt.Fprintf(r.Stdout, "%s of %s changed\n", count(got.Changed, "asset", "assets"), count(got.Assets, "asset", "assets"))
		return nil
	})
}

type assetSoftwareCmd struct {
	Asset   string `arg:"" help:"Id, name, or address."`
	Q       string `help:"Words in name or version." placeholder:"WORDS"`
	Verdict string `help:"Only affected, not_affected or not_assessed." placeholder:"VERDICT"`
	Limit   int    `default:"100"`
}

func (c *assetSoftwareCmd) Run(ctx context.Context, r *runner) error {
	return r.withResources(ctx, func(res resources, inv api.Inventory, who access.Caller) error {
		id, err := assetID(ctx, res, who, c.Asset)
		if err != nil {
			return err
		}
		page, err := inv.AssetSoftware(ctx, who, id, api.SoftwareQuery{Q: c.Q, Verdict: c.Verdict, PageQuery: api.PageQuery{Limit: c.Limit}})
		if err != nil {
			return err
		}
		if r.JSON {
			return r.printJSON(page)
		}
		t := table{width: r.Width}
		for _, s := range page.Items {
			say := s.Why
			if s.FlawCount > 0 {
				say = fmt.Sprintf("%d: %s", s.FlawCount, strings.Join(s.Flaws, ", "))
				if s.Fixed != "" {
					say = "update to " + s.Fixed + "; " + say
				}
			}
			t.add(strings.ReplaceAll(s.Verdict, "_", " "), s.Ecosystem, s.Name, s.Version, say)
		}
		return t.print(r.Stdout)
	})
}

type assetSBOMCmd struct {
	Asset  string `arg:"" help:"Id, name, or address."`
	Format string `enum:"cyclonedx,spdx" default:"cyclonedx" help:"cyclonedx or spdx."`
	Out    string `short:"o" help:"Where to write it; standard output if not set." type:"path" placeholder:"FILE"`
}

func (c *assetSBOMCmd) Run(ctx context.Context, r *runner) error {
	return r.withResources(ctx, func(res resources, inv api.Inventory, who access.Caller) error {
		id, err := assetID(ctx, res, who, c.Asset)
		if err != nil {
			return err
		}
		if c.Out == "" {
			return inv.AssetSBOM(ctx, who, id, c.Format, r.Stdout)
		}
		var b strings.Builder
		if err := inv.AssetSBOM(ctx, who, id, c.Format, &b); err != nil {
			return err
		}
		if err := os.WriteFile(c.Out, []byte(b.String()), 0o600); err != nil {
			return errs.Wrap(errs.Invalid, err)
		}
		return nil
	})
}

type assetQuestionsCmd struct{}

func (c *assetQuestionsCmd) Run(ctx context.Context, r *runner) error {
	return r.withInventory(ctx, func(inv api.Inventory, who access.Caller) error {
		qs, err := inv.MergeQuestions(ctx, who)
		if err != nil {
			return err
		}
		if r.JSON {
			return r.printJSON(qs)
		}
		p := r.palette()
		for _, q := range qs {
			fmt.Fprintf(r.Stdout, "%s  are %s and %s one device?\n", q.ID, p.bold(q.A.Label), p.bold(q.B.Label))
			for _, s := range q.For {
				fmt.Fprintf(r.Stdout, "    for      %s\n", s)
			}
			for _, s := range q.Against {
				fmt.Fprintf(r.Stdout, "    against  %s\n", s)
			}
		}
		return nil
	})
}

type assetAnswerCmd struct {
	Question string `arg:"" help:"The question's id."`
	Answer   string `arg:"" enum:"same,different" help:"same or different."`
	Reason   string `help:"Why."`
}

func (c *assetAnswerCmd) Run(ctx context.Context, r *runner) error {
	return r.withInventory(ctx, func(inv api.Inventory, who access.Caller) error {
		return inv.AnswerMerge(ctx, who, c.Question, api.MergeAnswer{Same: c.Answer == "same", Reason: c.Reason})
	})
}

type assetMergeCmd struct {
	Keep   string `arg:"" help:"The asset that stays."`
	Other  string `arg:"" help:"The asset that is the same device."`
	Reason string `required:"" help:"Why."`
}

func (c *assetMergeCmd) Run(ctx context.Context, r *runner) error {
	return r.withResources(ctx, func(res resources, inv api.Inventory, who access.Caller) error {
		keep, err := assetID(ctx, res, who, c.Keep)
		if err != nil {
			return err
		}
		other, err := assetID(ctx, res, who, c.Other)
		if err != nil {
			return err
		}
		return inv.MergeAssets(ctx, who, api.MergeInput{Keep: keep, Other: other, Reason: c.Reason})
	})
}

type assetUnmergeCmd struct {
	Merge  string `arg:"" help:"The merge's id, as asepsis asset show lists it."`
	Reason string `required:"" help:"Why."`
}

func (c *assetUnmergeCmd) Run(ctx context.Context, r *runner) error {
	return r.withInventory(ctx, func(inv api.Inventory, who access.Caller) error {
		return inv.UnmergeAssets(ctx, who, c.Merge, c.Reason)
	})
}

type deviceCmd struct {
	List deviceListCmd `cmd:"" help:"List models of medical and other devices across the hospital."`
	Show deviceShowCmd `cmd:"" help:"Show one model: its units, advisories, and what it lacks."`
}

type deviceListCmd struct {
	Q string `arg:"" optional:"" help:"Words in maker, model or kind."`
}

func (c *deviceListCmd) Run(ctx context.Context, r *runner) error {
	return r.withInventory(ctx, func(inv api.Inventory, who access.Caller) error {
		ms, err := inv.DeviceModels(ctx, who, c.Q)
		if err != nil {
			return err
		}
		if r.JSON {
			return r.printJSON(ms)
		}
		t := table{width: r.Width}
		for _, m := range ms {
			mds2 := "no MDS2"
			if m.MDS2 {
				mds2 = "MDS2"
			}
			t.add(m.ID, r.palette().bold(strings.TrimSpace(m.Manufacturer+" "+m.Model)), count(m.Assets, "unit", "units"), count(m.Findings, "finding", "findings"),
				fmt.Sprintf("%d to compare", m.ToCheck), mds2, m.Term)
		}
		return t.print(r.Stdout)
	})
}

type deviceShowCmd struct {
	ID string `arg:"" help:"The model's id, as asepsis device list prints it."`
}

func (c *deviceShowCmd) Run(ctx context.Context, r *runner) error {
	return r.withInventory(ctx, func(inv api.Inventory, who access.Caller) error {
		m, err := inv.DeviceModel(ctx, who, c.ID)
		if err != nil {
			return err
		}
		if r.JSON {
			return r.printJSON(m)
		}
		w, p := r.Stdout, r.palette()
		fmt.Fprintf(w, "%s  %s\n", p.bold(strings.TrimSpace(m.Manufacturer+" "+m.Model)), m.Term)
		for _, s := range m.Said {
			fmt.Fprintf(w, "  %s  %s: %s %s (%s)\n", s.Advisory, strings.ReplaceAll(s.Grade, "_", " "), s.Product, s.Versions, s.Reason)
		}
		for _, x := range m.Compensations {
			fmt.Fprintf(w, "  lacks %s: %s\n", x.Lacks, x.Do)
		}
		t := table{width: r.Width}
		for _, u := range m.Units {
			t.add("  "+u.Asset.Label, u.Serial, u.Version, u.Location, count(u.Findings, "finding", "findings"))
		}
		return t.print(w)
	})
}

// Resources implements resources on a server.
func (c *client) Resources(ctx context.Context, _ access.Caller, q api.ResourceQuery) (*api.ResourcePage, error) {
	v := url.Values{"limit": {strconv.Itoa(max(q.Limit, 1))}}
	if q.Q != "" {
		v.Set("q", q.Q)
	}
	for _, f := range q.Filters {
		v.Add("filter", f.Attribute+":"+f.Value)
	}
	return fetch[api.ResourcePage](ctx, c, "/resources/"+q.Kind+"?"+v.Encode())
}

// Resource implements resources on a server.
func (c *client) Resource(ctx context.Context, _ access.Caller, kind, id string) (*api.ResourceDetail, error) {
	return fetch[api.ResourceDetail](ctx, c, "/resources/"+kind+"/"+url.PathEscape(id))
}
