// Package clinical asks services that carry orders, results and images whether
// they do it in clear. It asks what is made for asking and nothing else: of DICOM
// an association and the echo (C-ECHO), of HL7 a frame without a message.
package clinical

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/collect/service/wire"
)

// EachTime and EachBytes bound one connection.
const (
	EachTime  = 4 * time.Second
	EachBytes = 64 << 10
)

// Application entity titles. "ANY-SCP" is what tools call a peer whose title they
// do not know.
const (
	DefaultCalled = "ANY-SCP"
	calling       = "ASEPSIS"
)

// Identifiers of DICOM (PS3.6) and ours, made of a random UUID (PS3.5 annex B.2).
const (
	uidApplication  = "1.2.840.10008.3.1.1.1"
	uidVerification = "1.2.840.10008.1.1"
	uidImplicit     = "1.2.840.10008.1.2"
	uidOurs         = "2.25.7434640838177360207981809904290636135"
	versionOurs     = "ASEPSIS_SCAN"
)

// Types of protocol data units and items, PS3.8 section 9.3.
const (
	pduRequest  = 1
	pduAccept   = 2
	pduReject   = 3
	pduData     = 4
	pduRelease  = 5
	pduReleased = 6
	pduAbort    = 7

	itemApplication    = 0x10
	itemContext        = 0x20
	itemContextResult  = 0x21
	itemAbstract       = 0x30
	itemTransfer       = 0x40
	itemUser           = 0x50
	itemMaxLength      = 0x51
	itemImplementation = 0x52
	itemVersion        = 0x55
)

// maxPDU bounds a unit that is read.
const maxPDU = 32 << 10

// DICOM is how a service answered a request for an association.
type DICOM struct {
	// Accepted says that it took the association; Rejected is why it did not, in
	// words. Either way it answered in DICOM, and so in clear where there is no TLS.
	Accepted bool   `json:"accepted"`
	Rejected string `json:"rejected,omitempty"`
	// Echo says that it answered a C-ECHO with success; NoEcho is why it did not.
	Echo   bool   `json:"echo,omitempty"`
	NoEcho string `json:"no_echo,omitempty"`
	// What it says of its software.
	Implementation string `json:"implementation,omitempty"` // class UID
	Version        string `json:"version,omitempty"`        // OFFIS_DCMTK_367
}

// Echo asks a DICOM service for an association, and where it is granted for one
// echo. The error says that it did not answer in DICOM.
func Echo(c *wire.Conn, called string) (*DICOM, error) {
	if called == "" {
		called = DefaultCalled
	}
	if _, err := c.Write(associate(called)); err != nil {
		return nil, err
	}
	kind, body, err := readPDU(c)
	if err != nil {
		return nil, err
	}
	d := &DICOM{}
	switch kind {
	case pduReject:
		if len(body) != 4 {
			return nil, wire.ErrProtocol
		}
		d.Rejected = rejection(body[2], body[3])
		return d, nil
	case pduAbort:
		if len(body) != 4 {
			return nil, wire.ErrProtocol
		}
		d.Rejected = "it broke off the association"
		return d, nil
	case pduAccept:
	default:
		return nil, wire.ErrProtocol
	}
	context, err := d.accept(body)
	if err != nil {
		return nil, err
	}
	d.Accepted = true
	if context != 0 {
		d.NoEcho = fmt.Sprintf("it does not take part in the echo (reason %d)", context)
	} else if err := d.echo(c); err != nil {
		d.NoEcho = wire.Why(err)
	}
	d.release(c)
	return d, nil
}

// release ends the association as the standard wants it, so that the service
// does not write of a broken one into its log.
func (d *DICOM) release(c *wire.Conn) {
	if _, err := c.Write([]byte{pduRelease, 0, 0, 0, 0, 4, 0, 0, 0, 0}); err == nil {
		_, _, _ = readPDU(c)
	}
}

func associate(called string) []byte {
	b := []byte{0, 1, 0, 0}
	b = append(b, title(called)...)
	b = append(b, title(calling)...)
	b = append(b, make([]byte, 32)...)
	b = item(b, itemApplication, []byte(uidApplication))
	context := []byte{1, 0, 0, 0}
	context = item(context, itemAbstract, []byte(uidVerification))
	context = item(context, itemTransfer, []byte(uidImplicit))
	b = item(b, itemContext, context)
	user := item(nil, itemMaxLength, binary.BigEndian.AppendUint32(nil, maxPDU/2))
	user = item(user, itemImplementation, []byte(uidOurs))
	user = item(user, itemVersion, []byte(versionOurs))
	b = item(b, itemUser, user)
	return pdu(pduRequest, b)
}

// title writes an application entity title: 16 bytes, filled with spaces.
func title(s string) []byte {
	b := []byte(strings.Repeat(" ", 16))
	copy(b, wire.Printable(s, 16))
	return b
}

func item(b []byte, kind byte, data []byte) []byte {
	b = append(b, kind, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(len(data)))
	return append(b, data...)
}

func pdu(kind byte, data []byte) []byte {
	b := binary.BigEndian.AppendUint32([]byte{kind, 0}, uint32(len(data)))
	return append(b, data...)
}

func readPDU(c *wire.Conn) (kind byte, body []byte, err error) {
	head, err := c.Full(6)
	if err != nil {
		return 0, nil, err
	}
	n := binary.BigEndian.Uint32(head[2:])
	if head[0] < pduAccept || head[0] > pduAbort || n > maxPDU {
		return 0, nil, wire.ErrProtocol
	}
	body, err = c.Full(int(n))
	return head[0], body, err
}

// takeItem takes one item off bytes.
func takeItem(b []byte) (kind byte, body, rest []byte, ok bool) {
	if len(b) < 4 {
		return 0, nil, nil, false
	}
	n := int(binary.BigEndian.Uint16(b[2:]))
	if len(b) < 4+n {
		return 0, nil, nil, false
	}
	return b[0], b[4 : 4+n], b[4+n:], true
}

// accept reads a granted association: how our one context was answered (0 is
// accepted), and what the service says of its software.
func (d *DICOM) accept(b []byte) (context byte, err error) {
	if len(b) < 68 {
		return 0, wire.ErrProtocol
	}
	b = b[68:]
	context = 0xff // not answered at all
	for len(b) > 0 {
		kind, body, rest, ok := takeItem(b)
		if !ok {
			return 0, wire.ErrProtocol
		}
		b = rest
		switch kind {
		case itemContextResult:
			if len(body) >= 4 && body[0] == 1 {
				context = body[2]
			}
		case itemUser:
			for len(body) > 0 {
				sub, data, more, ok := takeItem(body)
				if !ok {
					return 0, wire.ErrProtocol
				}
				body = more
				switch sub {
				case itemImplementation:
					d.Implementation = wire.Printable(string(data), 64)
				case itemVersion:
					d.Version = wire.Printable(string(data), 16)
				}
			}
		}
	}
	return context, nil
}

// Commands of DIMSE, PS3.7 annex E.
const (
	commandEcho     = 0x0030
	commandEchoed   = 0x8030
	elementCommand  = 0x0100
	elementStatus   = 0x0900
	elementClass    = 0x0002
	elementLength   = 0x0000
	elementMessage  = 0x0110
	elementDataSet  = 0x0800
	withoutDataSet  = 0x0101
	commandLastPart = 3
)

var errEcho = errors.New("the answer to its echo cannot be read")

func (d *DICOM) echo(c *wire.Conn) error {
	var set []byte
	set = element(set, elementClass, []byte(uidVerification+"\x00"))
	set = element(set, elementCommand, short(commandEcho))
	set = element(set, elementMessage, short(1))
	set = element(set, elementDataSet, short(withoutDataSet))
	whole := element(nil, elementLength, binary.LittleEndian.AppendUint32(nil, uint32(len(set))))
	value := append([]byte{1, commandLastPart}, append(whole, set...)...)
	data := binary.BigEndian.AppendUint32(nil, uint32(len(value)))
	if _, err := c.Write(pdu(pduData, append(data, value...))); err != nil {
		return err
	}
	kind, body, err := readPDU(c)
	if err != nil {
		return err
	}
	if kind != pduData {
		return errEcho
	}
	status, err := echoed(body)
	if err != nil {
		return err
	}
	if status != 0 {
		d.NoEcho = fmt.Sprintf("it answered the echo with status 0x%04x", status)
		return nil
	}
	d.Echo = true
	return nil
}

func element(b []byte, number uint16, data []byte) []byte {
	b = append(b, 0, 0)
	b = binary.LittleEndian.AppendUint16(b, number)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	return append(b, data...)
}

func short(n uint16) []byte { return binary.LittleEndian.AppendUint16(nil, n) }

// echoed reads the status of an echo out of a data unit.
func echoed(b []byte) (status uint16, err error) {
	if len(b) < 6 {
		return 0, errEcho
	}
	n := binary.BigEndian.Uint32(b)
	if n < 2 || int64(n) > int64(len(b)-4) {
		return 0, errEcho
	}
	set := b[6 : 4+n]
	command, found := uint16(0), false
	for len(set) >= 8 {
		group, number, size := binary.LittleEndian.Uint16(set), binary.LittleEndian.Uint16(set[2:]), binary.LittleEndian.Uint32(set[4:])
		if int64(size) > int64(len(set)-8) {
			return 0, errEcho
		}
		data := set[8 : 8+size]
		set = set[8+size:]
		if group != 0 || len(data) != 2 {
			continue
		}
		switch number {
		case elementCommand:
			command = binary.LittleEndian.Uint16(data)
		case elementStatus:
			status, found = binary.LittleEndian.Uint16(data), true
		}
	}
	if command != commandEchoed || !found {
		return 0, errEcho
	}
	return status, nil
}

// rejection says a refusal in words, PS3.8 table 9-21.
func rejection(source, reason byte) string {
	switch {
	case source == 1 && reason == 3:
		return "it does not know the calling title " + calling
	case source == 1 && reason == 7:
		return "it does not know the called title"
	case source == 1 && reason == 2:
		return "it does not support the application context"
	case source == 3 && reason == 1:
		return "it is busy"
	case source == 3 && reason == 2:
		return "it has reached the number of associations it takes"
	}
	return fmt.Sprintf("without a reason that tells more (source %d, reason %d)", source, reason)
}
