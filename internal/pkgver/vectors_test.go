package pkgver

import (
	"bufio"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/asepsis/asepsis/internal/errs"
)

var vectorFiles = map[string]Scheme{
	"deb": Deb, "rpm": RPM, "apk": APK, "semver": SemVer, "go": Go, "pep440": PEP440, "maven": Maven, "nuget": NuGet, "gem": Gem,
	"composer": Composer, "windows": Windows, "hackage": Hackage, "cran": CRAN, "julia": Julia, "bitnami": Bitnami, "generic": Generic,
}

// vectors reads a file of cases: "a < b", "a = b", "a > b", "! refused", "~ taken".
func vectors(t testing.TB, name string, each func(line int, a, op, b string)) {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "vectors", name+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	sc := bufio.NewScanner(f)
	for n := 1; sc.Scan(); n++ {
		line := sc.Text()
		if line == "" || line[0] == '#' {
			continue
		}
		if v, ok := strings.CutPrefix(line, "! "); ok {
			each(n, v, "!", "")
			continue
		}
		if v, ok := strings.CutPrefix(line, "~ "); ok {
			each(n, v, "~", "")
			continue
		}
		p := strings.Fields(line)
		if len(p) != 3 {
			t.Fatalf("%s:%d: %q is no case", name, n, line)
		}
		each(n, p[0], p[1], p[2])
	}
	if err := sc.Err(); err != nil {
		t.Fatal(err)
	}
}

func TestVectors(t *testing.T) {
	for name, s := range vectorFiles {
		t.Run(name, func(t *testing.T) {
			vectors(t, name, func(line int, a, op, b string) {
				want := map[string]int{"<": -1, "=": 0, ">": 1}[op]
				switch op {
				case "!":
					key, err := AppendKey([]byte("x"), s, a)
					if e, ok := errors.AsType[*Error](err); !ok || e.Why == 0 || e.Scheme != s || !errs.Is(err, errs.Invalid) || string(key) != "x" {
						t.Errorf("line %d: %q is taken: %x, %v", line, a, key, err)
					}
				case "~":
					if _, err := AppendKey(nil, s, a); err != nil {
						t.Errorf("line %d: %v", line, err)
					}
				default:
					got, err := Compare(s, a, b)
					back, err2 := Compare(s, b, a)
					if err != nil || err2 != nil || got != want || back != -want {
						t.Errorf("line %d: %s %s %s: got %d and %d, %v", line, a, op, b, got, back, err)
					}
				}
			})
		})
	}
}
