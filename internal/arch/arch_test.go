// Package arch keeps the layers of the code base: data flows to the right, so
// imports point left and down.
package arch

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/asepsis/asepsis/"

// layers lists package prefixes from the bottom up. A package imports packages
// of lower layers, or of its own subtree in the same layer, and none above.
// The longest matching prefix decides.
var layers = [][]string{
	{"content", "internal/errs", "internal/id", "internal/secret", "internal/durable", "internal/lazy", "internal/near", "internal/testshared"},
	{"internal/asset", "internal/pkgver", "internal/purl", "internal/sector", "internal/udi"},
	{"internal/event", "internal/fact", "internal/advisory", "internal/goal"},
	{"internal/finding"},
	{"internal/vuln", "internal/fingerprint", "internal/mail", "internal/detect", "internal/policy", "internal/optimize", "internal/deadline", "internal/segment", "ledger"},
	{"internal/collect", "internal/inventory", "internal/judge", "internal/eventlog", "internal/access"},
	{"internal/assess"},
	{"internal/evidence"},
	{"internal/incident"},
	{"internal/program"},
	{"internal/plan"},
	{"internal/report", "internal/demo", "internal/sbom"},
	{"internal/collect/", "internal/feed", "internal/store", "internal/bus", "internal/notify", "internal/agent", "internal/web"},
	{"internal/config", "internal/collect/list"},
	{"internal/app"},
	{"internal/cli"},
	{"cmd/", "test/"},
}

// pure are the packages that touch nothing outside the process.
var pure = []string{
	"internal/asset", "internal/event", "internal/fact", "internal/advisory", "internal/goal", "internal/finding", "internal/pkgver", "internal/purl", "internal/sector", "internal/udi", "internal/fingerprint",
	"internal/vuln", "internal/mail", "internal/detect", "internal/policy", "internal/optimize", "internal/deadline", "internal/segment", "ledger",
}

var impure = []string{"net", "net/http", "os", "os/exec", "database/sql"}

// only says which packages alone may import a thing.
var only = map[string][]string{
	"database/sql":       {"internal/store"},
	"modernc.org/sqlite": {"internal/store"},
	"os/exec":            {"internal/collect/"},
}

func within(pkg, prefix string) bool {
	if strings.HasSuffix(prefix, "/") {
		return strings.HasPrefix(pkg, prefix)
	}
	return pkg == prefix || strings.HasPrefix(pkg, prefix+"/")
}

// layerOf returns the layer and the prefix of a package.
func layerOf(pkg string) (int, string) {
	layer, best := -1, ""
	for i, prefixes := range layers {
		for _, p := range prefixes {
			if within(pkg, p) && len(p) > len(best) {
				layer, best = i, p
			}
		}
	}
	return layer, best
}

// subtree is the part of a tree that may import itself: internal/collect/host
// and what lies below it, not its siblings.
func subtree(pkg, prefix string) string {
	if !strings.HasSuffix(prefix, "/") {
		return prefix
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(pkg, prefix), "/")
	return prefix + name
}

// shared are helpers below internal/collect/ that its siblings may import.
var shared = []string{"internal/collect/safe", "internal/collect/xmlsafe", "internal/collect/jsonsafe", "internal/collect/reports", "internal/collect/collecttest", "internal/collect/lines", "internal/collect/pkgdb", "internal/collect/table/grid"}

func allowed(from, to string) bool {
	fl, fp := layerOf(from)
	tl, tp := layerOf(to)
	if fl < 0 || tl < 0 {
		return false
	}
	if tl < fl {
		return true
	}
	if tl > fl {
		return false
	}
	return subtree(from, fp) == subtree(to, tp) || slices.Contains(shared, to)
}

func TestAllowed(t *testing.T) {
	for _, tt := range []struct {
		from, to string
		want     bool
	}{
		{"internal/policy", "internal/fact", true},
		{"internal/fact", "internal/policy", false},
		{"internal/collect/host", "internal/collect", true},
		{"internal/collect/host", "internal/collect/host/linux", true},
		{"internal/collect/host", "internal/collect/nmap", false},
		{"internal/collect/nmap", "internal/collect/xmlsafe", true},
		{"internal/collect", "internal/collect/host", false},
		{"internal/web", "internal/store/sqlstore", false},
		{"internal/assess", "internal/evidence", false},
		{"internal/app", "internal/collect/list", true},
		{"internal/nowhere", "internal/fact", false},
	} {
		if got := allowed(tt.from, tt.to); got != tt.want {
			t.Errorf("allowed(%s → %s) = %t, want %t", tt.from, tt.to, got, tt.want)
		}
	}
}

// TestImportsPointDown parses the files itself: a test that ran the go command
// would be cached and stay green after a violation.
func TestImportsPointDown(t *testing.T) {
	root := filepath.Join("..", "..")
	files := 0
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			switch base := d.Name(); {
			case rel == ".":
			case base == "testdata", base == "node_modules", base == "ui", base == "tools", strings.HasPrefix(base, "."), rel == "internal/arch", rel == "internal/zwarm":
				return filepath.SkipDir
			}
			return nil
		}
		if path.Ext(rel) != ".go" {
			return nil
		}
		files++
		check(t, rel, p)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 20 {
		t.Fatalf("read only %d files: the walk is broken", files)
	}
}

func check(t *testing.T, rel, file string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Errorf("%s: %v", rel, err)
		return
	}
	pkg := path.Dir(rel)
	test := strings.HasSuffix(rel, "_test.go") || strings.HasSuffix(pkg, "test") || strings.HasPrefix(pkg, "test/")
	if l, _ := layerOf(pkg); l < 0 {
		t.Errorf("%s: package %s is in no layer; add it to the table", rel, pkg)
		return
	}
	for _, im := range f.Imports {
		p, err := strconv.Unquote(im.Path.Value)
		if err != nil {
			t.Errorf("%s: %v", rel, err)
			continue
		}
		if to, ok := strings.CutPrefix(p, module); ok {
			// Tests may look around: a golden test of content needs the engine.
			if !test && !allowed(pkg, to) {
				t.Errorf("%s: %s must not import %s", rel, pkg, to)
			}
			continue
		}
		if test {
			continue
		}
		if slices.ContainsFunc(pure, func(q string) bool { return within(pkg, q) }) && slices.Contains(impure, p) {
			t.Errorf("%s: %s is pure and must not import %s", rel, pkg, p)
		}
		if who, ok := only[p]; ok && !slices.ContainsFunc(who, func(q string) bool { return within(pkg, q) }) {
			t.Errorf("%s: only %s may import %s", rel, strings.Join(who, ", "), p)
		}
	}
}
