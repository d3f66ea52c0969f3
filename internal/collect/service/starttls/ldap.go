package starttls

import (
	"github.com/asepsis/asepsis/internal/collect/service/wire"
)

// Tags of LDAP, RFC 4511.
const (
	tagSequence     = 0x30
	tagInteger      = 0x02
	tagEnumerated   = 0x0a
	tagSearchEntry  = 0x64
	tagSearchDone   = 0x65
	tagExtendedDone = 0x78
)

// Result codes of LDAP, RFC 4511 appendix A.
const (
	ldapSuccess         = 0
	ldapStronger        = 8
	ldapConfidentiality = 13
)

// startTLSRequest is the extended request of RFC 4511, section 4.14.
const startTLSRequest = "\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037"

// rootRequest reads the names of the features that the root entry lists, no
// more: search with an empty base, scope base, filter (objectClass=*), attribute
// supportedExtension, at most one entry.
const rootRequest = "\x30\x39\x02\x01\x01\x63\x34\x04\x00\x0a\x01\x00\x0a\x01\x00\x02\x01\x01\x02\x01\x05\x01\x01\x00\x87\x0bobjectClass\x30\x14\x04\x12supportedExtension"

// element reads one BER element off the wire: its tag and content.
func element(c *wire.Conn) (tag byte, body []byte, err error) {
	head, err := c.Full(2)
	if err != nil {
		return 0, nil, err
	}
	n := int(head[1])
	if n&0x80 != 0 {
		k := n & 0x7f
		if k == 0 || k > 4 {
			return 0, nil, wire.ErrProtocol
		}
		more, err := c.Full(k)
		if err != nil {
			return 0, nil, err
		}
		n = 0
		for _, b := range more {
			n = n<<8 | int(b)
		}
	}
	if n < 0 || n > maxMessage {
		return 0, nil, wire.ErrProtocol
	}
	body, err = c.Full(n)
	return head[0], body, err
}

// message reads one LDAP message: what it is, and its content.
func message(c *wire.Conn) (tag byte, body []byte, err error) {
	t, b, err := element(c)
	if err != nil {
		return 0, nil, err
	}
	if t != tagSequence {
		return 0, nil, wire.ErrProtocol
	}
	t, _, rest, ok := wire.TakeBER(b)
	if !ok || t != tagInteger {
		return 0, nil, wire.ErrProtocol
	}
	t, body, _, ok = wire.TakeBER(rest)
	if !ok {
		return 0, nil, wire.ErrProtocol
	}
	return t, body, nil
}

// result takes the result code out of a response.
func result(body []byte) (int, error) {
	t, b, _, ok := wire.TakeBER(body)
	if !ok || t != tagEnumerated || len(b) != 1 {
		return 0, wire.ErrProtocol
	}
	return int(b[0]), nil
}

func beginLDAP(c *wire.Conn) error {
	if err := c.Say(startTLSRequest); err != nil {
		return err
	}
	tag, body, err := message(c)
	if err != nil {
		return err
	}
	if tag != tagExtendedDone {
		return wire.ErrProtocol
	}
	code, err := result(body)
	if err == nil && code != ldapSuccess {
		err = ErrNotOffered
	}
	return err
}

// showLDAP reads the root entry without signing in. A directory that answers in
// clear serves in clear whoever does not ask for TLS.
func showLDAP(c *wire.Conn) (Look, error) {
	if err := c.Say(rootRequest); err != nil {
		return Look{}, err
	}
	var l Look
	for range maxLines {
		tag, body, err := message(c)
		if err != nil {
			return l, err
		}
		switch tag {
		case tagSearchEntry:
			l.Offers = l.Offers || listsStartTLS(body)
		case tagSearchDone:
			code, err := result(body)
			if err != nil {
				return l, err
			}
			_ = c.Say("\x30\x05\x02\x01\x02\x42\x00") // unbind
			switch code {
			case ldapConfidentiality:
				l.Clear, l.Offers = no(), true
			case ldapStronger:
				l.Why = "it answers nobody who has not signed in"
			default:
				l.Clear = yes()
			}
			return l, nil
		default:
			return l, wire.ErrProtocol
		}
	}
	return l, wire.ErrTooMuch
}

// listsStartTLS reports whether an entry names the extension.
func listsStartTLS(entry []byte) bool {
	_, _, rest, ok := wire.TakeBER(entry) // its name
	if !ok {
		return false
	}
	_, attrs, _, ok := wire.TakeBER(rest)
	for ok && len(attrs) > 0 {
		var attr []byte
		if _, attr, attrs, ok = wire.TakeBER(attrs); !ok {
			return false
		}
		_, _, set, good := wire.TakeBER(attr)
		if !good {
			return false
		}
		_, values, _, good := wire.TakeBER(set)
		for good && len(values) > 0 {
			var v []byte
			if _, v, values, good = wire.TakeBER(values); good && string(v) == "1.3.6.1.4.1.1466.20037" {
				return true
			}
		}
	}
	return false
}
