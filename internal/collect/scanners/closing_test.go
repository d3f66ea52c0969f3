package scanners_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/assess"
	"github.com/asepsis/asepsis/internal/collect/collecttest"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/finding"
	"github.com/asepsis/asepsis/internal/secret"
	"github.com/asepsis/asepsis/internal/store/sqlstore"
)

// hospital is an empty store that files are brought to.
type hospital struct {
	t      *testing.T
	tenant *sqlstore.Tenant
	now    time.Time
}

func newHospital(t *testing.T) *hospital {
	t.Helper()
	db, err := sqlstore.Open(t.Context(), filepath.Join(t.TempDir(), "asepsis.db"), func(string) (secret.Text, error) {
		return secret.New("0123456789abcdef0123456789abcdef"), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	start := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	p := sqlstore.Profile{Organization: assess.Organization{ID: "tn_test", Name: "Test Hospital", Kind: "community", Beds: 85}, CreatedAt: start}
	if err := db.CreateTenant(t.Context(), p, "test"); err != nil {
		t.Fatal(err)
	}
	return &hospital{t, db.Tenant("tn_test"), start.Add(20 * 24 * time.Hour)}
}

// bring imports a file a day after the last.
func (h *hospital) bring(id, name, data string) {
	h.t.Helper()
	h.now = h.now.Add(24 * time.Hour)
	in := collecttest.Input(name, []byte(data))
	in.Now = h.now
	p, err := byID(id).Parse(context.Background(), in)
	if err != nil {
		h.t.Fatal(err)
	}
	if _, err := h.tenant.Ingest(h.t.Context(), p.Batch, sqlstore.Delivery{Actor: "test", Now: h.now}); err != nil {
		h.t.Fatal(err)
	}
}

func (h *hospital) load() *fact.Set {
	h.t.Helper()
	set, _, err := h.tenant.Load(h.t.Context(), h.now.Add(time.Minute))
	if err != nil {
		h.t.Fatal(err)
	}
	return set
}

// open lists the findings that stand, by the tools' own ids.
func (h *hospital) open(what string, want ...string) {
	h.t.Helper()
	var got []string
	for _, v := range h.load().Resources[fact.KindVulnerability] {
		got = append(got, v.Text("scanner_id"))
	}
	slices.Sort(got)
	if d := cmp.Diff(want, got); d != "" {
		h.t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func openvas(day int, status string, details string, results ...string) string {
	var b strings.Builder
	for _, r := range results {
		host, oid, _ := strings.Cut(r, " ")
		fmt.Fprintf(&b, `<result><host>%s</host><port>22/tcp</port><nvt oid="%s"><name>%s</name></nvt><threat>High</threat><severity>7.5</severity></result>`, host, oid, oid)
	}
	return fmt.Sprintf(`<report id="r" format_id="f"><gmp/><task id="t"><name>weekly</name></task><scan_run_status>%s</scan_run_status><results>%s</results>
<host><ip>10.0.0.8</ip><start>2026-11-%02[3]dT01:00:00Z</start><end>2026-11-%02[3]dT02:00:00Z</end>%[4]s</host><host><ip>10.0.0.9</ip><start>2026-11-%02[3]dT01:00:00Z</start><end>2026-11-%02[3]dT02:00:00Z</end></host>
<scan_end>2026-11-%02[3]dT03:00:00Z</scan_end></report>`, status, b.String(), day, details)
}

// TestLaterScanCloses brings a network scan again and again.
func TestLaterScanCloses(t *testing.T) {
	h := newHospital(t)
	h.bring("openvas", "a.xml", openvas(2, "Done", "", "10.0.0.8 1", "10.0.0.8 2", "10.0.0.9 3"))
	h.open("the first scan", "1", "2", "3")
	h.bring("openvas", "b.xml", openvas(3, "Done", "", "10.0.0.8 2"))
	h.open("two are mended, one of them on a host without any finding left", "2")
	h.bring("openvas", "c.xml", openvas(4, "Stopped", "", "10.0.0.9 4"))
	h.open("a scan that was stopped closes nothing", "2", "4")
	failure := "<detail><name>Auth-SSH-Failure</name><value>x</value></detail>"
	h.bring("openvas", "d.xml", openvas(5, "Done", failure))
	h.open("where it could not sign in nothing closes, elsewhere it does", "2")
	h.bring("openvas", "e.xml", openvas(6, "Done", ""))
	h.open("nothing is found, and that is a scan")
	for _, a := range h.load().Resources[fact.KindAsset] {
		if at := a.When("scanned_at"); at.Day() != 6 {
			t.Errorf("%s scanned at %s, want on the 6th", a.Label(), at)
		}
	}
}

// TestPortsOfOneHost tests TLS on two ports of one machine by files of their own.
func TestPortsOfOneHost(t *testing.T) {
	row := func(id, port, severity, finding string) string {
		return fmt.Sprintf("%q,\"pacs.example.org/10.0.0.17\",%q,%q,%q,\"\",\"\"\n", id, port, severity, finding)
	}
	head := `"id","fqdn/ip","port","severity","finding","cve","cwe"` + "\n"
	h := newHospital(t)
	h.bring("testssl", "a.csv", head+row("RC4", "443", "HIGH", "VULNERABLE")+row("TLS1", "443", "LOW", "offered (deprecated)"))
	h.bring("testssl", "b.csv", head+row("BEAST", "8443", "LOW", "VULNERABLE")+row("TLS1_2", "8443", "OK", "offered"))
	h.open("each port keeps its own", "BEAST", "RC4", "TLS1")
	h.bring("testssl", "c.csv", head+row("RC4", "443", "OK", "not vulnerable")+row("TLS1", "443", "OK", "not offered"))
	h.open("a later test of the one port", "BEAST")
	ends := h.load().Resources[fact.KindEndpoint]
	if len(ends) != 2 {
		t.Errorf("%d endpoints, want 2", len(ends))
	}
	for _, a := range h.load().Resources[fact.KindAsset] {
		if !a.When("scanned_at").IsZero() {
			t.Errorf("a test of TLS counts as a scan of %s", a.Label())
		}
	}
}

// TestImageOfTwoBuilds scans the next build of an image under the same name.
func TestImageOfTwoBuilds(t *testing.T) {
	trivy := func(digest, cve string) string {
		list := ""
		if cve != "" {
			list = fmt.Sprintf(`{"VulnerabilityID": %q, "PkgName": "openssl", "InstalledVersion": "1", "Severity": "HIGH"}`, cve)
		}
		return fmt.Sprintf(`{"SchemaVersion": 2, "ArtifactName": "docker.io/library/portal:3.1", "ArtifactType": "container_image", "Metadata": {"ImageID": "sha256:%s"}, "Results": [{"Target": "x", "Class": "os-pkgs", "Type": "debian", "Vulnerabilities": [%s]}]}`, digest, list)
	}
	h := newHospital(t)
	h.bring("trivy", "a.json", trivy(strings.Repeat("a", 64), "CVE-2026-0001"))
	h.open("the first build", "CVE-2026-0001")
	h.bring("trivy", "b.json", trivy(strings.Repeat("b", 64), ""))
	h.open("the next build is clean")
	if n := len(h.load().Resources[fact.KindAsset]); n != 1 {
		t.Errorf("%d assets, want the one image", n)
	}
}

// TestThreeWitnesses: the same flaw of one image from three tools, which know it by
// different ids, is one finding.
func TestThreeWitnesses(t *testing.T) {
	h := newHospital(t)
	h.bring("trivy", "t.json", `{"SchemaVersion": 2, "ArtifactName": "portal:3.1", "ArtifactType": "container_image", "Results": [{"Target": "app", "Class": "lang-pkgs", "Type": "npm", "Vulnerabilities": [{"VulnerabilityID": "CVE-2026-0001", "PkgName": "left", "InstalledVersion": "1", "Severity": "MEDIUM"}]}]}`)
	h.bring("grype", "g.json", `{"matches": [{"vulnerability": {"id": "GHSA-aaaa-bbbb-cccc", "severity": "High"}, "relatedVulnerabilities": [{"id": "CVE-2026-0001"}], "artifact": {"name": "left", "version": "1", "type": "npm"}}], "source": {"type": "image", "target": {"userInput": "docker.io/library/portal:3.1"}}, "descriptor": {"name": "grype", "version": "1"}}`)
	h.bring("gitlab", "l.json", `{"version": "15", "vulnerabilities": [{"id": "x", "name": "left", "severity": "Critical", "location": {"image": "portal:3.1", "dependency": {"package": {"name": "left"}, "version": "1"}}, "identifiers": [{"type": "ghsa", "name": "GHSA-AAAA-bbbb-cccc", "value": "GHSA-AAAA-bbbb-cccc"}]}], "scan": {"type": "container_scanning", "scanner": {"name": "x"}, "status": "success"}}`)
	set := h.load()
	if n := len(set.Resources[fact.KindAsset]); n != 1 {
		t.Fatalf("%d assets, want one", n)
	}
	groups := finding.Unify(set.Resources[fact.KindVulnerability])
	if len(groups) != 1 {
		t.Fatalf("%d groups, want one: %+v", len(groups), groups)
	}
	g := groups[0]
	if d := cmp.Diff([]string{"GitLab", "Grype", "Trivy"}, g.Witnesses); d != "" || g.Flaw != "CVE-2026-0001" || g.Severity != "critical" || len(g.Members) != 3 {
		t.Errorf("got %s, %s, %v, %d findings", g.Flaw, g.Severity, g.Witnesses, len(g.Members))
	}
}
