// Package starttls speaks the few words of a protocol that come before TLS: the
// request to begin it, and the questions that show what a service takes without
// it. It never signs in, and never sends a message or a query for data.
package starttls

import (
	"errors"
	"fmt"
	"strings"

	"github.com/asepsis/asepsis/internal/collect/service/wire"
)

// Protocol is a protocol that begins in clear and may turn to TLS. Its name is
// the service's name in facts.
type Protocol string

// The protocols.
const (
	SMTP       Protocol = "smtp"
	IMAP       Protocol = "imap"
	POP3       Protocol = "pop3"
	FTP        Protocol = "ftp"
	LDAP       Protocol = "ldap"
	PostgreSQL Protocol = "postgresql"
	MySQL      Protocol = "mysql"
	RDP        Protocol = "rdp"
)

// Known reports whether the service begins in clear and may turn to TLS.
func Known(service string) bool {
	switch Protocol(service) {
	case SMTP, IMAP, POP3, FTP, LDAP, PostgreSQL, MySQL, RDP:
		return true
	}
	return false
}

// ErrNotOffered is the error for a service that does not turn to TLS.
var ErrNotOffered = errors.New("it does not offer TLS")

// Look is what a service says of itself before TLS.
type Look struct {
	Product string `json:"product,omitempty"`
	Offers  bool   `json:"offers"` // it offers to turn to TLS
	// Clear says whether it takes passwords or serves data without TLS; nil where
	// that cannot be seen without signing in, and Why then says so.
	Clear *bool  `json:"clear,omitempty"`
	Why   string `json:"why,omitempty"`
	// RDP alone: it asks who signs in before it shows a desktop; nil where it did
	// not say.
	NLA *bool `json:"nla,omitempty"`
}

// insists is why nothing can be said about a service that offers TLS.
const insists = "the service offers TLS; whether it insists on it shows only to those who sign in"

func yes() *bool { b := true; return &b }
func no() *bool  { b := false; return &b }

// maxLine and maxLines bound what a server may say before TLS begins.
const (
	maxLine  = 2048
	maxLines = 100
)

// Begin asks for TLS. When it returns nil the next byte belongs to TLS. The
// error is [ErrNotOffered] where the service says no.
func Begin(c *wire.Conn, p Protocol) error {
	switch p {
	case SMTP:
		if _, offers, _, err := ehlo(c); err != nil || !offers {
			return orNotOffered(err)
		}
		return agree(c, "STARTTLS\r\n", "220")
	case FTP:
		if _, code, err := reply(c); err != nil || code != "220" {
			return orProtocol(err)
		}
		return agree(c, "AUTH TLS\r\n", "234")
	case IMAP:
		if _, err := greeting(c, "* "); err != nil {
			return err
		}
		_, ok, err := tagged(c, "a1", "STARTTLS")
		if err != nil || ok {
			return err
		}
		return ErrNotOffered
	case POP3:
		if _, err := greeting(c, "+OK"); err != nil {
			return err
		}
		if err := c.Say("STLS\r\n"); err != nil {
			return err
		}
		s, err := c.Line(maxLine)
		if err == nil && !strings.HasPrefix(s, "+OK") {
			err = ErrNotOffered
		}
		return err
	case LDAP:
		return beginLDAP(c)
	case PostgreSQL:
		ok, err := askPostgreSQL(c)
		if err == nil && !ok {
			err = ErrNotOffered
		}
		return err
	case MySQL:
		return beginMySQL(c)
	case RDP:
		a, err := askRDP(c, rdpTLS|rdpHybrid)
		if err == nil && (a.failed != 0 || a.selected == rdpStandard) {
			err = ErrNotOffered
		}
		return err
	}
	return fmt.Errorf("begin TLS in %q: %w", string(p), errors.ErrUnsupported)
}

// Show asks what the service says of itself before TLS, on a connection of its
// own that is then done with.
func Show(c *wire.Conn, p Protocol) (Look, error) {
	switch p {
	case SMTP:
		return showSMTP(c)
	case FTP:
		return showFTP(c)
	case IMAP:
		return showIMAP(c)
	case POP3:
		return showPOP3(c)
	case LDAP:
		return showLDAP(c)
	case PostgreSQL:
		ok, err := askPostgreSQL(c)
		return offer(Look{Product: "PostgreSQL"}, ok), err
	case MySQL:
		g, err := readMySQL(c)
		return offer(Look{Product: g.product}, g.tls), err
	case RDP:
		return Look{}, fmt.Errorf("look at %q: %w", string(p), errors.ErrUnsupported) // it takes several connections: ShowRDP
	}
	return Look{}, fmt.Errorf("look at %q: %w", string(p), errors.ErrUnsupported)
}

// offer says what follows from an offer of TLS where nothing more can be seen.
func offer(l Look, offers bool) Look {
	l.Offers = offers
	if offers {
		l.Why = insists
	} else {
		l.Clear = yes()
	}
	return l
}

func orNotOffered(err error) error {
	if err == nil {
		return ErrNotOffered
	}
	return err
}

func orProtocol(err error) error {
	if err == nil {
		return wire.ErrProtocol
	}
	return err
}
