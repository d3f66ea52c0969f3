package wall

import (
	"encoding/binary"
	"errors"
	"testing"
)

func attribute(typ uint16, v []byte) []byte {
	b := binary.NativeEndian.AppendUint16(nil, uint16(4+len(v)))
	b = binary.NativeEndian.AppendUint16(b, typ)
	b = append(b, v...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

func be(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }

func message(typ uint16, body []byte) []byte {
	b := binary.NativeEndian.AppendUint32(nil, uint32(headerSize+len(body)))
	b = binary.NativeEndian.AppendUint16(b, typ)
	b = append(b, make([]byte, 10)...)
	return append(b, body...)
}

func chainMessage(hook, policy, uses uint32, kind string) []byte {
	body := make([]byte, nfHeaderSize)
	body = append(body, attribute(3, []byte("input\x00"))...)
	body = append(body, attribute(0x8000|attrHook, attribute(attrHookNum, be(hook)))...)
	body = append(body, attribute(attrPolicy, be(policy))...)
	body = append(body, attribute(attrUse, be(uses))...)
	body = append(body, attribute(attrType, []byte(kind+"\x00"))...)
	return message(newChain, body)
}

func TestChains(t *testing.T) {
	done := message(messageDone, make([]byte, 4))
	for _, tt := range []struct {
		name        string
		in          [][]byte
		drop, rules bool
	}{
		{"none", [][]byte{done}, false, false},
		{"refuses", [][]byte{chainMessage(localIn, 0, 3, "filter"), done}, true, true},
		{"accepts with rules, in two pieces", [][]byte{chainMessage(localIn, 1, 0, "filter"), append(chainMessage(localIn, 1, 2, "filter"), done...)}, false, true},
		{"another hook", [][]byte{append(chainMessage(2, 0, 3, "filter"), done...)}, false, false},
		{"another kind", [][]byte{append(chainMessage(localIn, 0, 3, "nat"), done...)}, false, false},
	} {
		var c Chains
		for _, b := range tt.in {
			if err := c.Add(b); err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
		}
		if c.Drop != tt.drop || c.Rules != tt.rules || !c.Done {
			t.Errorf("%s: %+v", tt.name, c)
		}
	}
	var c Chains
	var errno Errno
	refused := int32(-1)
	if err := c.Add(message(messageError, binary.NativeEndian.AppendUint32(nil, uint32(refused)))); !errors.As(err, &errno) || errno != 1 {
		t.Errorf("a refusal is %v", err)
	}
	if err := c.Add([]byte{1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}); err == nil {
		t.Error("a message shorter than its header was taken")
	}
}

func FuzzChains(f *testing.F) {
	f.Add(append(chainMessage(localIn, 0, 3, "filter"), message(messageDone, nil)...))
	f.Add(message(messageError, make([]byte, 4)))
	f.Fuzz(func(t *testing.T, b []byte) {
		var c Chains
		if err := c.Add(b); err != nil && c.Done {
			t.Fatalf("an answer that cannot be read (%v) is complete", err)
		}
	})
}
