// Command trivydb writes OSV records, one a line, into a database of Trivy's, by
// the library that Trivy's own builder writes it with. It serves the comparison
// in scripts/peers.sh alone.
package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/aquasecurity/trivy-db/pkg/db"
	"github.com/aquasecurity/trivy-db/pkg/ecosystem"
	"github.com/aquasecurity/trivy-db/pkg/metadata"
	"github.com/aquasecurity/trivy-db/pkg/types"
	"github.com/aquasecurity/trivy-db/pkg/vulnsrc/vulnerability"
	bolt "go.etcd.io/bbolt"
)

type record struct {
	ID, Summary, Details, Withdrawn string
	Aliases, Upstream               []string
	Affected                        []struct {
		Package struct{ Ecosystem, Name string }
		Ranges  []struct {
			Type   string
			Events []map[string]string
		}
		Versions []string
	}
}

func main() {
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "trivydb:", err)
		os.Exit(1)
	}
}

func run(dir string, files []string) error {
	if err := db.Init(dir); err != nil {
		return err
	}
	dbc := db.Config{}
	err := dbc.BatchUpdate(func(tx *bolt.Tx) error {
		for _, name := range files {
			if err := file(dbc, tx, name); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := db.Close(); err != nil {
		return err
	}
	now := time.Now().UTC()
	return metadata.NewClient(dir).Update(metadata.Metadata{Version: db.SchemaVersion, UpdatedAt: now, NextUpdate: now.AddDate(1, 0, 0), DownloadedAt: now})
}

func file(dbc db.Config, tx *bolt.Tx, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	s.Buffer(nil, 64<<20)
	for s.Scan() {
		var r record
		if err := json.Unmarshal(s.Bytes(), &r); err != nil {
			return err
		}
		if r.Withdrawn == "" {
			if err := r.put(dbc, tx); err != nil {
				return err
			}
		}
	}
	return s.Err()
}

// put writes a record under each CVE it is about, as Trivy's builders do, and under
// its own name where it is about none.
func (r *record) put(dbc db.Config, tx *bolt.Tx) error {
	var ids []string
	for _, a := range append(append([]string{}, r.Aliases...), r.Upstream...) {
		if strings.HasPrefix(a, "CVE-") {
			ids = append(ids, a)
		}
	}
	if len(ids) == 0 {
		ids = []string{r.ID}
	}
	for _, a := range r.Affected {
		eco, bucket := bucketOf(a.Package.Ecosystem)
		if bucket == "" {
			continue
		}
		adv := types.Advisory{VendorIDs: []string{r.ID}}
		name := a.Package.Name
		if eco != "" {
			name = vulnerability.NormalizePkgName(eco, name)
		}
		for _, g := range a.Ranges {
			if g.Type == "GIT" {
				continue
			}
			from, open := "", false
			for _, e := range g.Events {
				if v, ok := e["introduced"]; ok {
					from, open = v, true
				}
				if v, ok := e["fixed"]; ok {
					adv.VulnerableVersions = append(adv.VulnerableVersions, since(from)+"<"+v)
					adv.FixedVersion, open = v, false
				}
				if v, ok := e["last_affected"]; ok {
					adv.VulnerableVersions = append(adv.VulnerableVersions, since(from)+"<="+v)
					open = false
				}
			}
			if open {
				adv.VulnerableVersions = append(adv.VulnerableVersions, cmp.Or(strings.TrimSuffix(since(from), ", "), ">=0.0.0-0"))
			}
		}
		if eco != "" {
			adv.FixedVersion = ""
			if len(adv.VulnerableVersions) == 0 {
				for _, v := range a.Versions {
					adv.VulnerableVersions = append(adv.VulnerableVersions, "="+v)
				}
			}
		} else {
			adv.VulnerableVersions = nil
		}
		if err := dbc.PutDataSource(tx, bucket, types.DataSource{ID: vulnerability.OSV, Name: "OSV"}); err != nil {
			return err
		}
		for _, id := range ids {
			if err := dbc.PutAdvisory(tx, []string{bucket, name}, id, adv); err != nil {
				return err
			}
		}
	}
	for _, id := range ids {
		v := types.Vulnerability{Title: r.Summary, Description: r.Details, Severity: "UNKNOWN"}
		if err := dbc.PutVulnerability(tx, id, v); err != nil {
			return err
		}
	}
	return nil
}

// since is the lower bound. From the start is none: a Go module's pseudo-version
// comes before 0.
func since(v string) string {
	if v == "" || v == "0" {
		return ""
	}
	return ">=" + v + ", "
}

func bucketOf(name string) (ecosystem.Type, string) {
	base, release, _ := strings.Cut(name, ":")
	eco := map[string]ecosystem.Type{"PyPI": ecosystem.Pip, "Go": ecosystem.Go, "crates.io": ecosystem.Cargo, "Bitnami": ecosystem.Bitnami}[base]
	switch {
	case eco != "":
		return eco, string(eco) + "::OSV"
	case base == "Debian" && release != "":
		return "", "debian " + strings.TrimSuffix(release, ".0")
	}
	return "", ""
}
