package scan_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/testshared"
	"github.com/asepsis/asepsis/internal/vuln"
	"github.com/asepsis/asepsis/internal/vuln/scan"
	"github.com/asepsis/asepsis/internal/vuln/vulntest"
)

func small(t testing.TB) *vuln.DB {
	t.Helper()
	file, _ := vulntest.Compile(t, []*advisory.Advisory{{
		ID: "GHSA-1", Source: "osv/npm", Aliases: []string{"CVE-2024-0001"},
		Products: []advisory.Product{{
			Package: &advisory.Package{Ecosystem: "npm", Name: "@scope/left"},
			Ranges:  []advisory.Range{{Fixed: "2.0.0"}},
		}},
	}, {
		ID: "DSA-1-1", Source: "osv/Debian", Covers: []string{"CVE-2024-0002"},
		Products: []advisory.Product{{
			Package: &advisory.Package{Ecosystem: "Debian:12", Name: "util-linux"},
			Ranges:  []advisory.Range{{Fixed: "2.38.1-5+deb12u1"}},
		}},
	}, {
		ID: "ALSA-2024:1", Source: "osv/AlmaLinux", Covers: []string{"CVE-2024-0003"},
		Products: []advisory.Product{{
			Package: &advisory.Package{Ecosystem: "AlmaLinux:8", Name: "bash"},
			Ranges:  []advisory.Range{{Fixed: "5.1-1.el8"}},
		}},
	}})
	return vulntest.Open(t, file)
}

func TestCycloneDX(t *testing.T) {
	db := small(t)
	for _, tt := range []struct{ name, in, want string }{
		{
			"package URL", `{"bomFormat":"CycloneDX","components":[{"type":"library","name":"left","group":"@scope","version":"1.0.0","purl":"pkg:npm/%40scope/left@1.0.0"}]}`,
			"npm @scope/left 1.0.0: affected compared",
		},
		{
			"escapes", `{"components":[{"purl":"pkg:npm\/%40scope\u002Fleft@2.0.0","name":"left"}],"bomFormat":"CycloneDX"}`,
			"npm @scope/left 2.0.0: not affected compared",
		},
		{
			"nested, and fields of no use", `{"bomFormat":"CycloneDX","metadata":{"component":{"type":"application","name":"app","purl":"pkg:npm/app@1"}},
			"components":[{"name":"outer","purl":"pkg:npm/outer@1","hashes":[{"alg":"MD5","content":"}]"}],"components":[{"name":"inner","purl":"pkg:npm/inner@1"}],"x":{"y":[1,-2.5e3,true,null]}}]}`,
			"npm app 1: not affected not_named; npm inner 1: not affected not_named; npm outer 1: not affected not_named",
		},
		{
			"source package from Trivy's properties", `{"bomFormat":"CycloneDX","components":[{"type":"operating-system","name":"debian","version":"12"},
			{"type":"library","name":"mount","purl":"pkg:deb/debian/mount@2.38.1-5","properties":[{"name":"aquasecurity:trivy:SrcName","value":"util-linux"},{"name":"other","value":"x"}]}]}`,
			"deb mount 2.38.1-5: affected compared",
		},
		{
			"source package from Syft's qualifier", `{"bomFormat":"CycloneDX","components":[{"name":"bsdutils","purl":"pkg:deb/debian/bsdutils@1%3A2.38.1-5+b1?arch=amd64&upstream=util-linux%402.38.1-5&distro=debian-12"}]}`,
			"deb bsdutils 1:2.38.1-5+b1: affected compared",
		},
		{
			"EPEL's, by its publisher or supplier", `{"bomFormat":"CycloneDX","components":[
			{"name":"htop","supplier":{"url":["x"],"name":"Fedora Project"},"purl":"pkg:rpm/almalinux/htop@3.2.1-1.el8?distro=almalinux-8"},
			{"name":"atop","publisher":"Fedora Project","supplier":{"name":"AlmaLinux"},"purl":"pkg:rpm/almalinux/atop@3-1.el8?distro=almalinux-8"},
			{"name":"ctop","publisher":"AlmaLinux","purl":"pkg:rpm/almalinux/ctop@3-1.el8?distro=almalinux-8"}]}`,
			"rpm htop 3.2.1-1.el8: not assessed other_maker; rpm atop 3-1.el8: not assessed other_maker; rpm ctop 3-1.el8: not affected not_named",
		},
		{
			"words only", `{"bomFormat":"CycloneDX","components":[{"type":"library","name":"something","version":"1"},{"type":"file","name":"/etc/passwd"}]}`,
			" something 1: not assessed no_identity",
		},
		{"odd kinds of values", `{"bomFormat":"CycloneDX","components":[null,7,{"name":["x"],"version":1,"purl":null}]}`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			totals, err := scan.CycloneDX(strings.NewReader(tt.in), db, scan.Limits{}, func(c *fact.Component, a *vuln.Answer) error {
				got = append(got, c.Ecosystem+" "+c.Name+" "+c.Version+": "+a.Verdict.String()+" "+a.Reason.String())
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if s := strings.Join(got, "; "); s != tt.want {
				t.Errorf("got  %s\nwant %s", s, tt.want)
			}
			if sum := totals.Affected + totals.NotAffected + totals.NotAssessed; totals.Components != len(got) || sum != len(got) {
				t.Errorf("totals %+v, components %d", totals, len(got))
			}
		})
	}
}

func TestCycloneDXRefuses(t *testing.T) {
	db := small(t)
	deep := `{"bomFormat":"CycloneDX","components":` + strings.Repeat(`[{"components":`, 200)
	for _, tt := range []struct {
		name, in string
		kind     errs.Kind
		want     string
	}{
		{"another format", `{"spdxVersion":"SPDX-2.3"}`, errs.Invalid, "no CycloneDX"},
		{"cut short", `{"bomFormat":"CycloneDX","components":[{"name":"a"`, errs.Invalid, "ends too early"},
		{"no JSON", `<bom/>`, errs.Invalid, "want {"},
		{"empty", ``, errs.Invalid, "ends too early"},
		{"too deep", deep, errs.Invalid, "nested too deeply"},
		{"too many", `{"bomFormat":"CycloneDX","components":[{"purl":"pkg:npm/a@1"},{"purl":"pkg:npm/b@1"},{"purl":"pkg:npm/c@1"}]}`, errs.Limited, "more than 2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := scan.CycloneDX(strings.NewReader(tt.in), db, scan.Limits{Components: 2}, nil)
			if !errs.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.want) || errs.HintOf(err) == "" {
				t.Errorf("error %v (hint %q), want %q", err, errs.HintOf(err), tt.want)
			}
		})
	}
}

// oneByte gives one byte at a time, so that every token meets the end of a window.
type oneByte struct{ b []byte }

func (r *oneByte) Read(p []byte) (int, error) {
	if len(p) == 0 || len(r.b) == 0 {
		return 0, io.EOF
	}
	p[0] = r.b[0]
	r.b = r.b[1:]
	return 1, nil
}

func TestWindows(t *testing.T) {
	db := small(t)
	raw := testshared.Read(t, "corpora", "inventories", "bench", "deb11-shared.cdx.json.zst")
	want, err := scan.CycloneDX(bytes.NewReader(raw), db, scan.Limits{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := scan.CycloneDX(&oneByte{raw}, db, scan.Limits{}, nil)
	if err != nil || got.Components != want.Components || got.NotAssessed != want.NotAssessed || want.Components != 1036 {
		t.Errorf("byte by byte: %+v, %v; at once: %+v", got, err, want)
	}
}

func FuzzCycloneDX(f *testing.F) {
	f.Add([]byte(`{"bomFormat":"CycloneDX","components":[{"name":"left","purl":"pkg:npm/%40scope/left@1.0.0","cpe":"cpe:2.3:a:a:b:1:*:*:*:*:*:*:*"}]}`))
	f.Add([]byte(`{"components":[{"name":"\ud83d\ude00\\","properties":[{"name":"aquasecurity:trivy:SrcName","value":"x"}],"components":[{}]}]}`))
	f.Add([]byte(`{"metadata":{"component":{"purl":"pkg:rpm/x/y@1?upstream=a-1-2.src.rpm&distro=alma-8.7"}}}`))
	db := small(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		at := 0
		totals, err := scan.CycloneDX(bytes.NewReader(b), db, scan.Limits{Components: 1000}, func(*fact.Component, *vuln.Answer) error {
			at++
			return nil
		})
		if err == nil && at != totals.Components {
			t.Errorf("%d components seen, %d counted", at, totals.Components)
		}
		byByte, err2 := scan.CycloneDX(&oneByte{b}, db, scan.Limits{Components: 1000}, nil)
		if (err == nil) != (err2 == nil) || err == nil && byByte.Components != totals.Components {
			t.Errorf("at once %+v %v, byte by byte %+v %v", totals, err, byByte, err2)
		}
	})
}
