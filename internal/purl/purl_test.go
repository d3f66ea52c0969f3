package purl_test

import (
	"bufio"
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	packageurl "github.com/package-url/packageurl-go"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/purl"
	"github.com/asepsis/asepsis/internal/testshared"
)

// vector is a case of the specification's own tests (package-url/purl-spec, tests/).
type vector struct {
	From      string `json:"from"`
	In        string `json:"in"`
	Refused   bool   `json:"refused"`
	Canonical string `json:"canonical"`
	Parts     *struct {
		Type, Namespace, Name, Version, Subpath string
		Qualifiers                              map[string]string
	} `json:"parts"`
}

func vectors(t testing.TB) []vector {
	t.Helper()
	f, err := os.Open("testdata/spec.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	var list []vector
	sc := bufio.NewScanner(f)
	for sc.Scan() {
		var v vector
		if err := json.Unmarshal(sc.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		list = append(list, v)
	}
	if len(list) < 200 {
		t.Fatalf("only %d vectors", len(list))
	}
	return list
}

// understood are inputs that the specification refuses and that name a package
// clearly all the same: a part too many, a key in capitals or with a blank, a
// version or a name in a form that its type does not have.
var understood = map[string]bool{
	"pkg:npm/myartifact@1.0.0?in%20production=true":                    true,
	"pkg:chrome-extension/44444algnefjeiefhmpklpfiohadpglk":            true,
	"pkg:chrome-extension/dogs":                                        true,
	"pkg:chrome-extension/dlpngalgnefjeiefhmpklpfiohadpglk@1.2.3.4.5":  true,
	"pkg:chrome-extension/dlpngalgnefjeiefhmpklpfiohadpglk@1.2.3-beta": true,
	"pkg:cpan/LWP::UserAgent@6.7.6":                                    true,
	"pkg:cpan/GDT/URI::PackageURL":                                     true,
	"pkg:cpan/URI::PackageURL":                                         true,
	"pkg:gem/jruby-launcher@1.1.2?Platform=java":                       true,
	"pkg:julia/Dates":                                                  true,
	"pkg:otp/namespace/hex@2.1.1":                                      true,
	"pkg:Rpm/fedora/curl@7.50.3-1.fc25?Arch=i386&Distro=fedora-25":     true,
	"pkg:swift/Alamofire@5.4.3":                                        true,
	"pkg:vcpkg/boost/asio@1.84.0":                                      true,
	"pkg:vscode-extension/java@1.46.2025091308":                        true,
}

func TestVectors(t *testing.T) {
	for _, v := range vectors(t) {
		p, err := purl.Parse(v.In)
		switch {
		case v.Refused:
			if err == nil && !understood[v.In] {
				t.Errorf("%s: %q is taken as %q", v.From, v.In, p)
			}
		case err != nil:
			t.Errorf("%s: %v", v.From, err)
		case v.Canonical != "":
			if got := p.String(); got != v.Canonical {
				t.Errorf("%s: %q: got %q, want %q", v.From, v.In, got, v.Canonical)
			}
		default:
			c, err := purl.Parse(p.String())
			if err != nil {
				t.Errorf("%s: %q: its canonical form is refused: %v", v.From, v.In, err)
				continue
			}
			if strings.Contains(v.Parts.Name, "/") {
				continue // the type git cuts its name elsewhere; the text is the same
			}
			if d := cmp.Diff([]string{v.Parts.Type, v.Parts.Namespace, v.Parts.Name, v.Parts.Version, v.Parts.Subpath}, []string{c.Type, c.Namespace, c.Name, c.Version, c.Subpath}); d != "" {
				t.Errorf("%s: %q: %s", v.From, v.In, d)
			}
			got := maps.Collect(c.Qualifiers())
			if len(got)+len(v.Parts.Qualifiers) > 0 && !maps.Equal(got, v.Parts.Qualifiers) {
				t.Errorf("%s: %q: qualifiers %v, want %v", v.From, v.In, got, v.Parts.Qualifiers)
			}
		}
	}
}

func TestPackage(t *testing.T) {
	for in, want := range map[string]purl.Package{
		"pkg:npm/%40angular/core@17.0.1":   {Ecosystem: "npm", Name: "@angular/core", Version: "17.0.1"},
		"pkg:npm/@angular/core@17.0.1":     {Ecosystem: "npm", Name: "@angular/core", Version: "17.0.1"},
		"pkg:NPM/angular/core":             {Ecosystem: "npm", Name: "angular/core"},
		"PKG:npm/lodash@4.17.21":           {Ecosystem: "npm", Name: "lodash", Version: "4.17.21"},
		"pkg://pypi/Django_Rest.Framework": {Ecosystem: "pypi", Name: "django-rest-framework"},
		"pkg:maven/org.apache.logging.log4j/log4j-core@2.17.1?type=jar": {
			Ecosystem: "maven", Name: "org.apache.logging.log4j:log4j-core", Version: "2.17.1",
		},
		"pkg:golang/github.com/Masterminds/semver/v3@v3.2.1#sub": {Ecosystem: "golang", Name: "github.com/Masterminds/semver/v3", Version: "v3.2.1"},
		"pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&upstream=openssl&distro=debian-12.5": {
			Ecosystem: "deb", Name: "libssl3", Version: "3.0.11-1~deb12u2", Source: "openssl", Arch: "amd64", Distro: "debian-12",
		},
		"pkg:deb/ubuntu/libc6@2.35-0ubuntu3?distro=jammy": {Ecosystem: "deb", Name: "libc6", Version: "2.35-0ubuntu3", Distro: "ubuntu-22.04"},
		"pkg:deb/debian/gcc-12-base@1%3A12.2.0-14?upstream=gcc-12%4012.2.0-14&distro=debian-bookworm": {
			Ecosystem: "deb", Name: "gcc-12-base", Version: "1:12.2.0-14", Source: "gcc-12", SourceVersion: "12.2.0-14", Distro: "debian-12",
		},
		"pkg:rpm/redhat/bash@5.1.8-9.el9?arch=x86_64&epoch=1&upstream=bash-5.1.8-9.el9.src.rpm&distro=rhel-9.4": {
			Ecosystem: "rpm", Name: "bash", Version: "1:5.1.8-9.el9", Source: "bash", SourceVersion: "5.1.8-9.el9", Arch: "x86_64", Distro: "rhel-9.4",
		},
		"pkg:alpine/alpine/musl@1.2.4-r2?distro=3.19.1":   {Ecosystem: "apk", Name: "musl", Version: "1.2.4-r2", Distro: "alpine-3.19"},
		"pkg:apk/wolfi/busybox@1.36.1-r7?distro=wolfi":    {Ecosystem: "apk", Name: "busybox", Version: "1.36.1-r7", Distro: "wolfi"},
		"pkg:generic/100%25free@1%":                       {Ecosystem: "generic", Name: "100%free", Version: "1%"},
		"pkg:swift/github.com/apple/swift-nio@2.0.0":      {Ecosystem: "swift", Name: "github.com/apple/swift-nio", Version: "2.0.0"},
		"pkg:composer/Laravel/Framework@v10.0.0":          {Ecosystem: "composer", Name: "laravel/framework", Version: "v10.0.0"},
		"pkg:githubactions/actions/checkout@v4?foo&bar=1": {Ecosystem: "githubactions", Name: "actions/checkout", Version: "v4"},
	} {
		p, err := purl.Parse(in)
		if err != nil {
			t.Errorf("%q: %v", in, err)
			continue
		}
		if d := cmp.Diff(want, p.Package()); d != "" {
			t.Errorf("%q: %s", in, d)
		}
	}
}

func TestRefused(t *testing.T) {
	for _, in := range []string{"", "pkg:", "pkg:npm", "pkg:npm/", "npm/lodash@1", "pkg:n&g/x", "pkg:/npm", "pkg:npm/@1.0/", "pkg:maven/@1.3.4", "cpe:2.3:a:b:c", "pkg:3d/x", "pkg:npm/" + strings.Repeat("x", purl.MaxLen)} {
		if p, err := purl.Parse(in); !errs.Is(err, errs.Invalid) || errs.HintOf(err) == "" {
			t.Errorf("%.40q: got %q, %v", in, p, err)
		}
	}
}

func TestEcosystems(t *testing.T) {
	for in, want := range map[string][]string{
		"pkg:deb/debian/x@1?distro=debian-12":                  {"Debian:12", "Debian"},
		"pkg:deb/debian/x@1?distro=debian-12.5":                {"Debian:12", "Debian"},
		"pkg:deb/debian/x@1":                                   {"Debian"},
		"pkg:deb/ubuntu/x@1?distro=ubuntu-22.04":               {"Ubuntu:22.04", "Ubuntu"},
		"pkg:apk/alpine/x@1?distro=alpine-3.20.3":              {"Alpine:v3.20", "Alpine"},
		"pkg:apk/wolfi/x@1?distro=wolfi-20230201":              {"Wolfi"},
		"pkg:apk/chainguard/x@1":                               {"Chainguard"},
		"pkg:rpm/almalinux/x@1?distro=almalinux-9.4":           {"AlmaLinux:9", "AlmaLinux"},
		"pkg:rpm/rocky/x@1?distro=rocky-8.9":                   {"Rocky Linux:8", "Rocky Linux"},
		"pkg:rpm/redhat/x@1?distro=rhel-9.4":                   {"Red Hat:enterprise_linux:9", "Red Hat"},
		"pkg:rpm/redhat/x@1?distro=redhat-8":                   {"Red Hat:enterprise_linux:8", "Red Hat"},
		"pkg:rpm/suse/x@1?distro=sles-15.5":                    {"SUSE:Linux Enterprise Server 15 SP5", "SUSE"},
		"pkg:rpm/opensuse/x@1?distro=opensuse-leap-15.5":       {"openSUSE:Leap 15.5", "openSUSE"},
		"pkg:rpm/opensuse/x@1?distro=opensuse-tumbleweed":      {"openSUSE:Tumbleweed", "openSUSE"},
		"pkg:rpm/fedora/x@1?distro=fedora-40":                  nil,
		"pkg:pypi/x@1":                                         {"PyPI"},
		"pkg:golang/x/y@1":                                     {"Go"},
		"pkg:cargo/x@1":                                        {"crates.io"},
		"pkg:generic/x@1":                                      nil,
		"pkg:deb/debian/x@1?distro=sid":                        nil,
		"pkg:rpm/photon/x@1?distro=photon-5.0":                 {"Photon OS:5.0", "Photon OS"},
		"pkg:rpm/opensuse/x@1?distro=opensuse-tumbleweed-2024": {"openSUSE:Tumbleweed", "openSUSE"},
	} {
		p, err := purl.Parse(in)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Ecosystems(); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string][3]string{
		"Debian:12":                           {"deb", "debian", "debian-12"},
		"Ubuntu:22.04:LTS":                    {"deb", "ubuntu", "ubuntu-22.04"},
		"Alpine:v3.20":                        {"apk", "alpine", "alpine-3.20"},
		"Alpine":                              {"apk", "alpine", ""},
		"AlmaLinux:9":                         {"rpm", "almalinux", "almalinux-9"},
		"Rocky Linux:8":                       {"rpm", "rocky", "rocky-8"},
		"Red Hat:enterprise_linux:9::baseos":  {"rpm", "redhat", "rhel-9"},
		"Red Hat:rhel_eus:9.2::baseos":        {"", "", ""},
		"SUSE:Linux Enterprise Server 15 SP5": {"rpm", "suse", "sles-15.5"},
		"openSUSE:Leap 15.5":                  {"rpm", "opensuse", "opensuse-leap-15.5"},
		"openSUSE:Tumbleweed":                 {"rpm", "opensuse", "opensuse-tumbleweed"},
		"Wolfi":                               {"apk", "wolfi", ""},
		"PyPI":                                {"pypi", "", ""},
		"npm":                                 {"npm", "", ""},
		"OSS-Fuzz":                            {"", "", ""},
	} {
		typ, namespace, distro, ok := purl.OfEcosystem(in)
		if got := [3]string{typ, namespace, distro}; got != want || ok != (want[0] != "") {
			t.Errorf("%q: got %q, %v, want %q", in, got, ok, want)
		}
		if distro != "" {
			if names := purl.EcosystemsOf(typ, distro); len(names) == 0 || !strings.HasPrefix(in, names[0]) {
				t.Errorf("%q: back from %q come %q", in, distro, names)
			}
		}
	}
}

func TestParseAllocatesNothing(t *testing.T) {
	in := "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&upstream=openssl&distro=debian-12"
	if n := testing.AllocsPerRun(100, func() {
		if p, err := purl.Parse(in); err != nil || p.Qualifier("arch") != "amd64" {
			t.Fatal(p, err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestAgainstPackageURL holds the reader beside packageurl-go on the package URLs
// of real bills of materials, and on the vectors.
func TestAgainstPackageURL(t *testing.T) {
	dir := testshared.Path(t, "corpora", "inventories")
	found := regexp.MustCompile(`"(pkg:[^"\\]{1,500})"`)
	seen := map[string]bool{}
	for _, sub := range []string{"sbom", "bench"} {
		err := filepath.WalkDir(filepath.Join(dir, sub), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			rel, err := filepath.Rel(dir, path)
			if err != nil {
				return err
			}
			data := testshared.Read(t, append([]string{"corpora", "inventories"}, strings.Split(rel, string(filepath.Separator))...)...)
			for _, m := range found.FindAllSubmatch(data, -1) {
				seen[string(m[1])] = true
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	refused, differ := 0, 0
	for in := range seen {
		p, err := purl.Parse(in)
		theirs, err2 := packageurl.FromString(in)
		if err2 != nil {
			refused++
			continue
		}
		if err != nil {
			t.Errorf("only we refuse it: %v", err)
			continue
		}
		c, err := purl.Parse(p.String())
		if err != nil {
			t.Fatal(err)
		}
		quals := theirs.Qualifiers.Map()
		maps.DeleteFunc(quals, func(_, v string) bool { return v == "" })
		if theirs.Type == "pypi" { // they leave dots in names, which Python itself does not
			theirs.Name = strings.ReplaceAll(theirs.Name, ".", "-")
		}
		if !strings.EqualFold(c.Namespace, theirs.Namespace) || !strings.EqualFold(c.Name, theirs.Name) || c.Type != theirs.Type || !strings.EqualFold(c.Version, theirs.Version) || !maps.Equal(maps.Collect(c.Qualifiers()), quals) {
			if differ++; differ < 10 {
				t.Errorf("%q: got %q, packageurl-go %q", in, c, theirs.ToString())
			}
		}
	}
	t.Logf("%d package URLs, %d refused by packageurl-go", len(seen), refused)
	if len(seen) < 20_000 {
		t.Errorf("only %d package URLs", len(seen))
	}
}

// FuzzParse reads any text: the canonical form is read as itself.
func FuzzParse(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(v.In)
	}
	f.Add("pkg:npm/@a/b@c/d?x=%zz&y#./../z")
	f.Fuzz(func(t *testing.T, in string) {
		p, err := purl.Parse(in)
		if err != nil {
			return
		}
		_ = p.Ecosystems()
		_ = p.Package()
		canonical := p.String()
		if len(canonical) > 8192 {
			return // encoded it may be longer than what is read
		}
		again, err := purl.Parse(canonical)
		if err != nil {
			t.Fatalf("%q became %q, which is refused: %v", in, canonical, err)
		}
		if got := again.String(); got != canonical {
			t.Fatalf("%q became %q, and that %q", in, canonical, got)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	in := "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&upstream=openssl&distro=debian-12"
	b.ReportAllocs()
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		p, err := purl.Parse(in)
		if err != nil || p.Name == "" {
			b.Fatal(err)
		}
	}
}
