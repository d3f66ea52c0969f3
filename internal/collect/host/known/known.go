// Package known holds what the host collector knows of services, security
// tools and ports: small tables with their sources, kept as data so that people
// can read and correct them.
package known

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"github.com/goccy/go-yaml"
)

// Port is what commonly listens on a port.
type Port struct {
	Number    int    `yaml:"port"`
	Transport string `yaml:"transport"`
	Service   string `yaml:"service"`
	Clear     string `yaml:"clear"`    // "yes", "no", "" for it depends
	First     string `yaml:"first"`    // "server" where the server greets first
	StartTLS  string `yaml:"starttls"` // how TLS is asked for, "" if it is not
	Probe     string `yaml:"probe"`    // "no" where nothing may be sent
}

// Tool is a security tool.
type Tool struct {
	Name      string   `yaml:"name"`
	Kind      string   `yaml:"kind"`
	Packages  []string `yaml:"packages"`
	Paths     []string `yaml:"paths"`
	Processes []string `yaml:"processes"`
	Schedules []string `yaml:"schedules"` // files that start it by the clock
}

// Service is one that a machine should not run.
type Service struct {
	Name      string   `yaml:"name"`
	Classes   []string `yaml:"classes"`
	Processes []string `yaml:"processes"`
	Ports     []string `yaml:"ports"`
	Why       string   `yaml:"why"`
}

// On reports whether the service is unneeded on a class of machine.
func (s Service) On(class string) bool {
	return len(s.Classes) == 0 || slices.Contains(s.Classes, class)
}

var (
	//go:embed ports.yaml
	portsFile []byte
	//go:embed tools.yaml
	toolsFile []byte
	//go:embed unneeded.yaml
	unneededFile []byte
	//go:embed verify.yaml
	verifyFile []byte
)

// read parses an embedded table. It is part of the program, so a fault in it is
// a fault of the program, and a test reads every table.
func read[T any](name string, b []byte) T {
	var v T
	if err := yaml.UnmarshalWithOptions(b, &v, yaml.Strict()); err != nil {
		panic(fmt.Sprintf("known: %s: %v", name, err))
	}
	return v
}

var ports = sync.OnceValue(func() map[string]Port {
	m := map[string]Port{}
	for _, p := range read[[]Port]("ports.yaml", portsFile) {
		m[strconv.Itoa(p.Number)+"/"+p.Transport] = p
	}
	return m
})

// PortOf returns what commonly listens on a port, as "443" and "tcp".
func PortOf(number int, transport string) (Port, bool) {
	p, ok := ports()[strconv.Itoa(number)+"/"+transport]
	return p, ok
}

// Tools lists the security tools.
var Tools = sync.OnceValue(func() []Tool { return read[[]Tool]("tools.yaml", toolsFile) })

// Unneeded lists the services that machines should not run.
var Unneeded = sync.OnceValue(func() []Service { return read[[]Service]("unneeded.yaml", unneededFile) })

// Verify lists the packages whose files are compared with their checksums.
var Verify = sync.OnceValue(func() []string { return read[[]string]("verify.yaml", verifyFile) })
