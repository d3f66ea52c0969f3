// Package vulntest gives tests feed files of the shared corpus.
package vulntest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/testshared"
	"github.com/asepsis/asepsis/internal/vuln"
)

// osvRecord is what this reader takes of an OSV record. It is small on purpose
// and stays out of feed, which reads what the world writes: the matcher's tests
// must not change when a reader does.
type osvRecord struct {
	ID         string   `json:"id"`
	Summary    string   `json:"summary"`
	Details    string   `json:"details"`
	Aliases    []string `json:"aliases"`
	Upstream   []string `json:"upstream"`
	Related    []string `json:"related"`
	Published  string   `json:"published"`
	Modified   string   `json:"modified"`
	Withdrawn  string   `json:"withdrawn"`
	References []struct{ URL string }
	Severity   json.RawMessage // a string in some samples
	Affected   []struct {
		Package struct{ Ecosystem, Name, PURL string }
		Ranges  []struct {
			Type   string
			Repo   string
			Events []map[string]string
		}
		Versions []string
	}
}

func osvTime(s string) time.Time {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t
		}
	}
	return time.Time{}
}

// advisory turns a record into the shape of all sources.
func (r *osvRecord) advisory(source string) *advisory.Advisory {
	a := &advisory.Advisory{
		ID: r.ID, Source: source, Aliases: r.Aliases, Covers: r.Upstream, Title: r.Summary, Details: r.Details,
		Published: osvTime(r.Published), Modified: osvTime(r.Modified), Withdrawn: osvTime(r.Withdrawn),
	}
	if strings.HasPrefix(r.ID, "ALSA") {
		a.Covers = append(a.Covers, r.Related...)
	}
	for _, f := range r.References {
		a.References = append(a.References, f.URL)
	}
	var scores []struct{ Type, Score string }
	_ = json.Unmarshal(r.Severity, &scores)
	for _, s := range scores {
		a.Scores = append(a.Scores, advisory.Score{Vector: s.Score, By: source})
	}
	for _, p := range r.Affected {
		out := advisory.Product{Package: &advisory.Package{Ecosystem: p.Package.Ecosystem, Name: p.Package.Name, PURL: p.Package.PURL}, Versions: p.Versions}
		for _, g := range p.Ranges {
			kind := advisory.ByEcosystem
			switch g.Type {
			case "SEMVER":
				kind = advisory.BySemVer
			case "GIT":
				kind = advisory.ByGit
			}
			var open *advisory.Range
			for _, e := range g.Events {
				if v, ok := e["introduced"]; ok {
					out.Ranges = append(out.Ranges, advisory.Range{Kind: kind, Introduced: v, Repo: g.Repo})
					open = &out.Ranges[len(out.Ranges)-1]
				}
				if open == nil {
					continue
				}
				if v, ok := e["fixed"]; ok && open.Fixed == "" {
					open.Fixed = v
				}
				if v, ok := e["last_affected"]; ok {
					open.LastAffected = v
				}
			}
		}
		a.Products = append(a.Products, out)
	}
	return a
}

// osvFiles are the shared sets, with what they are called as sources. The last
// holds samples of many ecosystems.
var osvFiles = []struct {
	file, source string
	partial      bool
}{
	{"almalinux", "osv/AlmaLinux", false},
	{"bitnami", "osv/Bitnami", false},
	{"cran", "osv/CRAN", false},
	{"crates.io", "osv/crates.io", false},
	{"debian-dsa-dla", "osv/Debian", false},
	{"go", "osv/Go", false},
	{"hackage", "osv/Hackage", false},
	{"julia", "osv/Julia", false},
	{"oss-fuzz", "osv/OSS-Fuzz", false},
	{"pypi", "osv/PyPI", false},
	{"ghsa-and-others-fixtures", "osv/samples", true},
}

// OSV reads the shared OSV records.
func OSV(t testing.TB) (list []*advisory.Advisory, sources []vuln.Source) {
	t.Helper()
	for _, f := range osvFiles {
		raw := testshared.Read(t, "corpora", "advisories", "osv", f.file+".jsonl.zst")
		s := bufio.NewScanner(bytes.NewReader(raw))
		s.Buffer(nil, 16<<20)
		for n := 1; s.Scan(); n++ {
			var r osvRecord
			if err := json.Unmarshal(s.Bytes(), &r); err != nil {
				t.Fatalf("%s line %d: %v", filepath.Base(f.file), n, err)
			}
			list = append(list, r.advisory(f.source))
		}
		if err := s.Err(); err != nil {
			t.Fatal(err)
		}
		sources = append(sources, vuln.Source{Name: f.source, Partial: f.partial, Snapshot: BuiltAt})
	}
	return list, sources
}

// BuiltAt is when the files of tests are built.
var BuiltAt = time.Date(2026, 8, 21, 0, 0, 0, 0, time.UTC)

// Compile makes a file of advisories.
func Compile(t testing.TB, list []*advisory.Advisory, sources ...vuln.Source) ([]byte, vuln.Report) {
	t.Helper()
	c := vuln.NewCompiler()
	for _, s := range sources {
		c.AddSource(s)
	}
	for _, a := range list {
		c.Add(a)
	}
	b := vuln.NewBuilder(BuiltAt)
	rep, err := c.Finish(b)
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), rep
}

// Open opens a file.
func Open(t testing.TB, file []byte) *vuln.DB {
	t.Helper()
	db, err := vuln.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// SharedOSV returns a file of all shared OSV records.
func SharedOSV(t testing.TB) *vuln.DB {
	t.Helper()
	list, sources := OSV(t)
	file, _ := Compile(t, list, sources...)
	return Open(t, file)
}
