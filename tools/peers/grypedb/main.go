// Command grypedb writes OSV records, one a line, into a database of Grype's, by
// the library that Grype's own builder writes it with. It serves the comparison
// in scripts/peers.sh alone.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	v6 "github.com/anchore/grype/grype/db/v6"
	"github.com/spf13/afero"
)

type record struct {
	ID, Details, Withdrawn string
	Aliases, Upstream      []string
	Affected               []struct {
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
		fmt.Fprintln(os.Stderr, "grypedb:", err)
		os.Exit(1)
	}
}

func run(dir string, files []string) error {
	w, err := v6.NewWriter(v6.Config{DBDirPath: dir})
	if err != nil {
		return err
	}
	if err := w.SetDBMetadata(); err != nil {
		return err
	}
	now := time.Now().UTC()
	provider := &v6.Provider{ID: "osv", Version: "1", Processor: "grypedb", DateCaptured: &now, InputDigest: "none"}
	if err := w.AddProvider(*provider); err != nil {
		return err
	}
	for _, name := range files {
		if err := file(w, provider, name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	if err := v6.Hydrater()(dir); err != nil {
		return err
	}
	_, err = v6.WriteImportMetadata(afero.NewOsFs(), dir, "peers")
	return err
}

func file(w v6.ReadWriter, provider *v6.Provider, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	var vulns []*v6.VulnerabilityHandle
	var pkgs []*v6.AffectedPackageHandle
	flush := func() error {
		if err := w.AddVulnerabilities(vulns...); err != nil {
			return err
		}
		for _, p := range pkgs {
			p.VulnerabilityID = p.Vulnerability.ID
			p.Vulnerability = nil
		}
		err := w.AddAffectedPackages(pkgs...)
		vulns, pkgs = vulns[:0], pkgs[:0]
		return err
	}
	s := bufio.NewScanner(f)
	s.Buffer(nil, 64<<20)
	for s.Scan() {
		var r record
		if err := json.Unmarshal(s.Bytes(), &r); err != nil {
			return err
		}
		if r.Withdrawn != "" {
			continue
		}
		v := &v6.VulnerabilityHandle{
			Name: r.ID, Status: v6.VulnerabilityActive, ProviderID: provider.ID,
			BlobValue: &v6.VulnerabilityBlob{ID: r.ID, Description: r.Details, Aliases: append(append([]string{}, r.Aliases...), r.Upstream...)},
		}
		found := r.packages(v)
		if len(found) == 0 {
			continue
		}
		vulns, pkgs = append(vulns, v), append(pkgs, found...)
		if len(pkgs) > 500 {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := s.Err(); err != nil {
		return err
	}
	return flush()
}

func (r *record) packages(v *v6.VulnerabilityHandle) (out []*v6.AffectedPackageHandle) {
	for _, a := range r.Affected {
		base, release, _ := strings.Cut(a.Package.Ecosystem, ":")
		k, ok := kinds[base]
		if !ok {
			continue
		}
		p := &v6.AffectedPackageHandle{Vulnerability: v, Package: &v6.Package{Ecosystem: k.ecosystem, Name: a.Package.Name}, BlobValue: &v6.PackageBlob{CVEs: v.BlobValue.Aliases}}
		if k.system != "" {
			major, minor, _ := strings.Cut(release, ".")
			if minor == "0" {
				minor = ""
			}
			p.OperatingSystem = &v6.OperatingSystem{Name: k.system, ReleaseID: k.system, MajorVersion: major, MinorVersion: minor}
		} else {
			p.Package.Name = strings.ToLower(a.Package.Name)
		}
		add := func(constraint, fixed string) {
			g := v6.Range{Version: v6.Version{Type: k.format, Constraint: constraint}}
			if fixed != "" {
				g.Fix = &v6.Fix{Version: fixed, State: v6.FixedStatus}
			}
			p.BlobValue.Ranges = append(p.BlobValue.Ranges, g)
		}
		for _, g := range a.Ranges {
			if g.Type == "GIT" {
				continue
			}
			from, open := "", false
			for _, e := range g.Events {
				if x, ok := e["introduced"]; ok {
					from, open = since(x), true
				}
				if x, ok := e["fixed"]; ok {
					add(from+"<"+x, x)
					open = false
				}
				if x, ok := e["last_affected"]; ok {
					add(from+"<="+x, "")
					open = false
				}
			}
			if open {
				add(strings.TrimSuffix(from, ","), "")
			}
		}
		if len(p.BlobValue.Ranges) == 0 {
			for _, x := range a.Versions {
				add("="+x, "")
			}
		}
		if len(p.BlobValue.Ranges) > 0 {
			out = append(out, p)
		}
	}
	return out
}

func since(v string) string {
	if v == "" || v == "0" {
		return ""
	}
	return ">=" + v + ","
}

var kinds = map[string]struct{ ecosystem, format, system string }{
	"PyPI": {"python", "python", ""}, "Go": {"go-module", "go", ""}, "crates.io": {"rust-crate", "semver", ""}, "Bitnami": {"bitnami", "bitnami", ""},
	"Debian": {"deb", "dpkg", "debian"}, "AlmaLinux": {"rpm", "rpm", "almalinux"},
}
