package collecttest_test

import (
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/collecttest"
	"github.com/asepsis/asepsis/internal/collect/cyclonedx"
	"github.com/asepsis/asepsis/internal/collect/nessus"
	"github.com/asepsis/asepsis/internal/collect/nmap"
	"github.com/asepsis/asepsis/internal/collect/scuba"
	"github.com/asepsis/asepsis/internal/collect/table"
	"github.com/asepsis/asepsis/internal/collect/xccdf"
	"github.com/asepsis/asepsis/internal/testshared"
)

// TestRecognizeAmongAll shows every importer every file of a corpus of some 700
// reports of 90 tools: each knows its own and no other.
func TestRecognizeAmongAll(t *testing.T) {
	importers := []collect.Importer{cyclonedx.Importer{}, nmap.Importer{}, nessus.Importer{}, xccdf.Importer{}, scuba.Importer{}}
	all := append(table.Importers(), importers...)
	root := testshared.Path(t, "corpora")
	found := map[string]int{}
	files := 0
	for _, sub := range []string{"inventories", "conformance"} {
		err := filepath.WalkDir(filepath.Join(root, sub), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			rel, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			data := testshared.Read(t, append([]string{"corpora"}, strings.Split(rel, string(filepath.Separator))...)...)
			files++
			want := home(filepath.ToSlash(rel))
			if !strings.HasSuffix(want, "?") && len(data) > 0 {
				im, err := collect.Recognize(all, collecttest.Input(d.Name(), data))
				if err != nil || im.Format().ID != want {
					t.Errorf("%s goes to %v, want %s: %v", rel, im, want, err)
				}
			}
			for _, im := range importers {
				id := im.Format().ID
				sure := im.Recognize(strings.TrimSuffix(d.Name(), ".zst"), data[:min(len(data), collect.HeadSize)])
				switch {
				case sure > 0 && !strings.Contains(want, id):
					t.Errorf("%s is taken for %s", rel, id)
				case sure > 0:
					found[id]++
				case want == id:
					t.Errorf("%s is not recognized as %s", rel, id)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d files: %v", files, found)
	for id, n := range map[string]int{"cyclonedx": 600, "nmap": 8, "nessus": 6, "xccdf": 7, "scuba": 8} {
		if found[id] < n {
			t.Errorf("%d files of %s, want at least %d", found[id], id, n)
		}
	}
}

// home says which formats a file of the corpus may be: one alone must be it, a
// question mark allows that it is none.
func home(path string) string {
	base := filepath.Base(path)
	switch {
	case strings.Contains(path, "scans/nmap/"):
		return "nmap"
	case strings.HasSuffix(strings.TrimSuffix(base, ".zst"), ".nessus"):
		return "nessus"
	case strings.Contains(path, "scans/tenable/"), strings.Contains(path, "scans/outpost24/"):
		return "nessus?"
	case strings.Contains(path, "scans/openscap/"), strings.Contains(path, "xccdf_results_mapper/sample_input_report"), strings.Contains(path, "xccdf-oscal/input-"):
		return "xccdf"
	case strings.Contains(path, "conformance/scubagear/") && strings.Contains(base, "Result"), strings.Contains(path, "IndividualReports/"):
		return "scuba?"
	case strings.Contains(path, "conformance/cyclonedx/") && strings.HasPrefix(base, "valid-") && !strings.HasSuffix(base, ".textproto"):
		return "cyclonedx"
	default:
		// Bills of materials lie in many folders, and other tools write them too.
		return "cyclonedx?"
	}
}
