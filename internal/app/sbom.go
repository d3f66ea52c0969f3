package app

import (
	"context"
	"io"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/judge"
	"github.com/asepsis/asepsis/internal/sbom"
)

// AssetSBOM implements api.Inventory. The bill has our answers on weaknesses, as of
// the moment the pages show.
func (a inventory) AssetSBOM(ctx context.Context, who access.Caller, id, format string, w io.Writer) error {
	v, err := a.view(ctx, who.Tenant())
	if err != nil {
		return err
	}
	r := v.set.Find(fact.KindAsset, id)
	if r == nil {
		return errs.New(errs.NotFound, "no asset %.80q", id)
	}
	keys, err := v.tenant.AssetKeys(ctx, id)
	if err != nil {
		return err
	}
	software, err := v.tenant.Software(ctx, id)
	if err != nil {
		return err
	}
	for i := range software {
		if software[i].Source == fact.UnknownSource {
			software[i].Source = "" // a mark of ours, which a bill has no word for
		}
	}
	var found judge.Findings
	var listed time.Time
	if v.known != nil {
		found, listed = v.known.Found[id], v.known.Listed[id]
	}
	of := sbom.AssetOf(r, keys, software, listed)
	if e := a.engine(); e != nil {
		of.NotAssessed = func(c *fact.Component) string { return e.Component(c).Why }
	}
	return sbom.Write(w, format, &sbom.Bill{
		Made: a.now(), Version: a.version, By: v.profile.Organization.Name, Of: of,
		Flaws: sbom.FlawsOf(id, v.set.Resources[fact.KindVulnerability], &found, software),
	})
}
