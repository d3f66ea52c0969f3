package wall

import (
	"encoding/binary"
	"errors"
)

// Netlink is how the kernel itself answers which firewall chains it has
// (linux/netfilter/nf_tables.h). It serves where no tool is installed to ask with.

const (
	subsystem     = 10 // NFNL_SUBSYS_NFTABLES
	getChain      = subsystem<<8 | 4
	newChain      = subsystem<<8 | 3
	messageError  = 2 // NLMSG_ERROR
	messageDone   = 3 // NLMSG_DONE
	request       = 1 // NLM_F_REQUEST
	dump          = 0x300
	attrHook      = 4
	attrPolicy    = 5
	attrUse       = 6
	attrType      = 7
	attrHookNum   = 1
	localIn       = 1 // NF_INET_LOCAL_IN
	policyDrop    = 0
	headerSize    = 16
	nfHeaderSize  = 4
	attrTypeMask  = 0x3fff
	maxNetfilters = 100_000
)

// ChainsRequest is the message that asks the kernel for all chains.
func ChainsRequest() []byte {
	b := make([]byte, headerSize+nfHeaderSize)
	binary.NativeEndian.PutUint32(b[0:], uint32(len(b)))
	binary.NativeEndian.PutUint16(b[4:], getChain)
	binary.NativeEndian.PutUint16(b[6:], request|dump)
	binary.NativeEndian.PutUint32(b[8:], 1)
	return b
}

// Chains is what the kernel's chains for incoming traffic come to.
type Chains struct {
	Drop  bool // one refuses by its policy
	Rules bool // one has rules
	Done  bool // the answer is complete
	n     int
}

var errNetlink = errors.New("the kernel's answer cannot be read")

// Errno is the error number that the kernel answered with.
type Errno int32

func (e Errno) Error() string { return "the kernel refused to list its firewall" }

// Add reads one piece of the kernel's answer.
func (c *Chains) Add(b []byte) error {
	for len(b) >= headerSize {
		size := binary.NativeEndian.Uint32(b)
		if size < headerSize || uint64(size) > uint64(len(b)) {
			return errNetlink
		}
		body := b[headerSize:size]
		switch binary.NativeEndian.Uint16(b[4:]) {
		case messageDone:
			c.Done = true
			return nil
		case messageError:
			if len(body) < 4 {
				return errNetlink
			}
			if n := int32(binary.NativeEndian.Uint32(body)); n != 0 {
				return Errno(-n)
			}
		case newChain:
			if c.n++; c.n > maxNetfilters {
				return errNetlink
			}
			if len(body) >= nfHeaderSize {
				c.chain(body[nfHeaderSize:])
			}
		}
		b = b[min(len(b), int(size+3)&^3):]
	}
	return nil
}

func (c *Chains) chain(b []byte) {
	input, filter, drop, uses := false, true, false, uint32(0)
	attributes(b, func(typ uint16, v []byte) {
		switch typ {
		case attrHook:
			attributes(v, func(typ uint16, v []byte) {
				if typ == attrHookNum && len(v) == 4 {
					input = binary.BigEndian.Uint32(v) == localIn
				}
			})
		case attrPolicy:
			drop = len(v) == 4 && binary.BigEndian.Uint32(v) == policyDrop
		case attrUse:
			if len(v) == 4 {
				uses = binary.BigEndian.Uint32(v)
			}
		case attrType:
			filter = string(v) == "filter\x00"
		}
	})
	if !input || !filter {
		return
	}
	c.Drop = c.Drop || drop
	c.Rules = c.Rules || uses > 0
}

func attributes(b []byte, f func(typ uint16, v []byte)) {
	for len(b) >= 4 {
		size := int(binary.NativeEndian.Uint16(b))
		if size < 4 || size > len(b) {
			return
		}
		f(binary.NativeEndian.Uint16(b[2:])&attrTypeMask, b[4:size])
		b = b[min(len(b), (size+3)&^3):]
	}
}
