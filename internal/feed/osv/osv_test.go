package osv

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/feed/record"
	"github.com/asepsis/asepsis/internal/feed/record/recordtest"
)

var docs = map[string]string{
	"plain": `{"id": "PYSEC-2099-1", "modified": "2024-05-01T10:00:00", "published": "2024-04-30T00:00:00Z", "aliases": ["CVE-2099-1000"],
		"summary": "Lamp stays on", "details": "The lamp\nstays on.", "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
		"affected": [{"package": {"ecosystem": "PyPI", "name": "lamp", "purl": "pkg:pypi/lamp"}, "versions": ["0.9-horsea", "1.0"],
			"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.1"}, {"introduced": "2.0"}, {"last_affected": "2.4"}]}]}],
		"references": [{"type": "WEB", "url": "https://lamp.example.org"}], "database_specific": {"severity": "HIGH", "cwe_ids": ["CWE-1"]}}`,
	"two ecosystems": `{"id": "GHSA-xxxx-yyyy-zzzz", "modified": "2024-05-01T10:00:00Z", "affected": [
		{"package": {"ecosystem": "npm", "name": "lamp"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}]},
		{"package": {"ecosystem": "Go", "name": "example.org/lamp"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.0.0"}]}]}]}`,
	"distribution": `{"id": "ALSA-2099:1", "modified": "2024-05-01T10:00:00Z", "related": ["CVE-2099-1001", "CVE-2099-1002"], "affected": [
		{"package": {"ecosystem": "AlmaLinux:9", "name": "lamp"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.0-2.el9"}]}]}]}`,
	"commits":    `{"id": "OSV-2099-1", "modified": "0001-01-01T00:00:00Z", "affected": [{"ranges": [{"type": "GIT", "repo": "https://git.example.org/lamp", "events": [{"introduced": "0"}, {"fixed": "abc"}]}]}]}`,
	"withdrawn":  `{"id": "GO-2099-1", "modified": "2024-05-01T10:00:00Z", "withdrawn": "2024-06-01T00:00:00Z", "affected": []}`,
	"disorder":   `{"id": "GO-2099-2", "modified": "2024-05-01T10:00:00Z", "affected": [{"package": {"ecosystem": "Go", "name": "x.example/y"}, "ranges": [{"type": "SEMVER", "events": [{"fixed": "1.5.0"}, {"introduced": "1.2.0"}]}]}]}`,
	"no order":   `{"id": "OSV-2099-3", "modified": "2024-05-01T10:00:00Z", "affected": [{"package": {"ecosystem": "OSS-Fuzz", "name": "y"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"fixed": "b"}, {"introduced": "a"}]}]}]}`,
	"no version": `{"id": "MAL-2099-1", "modified": "2024-05-01T10:00:00Z", "affected": [{"package": {"ecosystem": "npm", "name": "bad"}}]}`,
}

func read(t *testing.T, doc string) *recordtest.Sink {
	t.Helper()
	s := new(recordtest.Sink)
	Read([]byte(doc), s)
	s.Check(t)
	return s
}

func TestRead(t *testing.T) {
	s := read(t, docs["plain"])
	want := []advisory.Advisory{{
		ID: "PYSEC-2099-1", Source: "osv/PyPI", Aliases: []string{"CVE-2099-1000"}, Title: "Lamp stays on", Details: "The lamp\nstays on.",
		Published: record.Time("2024-04-30"), Modified: record.Time("2024-05-01T10:00:00Z"),
		Scores: []advisory.Score{
			{Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", By: "pysec"},
			{Severity: "high", By: "pysec"},
		},
		CWEs: []string{"CWE-1"}, References: []string{"https://lamp.example.org"},
		Products: []advisory.Product{{
			Package:  &advisory.Package{Ecosystem: "PyPI", Name: "lamp", PURL: "pkg:pypi/lamp"},
			Ranges:   []advisory.Range{{Introduced: "0", Fixed: "1.1"}, {Introduced: "2.0", LastAffected: "2.4"}},
			Versions: []string{"0.9-horsea", "1.0"},
		}},
	}}
	if d := cmp.Diff(want, s.Advisories); d != "" || s.Read["osv/PyPI"] != 1 {
		t.Errorf("counted %v, (-want +got)\n%s", s.Read, d)
	}
}

func TestEcosystemsApart(t *testing.T) {
	s := read(t, docs["two ecosystems"])
	if len(s.Advisories) != 2 || s.Advisories[0].Source != "osv/npm" || s.Advisories[1].Source != "osv/Go" || s.Read["osv/npm"] != 1 || len(s.Read) != 1 {
		t.Errorf("got %+v, counted %v; want one advisory for each ecosystem and one record", s.Advisories, s.Read)
	}
}

func TestOddities(t *testing.T) {
	if a := read(t, docs["distribution"]).Advisories[0]; !cmp.Equal(a.Flaws(), []string{"CVE-2099-1001", "CVE-2099-1002"}) {
		t.Errorf("a distribution's advisory is about %v", a.Flaws())
	}
	a := read(t, docs["commits"]).Advisories[0]
	want := advisory.Product{
		Package: &advisory.Package{Ecosystem: "GIT", Name: "https://git.example.org/lamp"},
		Ranges:  []advisory.Range{{Kind: advisory.ByGit, Introduced: "0", Fixed: "abc", Repo: "https://git.example.org/lamp"}},
	}
	if d := cmp.Diff(want, a.Products[0]); d != "" || !a.Modified.IsZero() {
		t.Errorf("modified %v, (-want +got)\n%s", a.Modified, d)
	}
	if a := read(t, docs["withdrawn"]).Advisories[0]; a.Withdrawn.IsZero() || a.Source != "osv/GO" {
		t.Errorf("got %+v, want it withdrawn and of its database", a)
	}
	if a := read(t, docs["disorder"]).Advisories[0]; !cmp.Equal(a.Products[0].Ranges, []advisory.Range{{Kind: advisory.BySemVer, Introduced: "1.2.0", Fixed: "1.5.0"}}) {
		t.Errorf("events out of order give %+v", a.Products[0].Ranges)
	}
	if a := read(t, docs["no order"]).Advisories[0]; a.Products[0].Unread == "" {
		t.Error("events that cannot be ordered are taken as read")
	}
	if a := read(t, docs["no version"]).Advisories[0]; a.Products[0].Unread == "" {
		t.Error("a product without versions is taken as read")
	}
}

func TestRefused(t *testing.T) {
	for doc, why := range map[string]string{
		`{"id": "X-1", "affected": 3}`: "a number where a list is due",
		`{"affected": []}`:             "it has no id",
		`{"id": "X-2", "affected": [{"package": {"name": "lamp", "ecosystem": [1`:  "a list where a text is due",
		`{"id": "X-3", "affected": [{"package": {"name": "lamp", "ecosystem": "np`: "it ends before it is complete",
	} {
		s := read(t, doc)
		if len(s.Refused) != 1 || s.Refused[0].Why != why || len(s.Read) != 0 || len(s.Advisories) != 0 {
			t.Errorf("%s: refused %+v, want %q and nothing read", doc, s.Refused, why)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, d := range docs {
		f.Add([]byte(d))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s := new(recordtest.Sink)
		Read(b, s)
		s.Check(t)
		read := 0
		for _, n := range s.Read {
			read += n
		}
		if read+len(s.Refused) != 1 {
			t.Errorf("one document was read %d times and refused %d times", read, len(s.Refused))
		}
	})
}
