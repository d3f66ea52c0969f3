package pkgver

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// pairsOf returns how many pairs a test tries with each reference: few, unless
// ASEPSIS_PAIRS says how many.
func pairsOf(t *testing.T, few int) int {
	t.Helper()
	s := os.Getenv("ASEPSIS_PAIRS")
	if s == "" {
		return few
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatalf("ASEPSIS_PAIRS=%q is no number", s)
	}
	return n
}

// oracles are the ecosystems' own programs. Each reads pairs, one a line, and
// answers -1, 0, 1, or x where it refuses one of the two.
var oracles = []struct {
	name    string
	scheme  Scheme
	command []string
	env     []string
}{
	{name: "dpkg (Dpkg::Version)", scheme: Deb, command: []string{"perl", "testdata/oracles/deb.pl"}},
	{name: "rpm", scheme: RPM, command: []string{"/usr/bin/python3", "testdata/oracles/rpm_order.py"}},
	{name: "packaging", scheme: PEP440, command: []string{"python3", "testdata/oracles/pep440_order.py"}},
	{
		name: "node-semver", scheme: SemVer, command: []string{"node", "testdata/oracles/semver.js"},
		env: []string{"NODE_PATH=/usr/lib/node_modules/npm/node_modules:/usr/share/nodejs"},
	},
	{name: "RubyGems", scheme: Gem, command: []string{"ruby", "testdata/oracles/gem.rb"}},
	{name: "composer/semver", scheme: Composer, command: []string{"php", "testdata/oracles/composer.php"}},
	{name: "apk-tools", scheme: APK, command: []string{os.Getenv("ASEPSIS_ORACLE_APK")}},
}

func ask(t *testing.T, command, env []string, pairs [][2]string) ([]string, bool) {
	t.Helper()
	var in bytes.Buffer
	for _, p := range pairs {
		in.WriteString(p[0] + "\t" + p[1] + "\n")
	}
	cmd := exec.CommandContext(context.Background(), command[0], command[1:]...) //nolint:gosec // programs of the table above
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdin = &in
	var errOut bytes.Buffer
	cmd.Stderr = &errOut
	out, err := cmd.Output()
	if err != nil {
		t.Skipf("%s is not here, or cannot be asked: %v: %.200s", strings.Join(command, " "), err, errOut.String())
	}
	answers := strings.Fields(string(out))
	return answers, len(answers) == len(pairs)
}

func TestOracles(t *testing.T) {
	n := pairsOf(t, 10_000)
	for _, o := range oracles {
		t.Run(o.name, func(t *testing.T) {
			if _, err := exec.LookPath(o.command[0]); err != nil {
				t.Skipf("the reference program of %s is not installed", o.name)
			}
			g := newGenerator(t, o.scheme, 2)
			var c tally
			const batch = 100_000
			for done := 0; done < n; done += batch {
				pairs := make([][2]string, 0, batch)
				for len(pairs) < min(batch, n-done) {
					if a, b := g.pair(); a != "" && b != "" {
						pairs = append(pairs, [2]string{a, b})
					}
				}
				answers, whole := ask(t, o.command, o.env, pairs)
				if !whole {
					t.Fatalf("%s gave %d answers to %d pairs", o.name, len(answers), len(pairs))
				}
				for i, p := range pairs {
					want, err := strconv.Atoi(answers[i])
					c.count(o.scheme, p[0], p[1], sign(want), err != nil)
				}
			}
			c.report(t, o.name)
		})
	}
}

// mavenOdd are versions that Maven itself puts in no consistent order, or that
// differ between its releases; the comment of the package has a line on each.
var mavenOdd = regexp.MustCompile(`(?i)` + strings.Join([]string{
	`[.-]{2}|^[.-]|[.-]$`,                      // an empty part
	`(^|\.)[^0-9.-]+(\.|-[^0-9])`,              // a word between dots: 1.a.2
	`(^|[^a-z])(ga|final|release)-?[0-9]`,      // a number behind a word that says nothing
	`^0+[^0-9.]|^0+\.(0+\.)*0*[^0-9.]|^[^0-9]`, // nothing but zeros, or nothing at all, before a word
	`-0+(\.0+)*[.-]?[^0-9.-]`,                  // a zero behind a hyphen before a word
	`0{9}`,                                     // Maven takes a long run of zeros for a large number
}, "|"))

// mavenOld are versions that Maven 3.8 and older order otherwise: a number of a
// word that is 0, or that stands behind a hyphen or a dot, and a word behind final.
var mavenOld = regexp.MustCompile(`(?i)(ga|final|release)[.-]|[a-z]-?0|[a-z][.-][0-9]|[0-9]-?0|0-|[.]0`)

// TestMavenItself asks Maven's own class, which prints how each of its arguments
// stands to the one before.
func TestMavenItself(t *testing.T) {
	odd := mavenOdd.MatchString
	jar := "/usr/share/java/maven3-artifact.jar"
	if j := os.Getenv("ASEPSIS_MAVEN_ARTIFACT"); j != "" {
		jar = j
	} else {
		odd = func(v string) bool { return mavenOdd.MatchString(v) || mavenOld.MatchString(v) }
	}
	if _, err := exec.LookPath("java"); err != nil {
		t.Skip("java is not installed")
	}
	if _, err := os.Stat(filepath.Clean(jar)); err != nil {
		t.Skip("Maven's own library is not installed (libmaven3-core-java)")
	}
	g := newGenerator(t, Maven, 2)
	var c tally
	// A command line has no room for so many, a file of arguments has.
	file := filepath.Join(t.TempDir(), "arguments")
	for done, n := 0, pairsOf(t, 10_000); done < n; {
		var args []string
		for len(args) < 100_000 && done < n {
			if a, b := g.pair(); a != "" && b != "" && !strings.ContainsAny(a+b, " ") && !odd(a) && !odd(b) {
				args = append(args, a, b)
				done++
			}
		}
		lines := append([]string{"-cp", jar, "org.apache.maven.artifact.versioning.ComparableVersion"}, args...)
		if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(context.Background(), "java", "@"+file) //nolint:gosec // Maven's own class
		out, err := cmd.Output()
		if err != nil {
			t.Skipf("Maven cannot be asked: %v", err)
		}
		i := 0
		for line := range strings.Lines(string(out)) {
			if !strings.HasPrefix(line, "   ") {
				continue
			}
			if f := strings.Fields(line); i%2 == 0 {
				if len(f) != 3 || f[0] != args[i] || f[2] != args[i+1] {
					t.Fatalf("%q is no answer to %q and %q", line, args[i], args[i+1])
				}
				c.count(Maven, f[0], f[2], map[string]int{"<": -1, "==": 0, ">": 1}[f[1]], false)
			}
			i++
		}
	}
	c.report(t, "Maven")
}
