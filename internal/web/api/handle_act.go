package api

import (
	"context"
	"encoding/json"
	"math"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/errs"
)

// longTime bounds what reads or hashes everything there is.
const longTime = 10 * time.Minute

func (s *server) assess(ctx context.Context, who access.Caller, _ *none) (*body[Job], error) {
	return ref(s.actions.Assess(ctx, who, "asked for by "+who.Name()))
}

func (s *server) checkLedger(ctx context.Context, who access.Caller, _ *none) (*body[LedgerCheck], error) {
	return ref(s.actions.CheckLedger(ctx, who))
}

type parameterInput struct {
	Body struct {
		Check  string          `json:"check" maxLength:"200"`
		Name   string          `json:"name" minLength:"1" maxLength:"100"`
		Value  json.RawMessage `json:"value" required:"false" doc:"bool, number, text or list of texts; null returns it to its default"`
		Reason string          `json:"reason" minLength:"3" maxLength:"500" doc:"Why; kept with the change"`
	}
}

func (s *server) putParameter(ctx context.Context, who access.Caller, in *parameterInput) (*body[Parameter], error) {
	v, err := parameterValue(in.Body.Value)
	if err != nil {
		return nil, err
	}
	return ref(s.actions.PutParameter(ctx, who, ParameterChange{
		Check: in.Body.Check, Name: in.Body.Name, Value: v, Reason: in.Body.Reason,
	}))
}

// parameterValue reads a value as the types that parameters have.
func parameterValue(raw json.RawMessage) (any, error) {
	if len(raw) == 0 {
		return nil, nil //nolint:nilnil // no value means the default
	}
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return nil, errs.New(errs.Invalid, "value: %w", err)
	}
	switch x := v.(type) {
	case nil, bool, string:
		return v, nil
	case float64:
		if x == math.Trunc(x) && math.Abs(x) < 1<<53 {
			return int64(x), nil
		}
		return x, nil
	case []any:
		texts := make([]string, len(x))
		for i := range x {
			t, ok := x[i].(string)
			if !ok {
				return nil, errs.New(errs.Invalid, "value: a list may hold texts only")
			}
			texts[i] = t
		}
		return texts, nil
	}
	return nil, errs.New(errs.Invalid, "value: want bool, number, text or a list of texts")
}

// OrganizationInput is what a person says of the organization.
type OrganizationInput struct {
	Name  string `json:"name" minLength:"2" maxLength:"160"`
	Kind  string `json:"kind" enum:"critical_access,community,clinic,health_system"`
	CCN   string `json:"ccn,omitempty" pattern:"^([0-9A-Z]{6})?$" patternDescription:"six letters or digits"`
	State string `json:"state,omitempty" pattern:"^([A-Z]{2})?$" patternDescription:"two-letter code"`
	Beds  int    `json:"beds,omitempty" minimum:"0" maximum:"100000"`
}

func (o OrganizationInput) of(tenant string) Organization {
	return Organization{ID: tenant, Name: clean(o.Name), Kind: o.Kind, CCN: o.CCN, State: o.State, Beds: o.Beds}
}

type organizationInput struct{ Body OrganizationInput }

func (s *server) changeOrganization(ctx context.Context, who access.Caller, in *organizationInput) (*body[Organization], error) {
	return ref(s.actions.ChangeOrganization(ctx, who, in.Body.of(who.Tenant())))
}
