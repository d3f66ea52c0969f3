// Package eol says until when the maker of an operating system mends it.
//
// The table is a small file of dates with its source. A system that is not in
// it has no date: unknown is never taken for supported.
package eol

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/goccy/go-yaml"
)

//go:embed eol.yaml
var file []byte

type release struct {
	Release  string `yaml:"release"`
	Ends     string `yaml:"ends"`
	Regular  string `yaml:"regular"`
	Extended string `yaml:"extended"`
}

type system struct {
	ID        string    `yaml:"id"`
	Title     string    `yaml:"title"`
	LifeCycle string    `yaml:"life_cycle"`
	Releases  []release `yaml:"releases"`
}

type table struct {
	Source  string   `yaml:"source"`
	AsOf    string   `yaml:"as_of"`
	Systems []system `yaml:"systems"`
}

var load = sync.OnceValues(func() (map[string]time.Time, error) {
	var t table
	if err := yaml.UnmarshalWithOptions(file, &t, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("end of support table: %w", err)
	}
	ends := make(map[string]time.Time, 300)
	for _, s := range t.Systems {
		for _, r := range s.Releases {
			day, err := time.Parse(time.DateOnly, r.Ends)
			if err != nil {
				return nil, fmt.Errorf("end of support table: %s %s: %w", s.ID, r.Release, err)
			}
			// The day named is the last one with updates.
			ends[s.ID+" "+r.Release] = day.AddDate(0, 0, 1).Add(-time.Second)
		}
	}
	return ends, nil
})

// Linux returns the last moment with free security updates of a distribution,
// by the ID, VERSION_ID and NAME of its os-release.
func Linux(id, version, name string) (time.Time, bool) {
	parts := strings.SplitN(version, ".", 3)
	major := parts[0]
	id = strings.ToLower(id)
	switch id {
	case "rhel", "almalinux", "rocky", "ol", "debian", "fedora":
		version = major
	case "centos":
		if strings.Contains(name, "Stream") {
			id = "centos-stream"
		}
		version = major
	case "sles", "sles_sap":
		id = "sles"
		if len(parts) == 1 {
			version = major + ".0"
		}
	case "alpine":
		if len(parts) > 1 {
			version = major + "." + parts[1]
		}
	}
	return find(id, version)
}

// MacOS returns the date for a product version such as "14.5".
func MacOS(version string) (time.Time, bool) {
	major, rest, _ := strings.Cut(version, ".")
	if major == "10" {
		minor, _, _ := strings.Cut(rest, ".")
		return find("macos", "10."+minor)
	}
	return find("macos", major)
}

// builds maps the build numbers of Windows clients to their release.
var builds = map[int]string{
	10240: "10-1507", 10586: "10-1511", 14393: "10-1607", 15063: "10-1703", 16299: "10-1709", 17134: "10-1803",
	17763: "10-1809", 18362: "10-1903", 18363: "10-1909", 19041: "10-2004", 19042: "10-20h2", 19043: "10-21h1",
	19044: "10-21h2", 19045: "10-22h2", 22000: "11-21h2", 22621: "11-22h2", 22631: "11-23h2", 26100: "11-24h2",
	26200: "11-25h2", 28000: "11-26h1",
}

// serverBuilds maps those of Windows Server.
var serverBuilds = map[int]string{
	6002: "2008-sp2", 6003: "2008-sp2", 7601: "2008-r2-sp1", 9200: "2012", 9600: "2012-r2", 14393: "2016", 17763: "2019",
	20348: "2022", 25398: "23h2-ac", 26100: "2025",
}

// Windows returns the date for a build number ("19045") and the EditionID of
// the registry ("Professional", "EnterpriseS", "ServerStandard"): the same
// release is mended longer in some editions.
func Windows(build, edition string) (time.Time, bool) {
	n, err := strconv.Atoi(build)
	if err != nil {
		return time.Time{}, false
	}
	if strings.HasPrefix(edition, "Server") {
		return find("windows-server", serverBuilds[n])
	}
	switch n {
	case 7601:
		return find("windows", "7-sp1")
	case 9200:
		return find("windows", "8")
	case 9600:
		return find("windows", "8.1")
	}
	base := builds[n]
	if base == "" {
		return time.Time{}, false
	}
	var tries []string
	switch edition {
	case "IoTEnterpriseS":
		tries = []string{base + "-iot-lts", base + "-e-lts"}
	case "EnterpriseS", "EnterpriseSN":
		tries = []string{base + "-e-lts"}
	case "Enterprise", "EnterpriseN", "Education", "EducationN", "IoTEnterprise", "ServerRdsh":
		tries = []string{base + "-e", base}
	default:
		tries = []string{base + "-w", base}
	}
	for _, r := range tries {
		if t, ok := find("windows", r); ok {
			return t, true
		}
	}
	return time.Time{}, false
}

func find(id, release string) (time.Time, bool) {
	ends, err := load()
	if err != nil {
		return time.Time{}, false
	}
	t, ok := ends[id+" "+release]
	return t, ok
}
