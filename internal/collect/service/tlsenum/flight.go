package tlsenum

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/collect/service/wire"
)

// Bounds of what is read of one answer.
const (
	maxRecord    = 1<<14 + 2048 // the largest record of any version
	maxHandshake = 16 << 10     // a message that is no certificate
	// MaxCertificates bounds a server's certificates in bytes. The longest real
	// chains are a tenth of it.
	MaxCertificates = 256 << 10
	// MaxChain is how many certificates of a chain are read.
	MaxChain     = 32
	maxEmpty     = 16 // records without content
	maxMessages  = 64
	helloRetries = "\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c"
)

// flight is what a server answered to a hello.
type flight struct {
	version Version // 0 where it said none
	suite   Suite
	retry   bool // it asked for another hello, and has chosen by that
	// certificates as they came, the server's own first. Those beyond MaxChain are
	// counted only.
	certificates [][]byte
	sent         int
	dhBits       int // of the group it sent for Diffie-Hellman, 0 where it sent none
	// fatal is the alert with which it refused; -1 for none.
	fatal int
	// warned is the alert that it went on after.
	warned int
	plain  string // protocol in which it answered instead
	hung   bool   // it refused by hanging up
}

// Alerts that say that a server has nothing in common with an offer.
const (
	alertHandshake = 40
	alertVersion   = 70
	alertStrength  = 71
)

// vague reports whether an answer refuses without saying that nothing of the
// offer would do: servers choose a suite, fail to use it, and hang up.
func (f flight) vague() bool {
	return f.version == 0 && (f.hung || f.fatal >= 0 && f.fatal != alertHandshake && f.fatal != alertVersion && f.fatal != alertStrength)
}

// errLies is the error for what no server that means it sends.
type errLies string

func (e errLies) Error() string  { return string(e) }
func (e errLies) Reason() string { return string(e) }

// Until says how much of an answer is wanted.
type until uint8

const (
	untilHello until = iota // the server's hello: which version, which suite
	untilDone               // its certificates and its key exchange too
)

// readFlight reads a server's answer to a hello, no further than is wanted. What
// was read is returned beside an error. It reads no more than the bounds above,
// whatever comes.
func readFlight(r io.Reader, want until) (flight, error) {
	f := flight{fatal: -1, warned: -1}
	var pending []byte // of a message that goes on in the next record
	empty, messages := 0, 0
	var body []byte
	for first := true; ; first = false {
		var head [5]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return f, err
		}
		if head[0] < 20 || head[0] > 24 || head[1] != 3 {
			if first {
				f.plain = plainProtocol(head[:])
				return f, errLies("it answered something else than TLS")
			}
			return f, errLies("its answer stopped being TLS")
		}
		n := int(binary.BigEndian.Uint16(head[3:]))
		if n > maxRecord {
			return f, errLies(fmt.Sprintf("it announced a record of %d bytes, which TLS does not have", n))
		}
		if n == 0 {
			if empty++; empty > maxEmpty {
				return f, errLies("it sent nothing but empty records")
			}
			continue
		}
		body = slices.Grow(body[:0], n)[:n]
		if _, err := io.ReadFull(r, body); err != nil {
			return f, err
		}
		switch head[0] {
		case recordAlert:
			if done, err := f.alert(body); done || err != nil {
				return f, err
			}
			if empty++; empty > maxEmpty {
				return f, errLies("it sent warnings without end")
			}
			continue
		case recordHandshake:
		default:
			// Encrypted already, or a change of cipher: all that is readable was read.
			if f.version != 0 {
				return f, nil
			}
			return f, errLies("it sent encrypted data before its hello")
		}
		pending = append(pending, body...)
		for len(pending) >= 4 {
			kind, size := pending[0], int(pending[1])<<16|int(pending[2])<<8|int(pending[3])
			most := maxHandshake
			if kind == typeCertificate {
				most = MaxCertificates
			}
			if size > most {
				what := "message"
				if kind == typeCertificate {
					what = "list of certificates"
				}
				return f, errLies(fmt.Sprintf("it announced a %s of %d bytes, more than the %d that are read", what, size, most))
			}
			if len(pending) < 4+size {
				break
			}
			if messages++; messages > maxMessages {
				return f, errLies("it sent messages without end")
			}
			done, err := f.message(kind, pending[4:4+size])
			if err != nil || done || want == untilHello && f.version != 0 {
				return f, err
			}
			pending = slices.Clone(pending[4+size:])
		}
	}
}

// alert takes an alert, and reports whether it ends the conversation.
func (f *flight) alert(b []byte) (done bool, err error) {
	if len(b) < 2 {
		return true, errLies("it sent half an alert")
	}
	if b[0] == 1 && b[1] != 0 {
		f.warned = int(b[1])
		return false, nil
	}
	f.fatal = int(b[1])
	return true, nil
}

// message takes one message, and reports whether it is the last one that can be
// read.
func (f *flight) message(kind byte, b []byte) (done bool, err error) {
	if f.version == 0 && kind != typeServerHello {
		return true, errLies("it did not begin with its hello")
	}
	switch kind {
	case typeServerHello:
		if f.version != 0 {
			return true, errLies("it said hello twice")
		}
		if err := f.hello(b); err != nil {
			return true, err
		}
		return f.version == TLS13, nil
	case typeCertificate:
		return false, f.chain(b)
	case typeServerKeyExchange:
		f.exchange(b)
	case typeServerHelloDone:
		return true, nil
	}
	return false, nil
}

var errHello = errLies("its hello cannot be read")

func (f *flight) hello(b []byte) error {
	if len(b) < 2+32+1 {
		return errHello
	}
	v := Version(binary.BigEndian.Uint16(b))
	f.retry = bytes.Equal(b[2:34], []byte(helloRetries))
	n := int(b[34])
	b = b[35:]
	if n > 32 || len(b) < n+3 {
		return errHello
	}
	suite := Suite(binary.BigEndian.Uint16(b[n:]))
	b = b[n+3:]
	if len(b) >= 2 {
		ext, ok := take(b)
		if !ok {
			return errHello
		}
		for len(ext) >= 4 {
			number := binary.BigEndian.Uint16(ext)
			data, ok := take(ext[2:])
			if !ok {
				return errHello
			}
			if number == extSupportedVersions && len(data) == 2 {
				v = Version(binary.BigEndian.Uint16(data))
			}
			ext = ext[4+len(data):]
		}
	}
	if !slices.Contains(versions, v) {
		return errLies(fmt.Sprintf("it chose a version that there is not: 0x%04x", uint16(v)))
	}
	f.version, f.suite = v, suite
	return nil
}

// take reads data with its length in two bytes before it.
func take(b []byte) ([]byte, bool) {
	if len(b) < 2 {
		return nil, false
	}
	n := int(binary.BigEndian.Uint16(b))
	if len(b) < 2+n {
		return nil, false
	}
	return b[2 : 2+n], true
}

// take24 reads data with its length in three bytes before it.
func take24(b []byte) ([]byte, bool) {
	if len(b) < 3 {
		return nil, false
	}
	n := int(b[0])<<16 | int(b[1])<<8 | int(b[2])
	if len(b) < 3+n {
		return nil, false
	}
	return b[3 : 3+n], true
}

func (f *flight) chain(b []byte) error {
	list, ok := take24(b)
	if !ok {
		return errLies("its list of certificates cannot be read")
	}
	for len(list) > 0 {
		der, ok := take24(list)
		if !ok {
			return errLies("its list of certificates cannot be read")
		}
		if f.sent++; len(f.certificates) < MaxChain {
			f.certificates = append(f.certificates, slices.Clone(der))
		}
		list = list[3+len(der):]
	}
	return nil
}

// exchange reads how long the group is that the server uses for Diffie-Hellman.
func (f *flight) exchange(b []byte) {
	name := f.suite.Name()
	if !strings.HasPrefix(name, "TLS_DHE_") && !strings.HasPrefix(name, "TLS_DH_anon_") || strings.Contains(name, "_PSK_") {
		return
	}
	if p, ok := take(b); ok {
		p = bytes.TrimLeft(p, "\x00")
		if len(p) > 0 {
			f.dhBits = (len(p)-1)*8 + bits.Len8(p[0])
		}
	}
}

// plainProtocol tells what answered a TLS greeting in clear.
func plainProtocol(head []byte) string {
	s := strings.ToUpper(string(head))
	switch {
	case strings.HasPrefix(s, "HTTP/"), strings.HasPrefix(s, "<HTML"), strings.HasPrefix(s, "<!DOC"):
		return "http"
	case strings.HasPrefix(s, "SSH-"):
		return "ssh"
	case strings.HasPrefix(s, "220"):
		return "smtp or ftp"
	case strings.HasPrefix(s, "* OK"):
		return "imap"
	case strings.HasPrefix(s, "+OK"):
		return "pop3"
	}
	return ""
}

// ended reports whether an error is the end of a conversation that the server
// chose: many refuse a hello by hanging up, without an alert.
func ended(err error) bool { return wire.Hung(err) && !errors.Is(err, wire.ErrTooMuch) }
