package pkgver

// A key is made of numbers, texts and marks, each so written that none is the
// beginning of another. The first byte tells which it is:
//
//	0x00 … 0x0f  marks that come before every number
//	0x10 … 0x8f  the numbers 0 to 127
//	0x90 … 0x97  larger numbers of 1 to 8 bytes, which follow
//	0x98         numbers of 20 digits and more: how many, then the digits
//	0xa0 … 0xff  marks and letters that come after every number
const (
	numZero byte = 0x10
	numWide byte = 0x8f // plus the number of bytes
	numLong byte = 0x98
)

// appendNum appends a run of digits as a number of any size.
func appendNum(dst []byte, digits string) []byte {
	for len(digits) > 0 && digits[0] == '0' {
		digits = digits[1:]
	}
	if len(digits) > 19 {
		dst = append(dst, numLong, byte(len(digits)>>8), byte(len(digits)))
		return append(dst, digits...)
	}
	var n uint64
	for i := range len(digits) {
		n = n*10 + uint64(digits[i]-'0')
	}
	return appendUint(dst, n)
}

func appendUint(dst []byte, n uint64) []byte {
	if n < 128 {
		return append(dst, numZero+byte(n))
	}
	width := 1
	for n>>(8*width) != 0 && width < 8 {
		width++
	}
	dst = append(dst, numWide+byte(width))
	for i := width - 1; i >= 0; i-- {
		dst = append(dst, byte(n>>(8*i)))
	}
	return dst
}

// digits returns where the run of digits that begins at i ends.
func digits(s string, i int) int {
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	return i
}

// letters returns where the run of letters that begins at i ends.
func letters(s string, i int) int {
	for i < len(s) && isLetter(s[i]) {
		i++
	}
	return i
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func isAlnum(c byte) bool  { return isDigit(c) || isLetter(c) }

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c | 0x20
	}
	return c
}

func allDigits(s string) bool { return s != "" && digits(s, 0) == len(s) }

// zero reports whether a run of digits is the number nought.
func zero(s string) bool {
	for i := range len(s) {
		if s[i] != '0' {
			return false
		}
	}
	return true
}

// appendLower appends a text in lower case, ended by a byte before all others.
func appendLower(dst []byte, s string) []byte {
	for i := range len(s) {
		dst = append(dst, lower(s[i]))
	}
	return append(dst, 0)
}

func appendText(dst []byte, s string) []byte { return append(append(dst, s...), 0) }
