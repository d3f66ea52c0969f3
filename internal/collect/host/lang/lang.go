// Package lang reads what a programming language's own packager left on disk:
// Python's and Node's metadata, the build information in Go programs, and the
// manifests in Java archives. Every function is a pure function of bytes.
package lang

import (
	"archive/zip"
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"io"
	"path"
	"regexp"
	"runtime/debug"
	"strings"
)

// Component is a package of a programming language.
type Component struct {
	Ecosystem string // purl type: pypi, npm, golang, maven
	Name      string // with its name space: "@scope/name", "group:artifact"
	Version   string
}

// maxField bounds a name or a version.
const maxField = 300

func (c Component) ok() bool {
	return c.Name != "" && c.Version != "" && len(c.Name) <= maxField && len(c.Version) <= maxField && !strings.ContainsAny(c.Name+c.Version, "\n\r\x00 ")
}

var pypiRuns = regexp.MustCompile(`[-_.]+`)

// Python reads METADATA of a dist-info folder or PKG-INFO of an egg-info one.
// Names are brought to their normal form (PEP 503).
func Python(b []byte) (Component, bool) {
	c := Component{Ecosystem: "pypi"}
	for line := range bytes.Lines(b) {
		s := strings.TrimRight(string(line[:min(len(line), 1024)]), "\r\n")
		if s == "" {
			break // the description follows
		}
		if v, ok := strings.CutPrefix(s, "Name: "); ok && c.Name == "" {
			c.Name = strings.ToLower(pypiRuns.ReplaceAllString(strings.TrimSpace(v), "-"))
		}
		if v, ok := strings.CutPrefix(s, "Version: "); ok && c.Version == "" {
			c.Version = strings.TrimSpace(v)
		}
	}
	return c, c.ok()
}

// Node reads a package.json.
func Node(b []byte) (Component, bool) {
	var p struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	}
	if json.Unmarshal(b, &p) != nil {
		return Component{}, false
	}
	c := Component{Ecosystem: "npm", Name: p.Name, Version: p.Version}
	return c, c.ok()
}

// maxModules bounds the modules of one Go program.
const maxModules = 5000

// Go reads the modules a Go program was built from, its own first. The standard
// library is one of them, under the name "stdlib".
func Go(r io.ReaderAt) []Component {
	info, err := buildinfo.Read(r)
	if err != nil {
		return nil
	}
	return modules(info)
}

func modules(info *debug.BuildInfo) []Component {
	var cs []Component
	add := func(name, version string) {
		if version == "(devel)" {
			return
		}
		if c := (Component{Ecosystem: "golang", Name: name, Version: version}); c.ok() && len(cs) < maxModules {
			cs = append(cs, c)
		}
	}
	if v, ok := strings.CutPrefix(info.GoVersion, "go"); ok {
		v, _, _ = strings.Cut(v, " ")
		add("stdlib", v)
	}
	add(info.Main.Path, info.Main.Version)
	for _, d := range info.Deps {
		if d.Replace != nil {
			d = d.Replace
		}
		add(d.Path, d.Version)
	}
	return cs
}

// Limits on Java archives.
const (
	maxJarEntries = 20_000
	maxManifest   = 1 << 20
	maxNested     = 64 << 20
	maxJarDepth   = 2
)

// Java reads the Maven coordinates in an archive and in the archives inside
// it. Where there are none, the manifest's title and version stand in.
func Java(r io.ReaderAt, size int64, name string) []Component {
	return java(r, size, name, maxJarDepth)
}

func java(r io.ReaderAt, size int64, name string, depth int) []Component {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil
	}
	var cs []Component
	var manifest Component
	for i, f := range z.File {
		if i >= maxJarEntries {
			break
		}
		switch {
		case strings.HasPrefix(f.Name, "META-INF/maven/") && path.Base(f.Name) == "pom.properties":
			if c, ok := pomProperties(readEntry(f, maxManifest)); ok {
				cs = append(cs, c)
			}
		case f.Name == "META-INF/MANIFEST.MF":
			manifest = jarManifest(readEntry(f, maxManifest), name)
		case depth > 0 && strings.HasSuffix(f.Name, ".jar") && f.UncompressedSize64 <= maxNested:
			if b := readEntry(f, maxNested); b != nil {
				cs = append(cs, java(bytes.NewReader(b), int64(len(b)), path.Base(f.Name), depth-1)...)
			}
		}
	}
	if len(cs) == 0 && manifest.ok() {
		cs = append(cs, manifest)
	}
	return cs
}

func readEntry(f *zip.File, limit int64) []byte {
	rc, err := f.Open()
	if err != nil {
		return nil
	}
	defer rc.Close()
	b, err := io.ReadAll(io.LimitReader(rc, limit+1))
	if err != nil || int64(len(b)) > limit {
		return nil
	}
	return b
}

func pomProperties(b []byte) (Component, bool) {
	m := map[string]string{}
	for line := range bytes.Lines(b) {
		if k, v, ok := strings.Cut(strings.TrimSpace(string(line)), "="); ok && !strings.HasPrefix(k, "#") {
			m[strings.TrimSpace(k)] = strings.TrimSpace(v)
		}
	}
	c := Component{Ecosystem: "maven", Name: m["groupId"] + ":" + m["artifactId"], Version: m["version"]}
	return c, c.ok() && m["groupId"] != "" && m["artifactId"] != ""
}

// jarManifest names an archive by its bundle name or title, and its file name
// where it has neither. Without a group the name cannot be matched to Maven's
// by itself; it still tells what is there.
func jarManifest(b []byte, file string) Component {
	m := map[string]string{}
	text := strings.ReplaceAll(strings.ReplaceAll(string(b), "\r\n", "\n"), "\n ", "") // long lines are folded
	for line := range strings.Lines(text) {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), ": "); ok {
			if _, twice := m[k]; !twice {
				m[k] = v
			}
		}
	}
	first := func(keys ...string) string {
		for _, k := range keys {
			if v := m[k]; v != "" {
				return v
			}
		}
		return ""
	}
	name, _, _ := strings.Cut(first("Bundle-SymbolicName", "Automatic-Module-Name", "Implementation-Title"), ";")
	version := first("Implementation-Version", "Bundle-Version", "Specification-Version")
	if name == "" || strings.Contains(name, " ") {
		name = strings.TrimSuffix(file, ".jar")
		name = strings.TrimSuffix(name, "-"+version)
	}
	return Component{Ecosystem: "maven", Name: name, Version: version}
}
