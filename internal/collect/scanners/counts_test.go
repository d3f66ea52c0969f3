package scanners_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// counts tell how many entries a file has, by ways that share nothing with the
// importers: the standard library's readers and paths into what they give.
var counts = map[string]func(t *testing.T, f corpusFile) int{
	"anchore": func(t *testing.T, f corpusFile) int {
		n := at(t, f, "vulnerabilities[]", "[].vuln")
		walk(document(t, f), func(v any) {
			if row, ok := v.([]any); ok && len(row) > 6 && row[3] == "vulnerabilities" {
				n++
			}
		})
		return n
	},
	"aqua":             paths("resources[].vulnerabilities[]", "cves[]", "[].results.resources[].vulnerabilities[]", "result[]"),
	"aws-inspector2":   paths("findings[].resources[]"),
	"bundler-audit":    func(_ *testing.T, f corpusFile) int { return bytes.Count(f.data, []byte("\nTitle: ")) },
	"cargo-audit":      paths("vulnerabilities.list[]"),
	"clair":            paths("vulnerabilities[]", "Vulnerabilities.*[]"),
	"composer-audit":   paths("advisories.*[]"),
	"dependency-check": elements(map[string][]string{"vulnerability": {"vulnerabilities"}, "suppressedVulnerability": {"vulnerabilities"}}),
	"dependency-track": paths("findings[]"),
	"dotnet-list":      paths("projects[].frameworks[].topLevelPackages[].vulnerabilities[]", "projects[].frameworks[].transitivePackages[].vulnerabilities[]"),
	"github": func(t *testing.T, f corpusFile) int {
		n := at(t, f, "[].number")
		walk(document(t, f), func(v any) {
			if m, ok := v.(map[string]any); ok {
				n += len(find(m["vulnerabilityAlerts"], "nodes[]"))
			}
		})
		return n
	},
	"gitlab":      paths("vulnerabilities[]"),
	"govulncheck": paths("[].finding"),
	"grype":       paths("matches[]"),
	"harbor":      paths("vulnerabilities[]", "*.vulnerabilities[]"),
	"jfrog-xray":  paths("rows[]"),
	"kube-bench":  paths("Controls[].tests[].results[]", "[].tests[].results[]", "tests[].results[]"),
	"lynis": func(_ *testing.T, f corpusFile) int {
		return len(regexp.MustCompile(`(?m)^(warning|suggestion|vulnerable_package)\[\]=`).FindAll(f.data, -1))
	},
	"masscan": paths("[]"),
	"ms-defender": func(t *testing.T, f corpusFile) int {
		z, err := zip.NewReader(bytes.NewReader(f.data), int64(len(f.data)))
		if err != nil {
			return at(t, f, "value[]")
		}
		n := 0
		for _, e := range z.File {
			if !strings.HasPrefix(e.Name, "vulnerabilities/") || !strings.HasSuffix(e.Name, ".json") {
				continue
			}
			r, err := e.Open()
			if err != nil {
				t.Fatal(err)
			}
			data, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			n += at(t, corpusFile{data: data}, "value[]")
		}
		return n
	},
	"neuvector": paths("report.vulnerabilities[]"),
	"nexpose": func(t *testing.T, f corpusFile) int {
		n := 0
		each(t, f, func(e xml.StartElement, _ []string) {
			if s := attr(e, "status"); e.Name.Local == "test" && strings.HasPrefix(s, "vulnerable-") {
				n++
			}
		})
		return n
	},
	"nikto": func(t *testing.T, f corpusFile) int {
		if f.data[0] == '<' {
			return elements(map[string][]string{"item": {"scandetails"}})(t, f)
		}
		return at(t, f, "vulnerabilities[]", "[].vulnerabilities[]")
	},
	"npm-audit": func(t *testing.T, f corpusFile) int {
		n := 0
		for _, d := range documents(t, f) {
			n += len(find(d, "advisories.*.findings[]")) + len(find(d, "data.advisory.findings[]"))
		}
		return n
	},
	"nuclei": func(t *testing.T, f corpusFile) int {
		n := 0
		for _, d := range documents(t, f) {
			if list, ok := d.([]any); ok {
				n += len(list)
			} else {
				n++
			}
		}
		return n
	},
	"openvas": func(t *testing.T, f corpusFile) int {
		if f.data[0] == '<' {
			return elements(map[string][]string{"result": {"results"}})(t, f)
		}
		return rows(t, f, func(r map[string]string) bool { return r["IP"] != "" })
	},
	"ossindex":    paths("vulnerable[].Vulnerabilities[]", "[].vulnerabilities[]"),
	"outpost24":   elements(map[string][]string{"detail": {"detaillist"}}),
	"osv-scanner": paths("results[].packages[].vulnerabilities[]"),
	"pingcastle":  elements(map[string][]string{"HealthcheckRiskRule": {"RiskRules"}}),
	"pip-audit":   paths("dependencies[].vulns[]", "[].vulns[]"),
	"qualys": func(t *testing.T, f corpusFile) int {
		if bytes.HasPrefix(bytes.TrimSpace(f.data), []byte("<")) {
			return elements(map[string][]string{"VULN_INFO": {"VULN_INFO_LIST"}, "VULN": {"CAT"}, "PRACTICE": {"CAT"}, "INFO": {"CAT"}, "SERVICE": {"CAT"}})(t, f)
		}
		return rows(t, f, func(r map[string]string) bool { return r["QID"] != "" })
	},
	"sarif": paths("runs[].results[]"),
	"snyk":  paths("vulnerabilities[]", "[].vulnerabilities[]", "applications[].vulnerabilities[]", "[].applications[].vulnerabilities[]"),
	"ssh-audit": func(t *testing.T, f corpusFile) int {
		n := at(t, f, "cves[]")
		for _, kind := range []string{"kex", "key", "enc", "mac"} {
			for _, a := range find(document(t, f), kind+"[].notes") {
				if len(find(a, "fail[]"))+len(find(a, "warn[]")) > 0 {
					n++
				}
			}
		}
		return n
	},
	"ssl-labs": func(t *testing.T, f corpusFile) int {
		n := 0
		gone := map[string][]any{
			"openSslCcs": {3.0}, "openSSLLuckyMinus20": {2.0}, "ticketbleed": {2.0}, "bleichenbacher": {2.0, 3.0}, "poodleTls": {2.0}, "zombiePoodle": {2.0, 3.0}, "goldenDoodle": {4.0, 5.0},
			"zeroLengthPaddingOracle": {6.0, 7.0}, "sleepingPoodle": {10.0, 11.0},
			"heartbleed": {true}, "poodle": {true}, "freak": {true}, "logjam": {true}, "drownVulnerable": {true}, "supportsRc4": {true},
		}
		sites, ok := document(t, f).([]any)
		if !ok {
			sites = []any{document(t, f)}
		}
		for _, s := range sites {
			bad := map[any]bool{}
			for _, c := range find(s, "certs[]") {
				m, _ := c.(map[string]any)
				bad[m["id"]] = m["issues"] != 0.0
			}
			for _, d := range find(s, "endpoints[].details") {
				m, _ := d.(map[string]any)
				for k, values := range gone {
					if slices.Contains(values, m[k]) {
						n++
					}
				}
				for _, p := range find(d, "protocols[]") {
					m, _ := p.(map[string]any)
					if m["name"] == "SSL" || m["version"] == "1.0" || m["version"] == "1.1" {
						n++
					}
				}
				for _, ids := range find(d, "certChains[].certIds") {
					if list, ok := ids.([]any); ok && len(list) > 0 && bad[list[0]] {
						n++
					}
				}
			}
		}
		return n
	},
	"sslyze": func(t *testing.T, f corpusFile) int {
		n := 0
		walk(document(t, f), func(v any) {
			m, ok := v.(map[string]any)
			if !ok {
				return
			}
			for _, k := range []string{"is_vulnerable_to_heartbleed", "is_vulnerable_to_ccs_injection", "is_vulnerable_to_client_renegotiation_dos", "accepts_client_renegotiation", "supports_compression"} {
				if m[k] == true {
					n++
				}
			}
			for _, k := range []string{"supports_secure_renegotiation", "supports_fallback_scsv", "leaf_certificate_subject_matches_hostname"} {
				if m[k] == false {
					n++
				}
			}
			if s, _ := m["robot_result"].(string); strings.HasPrefix(s, "VULNERABLE") {
				n++
			}
			if v, _ := m["tls_version_used"].(string); v == "SSL_2_0" || v == "SSL_3_0" || v == "TLS_1_0" || v == "TLS_1_1" {
				if len(find(any(m), "accepted_cipher_suites[]")) > 0 {
					n++
				}
			}
			if results := find(any(m), "path_validation_results[]"); len(results) > 0 {
				good := false
				for _, r := range results {
					p, _ := r.(map[string]any)
					good = good || p["was_validation_successful"] == true || p["was_validation_successful"] == nil && p["openssl_error_string"] == nil
				}
				if !good {
					n++
				}
			}
		})
		return n
	},
	"sysdig": func(t *testing.T, f corpusFile) int {
		if f.data[0] == '{' {
			return at(t, f, "result.packages[].vulns[]", "data[]", "panels[].data[]")
		}
		return rows(t, f, nil)
	},
	"tenable-csv": func(t *testing.T, f corpusFile) int { return rows(t, f, nil) },
	"testssl": func(t *testing.T, f corpusFile) int {
		return rows(t, f, func(r map[string]string) bool {
			return slices.Contains([]string{"LOW", "MEDIUM", "HIGH", "CRITICAL"}, r["severity"])
		})
	},
	"trivy": paths("Results[].Vulnerabilities[]", "[].Vulnerabilities[]", "Vulnerabilities[].Results[].Vulnerabilities[]", "Resources[].Results[].Vulnerabilities[]", "Misconfigurations[].Results[].Vulnerabilities[]", "Findings[].Results[].Vulnerabilities[]"),
	"trivy-operator": func(t *testing.T, f corpusFile) int {
		n := 0
		walk(document(t, f), func(v any) {
			if m, ok := v.(map[string]any); ok && m["kind"] == "VulnerabilityReport" {
				n += len(find(m["report"], "vulnerabilities[]"))
			}
		})
		return n
	},
	"twistlock": func(t *testing.T, f corpusFile) int {
		if f.data[0] == '{' {
			return at(t, f, "results[].vulnerabilities[]")
		}
		return rows(t, f, func(r map[string]string) bool { return r["CVE ID"] != "" })
	},
	"wazuh": paths("data.affected_items[]"),
	"zap": func(t *testing.T, f corpusFile) int {
		if f.data[0] == '{' {
			return at(t, f, "site[].alerts[]")
		}
		return elements(map[string][]string{"alertitem": {"alerts"}})(t, f)
	},
}

func documents(t *testing.T, f corpusFile) []any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(f.data))
	d.UseNumber() // the modulus of a key is no float64
	var out []any
	for {
		var v any
		if err := d.Decode(&v); errors.Is(err, io.EOF) {
			return out
		} else if err != nil {
			t.Fatalf("%s/%s: %v", f.tool, f.name, err)
		}
		out = append(out, floats(v))
	}
}

// floats makes numbers of what can be one.
func floats(v any) any {
	switch x := v.(type) {
	case json.Number:
		if f, err := x.Float64(); err == nil {
			return f
		}
	case []any:
		for i := range x {
			x[i] = floats(x[i])
		}
	case map[string]any:
		for k := range x {
			x[k] = floats(x[k])
		}
	}
	return v
}

func document(t *testing.T, f corpusFile) any {
	t.Helper()
	return documents(t, f)[0]
}

// find returns what lies at the end of a path: keys apart by dots, * for every
// member, [] for the elements of a list.
func find(v any, path string) []any {
	if path == "" {
		if v == nil {
			return nil
		}
		return []any{v}
	}
	if rest, ok := strings.CutPrefix(path, "[]"); ok {
		var out []any
		list, _ := v.([]any)
		for _, x := range list {
			out = append(out, find(x, strings.TrimPrefix(rest, "."))...)
		}
		return out
	}
	m, _ := v.(map[string]any)
	i := strings.IndexAny(path, ".[")
	if i < 0 {
		i = len(path)
	}
	key, rest := path[:i], strings.TrimPrefix(path[i:], ".")
	if key != "*" {
		return find(m[key], rest)
	}
	var out []any
	for _, x := range m {
		out = append(out, find(x, rest)...)
	}
	return out
}

func at(t *testing.T, f corpusFile, all ...string) int {
	t.Helper()
	n := 0
	for _, p := range all {
		n += len(find(document(t, f), p))
	}
	return n
}

func paths(all ...string) func(*testing.T, corpusFile) int {
	return func(t *testing.T, f corpusFile) int { return at(t, f, all...) }
}

// walk calls fn with every value of a document.
func walk(v any, fn func(any)) {
	fn(v)
	switch x := v.(type) {
	case []any:
		for _, e := range x {
			walk(e, fn)
		}
	case map[string]any:
		for _, e := range x {
			walk(e, fn)
		}
	}
}

func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// each calls fn with every element of an XML document and the names of those it is in.
func each(t *testing.T, f corpusFile, fn func(xml.StartElement, []string)) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(f.data))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	var open []string
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%s/%s: %v", f.tool, f.name, err)
		}
		switch x := tok.(type) {
		case xml.StartElement:
			fn(x, open)
			open = append(open, x.Name.Local)
		case xml.EndElement:
			open = open[:len(open)-1]
		}
	}
}

// elements counts elements by their name and that of the one around them.
func elements(want map[string][]string) func(*testing.T, corpusFile) int {
	return func(t *testing.T, f corpusFile) int {
		n := 0
		each(t, f, func(e xml.StartElement, open []string) {
			if in, ok := want[e.Name.Local]; ok && len(open) > 0 && slices.Contains(in, open[len(open)-1]) {
				n++
			}
		})
		return n
	}
}

// rows counts the rows of a table that are not blank and that keep wants.
func rows(t *testing.T, f corpusFile, keep func(map[string]string) bool) int {
	t.Helper()
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(f.data, []byte("\xef\xbb\xbf"))))
	r.FieldsPerRecord, r.LazyQuotes = -1, true
	all, err := r.ReadAll()
	if err != nil {
		t.Fatalf("%s/%s: %v", f.tool, f.name, err)
	}
	n := 0
	for _, row := range all[1:] {
		m := map[string]string{}
		for i, c := range row {
			if i < len(all[0]) {
				if _, twice := m[all[0][i]]; !twice {
					m[strings.TrimSpace(all[0][i])] = strings.TrimSpace(c)
				}
			}
		}
		if strings.TrimSpace(strings.Join(row, "")) != "" && (keep == nil || keep(m)) {
			n++
		}
	}
	return n
}
