// Package secret holds values that must never be printed.
//
// A Text formats, marshals and logs as "[redacted]" whatever verb or encoder is
// used; only Reveal gives the value, so each use can be found by name.
package secret

import (
	"crypto/subtle"
	"fmt"
	"log/slog"
)

const redacted = "[redacted]"

// Text is a secret string. Its zero value is the empty secret.
type Text struct{ v string }

// New wraps s.
func New(s string) Text { return Text{s} }

// Reveal returns the secret.
func (t Text) Reveal() string { return t.v }

// Empty reports whether there is no secret.
func (t Text) Empty() bool { return t.v == "" }

// Equal compares in constant time.
func (t Text) Equal(o Text) bool { return subtle.ConstantTimeCompare([]byte(t.v), []byte(o.v)) == 1 }

// Format implements fmt.Formatter for every verb.
func (t Text) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// MarshalText implements encoding.TextMarshaler, which encoding/json and YAML follow.
func (t Text) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// UnmarshalText takes the secret from text.
func (t *Text) UnmarshalText(b []byte) error { t.v = string(b); return nil }

// LogValue implements slog.LogValuer.
func (t Text) LogValue() slog.Value { return slog.StringValue(redacted) }
