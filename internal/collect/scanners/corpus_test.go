package scanners_test

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
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

// homes says which importer reads the files of each folder of the corpus.
var homes = map[string]string{
	"anchore_engine": "anchore", "anchore_enterprise": "anchore", "anchore_grype": "grype", "anchorectl_vulns": "anchore", "aqua": "aqua", "aws_inspector2": "aws-inspector2",
	"bundler_audit": "bundler-audit", "cargo_audit": "cargo-audit", "clair": "clair", "composer_audit": "composer-audit", "dependency_check": "dependency-check", "dependency_track": "dependency-track",
	"dockerbench": "kube-bench", "dotnet_vulnerable": "dotnet-list", "github_vulnerability": "github", "gitlab_container_scan": "gitlab", "gitlab_dep_scan": "gitlab", "govulncheck": "govulncheck",
	"harbor_vulnerability": "harbor", "jfrog_xray_unified": "jfrog-xray", "kubebench": "kube-bench", "lynis": "lynis", "masscan": "masscan", "ms_defender": "ms-defender", "neuvector": "neuvector",
	"nexpose": "nexpose", "nikto": "nikto", "npm_audit": "npm-audit", "nuclei": "nuclei", "openvas": "openvas", "outpost24": "outpost24", "nancy": "ossindex", "auditjs": "ossindex", "osv_scanner": "osv-scanner", "pingcastle": "pingcastle", "pip_audit": "pip-audit",
	"qualys": "qualys", "qualys_infrascan_webgui": "qualys", "snyk": "snyk", "ssh_audit": "ssh-audit", "ssl_labs": "ssl-labs", "sslyze": "sslyze", "sysdig_cli": "sysdig", "sysdig_reports": "sysdig",
	"tenable": "tenable-csv", "testssl": "testssl", "trivy": "trivy", "trivy_operator": "trivy-operator", "twistlock": "twistlock", "wazuh": "wazuh", "yarn_audit": "npm-audit", "zap": "zap",
}

// nothing are files that say nothing of what they are, such as an empty list or the
// banner of a program: no
// importer can know them, and whoever brings one is told so.
var nothing = []string{
	"anchorectl_vulns/no_vuln.json", "aqua/empty_aquadevops.json", "aqua/no_vuln.json", "aws_inspector2/empty_with_error.json", "govulncheck/empty.json", "nuclei/empty.jsonl", "nuclei/no_findings.json",
	"osv_scanner/no_findings.json", "auditjs/empty_with_error.json",
}

// elsewhere are files of a folder that another importer reads.
var elsewhere = map[string]string{"govulncheck/issue_15033_sarif.json": "sarif"}

// TestCorpus reads every file of each supported kind, and compares what was read
// with what another way of reading counts in it. Each is read or refused with a
// reason.
func TestCorpus(t *testing.T) {
	all := everyone()
	seen := map[string]int{}
	files, rows := 0, 0
	for _, f := range corpus(t) {
		want, ok := homes[f.tool]
		name := f.tool + "/" + f.name
		if other, ok := elsewhere[name]; ok {
			want = other
		}
		if f.tool == "tenable" && !strings.HasSuffix(f.name, ".csv") {
			want = "nessus"
		}
		ids, sure := surest(all, f)
		switch {
		case len(ids) > 1:
			t.Errorf("%s: claimed by %v, each sure to %d", name, ids, sure)
			continue
		case slices.Contains(nothing, name):
			if len(ids) > 0 {
				t.Errorf("%s: claimed by %v though it says nothing", name, ids)
			}
			if _, err := collect.Recognize(all, collecttest.Input(f.name, f.data)); err == nil {
				t.Errorf("%s: not refused", name)
			}
			continue
		case !ok:
			if len(ids) == 1 && slices.Contains(slices.Collect(maps.Values(homes)), ids[0]) {
				t.Errorf("%s: claimed by %s", name, ids[0])
			}
			continue
		case len(ids) == 0 || ids[0] != want:
			t.Errorf("%s: goes to %v, want %s", name, ids, want)
			continue
		case want == "nessus":
			continue
		}
		in := collecttest.Input(filepath.Base(f.name), f.data)
		in.OnFault = collect.SkipRows
		p, err := byID(want).Parse(context.Background(), in)
		if err != nil {
			if r, ok := errors.AsType[*collect.Refusal](err); !ok || !slices.Contains(refused, name) || r.Faults[0].Reason == "" {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		collecttest.CheckBatch(t, p, in)
		count := counts[want]
		if count == nil {
			t.Errorf("%s: nothing counts %s", name, want)
			continue
		}
		n := count(t, f)
		if p.Rows != n {
			t.Errorf("%s: read %d entries, counted %d", name, p.Rows, n)
		}
		if told := account(p); told != p.Rows {
			t.Errorf("%s: read %d entries, and told of %d: %d findings, notes %v", name, p.Rows, told, vulnerabilities(p), p.Batch.Notes)
		}
		files, rows = files+1, rows+p.Rows
		seen[want]++
	}
	for _, im := range scanners.Importers() {
		if id := im.Format().ID; seen[id] == 0 {
			t.Errorf("no file of the corpus is read by %s", id)
		}
	}
	t.Logf("%d files of %d kinds, %d entries", files, len(seen), rows)
}

// refused are files that say that the scan failed.
var refused = []string{"testssl/failed_target.csv", "yarn_audit/empty_with_error.json"}

var number = regexp.MustCompile(`^(\d+) (?:findings? listed again|entr(?:y|ies) left out)$`)

// account adds up what became of the entries: findings, settings and open ports
// stated, repetitions, and what was left out with a reason.
func account(p *collect.Parsed) int {
	n := len(p.Skipped)
	for _, f := range p.Batch.Facts {
		if f.Kind == fact.KindVulnerability || f.Kind == fact.KindSetting {
			n++
		}
	}
	for _, note := range p.Batch.Notes {
		if m := number.FindStringSubmatch(note.What); m != nil {
			k, _ := strconv.Atoi(m[1])
			n += k
		}
		if strings.HasSuffix(note.What, "left out") && strings.HasPrefix(note.Why, "the report gives nothing that identifies") {
			return p.Rows // findings on localhost alone, which is nobody's name
		}
	}
	if p.Batch.Stream.ID == "import/masscan" {
		return p.Rows
	}
	return n
}

// TestForeign shows every importer the small files of other formats and of the
// other corpora: none of ours claims one of them.
func TestForeign(t *testing.T) {
	root := testshared.Path(t, "corpora")
	files := 0
	for _, sub := range []string{"conformance", "inventories/sbom", "inventories/hosts", "inventories/devices"} {
		err := filepath.WalkDir(filepath.Join(root, filepath.FromSlash(sub)), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			rel, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			data := testshared.Read(t, append([]string{"corpora"}, strings.Split(rel, string(filepath.Separator))...)...)
			head := data[:min(len(data), collect.HeadSize)]
			files++
			for _, im := range scanners.Importers() {
				if im.Recognize(strings.TrimSuffix(d.Name(), ".zst"), head) > 0 {
					t.Errorf("%s is taken for %s", rel, im.Format().ID)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d files", files)
}
