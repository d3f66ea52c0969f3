package eol

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/vuln/windows"
)

// System is an operating system as an asset's facts give it.
type System struct {
	ID      string // of os-release: debian, rhel, ol, sles
	Name    string // os_name: "Debian GNU/Linux", "Microsoft Windows 10 Enterprise LTSC"
	Version string // os_version: "12", "22.04", "14.5", "10.0.17763"
	Build   string // os_build: "17763.4974"
	Edition string // EditionID of the registry: Professional, EnterpriseS, ServerStandard
}

// System answers for an operating system.
func (t *Table) System(s System, now time.Time) Answer {
	slug, names, why := identify(s)
	if why != "" {
		return Answer{Why: why}
	}
	p := t.bySlug[slug]
	if p == nil {
		return Answer{Product: slug, Why: "No life cycle of " + slug + " is in the feed."}
	}
	var best Answer
	for _, n := range names {
		c := p.find(n)
		if c == nil && slug != "windows" && slug != "windows-server" {
			c = p.cycleOf(n)
		}
		if c != nil {
			best = p.answer(c, now)
			break
		}
	}
	if best.State == NotKnown {
		return Answer{Product: slug, Title: p.title, Why: "The life cycle of " + p.title + " does not name version " + strings.TrimSpace(s.Version+" "+s.Build) + "."}
	}
	return best
}

// distributions are the slugs of distributions by words of their names or the ID of
// os-release. The first that fits counts.
var distributions = []struct{ id, name, slug string }{
	{"centos", "centos stream", "centos-stream"},
	{"centos", "centos", "centos"},
	{"ubuntu", "ubuntu", "ubuntu"},
	{"debian", "debian", "debian"},
	{"rhel", "red hat enterprise linux", "rhel"},
	{"almalinux", "almalinux", "almalinux"},
	{"rocky", "rocky", "rocky-linux"},
	{"ol", "oracle linux", "oracle-linux"},
	{"fedora", "fedora", "fedora"},
	{"sles", "suse linux enterprise server", "sles"},
	{"sles_sap", "sles", "sles"},
	{"opensuse-leap", "opensuse", "opensuse"},
	{"alpine", "alpine", "alpine-linux"},
	{"amzn", "amazon linux", "amazon-linux"},
	{"photon", "photon", "photon"},
	{"macos", "macos", "macos"},
	{"darwin", "mac os x", "macos"},
	{"freebsd", "freebsd", "freebsd"},
	{"esxi", "vmware esxi", "esxi"},
	{"proxmox", "proxmox", "proxmox-ve"},
}

func identify(s System) (slug string, names []string, why string) {
	name := strings.ToLower(strings.Join(strings.Fields(s.Name), " "))
	id := strings.ToLower(s.ID)
	if strings.Contains(name, "windows") || id == "windows" {
		return windowsNames(s, name)
	}
	for _, d := range distributions {
		if d.slug == "centos-stream" && !strings.Contains(name, "stream") {
			continue
		}
		if id != "" && id == d.id || name != "" && strings.Contains(name, d.name) {
			slug = d.slug
			break
		}
	}
	if slug == "" {
		return "", nil, "Which operating system it is, is not known."
	}
	v := versionIn(s.Version)
	if v == "" {
		v = versionIn(name)
	}
	if v == "" {
		return slug, nil, "The version of its operating system is not known."
	}
	major, rest, minor := strings.Cut(v, ".")
	switch {
	case slug == "sles":
		if text := strings.ToLower(s.Version + " " + s.Name); !minor {
			rest = "0"
			if i := strings.Index(text, " sp"); i >= 0 && len(text) > i+3 && text[i+3] >= '0' && text[i+3] <= '9' {
				rest = text[i+3 : i+4]
			}
		}
		v = major + "." + rest
	case slug == "macos" && major != "10":
		v = major
	}
	return slug, []string{v}, ""
}

// versionIn returns the first word that is a version: digits and dots.
func versionIn(s string) string {
	for f := range strings.FieldsSeq(s) {
		f = strings.Trim(f, "()v,;")
		if f != "" && f[0] >= '0' && f[0] <= '9' {
			end := 0
			for end < len(f) && (f[end] >= '0' && f[end] <= '9' || f[end] == '.') {
				end++
			}
			return strings.TrimRight(f[:end], ".")
		}
	}
	return ""
}

// clients and servers are the cycles of a build of Windows, without their edition.
var clients = map[int]string{
	2600: "5-sp3", 6002: "6-sp2", 6003: "6-sp2", 7601: "7-sp1", 9200: "8", 9600: "8.1", 10240: "10-1507", 10586: "10-1511",
	14393: "10-1607", 15063: "10-1703", 16299: "10-1709", 17134: "10-1803", 17763: "10-1809", 18362: "10-1903", 18363: "10-1909",
	19041: "10-2004", 19042: "10-20h2", 19043: "10-21h1", 19044: "10-21h2", 19045: "10-22h2", 22000: "11-21h2", 22621: "11-22h2",
	22631: "11-23h2", 26100: "11-24h2", 26200: "11-25h2", 28000: "11-26h1",
}

var servers = map[int]string{
	6002: "2008-sp2", 6003: "2008-sp2", 7601: "2008-r2-sp1", 9200: "2012", 9600: "2012-r2", 14393: "2016", 16299: "1709-sac",
	17134: "1803-sac", 17763: "2019", 18362: "1903-sac", 18363: "1909-sac", 19041: "2004-sac", 19042: "20h2-sac", 20348: "2022", 25398: "23h2-ac", 26100: "2025",
}

func windowsNames(s System, name string) (slug string, names []string, why string) {
	build := 0
	for _, text := range [...]string{s.Build, s.Version} {
		if b, _, _ := windows.BuildOf(text); build == 0 {
			build = b
		}
	}
	server := strings.Contains(name, "server") || strings.HasPrefix(s.Edition, "Server") && s.Edition != "ServerRdsh"
	if server {
		switch {
		case build == 3790 && strings.Contains(strings.ToLower(s.Version+" "+name), "service pack 2"):
			return "windows-server", []string{"2003-sp2"}, ""
		case build == 3790 && strings.Contains(strings.ToLower(s.Version+" "+name), "service pack 1"):
			return "windows-server", []string{"2003-sp1"}, ""
		case build == 3790:
			return "windows-server", []string{"2003"}, ""
		case servers[build] != "":
			return "windows-server", []string{servers[build]}, ""
		case build == 0:
			for _, year := range [...]string{"2025", "2022", "2019", "2016"} {
				if strings.Contains(name, year) {
					return "windows-server", []string{year}, ""
				}
			}
			return "", nil, "Its build is not known, so which Windows it is cannot be told."
		}
		return "windows-server", []string{strconv.Itoa(build)}, ""
	}
	if build == 0 {
		return "", nil, "Its build is not known, so which Windows it is cannot be told."
	}
	base := clients[build]
	if base == "" {
		return "windows", []string{strconv.Itoa(build)}, ""
	}
	return "windows", editions(base, edition(s.Edition, name)), ""
}

// edition tells the groups of editions that end on different days: l and i for long term
// servicing, e for enterprise and education, w for the others.
func edition(id, name string) byte {
	words := strings.FieldsFunc(name, func(r rune) bool { return r == ' ' || r == '(' || r == ')' })
	has := func(w string) bool { return slices.Contains(words, w) }
	iot, long := has("iot"), has("ltsc") || has("ltsb")
	switch {
	case id == "IoTEnterpriseS" || id == "" && iot && long:
		return 'i'
	case id == "EnterpriseS" || id == "EnterpriseSN" || id == "" && long:
		return 'l'
	case slices.Contains([]string{"Enterprise", "EnterpriseN", "Education", "EducationN", "IoTEnterprise", "ServerRdsh"}, id),
		id == "" && (has("enterprise") || has("education") || iot):
		return 'e'
	}
	return 'w'
}

// editions are the names a cycle may have for an edition. An edition nobody told gets
// the one that ends first, which is that of the small editions.
func editions(base string, e byte) []string {
	switch e {
	case 'i':
		return []string{base + "-iot-lts", base + "-e-lts"}
	case 'l':
		return []string{base + "-e-lts"}
	case 'e':
		return []string{base + "-e", base}
	}
	return []string{base + "-w", base}
}
