package vuln

import (
	"strconv"

	"github.com/asepsis/asepsis/internal/advisory"
)

// Flaw is the name of a flaw or an advisory in 32 bits: for a CVE its year in the
// upper seven (from 1990) and its number in the others; for other names, the
// upper seven all ones, where the name lies in the file. Zero is none. It means
// something only together with its [DB], except for CVEs.
type Flaw uint32

const (
	flawBits  = 25
	firstYear = 1990
	named     = 127
	maxNumber = 1<<flawBits - 1
)

// CVEFlaw returns the flaw of a CVE's name, or 0 where it is none, or not
// written as CVEs are: with four digits at least and no more zeros than that.
func CVEFlaw(id string) Flaw {
	if len(id) > len("CVE-2006-33554431") || !advisory.IsCVE(id) {
		return 0
	}
	year, err := strconv.Atoi(id[4:8])
	if err != nil || year < firstYear || year >= firstYear+named {
		return 0
	}
	digits := id[9:]
	n, err := strconv.Atoi(digits)
	if err != nil || n > maxNumber || n == 0 || (len(digits) > 4 && digits[0] == '0') {
		return 0
	}
	return Flaw((year-firstYear)<<flawBits | n)
}

// IsCVE reports whether the flaw has a CVE's name.
func (f Flaw) IsCVE() bool { return f != 0 && f>>flawBits != named }

// appendCVE writes the name of a flaw that is a CVE.
func (f Flaw) appendCVE(b []byte) []byte {
	b = append(b, "CVE-"...)
	b = strconv.AppendUint(b, uint64(f>>flawBits)+firstYear, 10)
	b = append(b, '-')
	n := uint64(f & maxNumber)
	for least := uint64(1000); n < least && least > 1; least /= 10 {
		b = append(b, '0')
	}
	return strconv.AppendUint(b, n, 10)
}
