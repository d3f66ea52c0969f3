package pkgver

// Marks of Maven versions, in the order of ComparableVersion of Maven 4: a
// qualifier comes before a number behind a hyphen, and that before a number
// behind a dot. A qualifier that says nothing is as good as the end, so what
// follows it decides on which side of the end it lies.
const (
	mvnQualifier byte = 0x01 // alpha, beta, milestone, rc, snapshot: 0x01 … 0x05
	mvnNoneLess  byte = 0x06 // ga, final, release before something that comes before the end
	mvnEnd       byte = 0x07
	mvnNoneMore  byte = 0x08
	mvnPack      byte = 0x09 // sp
	mvnUnknown   byte = 0x0a // any other qualifier, by its letters
	mvnHyphen    byte = 0x0b // a number behind a hyphen

	mvnNoNumber byte = 0x00 // a qualifier without a number, which comes before any with one
)

var mvnQualifiers = [...]string{"alpha", "beta", "milestone", "rc", "snapshot"}

// mavenKey is a key that is being made. It is handed on by value, so that a
// caller's buffer can stay on its stack.
type mavenKey struct {
	dst   []byte
	kept  int // the end of what counts whatever follows
	words int // the end of what counts if a qualifier follows: zeros before it do not
	none  int // the first of the qualifiers at the end that say nothing; -1
}

// appendMaven takes what a version may hold in practice: letters, digits, dots,
// hyphens, and _ + ~ inside of qualifiers.
func appendMaven(dst []byte, v string) ([]byte, Why) {
	k := mavenKey{dst: dst, kept: len(dst), words: len(dst), none: -1}
	hyphen := false // what separates the next part from the one before
	for i := 0; i < len(v); {
		c := v[i]
		switch {
		case c == '.' || c == '-':
			if i == 0 || v[i-1] == '.' || v[i-1] == '-' { // an empty part is 0
				k = k.number("0", hyphen)
			}
			hyphen = c == '-'
			i++
		case isDigit(c):
			j := digits(v, i)
			k = k.number(v[i:j], hyphen)
			i = j
		default:
			j := i
			for j < len(v) && !isDigit(v[j]) && v[j] != '.' && v[j] != '-' {
				if d := v[j]; !isLetter(d) && d != '_' && d != '+' && d != '~' {
					return dst, Form
				}
				j++
			}
			n := j // a number right behind it, or behind a hyphen, belongs to it
			if n+1 < len(v) && v[n] == '-' && isDigit(v[n+1]) {
				n++
			}
			end := digits(v, n)
			if end == n {
				n, end = j, j
			}
			k = k.qualifier(v[i:j], v[n:end])
			i = end
		}
	}
	return append(k.dst[:k.kept], mvnEnd), ok
}

func (k mavenKey) number(num string, hyphen bool) mavenKey {
	if hyphen {
		k.dst = append(k.dst, mvnHyphen)
	}
	k.dst = appendNum(k.dst, num)
	if zero(num) {
		return k
	}
	return k.keep()
}

func (k mavenKey) keep() mavenKey {
	k.kept, k.words, k.none = len(k.dst), len(k.dst), -1
	return k
}

func (k mavenKey) qualifier(q, number string) mavenKey {
	k.dst = k.dst[:k.words]
	if number != "" && len(q) == 1 {
		switch lower(q[0]) {
		case 'a':
			q = "alpha"
		case 'b':
			q = "beta"
		case 'm':
			q = "milestone"
		}
	}
	switch mark := mvnMark(q); {
	case mark == mvnNoneMore && number == "":
		if k.none < 0 {
			k.none = len(k.dst)
		}
		k.dst = append(k.dst, mark, mvnNoNumber)
		k.words = len(k.dst)
		return k
	case mark < mvnEnd && k.none >= 0:
		for i := k.none; i < len(k.dst); i += 2 {
			k.dst[i] = mvnNoneLess
		}
		k.dst = append(k.dst, mark)
	case mark == mvnUnknown:
		k.dst = appendLower(append(k.dst, mark), q)
	default:
		k.dst = append(k.dst, mark)
	}
	if number == "" {
		k.dst = append(k.dst, mvnNoNumber)
	} else {
		k.dst = appendNum(k.dst, number)
	}
	return k.keep()
}

func mvnMark(q string) byte {
	for i, known := range mvnQualifiers {
		if equalFold(q, known) {
			return mvnQualifier + byte(i)
		}
	}
	switch {
	case equalFold(q, "cr"):
		return mvnQualifier + 3
	case equalFold(q, "ga"), equalFold(q, "final"), equalFold(q, "release"):
		return mvnNoneMore
	case equalFold(q, "sp"):
		return mvnPack
	}
	return mvnUnknown
}

// equalFold reports whether s is a word in lower case, whatever its case.
func equalFold(s, word string) bool { return len(s) == len(word) && hasFold(s, word) }
