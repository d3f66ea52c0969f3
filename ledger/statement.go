package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// SchemaV1 is the schema every statement names.
const SchemaV1 = "asepsis/statement/v1"

// MaxEntry is the longest an entry may be: its length is written in two bytes
// (tlog-tiles, "Log entries").
const MaxEntry = 1<<16 - 1

// TimeFormat is how a statement writes times: UTC, always six digits of
// fraction, so that they sort as text.
const TimeFormat = "2006-01-02T15:04:05.000000Z"

// Statement is what an entry of the ledger says.
type Statement struct {
	Tenant string
	Kind   string
	At     time.Time // when it was appended
	Actor  string
	Body   any // an object; [ParseStatement] leaves its canonical bytes, as json.RawMessage
}

type envelope struct {
	Schema string          `json:"schema"`
	Tenant string          `json:"tenant"`
	Kind   string          `json:"kind"`
	At     string          `json:"at"`
	Actor  string          `json:"actor"`
	Body   json.RawMessage `json:"body"`
}

// Encode returns the bytes of the entry: canonical JSON.
func (s Statement) Encode() ([]byte, error) {
	body, err := json.Marshal(s.Body)
	if err != nil {
		return nil, fmt.Errorf("statement: %w", err)
	}
	b, err := Canonical(envelope{SchemaV1, s.Tenant, s.Kind, s.At.UTC().Format(TimeFormat), s.Actor, body})
	if err != nil {
		return nil, fmt.Errorf("statement: %w", err)
	}
	if _, err := ParseStatement(b); err != nil {
		return nil, err
	}
	return b, nil
}

// ParseStatement reads an entry. The bytes must be just what Encode writes: of
// two entries that differ in a byte, no more than one says the same.
func ParseStatement(entry []byte) (Statement, error) {
	bad := func(format string, args ...any) (Statement, error) {
		return Statement{}, fmt.Errorf("statement: "+format, args...)
	}
	if len(entry) > MaxEntry {
		return bad("%d bytes, at most %d fit an entry", len(entry), MaxEntry)
	}
	if !IsCanonical(entry) {
		return bad("not canonical JSON")
	}
	// A map, because encoding/json would take "Actor" for "actor" in a struct.
	var members map[string]json.RawMessage
	if err := json.Unmarshal(entry, &members); err != nil {
		return bad("%w", err)
	}
	var e envelope
	for name, to := range map[string]any{
		"schema": &e.Schema, "tenant": &e.Tenant, "kind": &e.Kind, "at": &e.At, "actor": &e.Actor, "body": &e.Body,
	} {
		text, ok := members[name]
		if !ok {
			return bad("it has no %s", name)
		}
		if err := json.Unmarshal(text, to); err != nil {
			return bad("%s: %w", name, err)
		}
	}
	if len(members) != 6 {
		return bad("it has members that version 1 does not know")
	}
	if e.Schema != SchemaV1 {
		return bad("schema %.40q is not %q", e.Schema, SchemaV1)
	}
	at, err := time.Parse(TimeFormat, e.At)
	if err != nil || at.Format(TimeFormat) != e.At {
		return bad("time %.40q is not of the form %s", e.At, TimeFormat)
	}
	if e.Tenant == "" || e.Kind == "" || e.Actor == "" {
		return bad("tenant, kind and actor must not be empty")
	}
	if len(e.Body) == 0 || e.Body[0] != '{' {
		return Statement{}, errors.New("statement: the body is not an object")
	}
	return Statement{Tenant: e.Tenant, Kind: e.Kind, At: at, Actor: e.Actor, Body: e.Body}, nil
}
