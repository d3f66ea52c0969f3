package scanners_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/collecttest"
	"github.com/asepsis/asepsis/internal/collect/scanners"
	"github.com/asepsis/asepsis/internal/fact"
)

var update = flag.Bool("update", false, "write the golden files anew")

// samples are the files in testdata, by the id of the importer that reads them:
// small files written for these tests.
func samples(t testing.TB) map[string][]collecttest.Sample {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "*"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]collecttest.Sample{}
	for _, path := range files {
		if filepath.Ext(path) == ".golden" {
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		x := collecttest.Sample{Name: filepath.Base(path), Data: data}
		im, err := collect.Recognize(everyone(), collecttest.Input(x.Name, data))
		if err != nil {
			t.Fatal(err)
		}
		out[im.Format().ID] = append(out[im.Format().ID], x)
	}
	return out
}

// whole reports whether a file that is cut there may pass for a whole one: what is
// made of lines or of documents one behind the other may end anywhere between them.
func whole(name string) func([]byte) bool {
	return func(cut []byte) bool {
		switch filepath.Ext(name) {
		case ".csv", ".dat", ".txt":
			return true
		}
		end := bytes.TrimSpace(cut)
		return (strings.HasSuffix(name, ".jsonl") || name == "govulncheck.json") && bytes.HasSuffix(end, []byte("}"))
	}
}

// TestSuite is what every importer passes, on each of its samples in turn.
func TestSuite(t *testing.T) {
	all := samples(t)
	for _, im := range scanners.Importers() {
		id := im.Format().ID
		if len(all[id]) == 0 {
			t.Errorf("%s has no sample in testdata", id)
			continue
		}
		for _, x := range all[id] {
			t.Run(x.Name, func(t *testing.T) {
				ext := filepath.Ext(x.Name)
				s := collecttest.Suite{Importer: im, Samples: []collecttest.Sample{x}, Text: ext == ".json" || ext == ".jsonl" || ext == ".xml", CutMayPass: whole(x.Name), HeapMB: 96}
				if ext == ".xml" {
					s.XMLRoot = root(x.Data)
				}
				collecttest.Run(t, s)
			})
		}
	}
}

// root is the name of the first element of a document.
func root(data []byte) string {
	for rest := data; ; {
		_, after, ok := bytes.Cut(rest, []byte("<"))
		if !ok {
			return ""
		}
		if len(after) > 0 && after[0] != '?' && after[0] != '!' {
			return string(after[:bytes.IndexAny(after, " >\n")])
		}
		rest = after
	}
}

// dump writes what a file says, for people and for comparing.
func dump(p *collect.Parsed) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s) %s, %d rows\n", p.Batch.Stream.ID, p.Batch.Stream.Title, p.Batch.ObservedAt.Format(time.RFC3339), p.Rows)
	value := func(v any) string {
		if t, ok := v.(time.Time); ok {
			return t.Format(time.RFC3339)
		}
		return fmt.Sprint(v)
	}
	values := func(vs fact.Values, missing map[string]string) {
		for _, k := range slices.Sorted(maps.Keys(vs)) {
			fmt.Fprintf(&b, "    %s = %s\n", k, value(vs[k]))
		}
		for _, k := range slices.Sorted(maps.Keys(missing)) {
			fmt.Fprintf(&b, "    %s ? %s\n", k, missing[k])
		}
	}
	for _, s := range p.Batch.Sightings {
		fmt.Fprintf(&b, "asset %s %v", s.Ref, s.Keys)
		if len(s.Keeps) > 0 {
			b.WriteString(" keeps")
		}
		b.WriteString("\n")
		values(s.Values, s.Missing)
	}
	for _, f := range p.Batch.Facts {
		fmt.Fprintf(&b, "%s %s on %s\n", f.Kind, f.Key, f.Asset)
		values(f.Values, f.Missing)
	}
	for _, n := range p.Batch.Notes {
		fmt.Fprintf(&b, "note %s: %s\n", n.What, n.Why)
	}
	return b.String()
}

// TestGolden compares all that is taken of each sample with what was looked at when
// it was written.
func TestGolden(t *testing.T) {
	for id, xs := range samples(t) {
		for _, x := range xs {
			p, err := byID(id).Parse(context.Background(), collecttest.Input(x.Name, x.Data))
			if err != nil {
				t.Errorf("%s: %v", x.Name, err)
				continue
			}
			path := filepath.Join("testdata", x.Name+".golden")
			got := dump(p)
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), got); d != "" {
				t.Errorf("%s (-want +got):\n%s", x.Name, d)
			}
		}
	}
}

// TestErrors gives reports that say that the scan failed: they are refused with the
// tool's own reason.
func TestErrors(t *testing.T) {
	for _, c := range []struct{ name, data, want string }{
		{"npm.json", `{"error": {"code": "ENOAUDIT", "summary": "Your configured registry does not support audit requests.", "detail": ""}}`, "does not support audit requests"},
		{"yarn.jsonl", `{"type":"warning","data":"no license"}` + "\n" + `{"type":"error","data":"tunneling socket could not be established"}`, "tunneling socket"},
		{"snyk.json", `{"ok": false, "error": "Could not detect supported target files", "path": "/src"}`, "Could not detect"},
		{"openvas.xml", `<get_reports_response status="404" status_text="Failed to find report"/>`, "Failed to find report"},
		{"wazuh.json", `{"data": {"affected_items": [], "x": [{"cve": 1}]}, "error": 1, "message": "Agent does not exist"}`, ""},
		{"testssl.csv", "\"id\",\"fqdn/ip\",\"port\",\"severity\",\"finding\",\"cve\",\"cwe\"\n\"scanProblem\",\"a.example.org/10.0.0.1\",\"443\",\"FATAL\",\"Can't connect\",\"\",\"\"\n", "Can't connect"},
		{"ssllabs.json", `{"host": "a.example.org", "status": "ERROR", "statusMessage": "Unable to resolve domain name", "engineVersion": "2", "endpoints": []}`, "Unable to resolve"},
		{"trivy.json", `{"SchemaVersion": 2, "ArtifactName": "x", "error": "unable to find the image"}`, "unable to find the image"},
		{"gitlab.json", `{"version": "15", "vulnerabilities": [], "scan": {"type": "dependency_scanning", "scanner": {"name": "x"}, "status": "failure"}}`, "failure"},
		{"github.json", `{"data": {"repository": {"vulnerabilityAlerts": null}}, "errors": [{"message": "Could not resolve to a Repository"}]}`, "Could not resolve"},
		{"aqua.json", `{"image_name": "x", "cves": [], "errorMsg": "image not found"}`, "image not found"},
	} {
		in := collecttest.Input(c.name, []byte(c.data))
		im, err := collect.Recognize(scanners.Importers(), in)
		if err != nil {
			if c.want != "" {
				t.Errorf("%s: not recognized: %v", c.name, err)
			}
			continue
		}
		if _, err := im.Parse(context.Background(), in); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want a refusal with %q", c.name, err, c.want)
		}
	}
}

// TestNamedAsset puts the findings of a report without a name on the asset that the
// person names, and lets a later report close what it leaves out.
func TestNamedAsset(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "pip-audit.json"))
	if err != nil {
		t.Fatal(err)
	}
	data = bytes.Replace(data, []byte(`"skip_reason": "not on the index"`), []byte(`"version": "1", "vulns": []`), 1)
	in := collecttest.Input("pip-audit.json", data)
	in.Options = map[string]string{"asset": "ehr-db-01.example.org"}
	p, err := byID("pip-audit").Parse(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	s := p.Batch.Sightings
	if len(s) != 1 || fmt.Sprint(s[0].Keys) != "[fqdn:ehr-db-01.example.org name:ehr-db-01]" || len(s[0].Keeps) != 0 || s[0].Values["class"] != nil {
		t.Errorf("got %+v", s)
	}
	in.Options = nil
	if p, err = byID("pip-audit").Parse(context.Background(), in); err != nil || len(p.Batch.Sightings[0].Keeps) != 1 {
		t.Errorf("a report called after its file closes what another of the name leaves out: %v", err)
	}
}

func FuzzImporters(f *testing.F) {
	for _, xs := range samples(f) {
		for _, x := range xs {
			f.Add(x.Data)
		}
	}
	ims := scanners.Importers()
	f.Fuzz(func(t *testing.T, data []byte) {
		head := data[:min(len(data), collect.HeadSize)]
		tried := false
		for _, im := range ims {
			if im.Recognize("x", head) > 0 {
				tried = true
				collecttest.Fuzz(t, im, "x", data)
			}
		}
		if !tried && len(data) > 0 {
			collecttest.Fuzz(t, ims[int(data[0])%len(ims)], "x", data)
		}
	})
}
