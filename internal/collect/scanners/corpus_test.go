package scanners_test

import (
	"context"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/collecttest"
	"github.com/asepsis/asepsis/internal/collect/list"
	"github.com/asepsis/asepsis/internal/collect/scanners"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/testshared"
)

// everyone is every importer there is, each once.
func everyone() []collect.Importer {
	var out []collect.Importer
	seen := map[string]bool{}
	for _, im := range append(list.Importers(), scanners.Importers()...) {
		if id := im.Format().ID; !seen[id] {
			seen[id] = true
			out = append(out, im)
		}
	}
	return out
}

// corpusFile is a file of the shared corpus.
type corpusFile struct {
	tool, name string // trivy, issue_9092.json
	data       []byte
}

func corpus(t testing.TB) []corpusFile {
	root := testshared.Path(t, "corpora", "inventories", "scans")
	var out []corpusFile
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		parts := strings.Split(filepath.ToSlash(rel), "/")
		data := testshared.Read(t, append([]string{"corpora", "inventories", "scans"}, parts...)...)
		out = append(out, corpusFile{parts[0], strings.TrimSuffix(strings.Join(parts[1:], "/"), ".zst"), data})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// surest returns the importers that are surest of a file.
func surest(ims []collect.Importer, f corpusFile) (ids []string, sure int) {
	head := f.data[:min(len(f.data), collect.HeadSize)]
	for _, im := range ims {
		switch n := im.Recognize(filepath.Base(f.name), head); {
		case n == 0 || n < sure:
		case n > sure:
			ids, sure = []string{im.Format().ID}, n
		default:
			ids = append(ids, im.Format().ID)
		}
	}
	return ids, sure
}

func byID(id string) collect.Importer {
	for _, im := range everyone() {
		if im.Format().ID == id {
			return im
		}
	}
	return nil
}

func vulnerabilities(p *collect.Parsed) int {
	n := 0
	for _, f := range p.Batch.Facts {
		if f.Kind == fact.KindVulnerability {
			n++
		}
	}
	return n
}

func TestShow(t *testing.T) {
	for _, f := range corpus(t) {
		ids, sure := surest(everyone(), f)
		if len(ids) == 0 {
			t.Logf("%-22s %-50s NONE", f.tool, f.name)
			continue
		}
		im := byID(ids[0])
		if !slices.ContainsFunc(scanners.Importers(), func(x collect.Importer) bool { return x.Format().ID == ids[0] }) {
			t.Logf("%-22s %-50s other %v %d", f.tool, f.name, ids, sure)
			continue
		}
		in := collecttest.Input(filepath.Base(f.name), f.data)
		in.OnFault = collect.SkipRows
		p, err := im.Parse(context.Background(), in)
		if err != nil {
			t.Logf("%-22s %-50s %v %d REFUSED %v", f.tool, f.name, ids, sure, err)
			continue
		}
		collecttest.CheckBatch(t, p, in)
		t.Logf("%-22s %-50s %v %d rows %d facts %d assets %d skipped %d notes %v", f.tool, f.name, ids, sure, p.Rows, vulnerabilities(p), len(p.Batch.Sightings), len(p.Skipped), p.Batch.Notes)
	}
}
