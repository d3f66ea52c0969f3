package clinical

import (
	"bytes"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/collect/service/wire"
)

// Frame bytes of the minimal lower layer protocol (MLLP), HL7 v2 over TCP.
const (
	frameStart = 0x0b
	frameEnd   = 0x1c
	frameClose = 0x0d
)

// How long an HL7 receiver is waited for.
const (
	hl7First = 200 * time.Millisecond // it should not speak first
	hl7Wait  = 1500 * time.Millisecond
	hl7Gap   = 150 * time.Millisecond
	maxReply = 8 << 10
)

// HL7 is how a receiver of HL7 v2 behaved.
type HL7 struct {
	// Framed says that it answered in MLLP; Message that the answer was an HL7
	// acknowledgment.
	Framed  bool   `json:"framed"`
	Message bool   `json:"message,omitempty"`
	Sender  string `json:"sender,omitempty"`  // the application that answered, MSH-3
	Version string `json:"version,omitempty"` // of HL7, MSH-12
	// Silent is how it behaved where it did not answer.
	Silent string `json:"silent,omitempty"`
}

// Frame sends a frame of MLLP with nothing in it and looks at the answer. There
// is no message in it, so nothing can be stored, forwarded or acted on; receivers
// drop it or say that they could not read it.
//
// The error says that the service spoke, but nothing of HL7.
func Frame(c *wire.Conn) (*HL7, error) {
	if said, _ := c.Listen(hl7First, hl7Gap, 256); len(said) > 0 {
		return nil, wire.ErrProtocol // a receiver waits for its sender
	}
	if _, err := c.Write([]byte{frameStart, frameEnd, frameClose}); err != nil {
		return nil, err
	}
	answer, hung := c.Listen(hl7Wait, hl7Gap, maxReply)
	if len(answer) == 0 {
		h := &HL7{Silent: "it took the connection and an empty frame and said nothing, as many receivers do"}
		if hung {
			h.Silent = "it hung up after an empty frame"
		}
		return h, nil
	}
	return parseFrame(answer)
}

// parseFrame reads an answer. Of a message only the header is looked at, and of
// that only what names the software.
func parseFrame(b []byte) (*HL7, error) {
	if b[0] != frameStart {
		if len(b) == 1 && (b[0] == 0x06 || b[0] == 0x15) { // commit acknowledgments of MLLP release 2
			return &HL7{Framed: true}, nil
		}
		return nil, wire.ErrProtocol
	}
	h := &HL7{Framed: true}
	b = b[1:]
	if i := bytes.IndexByte(b, frameEnd); i >= 0 {
		b = b[:i]
	}
	if len(b) == 1 && (b[0] == 0x06 || b[0] == 0x15) || len(b) < 9 || string(b[:3]) != "MSH" {
		return h, nil
	}
	header, _, _ := strings.Cut(string(b), "\r")
	fields := strings.Split(header, string(b[3:4]))
	h.Message = true
	at := func(n int) string { // MSH-1 is the separator itself
		if n-1 < len(fields) {
			name, _, _ := strings.Cut(fields[n-1], "^")
			return wire.Printable(name, 60)
		}
		return ""
	}
	h.Sender, h.Version = at(3), at(12)
	return h, nil
}
