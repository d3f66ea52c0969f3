package sqlstore

import (
	"slices"

	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/policy"
)

// trim makes results that were just read as small as they can be held: a text
// that many share is one text, and no slice has room for more. Of a large
// organization there are millions, and all but a few texts of them repeat.
func trim(rs []policy.Result) {
	texts := make(map[string]string)
	one := func(s *string) {
		if have, ok := texts[*s]; ok {
			*s = have
			return
		}
		texts[*s] = *s
	}
	for i := range rs {
		r := &rs[i]
		kind, verdict := string(r.Kind), string(r.Verdict)
		for _, s := range []*string{&r.Check, &kind, &verdict, &r.Expected, &r.Why, &r.Asset} {
			one(s)
		}
		r.Kind, r.Verdict = fact.Kind(kind), policy.Verdict(verdict)
		if r.Resource == r.Asset {
			r.Resource = r.Asset
		}
		r.Observed = slices.Clip(slices.Clone(r.Observed))
		for j := range r.Observed {
			o := &r.Observed[j]
			for _, s := range []*string{&o.Name, &o.Why, &o.Origin.Stream, &o.Origin.Title} {
				one(s)
			}
			if s, ok := o.Value.(string); ok {
				one(&s)
				o.Value = s
			}
		}
	}
}
