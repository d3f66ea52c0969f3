package tlsenum

import (
	"crypto/rand"
	"encoding/binary"
	"slices"
)

// Version is a version of SSL or TLS by its number on the wire.
type Version uint16

// The versions that are asked for.
const (
	SSL3  Version = 0x0300
	TLS10 Version = 0x0301
	TLS11 Version = 0x0302
	TLS12 Version = 0x0303
	TLS13 Version = 0x0304
)

// versions are all that are asked for, oldest first.
var versions = []Version{SSL3, TLS10, TLS11, TLS12, TLS13}

// String returns the name that facts use: ssl3, 1.0, …, 1.3.
func (v Version) String() string {
	switch v {
	case SSL3:
		return "ssl3"
	case TLS10:
		return "1.0"
	case TLS11:
		return "1.1"
	case TLS12:
		return "1.2"
	case TLS13:
		return "1.3"
	}
	return "?"
}

// MarshalText writes the name.
func (v Version) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads the name.
func (v *Version) UnmarshalText(b []byte) error {
	*v = 0
	for _, w := range versions {
		if w.String() == string(b) {
			*v = w
		}
	}
	return nil
}

// MaxSuites is how many suites one hello offers. Load balancers are known that
// refuse a hello with more than 128, whatever is in it.
const MaxSuites = 100

// Numbers of the protocol, from the IANA registries.
const (
	recordAlert     = 21
	recordHandshake = 22

	typeClientHello       = 1
	typeServerHello       = 2
	typeCertificate       = 11
	typeServerKeyExchange = 12
	typeServerHelloDone   = 14

	extServerName        = 0
	extGroups            = 10
	extPointFormats      = 11
	extSignatures        = 13
	extPadding           = 21
	extSupportedVersions = 43
	extKeyShare          = 51

	noRenegotiation = 0x00ff // says that we know of RFC 5746
	groupX25519     = 29
)

// groups are the curves offered. The finite fields of RFC 7919 are left out at
// first: a server that knows them would use one, and hide the group of its own
// that it uses with others.
var groups = []uint16{29, 23, 24, 25, 30, 22, 21, 19, 26, 27, 28, 14, 13, 12, 11, 10, 9}

// fields are the finite fields of RFC 7919. Some servers use Diffie-Hellman with
// those alone who offer them.
var fields = []uint16{256, 257, 258, 259, 260}

// groups13 are those that TLS 1.3 has.
var groups13 = []uint16{29, 23, 24, 25, 30, 256, 257, 258, 259, 260}

// signatures are all algorithms a server may have a certificate for, old ones too.
var signatures = []uint16{
	0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x081a, 0x081b, 0x081c, 0x0804, 0x0805, 0x0806, 0x0809, 0x080a, 0x080b,
	0x0401, 0x0501, 0x0601, 0x0402, 0x0502, 0x0602, 0x0303, 0x0301, 0x0302, 0x0203, 0x0201, 0x0202,
}

// offer is what a hello offers: one version and no other, so that the answer
// tells about it.
type offer struct {
	version Version
	suites  []Suite
	fields  bool // the finite fields of RFC 7919 too
	part    bool // it is a part of a larger offer
}

// parts takes an offer apart: Diffie-Hellman in finite fields, and the rest. A
// server without parameters for the first chooses it all the same, fails, and so
// hides the others.
func (o offer) parts() []offer {
	if o.part {
		return nil
	}
	first, rest := o, o
	first.part, rest.part = true, true
	first.suites = slices.DeleteFunc(slices.Clone(o.suites), Suite.ephemeral)
	rest.suites = slices.DeleteFunc(slices.Clone(o.suites), func(s Suite) bool { return !s.ephemeral() })
	if len(first.suites) == 0 || len(rest.suites) == 0 {
		return nil
	}
	return []offer{first, rest}
}

// hello is a ClientHello.
type hello struct {
	offer
	name    string // the server name asked for; empty for none
	random  [32]byte
	share   [32]byte // a public key on X25519; any 32 bytes are one
	session [32]byte // of a session that does not exist, as TLS 1.3 wants it
}

// newHello makes a hello with fresh random bytes.
func newHello(o offer, name string) hello {
	h := hello{offer: o, name: name}
	for _, b := range [][]byte{h.random[:], h.share[:], h.session[:]} {
		_, _ = rand.Read(b) // never fails, by its contract
	}
	return h
}

// bytes writes the hello as one record.
func (h hello) bytes() []byte {
	body := h.body(0)
	// A hello whose length lies between 256 and 511 makes some load balancers hang
	// (RFC 7685), and one that is 10 or 14 above a multiple of 256 others.
	if h.version != SSL3 {
		n := len(body) + 4
		switch {
		case n > 255 && n < 512:
			body = h.body(max(512-n-3, 1))
		case n > 511 && (n%256 == 10 || n%256 == 14):
			body = h.body(5)
		}
	}
	out := make([]byte, 0, len(body)+9)
	record := TLS10
	if h.version == SSL3 {
		record = SSL3
	}
	out = append(out, recordHandshake, byte(record>>8), byte(record))
	out = binary.BigEndian.AppendUint16(out, uint16(len(body)+4))
	out = append(out, typeClientHello, 0, byte(len(body)>>8), byte(len(body)))
	return append(out, body...)
}

func (h hello) body(padding int) []byte {
	legacy := min(h.version, TLS12)
	b := binary.BigEndian.AppendUint16(nil, uint16(legacy))
	b = append(b, h.random[:]...)
	if h.version == TLS13 {
		b = append(b, byte(len(h.session)))
		b = append(b, h.session[:]...)
	} else {
		b = append(b, 0)
	}
	n := len(h.suites)
	if h.version != TLS13 {
		n++
	}
	b = binary.BigEndian.AppendUint16(b, uint16(2*n))
	for _, s := range h.suites {
		b = binary.BigEndian.AppendUint16(b, uint16(s))
	}
	if h.version != TLS13 {
		b = binary.BigEndian.AppendUint16(b, noRenegotiation)
	}
	b = append(b, 1, 0) // no compression
	if h.version == SSL3 {
		return b // it knows no extensions
	}
	ext := h.extensions()
	if padding > 0 {
		ext = extension(ext, extPadding, make([]byte, padding-1))
	}
	b = binary.BigEndian.AppendUint16(b, uint16(len(ext)))
	return append(b, ext...)
}

func (h hello) extensions() []byte {
	var b []byte
	if h.name != "" {
		list := append([]byte{0}, sized(nil, []byte(h.name))...)
		b = extension(b, extServerName, sized(nil, list))
	}
	gs := groups
	switch {
	case h.version == TLS13:
		gs = groups13
	case h.fields:
		gs = slices.Concat(groups, fields)
	}
	b = extension(b, extGroups, sized(nil, numbers(gs)))
	if h.version != TLS13 {
		b = extension(b, extPointFormats, []byte{1, 0})
	}
	if h.version >= TLS12 {
		b = extension(b, extSignatures, sized(nil, numbers(signatures)))
	}
	if h.version == TLS13 {
		b = extension(b, extSupportedVersions, []byte{2, 3, 4})
		share := binary.BigEndian.AppendUint16(nil, groupX25519)
		b = extension(b, extKeyShare, sized(nil, append(share, sized(nil, h.share[:])...)))
	}
	return b
}

func extension(b []byte, number uint16, data []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, number)
	return sized(b, data)
}

// sized appends data with its length in two bytes before it.
func sized(b, data []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(len(data)))
	return append(b, data...)
}

func numbers(ns []uint16) []byte {
	b := make([]byte, 0, 2*len(ns))
	for _, n := range ns {
		b = binary.BigEndian.AppendUint16(b, n)
	}
	return b
}

// without returns the suites but one.
func without(suites []Suite, s Suite) []Suite {
	return slices.DeleteFunc(slices.Clone(suites), func(o Suite) bool { return o == s })
}
