package cyclonedx

import "testing"

func TestPURL(t *testing.T) {
	for _, c := range []struct{ in, typ, name, version, source, distro string }{
		{"pkg:deb/debian/curl@7.50.3-1?arch=i386&distro=jessie", "deb", "curl", "7.50.3-1", "", "jessie"},
		{"pkg:deb/debian/libc6@2.36-9?upstream=glibc&distro=debian-12.5", "deb", "libc6", "2.36-9", "glibc", "debian-12"},
		{"pkg:deb/ubuntu/adduser@3.118ubuntu2?distro=ubuntu-20.04", "deb", "adduser", "3.118ubuntu2", "", "ubuntu-20.04"},
		{"pkg:apk/alpine/libcrypto3@3.1.4-r5?upstream=openssl&distro=alpine-3.19.1", "apk", "libcrypto3", "3.1.4-r5", "openssl", "alpine-3.19"},
		{"pkg:alpine/musl@1.2.4?distro=3.19.1", "apk", "musl", "1.2.4", "", "3.19.1"},
		{"pkg:apk/alpine/musl@1.2.4?distro=3.19.1", "apk", "musl", "1.2.4", "", "alpine-3.19"},
		{"pkg:rpm/redhat/openssl-libs@3.0.7-18.el9_2?arch=x86_64&epoch=1&upstream=openssl-3.0.7-18.el9_2.src.rpm", "rpm", "openssl-libs", "1:3.0.7-18.el9_2", "openssl", ""},
		{"pkg:npm/%40angular/animation@12.3.1", "npm", "@angular/animation", "12.3.1", "", ""},
		{"pkg:npm/@angular/animation@12.3.1", "npm", "@angular/animation", "12.3.1", "", ""},
		{"pkg:npm/@angular/animation", "npm", "@angular/animation", "", "", ""},
		{"pkg:maven/org.apache.xmlgraphics/batik-anim@1.9.1?packaging=sources", "maven", "org.apache.xmlgraphics:batik-anim", "1.9.1", "", ""},
		{"pkg:golang/google.golang.org/genproto@abcdedf#googleapis/api/annotations", "golang", "google.golang.org/genproto", "abcdedf", "", ""},
		{"pkg:pypi/Django_Rest@1.11.1", "pypi", "django-rest", "1.11.1", "", ""},
		{"pkg:docker/customer/dockerimage@sha256:244fd47e07d10?repository_url=gcr.io", "docker", "customer/dockerimage", "sha256:244fd47e07d10", "", ""},
		{"pkg:generic/openssl@1.1.10g?download_url=https://openssl.org/a@b.tar.gz", "generic", "openssl", "1.1.10g", "", ""},
		{"pkg://gem/ruby-advisory-db-check@0.12.4", "gem", "ruby-advisory-db-check", "0.12.4", "", ""},
		{"pkg:bitnami/git@2:1.0%2B3", "bitnami", "git", "2:1.0+3", "", ""},
		{"pkg:github/a/b@releases/1.0", "github", "a/b", "releases/1.0", "", ""},
	} {
		p, err := parsePURL(c.in)
		source, _ := p.source()
		if err != nil || p.Type != c.typ || p.name() != c.name || p.version() != c.version || source != c.source || p.distro() != c.distro {
			t.Errorf("%s: got %+v, %q, %q, %q, %q, %v", c.in, p, p.name(), p.version(), source, p.distro(), err)
		}
	}
	for _, in := range []string{"", "pkg:", "pkg:npm", "pkg:/x", "npm/x@1", "pkg:npm/", "pkg:npm/a%zz@1"} {
		if p, err := parsePURL(in); err == nil {
			t.Errorf("%q: got %+v, want an error", in, p)
		}
	}
}
