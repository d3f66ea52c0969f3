package windows

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Host is what is known of a machine.
type Host struct {
	Name    string // of the operating system, in any language: "Microsoft Windows Server 2019 Datacenter"
	Version string // "10.0.17763", "6.1.7601 Service Pack 1 Build 7601", "1809"
	Build   string // "17763.4974", "10.0.17763.4974", "17763"
	Arch    string // "x64-based PC", "x86_64", "32-bit", "ARM64"; "" if unknown
	Core    bool   // a Server Core installation
	Updates []string
	// UpdatesKnown says that Updates is the whole list of what is installed.
	UpdatesKnown bool
	// Parts are products on it that have a row of their own in the table, such as
	// "Microsoft .NET Framework 4.8" and "Internet Explorer 11". PartsKnown says that
	// no others are.
	Parts      []string
	PartsKnown bool
}

// system is a machine's Windows in the words of the table.
type system struct {
	names  []string // folded, most precise first
	build  int
	ubr    int // -1 if unknown
	dotted string
}

// release is the version Microsoft's table names for a build of clients.
var clientReleases = map[int]string{
	10586: "1511", 14393: "1607", 15063: "1703", 16299: "1709", 17134: "1803", 17763: "1809", 18362: "1903", 18363: "1909",
	19041: "2004", 19042: "20h2", 19043: "21h1", 19044: "21h2", 19045: "22h2", 22621: "22h2", 22631: "23h2", 26100: "24h2", 26200: "25h2", 28000: "26h1",
}

// serverReleases are those of servers: named by year, or by version, which exist
// without a desktop only.
var serverReleases = map[int]string{
	9200: "windows server 2012", 9600: "windows server 2012 r2", 14393: "windows server 2016", 17763: "windows server 2019",
	20348: "windows server 2022", 26100: "windows server 2025",
	16299: "windows server, version 1709", 17134: "windows server, version 1803", 18362: "windows server, version 1903",
	18363: "windows server, version 1909", 19041: "windows server, version 2004", 19042: "windows server, version 20h2",
	25398: "windows server 2022, 23h2 edition",
}

// Identify returns the names the table may have for the machine, or why it has none.
func Identify(h Host) (names []string, why string) {
	s, why := identify(h)
	return s.names, why
}

func identify(h Host) (system, string) {
	name := fold(strings.NewReplacer("®", "", "(r)", "", "™", "", "(tm)", "").Replace(h.Name))
	if !strings.Contains(name, "windows") && !strings.Contains(name, "hyper-v server") {
		return system{}, "The name of its operating system is none of Windows. Correct it."
	}
	server := strings.Contains(name, "server")
	s := system{ubr: -1}
	for _, text := range [...]string{h.Build, h.Version} {
		if b, u, dotted := BuildOf(text); b > 0 {
			s.build = cmp.Or(s.build, b)
			if b == s.build && u >= 0 && s.ubr < 0 {
				s.ubr, s.dotted = u, dotted
			}
		}
	}
	if s.build == 0 {
		s.build = buildByName(name+" "+fold(h.Version), server)
	}
	if s.build == 0 {
		return s, "Its build is not known, so which Windows it is cannot be told. Bring a list that states the build."
	}
	arch := archOf(h.Arch)
	if arch == "" && needsArch(s.build, server) {
		if arch = archOf(name); arch == "" {
			return s, "Whether it is a 32-bit or a 64-bit system is not known. Bring a list that states it."
		}
	}
	if server {
		s.names = serverNames(s.build, name, arch, pack(h, s.build), h.Core)
	} else {
		s.names = clientNames(s.build, name, arch, pack(h, s.build))
	}
	if len(s.names) == 0 {
		return s, "Microsoft's table has no name for build " + strconv.Itoa(s.build) + "."
	}
	return s, ""
}

// BuildOf finds the build, and the revision if there is one, in 10.0.17763.4974,
// 17763.4974, 17763 or "6.1.7601 Service Pack 1 Build 7601".
func BuildOf(s string) (build, ubr int, dotted string) {
	for f := range strings.FieldsSeq(s) {
		parts := strings.Split(strings.Trim(f, "(),;"), ".")
		numbers := make([]int, 0, 4)
		for _, p := range parts {
			n, err := strconv.Atoi(p)
			if err != nil || n < 0 || len(numbers) == 4 {
				numbers = nil
				break
			}
			numbers = append(numbers, n)
		}
		switch n := numbers; {
		case len(n) >= 3 && n[0] < 20 && n[2] >= 2000:
			if len(n) == 4 {
				return n[2], n[3], strings.Join(parts, ".")
			}
			return n[2], -1, ""
		case len(n) == 2 && n[0] >= 2600:
			return n[0], n[1], "10.0." + strings.Join(parts, ".")
		case len(n) == 1 && n[0] >= 2600:
			return n[0], -1, ""
		}
	}
	return 0, -1, ""
}

// buildByName is the build of a Windows that its name tells, 0 where it does not.
func buildByName(name string, server bool) int {
	word := func(w string) bool {
		return slices.Contains(strings.FieldsFunc(name, func(r rune) bool { return r == ' ' || r == ',' || r == '(' || r == ')' }), w)
	}
	if server {
		switch {
		case word("2012") && word("r2"):
			return 9600
		case word("2008") && word("r2"):
			return 7601
		case word("2003"):
			return 3790
		}
		for b, n := range map[int]string{26100: "2025", 20348: "2022", 17763: "2019", 14393: "2016", 9200: "2012", 6002: "2008"} {
			if word(n) {
				return b
			}
		}
		return 0
	}
	for b, release := range clientReleases {
		if word(release) && word("11") == (b >= 22000) && (word("10") || word("11")) {
			return b
		}
	}
	switch {
	case word("11") && word("21h2"):
		return 22000
	case word("8.1"):
		return 9600
	case word("8"):
		return 9200
	case word("7"):
		return 7601
	case word("xp") && !strings.Contains(name, "x64"):
		return 2600
	}
	return 0
}

func needsArch(build int, server bool) bool {
	return !server || build < 9200 && build != 3790
}

// archOf reads the many ways to say 64-bit.
func archOf(s string) string {
	s = strings.ToLower(s)
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(s, w) })
	}
	switch {
	case has("arm64", "aarch64"):
		return "arm64-based"
	case has("itanium", "ia64"):
		return "itanium-based"
	case has("x64", "amd64", "x86_64", "x86-64", "64-bit", "64 bit", "64bit"):
		return "x64-based"
	case has("x86", "i386", "i686", "32-bit", "32 bit", "32bit"):
		return "32-bit"
	}
	return ""
}

// pack is the number of the service pack.
func pack(h Host, build int) string {
	switch build {
	case 6002, 6003:
		return "2"
	case 7601:
		return "1"
	case 6001:
		if !strings.Contains(fold(h.Name), "server") { // the first Server 2008 calls itself SP 1
			return "1"
		}
		return ""
	case 6000, 7600:
		return ""
	}
	text := fold(h.Version + " " + h.Name + " " + h.Build)
	if i := strings.Index(text, "service pack "); i >= 0 {
		if n := text[i+len("service pack "):]; n != "" && n[0] >= '1' && n[0] <= '9' {
			return n[:1]
		}
	}
	return ""
}

func withPack(name, pack string) string {
	if pack != "" {
		return name + " service pack " + pack
	}
	return name
}

func clientNames(build int, name, arch, pack string) []string {
	on := " for " + arch + " systems"
	switch {
	case build == 2600:
		return []string{withPack("microsoft windows xp", pack)}
	case build == 3790: // the 64-bit XP is a Server 2003
		return []string{withPack("microsoft windows xp professional x64 edition", pack)}
	case build >= 6000 && build <= 6003:
		if arch == "x64-based" {
			return []string{withPack("windows vista x64 edition", pack)}
		}
		return []string{withPack("windows vista", pack)}
	case build == 7600 || build == 7601:
		return []string{withPack("windows 7"+on, pack)}
	case build == 9200:
		return []string{"windows 8" + on}
	case build == 9600:
		if strings.Contains(name, "rt") && arch == "32-bit" && strings.Contains(name, "windows rt") {
			return []string{"windows rt 8.1"}
		}
		return []string{"windows 8.1" + on}
	case build == 10240:
		return []string{"windows 10" + on, "windows 10 version 1507" + on}
	case build == 22000:
		return []string{"windows 11 version 21h2" + on, "windows 11" + on}
	}
	release := clientReleases[build]
	if release == "" {
		return nil
	}
	if build >= 22000 {
		return []string{"windows 11 version " + release + on}
	}
	return []string{"windows 10 version " + release + on}
}

func serverNames(build int, name, arch, pack string, core bool) []string {
	bare := ""
	on := " for " + arch + " systems"
	switch build {
	case 3790:
		bare = "microsoft windows server 2003"
		if strings.Contains(name, "x64") || arch == "x64-based" {
			bare += " x64 edition"
		}
		names := []string{withPack(bare, pack)}
		if strings.Contains(name, "r2") {
			// The table has rows of R2 beside those of the release it is built on.
			names = append(names, withPack(strings.Replace(strings.TrimPrefix(bare, "microsoft "), "2003", "2003 r2", 1), pack))
		}
		return names
	case 6000, 6001, 6002, 6003:
		bare = withPack("windows server 2008"+on, pack)
	case 7600, 7601:
		bare = withPack("windows server 2008 r2"+on, pack)
	default:
		bare = serverReleases[build]
	}
	if bare == "" {
		return nil
	}
	if core || strings.HasPrefix(bare, "windows server, ") || build == 25398 {
		return []string{bare + " (server core installation)"}
	}
	return []string{bare}
}
