package starttls

import (
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/collect/service/wire"
)

// greeting reads the first line, which must begin as the protocol says.
func greeting(c *wire.Conn, begin string) (string, error) {
	s, err := c.Line(maxLine)
	if err == nil && !strings.HasPrefix(s, begin) {
		err = wire.ErrProtocol
	}
	return s, err
}

// reply reads an answer of one or more lines in the style of SMTP and FTP:
// "250-…" goes on, "250 …" ends.
func reply(c *wire.Conn) (lines []string, code string, err error) {
	for range maxLines {
		s, err := c.Line(maxLine)
		if err != nil {
			return lines, "", err
		}
		more := len(s) > 3 && s[3] == '-'
		text := ""
		if len(s) > 4 {
			text = s[4:]
		}
		lines = append(lines, text)
		if len(s) < 3 {
			return lines, "", wire.ErrProtocol
		}
		if !more {
			return lines, s[:3], nil
		}
	}
	return lines, "", wire.ErrTooMuch
}

// agree sends a request and wants the code that grants it.
func agree(c *wire.Conn, request, code string) error {
	if err := c.Say(request); err != nil {
		return err
	}
	_, got, err := reply(c)
	if err == nil && got != code {
		err = ErrNotOffered
	}
	return err
}

// ehlo greets a mail server. It returns the software it names, whether it
// offers TLS, and the ways to sign in that it offers before TLS.
func ehlo(c *wire.Conn) (product string, offers bool, auth []string, err error) {
	lines, code, err := reply(c)
	if err != nil || code != "220" {
		return "", false, nil, orProtocol(err)
	}
	product = mailProduct(lines[0])
	if err := c.Say("EHLO asepsis.invalid\r\n"); err != nil {
		return product, false, nil, err
	}
	lines, code, err = reply(c)
	if err != nil || code != "250" {
		return product, false, nil, orProtocol(err)
	}
	for _, l := range lines {
		word, rest, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(strings.ReplaceAll(l, "=", " "))), " ")
		switch word {
		case "STARTTLS":
			offers = true
		case "AUTH":
			auth = append(auth, strings.Fields(rest)...)
		}
	}
	return product, offers, auth, nil
}

// mailProduct takes the software out of a greeting: "mail.example ESMTP Postfix (Debian/GNU)".
func mailProduct(line string) string {
	if _, after, ok := strings.Cut(line, "ESMTP "); ok {
		return wire.Printable(after, 80)
	}
	return ""
}

// takesPasswords reports whether one of the ways to sign in hands over the
// password itself.
func takesPasswords(ways []string) bool {
	return slices.ContainsFunc(ways, func(w string) bool { return w == "PLAIN" || w == "LOGIN" })
}

func showSMTP(c *wire.Conn) (Look, error) {
	product, offers, auth, err := ehlo(c)
	if err != nil {
		return Look{Product: product}, err
	}
	_ = c.Say("QUIT\r\n")
	l := Look{Product: product, Offers: offers}
	switch {
	case takesPasswords(auth) || !offers:
		l.Clear = yes()
	default:
		l.Why = "the service offers TLS and takes no passwords before it; whether it takes mail without was not tried"
	}
	return l, nil
}

func showFTP(c *wire.Conn) (Look, error) {
	lines, code, err := reply(c)
	if err != nil || code != "220" {
		return Look{}, orProtocol(err)
	}
	l := Look{Product: wire.Printable(strings.Trim(lines[0], "() "), 80)}
	switch err := agree(c, "AUTH TLS\r\n", "234"); {
	case err == nil:
		return offer(l, true), nil
	case err == ErrNotOffered: //nolint:errorlint // agree returns it as it is
		return offer(l, false), nil
	default:
		return l, err
	}
}

// tagged sends a command of IMAP and reads to its end.
func tagged(c *wire.Conn, tag, command string) (untagged []string, ok bool, err error) {
	if err := c.Say(tag + " " + command + "\r\n"); err != nil {
		return nil, false, err
	}
	for range maxLines {
		s, err := c.Line(maxLine)
		if err != nil {
			return untagged, false, err
		}
		if rest, mine := strings.CutPrefix(s, tag+" "); mine {
			return untagged, strings.HasPrefix(strings.ToUpper(rest), "OK"), nil
		}
		untagged = append(untagged, s)
	}
	return untagged, false, wire.ErrTooMuch
}

func showIMAP(c *wire.Conn) (Look, error) {
	hi, err := greeting(c, "* ")
	if err != nil {
		return Look{}, err
	}
	untagged, ok, err := tagged(c, "a1", "CAPABILITY")
	if err != nil || !ok {
		return Look{}, orProtocol(err)
	}
	_ = c.Say("a2 LOGOUT\r\n")
	var l Look
	if strings.Contains(strings.ToUpper(hi), "DOVECOT") {
		l.Product = "Dovecot"
	}
	forbidden := false
	for _, s := range untagged {
		for w := range strings.FieldsSeq(strings.ToUpper(s)) {
			l.Offers = l.Offers || w == "STARTTLS"
			forbidden = forbidden || w == "LOGINDISABLED" // RFC 3501, section 6.2.3
		}
	}
	l.Clear = yes()
	if forbidden {
		l.Clear = no()
	}
	return l, nil
}

func showPOP3(c *wire.Conn) (Look, error) {
	hi, err := greeting(c, "+OK")
	if err != nil {
		return Look{}, err
	}
	var l Look
	if strings.Contains(strings.ToUpper(hi), "DOVECOT") {
		l.Product = "Dovecot"
	}
	if err := c.Say("CAPA\r\n"); err != nil {
		return l, err
	}
	s, err := c.Line(maxLine)
	if err != nil {
		return l, err
	}
	if !strings.HasPrefix(s, "+OK") { // it is older than RFC 2449, and so than TLS in POP3
		l.Clear = yes()
		return l, nil
	}
	takes := false
	for range maxLines {
		s, err := c.Line(maxLine)
		if err != nil {
			return l, err
		}
		if s == "." {
			_ = c.Say("QUIT\r\n")
			l.Clear = no()
			if takes || !l.Offers {
				l.Clear = yes()
			}
			return l, nil
		}
		w := strings.Fields(strings.ToUpper(s))
		if len(w) == 0 {
			continue
		}
		switch w[0] {
		case "STLS":
			l.Offers = true
		case "USER":
			takes = true
		case "SASL":
			takes = takes || takesPasswords(w[1:])
		}
	}
	return l, wire.ErrTooMuch
}
