package feed

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/collect/collecttest"
)

// many writes a format n times, with the number, and commas between.
func many(n int, format string) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		if strings.Contains(format, "%") {
			fmt.Fprintf(&b, format, i)
		} else {
			b.WriteString(format)
		}
	}
	return b.String()
}

// TestHostile builds from documents of about a megabyte, each of which has very many of
// something. Memory and time must grow with the document and not with its square: what
// is refused and what is kept is for others to test.
func TestHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("reads documents of a megabyte")
	}
	nvd := func(config string) string {
		return `{"cve":{"id":"CVE-2099-1000","sourceIdentifier":"x","vulnStatus":"Analyzed","configurations":[` + config + `]}}`
	}
	csaf := func(tree, vulnerabilities string) string {
		return `{"document":{"category":"csaf_vex","csaf_version":"2.0","title":"x","publisher":{"name":"Lamp"},"tracking":{"id":"LAMP-1"}},"product_tree":{` + tree + `},"vulnerabilities":[` + vulnerabilities + `]}`
	}
	osv := func(rest string) string {
		return `{"id":"PYSEC-2099-1","modified":"2024-05-01T10:00:00Z",` + rest + `}`
	}
	vex := func(statements string) string {
		return `{"@context":"https://openvex.dev/ns/v0.2.0","@id":"x","author":"Lamp","timestamp":"2024-05-01T10:00:00Z","statements":[` + statements + `]}`
	}
	const match = `{"vulnerable":true,"criteria":"cpe:2.3:a:lamp:p%d:*:*:*:*:*:*:*:*"}`
	const table = `"DatePosted","CVE","BulletinKB","Title","AffectedProduct","AffectedComponent","Severity","Impact","Supersedes","Exploits"` + "\r\n"
	update := func(from int) string {
		return `"20240501","CVE-2099-1000","5000001","t","Windows 10","","","","` + strings.ReplaceAll(many(2_000, fmt.Sprintf("%d%%04d", from)), ",", ";") + `",""` + "\r\n"
	}
	var updates strings.Builder
	for i := range 60 {
		updates.WriteString(update(1000 + i))
	}
	for name, doc := range map[string]string{
		"nvd, products that need each other":      nvd(`{"nodes":[{"operator":"AND","cpeMatch":[` + many(14_000, match) + `]}]}`),
		"nvd, nodes that need each other":         nvd(`{"operator":"AND","nodes":[` + many(9_000, `{"operator":"OR","cpeMatch":[`+match+`]}`) + `]}`),
		"nvd, weaknesses":                         `{"cve":{"id":"CVE-2099-1000","sourceIdentifier":"x","vulnStatus":"x","configurations":[],"weaknesses":[{"description":[` + many(40_000, `{"value":"CWE-%d"}`) + `]}]}}`,
		"csaf, remarks about one group":           csaf(`"product_groups":[{"group_id":"g","product_ids":[`+many(60_000, `"%d"`)+`]}]`, `{"cve":"CVE-2099-1000","product_status":{"known_affected":["1"]},"remediations":[`+many(20_000, `{"group_ids":["g"]}`)+`]}`),
		"csaf, flags about long names":            csaf(`"product_groups":[{"group_id":"g","product_ids":["`+strings.Repeat("a", 500_000)+`"]}]`, `{"cve":"CVE-2099-1000","product_status":{"known_affected":["1"]},"flags":[`+many(20_000, `{"group_ids":["g"]}`)+`]}`),
		"csaf, remarks and products":              csaf(``, `{"cve":"CVE-2099-1000","product_status":{"known_affected":[`+many(50_000, `"%d"`)+`]},"remediations":[`+many(10_000, `{"category":"mitigation","product_ids":["x%d"]}`)+`]}`),
		"csaf, flaws":                             csaf(``, many(12_000, `{"cve":"CVE-2099-%d","product_status":{"known_affected":["1"]},"scores":[{"cvss_v3":{"baseScore":%[1]d}}]}`)),
		"csaf, flaws of a product of many models": csaf(`"full_product_names":[{"product_id":"p","name":"n","product_identification_helper":{"model_numbers":[`+many(1000, `"m%d"`)+`]}}]`, many(12_000, `{"cve":"CVE-2099-%d","product_status":{"known_affected":["p"]},"threats":[{"category":"%[1]d"}]}`)),
		"osv, kinds of ranges":                    osv(`"affected":[{"package":{"ecosystem":"PyPI","name":"x"},"ranges":[` + many(50_000, `{"type":"k%d"}`) + `]}]`),
		"osv, ecosystems and names":               osv(`"aliases":[` + many(30_000, `"a%d"`) + `],"affected":[` + many(12_000, `{"package":{"ecosystem":"e%d","name":"x"}}`) + `]`),
		"osv, names":                              osv(`"aliases":[` + many(100_000, `"a%d"`) + `],"affected":[{"package":{"ecosystem":"PyPI","name":"x"}}]`),
		"osv, versions and ranges":                osv(`"affected":[{"package":{"ecosystem":"PyPI","name":"x"},"versions":[` + many(50_000, `"1.%d"`) + `],"ranges":[` + many(10_000, `{"type":"ECOSYSTEM","events":[{"introduced":"2.%d"},{"fixed":"2.%[1]d.1"}]}`) + `]}]`),
		"vex, names":                              vex(`{"vulnerability":{"name":"CVE-2099-1000","aliases":[` + many(100_000, `"a%d"`) + `]},"products":["pkg:npm/a@1"],"status":"fixed"}`),
		"vex, flaws of a component in products":   vex(`{"vulnerability":"CVE-2099-1000","status":"fixed","products":[` + many(500, `{"@id":"p%d","subcomponents":[`+strings.TrimSuffix(strings.Repeat(`"s",`, 500), ",")+`]}`) + `]}`),
		"msrc, updates replaced by one":           table + updates.String(),
		"msrc, flaws":                             table + strings.ReplaceAll(many(15_000, `"20240501","CVE-2099-%d","5000001","t","Windows 10","c%[1]d","","","",""`+"\r\n"), "\n,", "\n"),
		"cve, versions in words":                  `{"dataType":"CVE_RECORD","dataVersion":"5.1","cveMetadata":{"cveId":"CVE-2099-1000","state":"PUBLISHED"},"containers":{"cna":{"affected":[{"vendor":"v","product":"p","versions":[` + many(30_000, `{"status":"affected","version":"a b %d"}`) + `]}]}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			dir := write(t, map[string][]byte{"a": []byte(doc), "b.json": []byte(osvLamp)})
			start := time.Now()
			var b *Built
			grown := collecttest.Peak(func() { b = build(t, dir, nil, testNow()) })
			const most, heap = 30 * time.Second, 256
			if took := time.Since(start); took > most || grown>>20 > heap {
				t.Errorf("%d kB took %v and %d MB, want at most %v and %d", len(doc)>>10, took, grown>>20, most, heap)
			}
			if u := b.Report.Manifest.Unused; len(u) > 0 {
				t.Errorf("the document was not read: %v", u)
			}
			t.Logf("%d kB: %v, %d MB, refused %.200v", len(doc)>>10, time.Since(start), grown>>20, b.Report.Refused)
		})
	}
}
