package reports_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/collect/collecttest"
	"github.com/asepsis/asepsis/internal/collect/reports"
)

func TestMoment(t *testing.T) {
	for in, want := range map[string]string{
		"2026-11-20T08:00:00Z": "2026-11-20T08:00:00Z", "2026-11-20T08:00:00.123+01:00": "2026-11-20T07:00:00Z", "2016-11-05T14:52:15.748-0400": "2016-11-05T18:52:15Z",
		"2026-11-20 09:00:00.000000+01:00": "2026-11-20T08:00:00Z", "20210228T225351463": "2021-02-28T22:53:51Z", "Mon, 26 Apr 2021 07:03:32": "2021-04-26T07:03:32Z",
		"1795000000": "2026-11-18T11:06:40Z", "1795000000000": "2026-11-18T11:06:40Z", "05/25/2021 07:36:58": "2021-05-25T07:36:58Z", "2026-01-02": "2026-01-02T00:00:00Z",
		"": "", "soon": "", "0001-01-01T00:00:00Z": "", "1999-10-sdffew": "", "NaN": "", "12": "",
	} {
		got := ""
		if m := reports.Moment(in); !m.IsZero() {
			got = m.Truncate(time.Second).Format(time.RFC3339)
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestPURL(t *testing.T) {
	for _, c := range []struct{ typ, ns, name, version, want string }{
		{"npm", "", "@scope/left", "1.0.0", "pkg:npm/%40scope/left@1.0.0"},
		{"Packagist", "", "Guzzle/PSR7", "1", "pkg:composer/guzzle/psr7@1"},
		{"maven", "", "org.apache:log4j", "2.14", "pkg:maven/org.apache/log4j@2.14"},
		{"maven", "", "log4j", "2.14", ""},
		{"pip", "", "Some_Name", "1", "pkg:pypi/some-name@1"},
		{"Go", "", "github.com/x/y", "1.2.3", "pkg:golang/github.com/x/y@v1.2.3"},
		{"debian", "debian", "libc6", "2.36-9+deb12u1", "pkg:deb/debian/libc6@2.36-9%2Bdeb12u1"},
		{"debian", "", "libc6", "2.36", ""},
		{"Debian:12", "debian", "tar", "", "pkg:deb/debian/tar"},
		{"something", "", "x", "1", ""},
		{"npm", "", "x", ">=1 <2", "pkg:npm/x"},
	} {
		if got := reports.PURL(c.typ, c.ns, c.name, c.version); got != c.want {
			t.Errorf("%v: got %q, want %q", c, got, c.want)
		}
	}
}

func TestImageName(t *testing.T) {
	d := "sha256:" + strings.Repeat("a", 64)
	for in, want := range map[string]string{
		"nginx": "nginx:latest", "docker.io/library/nginx": "nginx:latest", "index.docker.io/library/nginx:1.27": "nginx:1.27", "Registry.Example:5000/Team/App": "registry.example:5000/team/app:latest",
		"registry.example:5000/app:2@" + d: "registry.example:5000/app:2", "app@" + d: "app@" + d, d: d, "": "", "two words": "",
	} {
		if got := reports.ImageName(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestSplitAndSeverity(t *testing.T) {
	cves, aliases := reports.Split([]string{"cve-2026-1", "CVE-2026-0001", "ghsa-AAAA-bbbb-cccc", "97833", "RHSA-2026:1", "1.3.6.1.4.1", "", "CVE-2026-0001"})
	if got := fmt.Sprint(cves, aliases); got != "[CVE-2026-0001] [GHSA-aaaa-bbbb-cccc RHSA-2026:1]" {
		t.Errorf("got %s", got)
	}
	for in, want := range map[string]string{"IMPORTANT": "high", " Moderate ": "medium", "negligible": "info", "unknown": "", "": "", "Unassigned": ""} {
		if got := reports.Severity(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	if reports.Banded(11, true) != "" || reports.Banded(0, false) != "" || reports.Banded(9, true) != "critical" {
		t.Error("a score that is none has a severity")
	}
}

func TestCSV(t *testing.T) {
	read := func(data string) string {
		var b strings.Builder
		err := reports.CSV(context.Background(), collecttest.Input("t.csv", []byte(data)), []string{"a", "b"}, func(c []string) { fmt.Fprintf(&b, "above %v;", c) }, func(n *reports.Node) error {
			fmt.Fprintf(&b, "%d:%q,%q,%q;", n.Line(), n.Str("a"), n.Str("b"), n.Str("c"))
			return nil
		})
		if err != nil {
			return "! " + err.Error()
		}
		return b.String()
	}
	for in, want := range map[string]string{
		"a,b\n1,2\n":                      `2:"1","2","";`,
		"title\n\na;b;c\r\n1;\"x;\ny\";3": `above [title];4:"1","x;\ny","3";`,
		"a,b\n\"say \"\"so\"\"\",\n,,\n3": `2:"say \"so\"","","";4:"3","","";`,
		"a,b\n\"open,2\n":                 "! line 2: the file ends inside of a quoted cell; export or copy it again",
		"a,c\n1,2\n":                      "! line 1: there is no row with the headers a, b; export the report again with all its columns",
		"a,b\n\xff,2\n":                   "! line 2: the text is not UTF-8; save the file as CSV in UTF-8",
		"\ufeffa\tb\n1\t2":                `2:"1","2","";`,
	} {
		if got := read(in); strings.TrimPrefix(got, "above [a c];above [1 2];") != want {
			t.Errorf("%q:\ngot  %s\nwant %s", in, got, want)
		}
	}
}

func TestNodesOfXMLAndJSON(t *testing.T) {
	in := collecttest.Input("t.xml", []byte(`<r a="1"><list><x n="1">one</x><y/><x n="2">two</x></list><big>skip</big></r>`))
	var got []string
	root, err := reports.XML(context.Background(), in, "r", reports.Entries{"r/list/x": func(n *reports.Node) error {
		got = append(got, n.Str("@n")+n.Str())
		return nil
	}}, "big")
	if err != nil || fmt.Sprint(got) != "[1one 2two]" || root.Str("@a") != "1" || root.Has("big") || !root.Has("list", "y") || root.Has("list", "x") {
		t.Errorf("%v, %v, %+v", err, got, root)
	}
	in = collecttest.Input("t.json", []byte(`{"a": 1, "runs": [{"t": "x", "results": [{"id": true}, {"id": null}]}, {"t": "y", "results": [{"id": 7}]}], "big": {"x": 1}}`))
	got = nil
	root, err = reports.JSON(context.Background(), in, reports.Entries{"runs[].results[]": func(n *reports.Node) error {
		got = append(got, fmt.Sprintf("%d%s%t", n.Outer(), n.Str("id"), n.Has("id")))
		return nil
	}}, "big")
	if f, ok := root.Num("a"); err != nil || fmt.Sprint(got) != "[0truetrue 0false 17true]" || !ok || f != 1 || root.Nth(1, "runs").Str("t") != "y" || root.Has("big") || root.At("no", "such").Str("thing") != "" {
		t.Errorf("%v, %v", err, got)
	}
}
