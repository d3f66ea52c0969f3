package scanners_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/collecttest"
)

// TestHostile gives each way of reading files of 24 MB that were made to hurt. They
// may be taken or refused; memory and time may not run away.
func TestHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("reads some 300 MB")
	}
	const size = 24 << 20
	text := strings.Repeat("a", 1<<16)
	for _, c := range []struct {
		name, id string
		g        collecttest.Generated
		most     int64 // MB
	}{
		{"keys beside the entries", "trivy", collecttest.Generated{Head: `{"SchemaVersion": 2, "ArtifactName": "x"`, Unit: `,"k########":1`, Tail: "}"}, 128},
		{"one entry without end", "trivy", collecttest.Generated{Head: `{"SchemaVersion": 2, "ArtifactName": "x", "Results": [{"Target": "x", "Vulnerabilities": [0`, Unit: `,{"a":"########"}`, Tail: "]}]}"}, 128},
		{"entries without anything", "grype", collecttest.Generated{Head: `{"matches": [{}`, Unit: `,{}`, Tail: `], "source": {}, "descriptor": {"name": "grype"}}`}, 1200},
		{"a text without end", "trivy", collecttest.Generated{Head: `{"ArtifactName": "`, Unit: text}, 32},
		{"lists in lists", "sarif", collecttest.Generated{Head: `{"runs": `, Unit: "["}, 32},
		{"objects in objects", "nuclei", collecttest.Generated{Unit: `{"a":`}, 32},
		{"the same finding again", "wazuh", collecttest.Generated{Head: `{"data": {"affected_items": [{"cve": "CVE-2026-0001"}`, Unit: `,{"cve":"CVE-2026-0001","agent_name":"a","name":"x"}`, Tail: `]}}`}, 64},
		{"elements in elements", "openvas", collecttest.Generated{Head: "<report><results>", Unit: "<a>"}, 32},
		{"attributes without end", "zap", collecttest.Generated{Head: "<OWASPZAPReport ", Unit: ` a########="1"`}, 64},
		{"elements beside the entries", "nexpose", collecttest.Generated{Head: "<NexposeReport>", Unit: "<x########/>", Tail: "</NexposeReport>"}, 160},
		{"a cell without end", "tenable-csv", collecttest.Generated{Head: "Plugin ID,CVE,CVSS,Risk,Host,Protocol,Port,Name,Synopsis,Description,Solution,See Also,Plugin Output\n1,\"", Unit: text}, 64},
		{"cells without end", "tenable-csv", collecttest.Generated{Head: "Plugin ID,CVE,CVSS,Risk,Host,Protocol,Port,Name,Synopsis,Description,Solution,See Also,Plugin Output\n1", Unit: ","}, 64},
		{"a line without end", "lynis", collecttest.Generated{Head: "# Lynis Report\nlynis_version=", Unit: text}, 64},
		{"ids of one finding", "grype", collecttest.Generated{Head: `{"matches": [{"vulnerability": {"id": "x"}, "artifact": {"name": "a"}, "relatedVulnerabilities": [{"id":"y"}`, Unit: `,{"id":"CVE-2026-########"}`, Tail: `]}], "source": {}}`}, 128},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.g.Units = size / int64(len(c.g.Unit))
			in := c.g.Input("hostile")
			var p *collect.Parsed
			var err error
			start := time.Now()
			grown := collecttest.Peak(func() { p, err = byID(c.id).Parse(context.Background(), in) })
			if err == nil {
				collecttest.CheckBatch(t, p, in)
			} else if _, ok := errors.AsType[*collect.Refusal](err); !ok {
				t.Errorf("neither taken nor refused: %v", err)
			}
			t.Logf("%d MB, %v: %v", grown>>20, time.Since(start), err)
			if grown > c.most<<20 || time.Since(start) > time.Minute {
				t.Errorf("took %d MB and %v, want at most %d MB and a minute", grown>>20, time.Since(start), c.most)
			}
		})
	}
}

// TestZipBomb unpacks an archive of a thousand times its size.
func TestZipBomb(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range []string{"machines/m.json", "vulnerabilities/v.json"} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(w, `{"@odata.context": "x", "value": ["`)
		for range 64 {
			fmt.Fprint(w, strings.Repeat("a", 1<<20))
		}
		fmt.Fprint(w, `"]}`)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	in := collecttest.Input("bomb.zip", b.Bytes())
	in.Limits.Bytes = 32 << 20
	var err error
	grown := collecttest.Peak(func() { _, err = byID("ms-defender").Parse(context.Background(), in) })
	if _, ok := errors.AsType[*collect.Refusal](err); !ok || grown > 32<<20 {
		t.Errorf("took %d MB: %v, want a refusal", grown>>20, err)
	}
}

// fleet is a Trivy report of some 50 MB.
func fleet() collecttest.Generated {
	unit := `,{"VulnerabilityID":"CVE-2026-########","PkgName":"package-########","InstalledVersion":"1.2.3","FixedVersion":"1.2.4","SeveritySource":"nvd","Title":"a title of the usual length, as they are","Description":"` +
		strings.Repeat("what it is about ", 40) + `","Severity":"HIGH","CweIDs":["CWE-79"],"CVSS":{"nvd":{"V3Score":7.5}},"References":["https://example.org/1","https://example.org/2"],"PublishedDate":"2026-01-02T03:04:05Z"}`
	return collecttest.Generated{
		Head: `{"SchemaVersion":2,"ArtifactName":"portal:3.1","ArtifactType":"container_image","Results":[{"Target":"x","Class":"os-pkgs","Type":"debian","Vulnerabilities":[{"VulnerabilityID":"CVE-2026-0001","PkgName":"x"}`,
		Unit: unit, Units: 10_000, Tail: "]}]}",
	}
}

func BenchmarkTrivy(b *testing.B) {
	g := fleet()
	data := make([]byte, g.Size())
	if _, err := g.ReadAt(data, 0); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		p, err := byID("trivy").Parse(context.Background(), collecttest.Input("t.json", data))
		if err != nil || p.Rows != 10_001 {
			b.Fatal(err)
		}
	}
}

// BenchmarkCorpus reads every file of the shared corpus that an importer here knows.
func BenchmarkCorpus(b *testing.B) {
	type job struct {
		im collect.Importer
		f  corpusFile
	}
	var jobs []job
	size := 0
	for _, f := range corpus(b) {
		ids, _ := surest(everyone(), f)
		if _, ok := counts[strings.Join(ids, "")]; ok {
			jobs = append(jobs, job{byID(ids[0]), f})
			size += len(f.data)
		}
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		for _, j := range jobs {
			in := collecttest.Input(j.f.name, j.f.data)
			in.OnFault = collect.SkipRows
			_, _ = j.im.Parse(context.Background(), in) // two of them are refused
		}
	}
}
