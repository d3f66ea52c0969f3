package pkgver

// Marks of Ruby versions. Their order fills the shorter version up with zeros
// and puts a word before any number, so what follows a run of zeros decides
// whether it comes before or after the end.
const (
	gemText  byte = 0x01
	gemZeros byte = 0x02 // zeros with a word behind them
	gemEnd   byte = 0x03
)

// appendGem takes what Gem::Version takes. A hyphen begins a pre-release.
func appendGem(dst []byte, v string) ([]byte, Why) {
	if why := checkGem(v); why != ok {
		return dst, why
	}
	zeros, words := 0, false
	for i := 0; i < len(v); {
		switch c := v[i]; {
		case isDigit(c):
			j := digits(v, i)
			if zero(v[i:j]) {
				zeros++
			} else {
				dst = appendNum(pad(dst, zeros), v[i:j])
				zeros = 0
			}
			i = j
		case isLetter(c) || c == '-':
			word := "pre"
			if c == '-' {
				i++
			} else {
				j := letters(v, i)
				word, i = v[i:j], j
			}
			if zeros > 0 && words {
				dst = appendUint(append(dst, gemZeros), uint64(zeros))
			} else { // zeros before the first word count for nothing
				dst = append(dst, gemText)
			}
			dst = appendText(dst, word)
			zeros, words = 0, true
		default:
			i++
		}
	}
	return append(dst, gemEnd), ok
}

// checkGem checks the form: digits, then parts of letters and digits, with dots
// between them, and hyphens from the first hyphen on.
func checkGem(v string) Why {
	if !isDigit(v[0]) {
		return Form
	}
	hyphen := false
	for i := digits(v, 0); i < len(v); i++ {
		c := v[i]
		last := i == len(v)-1
		switch {
		case c == '-':
			if i > 0 && v[i-1] == '.' && !hyphen {
				return Form
			}
			if last && !hyphen {
				return Form
			}
			hyphen = true
		case c == '.':
			if last || v[i+1] == '.' || !hyphen && v[i+1] == '-' || hyphen && isFirstHyphen(v, i) {
				return Form
			}
		case !isAlnum(c):
			return Form
		case i > 0 && i == digits(v, 0): // letters right behind the first number
			return Form
		}
	}
	return ok
}

// isFirstHyphen reports whether what stands before i is the first hyphen.
func isFirstHyphen(v string, i int) bool {
	if v[i-1] != '-' {
		return false
	}
	for j := range i - 1 {
		if v[j] == '-' {
			return false
		}
	}
	return true
}
