package collecttest

import (
	"archive/zip"
	"bytes"
)

// ForeignSample is a small file of some format.
type ForeignSample struct {
	Format string // the id of the importer that reads it; "" if none does
	Sample
}

// Foreign returns small files of many formats, those of importers and others
// that people bring by mistake.
func Foreign() []ForeignSample {
	s := func(format, name, data string) ForeignSample {
		return ForeignSample{Format: format, Sample: Sample{Name: name, Data: []byte(data)}}
	}
	z := func(format, name string, files ...string) ForeignSample {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		for _, f := range files {
			if e, err := w.Create(f); err == nil {
				_, _ = e.Write([]byte("<x/>")) // a buffer takes every write
			}
		}
		_ = w.Close()
		return ForeignSample{Format: format, Sample: Sample{Name: name, Data: b.Bytes()}}
	}
	return []ForeignSample{
		s("nessus", "scan.nessus", `<?xml version="1.0" ?><NessusClientData_v2><Policy/><Report name="x"></Report></NessusClientData_v2>`),
		s("nmap", "scan.xml", `<?xml version="1.0"?><!DOCTYPE nmaprun><nmaprun scanner="nmap" start="1" version="7.93" xmloutputversion="1.05"></nmaprun>`),
		s("cyclonedx", "bom.json", `{"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": []}`),
		s("cyclonedx", "bom.xml", `<?xml version="1.0"?><bom xmlns="http://cyclonedx.org/schema/bom/1.6" version="1"><components/></bom>`),
		s("xccdf", "results.xml", `<Benchmark xmlns="http://checklists.nist.gov/xccdf/1.2" id="b"><TestResult id="t"/></Benchmark>`),
		s("xccdf", "arf.xml", `<arf:asset-report-collection xmlns:arf="http://scap.nist.gov/schema/asset-reporting-format/1.1"></arf:asset-report-collection>`),
		s("scuba", "ScubaResults.json", `{"MetaData": {"Tool": "ScubaGear", "TenantId": "t"}, "Summary": {}, "Results": {}}`),
		s("scuba", "TestResults.json", `[{"ActualValue": [], "Commandlet": [], "Criticality": "Shall", "PolicyId": "MS.AAD.1.1v1", "ReportDetails": "", "RequirementMet": true}]`),
		z("scuba", "M365BaselineConformance.zip", "IndividualReports/AADReport.json", "ScubaResults_1.json", "TestResults.json"),
		s("csv/people", "people.csv", "Employee ID,Name,Email,Start Date\n1,Ann Lee,ann@example.org,2020-01-01\n"),
		s("csv/accounts", "accounts.csv", "User principal name,Display name,MFA Registered\nann@example.org,Ann Lee,TRUE\n"),
		s("csv/assets", "assets.csv", "Asset Tag,Serial Number,Hostname,Manufacturer\nA1,SN1,ws-1,Dell\n"),
		z("xlsx", "people.xlsx", "[Content_Types].xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml"),
		s("spdx", "spdx.json", `{"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "x", "packages": []}`),
		s("spdx", "spdx.spdx", "SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\nSPDXID: SPDXRef-DOCUMENT\n"),
		s("masscan", "masscan.json", `[{"ip": "10.0.0.1", "timestamp": "1", "ports": [{"port": 80, "proto": "tcp", "status": "open"}]}]`),
		s("sarif", "sarif.json", `{"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": []}`),
		s("openvas", "openvas.xml", `<report id="1" format_id="2"><gmp><version>22.4</version></gmp><results/></report>`),
		s("qualys", "qualys.xml", `<!DOCTYPE ASSET_DATA_REPORT SYSTEM "https://qualysapi.example/asset_data_report.dtd"><ASSET_DATA_REPORT/>`),
		s("", "junit.xml", `<testsuites><testsuite name="a"/></testsuites>`),
		s("", "page.html", "<!DOCTYPE html><html><body>CycloneDX, nessus, nmaprun, ScubaGear</body></html>"),
		s("", "notes.txt", "We ran nmap and Nessus last week and wrote an SBOM in CycloneDX.\n"),
		s("", "package.json", `{"name": "left-pad", "version": "1.0.0", "dependencies": {"a": "^1"}}`),
		s("", "empty.json", "{}"),
		s("", "list.json", "[]"),
		s("", "pixel.png", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00"),
		s("", "binary.bin", "\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
		z("", "photos.zip", "a.jpg", "b.jpg"),
	}
}
