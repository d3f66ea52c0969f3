package vuln

import (
	"slices"
	"strings"
)

// A distribution's advisories speak of the packages that it builds, and of the
// versions of one release. A package of another maker on the same system, or one of
// another branch, has a version of its own counting: nginx 1.19.5-1~buster of nginx.org
// is "later" than the version that mends Debian 10's nginx 1.14, and may lack the
// mend all the same (35 such packages were found in real container images, and
// called not affected). What tells them apart is what makers write into the version,
// and the names that only vendors use. A hit of such a package is likely, and the
// absence of one means nothing.

// debMarks are marks of makers in versions of .deb packages, by how they begin. None of
// them occurs in a version that an advisory of Debian names as mended
// (TestMakersOfAdvisories).
var debMarks = [...]struct {
	first byte
	rest  []string
}{
	{'+', []string{"rpt", "rpi", "maria"}},
	{'-', debReleases},
	{'.', debReleases},
	{'~', slices.Concat(debReleases, []string{"exp"})},
	{'b', []string{"po"}},
	{'f', []string{"ips"}},
	{'k', []string{"ali"}},
	{'m', []string{"int"}},
	{'n', []string{"odesource"}},
	{'p', []string{"gdg", "ve", "mx", "pa", "ercona"}},
	{'s', []string{"ury"}},
	{'w', []string{"allarm"}},
}

// debReleases are the names of Debian's releases, which its own versions bear no
// more since it writes deb8 and later.
var debReleases = []string{"jessie", "stretch", "buster", "bullseye", "bookworm", "trixie"}

// marked reports whether a version bears a mark.
func marked(version string) bool {
	for i := range len(version) - 1 {
		if version[i] <= '9' && version[i] >= '0' {
			continue // most of a version
		}
		for k := range debMarks {
			if debMarks[k].first != version[i] {
				continue
			}
			for _, rest := range debMarks[k].rest {
				if strings.HasPrefix(version[i+1:], rest) {
					return true
				}
			}
			break
		}
	}
	return false
}

// vendorNames are names of packages that vendors build, which bear no mark: the
// beginning of the name, or all of it where a $ ends it. Some distribution may
// build one too, so they count only where no advisory names the package.
var vendorNames = [...]string{
	"1password", "adoptopenjdk-", "amazon-ssm-agent", "anydesk", "aspnetcore-", "azure-cli", "brave-browser", "burpsuite", "code$", "containerd.io", "cri-tools$",
	"crowdstrike-", "cuda-", "datadog-", "docker-buildx-plugin", "docker-ce", "docker-compose-plugin", "docker-scan-plugin", "dotnet-", "elastic-agent",
	"elasticsearch$", "falcon-sensor", "filebeat$", "gitlab-ce", "gitlab-ee", "google-chrome", "google-cloud-", "grafana-enterprise", "grafana$", "icaclient",
	"jenkins$", "kibana$", "kubeadm$", "kubectl$", "kubelet$", "kubernetes-cni$", "libnvidia-container", "logstash$", "mdatp$", "metricbeat$", "microsoft-edge",
	"mongodb-org", "mssql-", "mysql-community-", "nessus$", "newrelic-", "nvidia-container", "oracle-java", "packages-microsoft-prod", "plexmediaserver", "powershell$",
	"proxmox-", "pve-", "qualys-cloud-agent", "sentinelagent", "skypeforlinux", "slack-desktop", "splunk", "teams$", "teamviewer", "temurin-", "terraform$", "vault$",
	"veeam", "vivaldi-", "vmware-", "wazuh-", "webmin$", "wkhtmltox$", "zoom$", "zulu",
}

// otherMaker reports whether a system's package is of another maker than the
// distribution, or of another branch than the release. The ecosystem is the
// distribution with its release, such as Debian:12.
func otherMaker(kind string, ecosystem []byte, name, version, purl string) bool {
	base, release, _ := strings.Cut(string(ecosystem), ":") // does not escape: no allocation
	switch {
	case kind == "deb":
		return otherDeb(base, release, version) || otherNamespace(base, purl)
	case kind == "rpm" && name != "gpg-pubkey": // a key, which is no software
		if strings.Contains(purl, "&vendor=") || strings.Contains(purl, "?vendor=") {
			return true // readers put it where it is not the distribution's
		}
		switch base {
		case "AlmaLinux", "Rocky Linux", "Red Hat":
			return otherEL(release, version)
		}
	}
	return false
}

// otherNamespace reports whether a package URL says another distribution than the
// one a .deb package is looked up in, as a derived one's may.
func otherNamespace(base, purl string) bool {
	rest, ok := strings.CutPrefix(purl, "pkg:deb/")
	if !ok {
		return false
	}
	namespace, _, ok := strings.Cut(rest, "/")
	return ok && !strings.EqualFold(namespace, base)
}

func otherDeb(base, release, version string) bool {
	if marked(version) {
		return true
	}
	if base != "Debian" {
		return false
	}
	revision := version[strings.LastIndexByte(version, '-')+1:]
	if strings.Contains(version, "ubuntu") || revision != version && strings.Contains(revision, "debian") {
		return true
	}
	return laterRelease(version, release)
}

// laterRelease reports whether a version is one of an update for a release of
// Debian that came later: 1.2-3+deb12u1 on Debian 11. The last mark counts: a mend that was
// carried back bears both, as in +deb10u2~deb9u2.
func laterRelease(version, release string) bool {
	i := max(strings.LastIndex(version, "+deb"), strings.LastIndex(version, "~deb"))
	if i < 0 {
		return false
	}
	of, _, ok := strings.Cut(version[i+len("+deb"):], "u")
	// Debian 7 and before wrote 70 and 60.
	return ok && allDigits(of) && len(of) == 2 && of[0] <= '3' && (len(release) < 2 || of > release)
}

// otherEL reports whether an RPM is not one that was built for a release of
// Enterprise Linux: its own packages bear .el9, el9_4, or that of a module.
func otherEL(release, version string) bool {
	major, _, _ := strings.Cut(release[strings.LastIndexByte(release, ':')+1:], ".")
	if major == "" || !strings.Contains(version, "-") {
		return false // nothing to tell by
	}
	for _, m := range [...]string{".remi", "pgdg", "PGDG", "elrepo", ".ngx", ".ius", "nodesource"} {
		if strings.Contains(version, m) {
			return true
		}
	}
	for rest := version; ; {
		_, after, ok := strings.Cut(rest, "el"+major)
		if !ok {
			return true
		}
		if after == "" || after[0] < '0' || '9' < after[0] {
			return false
		}
		rest = after
	}
}

func vendorName(name string) bool {
	i, found := slices.BinarySearch(vendorNames[:], name)
	for _, k := range [...]int{i - 1, i} {
		if k < 0 || k >= len(vendorNames) {
			continue
		}
		if whole, ok := strings.CutSuffix(vendorNames[k], "$"); ok && whole == name || !ok && strings.HasPrefix(name, vendorNames[k]) {
			return true
		}
	}
	return found
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || '9' < s[i] {
			return false
		}
	}
	return s != ""
}

// standIn reports whether a version is what builds say that do not know theirs:
// a Go module that was replaced by a folder, a Python package out of a checkout. It is
// below all others by its order, which nobody should be cleared by.
func standIn(version string) bool {
	switch version {
	case "v0.0.0", "0.0.0", "0+unknown", "0.0.0+unknown":
		return true
	}
	return false
}
