package wire

// TakeBER takes one BER element off bytes: its tag, its content and what follows
// it. It knows lengths of up to four bytes; ok is false for what is cut short or
// longer than the bytes.
func TakeBER(b []byte) (tag byte, body, rest []byte, ok bool) {
	if len(b) < 2 {
		return 0, nil, nil, false
	}
	n, at := int(b[1]), 2
	if n&0x80 != 0 {
		k := n & 0x7f
		if k == 0 || k > 4 || len(b) < 2+k {
			return 0, nil, nil, false
		}
		n = 0
		for _, x := range b[2 : 2+k] {
			n = n<<8 | int(x)
		}
		at += k
	}
	if n < 0 || len(b)-at < n {
		return 0, nil, nil, false
	}
	return b[0], b[at : at+n], b[at+n:], true
}
