package pkgver

// Marks of Maven versions, in the order of Maven's version order specification
// (maven.apache.org/pom.html): a qualifier comes before a number behind a hyphen,
// and that before a number behind a dot.
const (
	mvnQualifier byte = 0x01 // alpha, beta, milestone, rc, snapshot: 0x01 … 0x05
	mvnEnd       byte = 0x06
	mvnNone      byte = 0x07 // a qualifier that says nothing, with more behind it
	mvnPack      byte = 0x08 // sp
	mvnUnknown   byte = 0x09 // any other qualifier, by its letters
	mvnHyphen    byte = 0x0a // a number behind a hyphen
)

var mvnQualifiers = [...]string{"alpha", "beta", "milestone", "rc", "snapshot"}

// appendMaven takes what a version may hold in practice: letters, digits, dots,
// hyphens, and _ + ~ inside of qualifiers. Nulls (0, final, ga, release) count
// only where a number follows them behind a dot.
func appendMaven(dst []byte, v string) ([]byte, Why) {
	kept := len(dst) // behind the last part that counts
	hyphen := false  // what separates the next part from the one before
	for i := 0; i < len(v); {
		c := v[i]
		switch {
		case c == '.' || c == '-':
			if i == 0 || v[i-1] == '.' || v[i-1] == '-' { // an empty part is 0
				dst = appendMavenNumber(dst, &kept, "0", hyphen)
			}
			hyphen = c == '-'
			i++
		case isDigit(c):
			j := digits(v, i)
			dst = appendMavenNumber(dst, &kept, v[i:j], hyphen)
			i, hyphen = j, true
		default:
			j := i
			for j < len(v) && !isDigit(v[j]) && v[j] != '.' && v[j] != '-' {
				if d := v[j]; !isLetter(d) && d != '_' && d != '+' && d != '~' {
					return dst, Form
				}
				j++
			}
			number := j < len(v) && (isDigit(v[j]) || v[j] == '-' && j+1 < len(v) && isDigit(v[j+1]))
			dst = appendMavenQualifier(dst, &kept, v[i:j], number)
			i, hyphen = j, true
		}
	}
	return append(dst[:kept], mvnEnd), ok
}

func appendMavenNumber(dst []byte, kept *int, num string, hyphen bool) []byte {
	if hyphen {
		dst = append(dst[:*kept], mvnHyphen)
	}
	dst = appendNum(dst, num)
	if !zero(num) {
		*kept = len(dst)
	}
	return dst
}

func appendMavenQualifier(dst []byte, kept *int, q string, number bool) []byte {
	dst = dst[:*kept]
	if number && len(q) == 1 {
		switch lower(q[0]) {
		case 'a':
			q = "alpha"
		case 'b':
			q = "beta"
		case 'm':
			q = "milestone"
		}
	}
	if equalFold(q, "ga") || equalFold(q, "final") || equalFold(q, "release") {
		return append(dst, mvnNone)
	}
	switch {
	case equalFold(q, "cr"):
		dst = append(dst, mvnQualifier+3)
	case equalFold(q, "sp"):
		dst = append(dst, mvnPack)
	default:
		dst = append(dst, mvnMark(q))
		if dst[len(dst)-1] == mvnUnknown {
			dst = appendLower(dst, q)
		}
	}
	*kept = len(dst)
	return dst
}

func mvnMark(q string) byte {
	for i, known := range mvnQualifiers {
		if equalFold(q, known) {
			return mvnQualifier + byte(i)
		}
	}
	return mvnUnknown
}

// equalFold reports whether s is a word in lower case, whatever its case.
func equalFold(s, word string) bool { return len(s) == len(word) && hasFold(s, word) }
