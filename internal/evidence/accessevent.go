package evidence

import (
	"fmt"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/secret"
	"github.com/asepsis/asepsis/ledger"
)

// accessCheck stands where a check's id does in the salt of an event.
const accessCheck = "access"

type accessBody struct {
	Event      string      `json:"event"`
	Action     string      `json:"action"`
	Outcome    string      `json:"outcome"`
	From       string      `json:"from"`
	Commitment ledger.Hash `json:"commitment"`
}

// AccessRecorded states an event of the audit trail. Whom it names is committed
// to and not in the clear: a person's name, or what somebody typed for one,
// could never be taken out of the ledger again.
func AccessRecorded(key secret.Text, e access.Event) (Draft, error) {
	c, err := commitEvent(key, e)
	if err != nil {
		return Draft{}, err
	}
	actor := e.WhoID
	if actor == "" {
		actor = Nobody
	}
	return Draft{KindAccess, actor, accessBody{e.ID, e.Action, e.Outcome, string(e.From), c}}, nil
}

// encodeEvent returns the canonical JSON that is committed to.
func encodeEvent(e access.Event) ([]byte, error) {
	detail := e.Detail
	if detail == nil {
		detail = map[string]string{} // as it comes back from a store
	}
	b, err := ledger.Canonical(map[string]any{
		"id": e.ID, "at": optional(e.At), "who": e.Who, "who_id": e.WhoID, "action": e.Action,
		"target": e.Target, "outcome": e.Outcome, "from": string(e.From), "detail": detail,
	})
	if err != nil {
		return nil, fmt.Errorf("event %s: %w", e.ID, err)
	}
	return b, nil
}

func commitEvent(key secret.Text, e access.Event) (ledger.Hash, error) {
	b, err := encodeEvent(e)
	if err != nil {
		return ledger.Hash{}, err
	}
	return ledger.Commit(ledger.Salt([]byte(key.Reveal()), accessCheck, e.ID, b), b), nil
}
