package cyclonedx

import (
	"errors"
	"net/url"
	"strings"
)

// purl is a package URL (purl-spec): pkg:type/namespace/name@version?qualifiers#subpath.
type purl struct {
	Type, Namespace, Name, Version string
	Qualifiers                     map[string]string
}

var errPURL = errors.New("not a package URL")

// parsePURL reads a package URL as the specification says it is to be read:
// from the right, each part decoded after it was cut out.
func parsePURL(s string) (purl, error) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(s), "pkg:")
	if !ok {
		return purl{}, errPURL
	}
	rest = strings.TrimLeft(rest, "/")
	rest, _, _ = strings.Cut(rest, "#")
	var p purl
	if i := strings.LastIndexByte(rest, '?'); i >= 0 {
		p.Qualifiers = make(map[string]string)
		for q := range strings.SplitSeq(rest[i+1:], "&") {
			k, v, ok := strings.Cut(q, "=")
			if v, err := url.PathUnescape(v); ok && err == nil && k != "" {
				p.Qualifiers[strings.ToLower(k)] = v
			}
		}
		rest = rest[:i]
	}
	typ, path, ok := strings.Cut(rest, "/")
	if !ok || typ == "" {
		return purl{}, errPURL
	}
	p.Type = strings.ToLower(typ)
	// The version stands behind the last @, unless that begins an npm scope.
	if i := strings.LastIndexByte(path, '@'); i > 0 && i > strings.LastIndexByte(path, '/')+1 {
		var err error
		if p.Version, err = url.PathUnescape(path[i+1:]); err != nil {
			return purl{}, errPURL
		}
		path = path[:i]
	} else if i > 0 && path[i-1] != '/' { // a version with a slash in it
		v, err := url.PathUnescape(path[i+1:])
		if err != nil {
			return purl{}, errPURL
		}
		p.Version, path = v, path[:i]
	}
	var parts []string
	for seg := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		v, err := url.PathUnescape(seg)
		if err != nil {
			return purl{}, errPURL
		}
		if v != "" {
			parts = append(parts, v)
		}
	}
	if len(parts) == 0 {
		return purl{}, errPURL
	}
	p.Name = parts[len(parts)-1]
	p.Namespace = strings.Join(parts[:len(parts)-1], "/")
	if p.Type == "alpine" { // as some tools wrote it before the type was settled
		p.Type = "apk"
	}
	return p, nil
}

// name is the package's name with its name space, as its own ecosystem writes it.
func (p purl) name() string {
	switch p.Type {
	case "deb", "rpm", "apk", "alpm":
		return p.Name // the name space is the distribution
	case "maven":
		if p.Namespace != "" {
			return p.Namespace + ":" + p.Name
		}
	case "pypi":
		return strings.ReplaceAll(strings.ToLower(p.Name), "_", "-")
	}
	if p.Namespace != "" {
		return p.Namespace + "/" + p.Name
	}
	return p.Name
}

// version is the version as the ecosystem compares it: with the epoch of an rpm.
func (p purl) version() string {
	if e := p.Qualifiers["epoch"]; p.Type == "rpm" && e != "" && e != "0" && !strings.Contains(p.Version, ":") && p.Version != "" {
		return e + ":" + p.Version
	}
	return p.Version
}

// source is the source package that the upstream qualifier names, with its
// version where it says one.
func (p purl) source() (name, version string) {
	up := p.Qualifiers["upstream"]
	if nevra, ok := strings.CutSuffix(up, ".src.rpm"); ok {
		release := strings.LastIndexByte(nevra, '-')
		if release < 0 {
			return "", ""
		}
		v := strings.LastIndexByte(nevra[:release], '-')
		if v < 0 {
			return "", ""
		}
		return nevra[:v], nevra[v+1:]
	}
	name, version, _ = strings.Cut(up, "@")
	return name, version
}

// distro names the distribution as components do: debian-12, ubuntu-24.04,
// alpine-3.20.
func (p purl) distro() string {
	switch p.Type {
	case "deb", "rpm", "apk", "alpm":
	default:
		return ""
	}
	d := strings.ToLower(p.Qualifiers["distro"])
	if d == "" {
		return ""
	}
	if d[0] >= '0' && d[0] <= '9' && p.Namespace != "" {
		d = strings.ToLower(p.Namespace) + "-" + d
	}
	name, v, ok := strings.Cut(d, "-")
	if !ok {
		return d
	}
	return release(name, v)
}

// release joins a distribution's name with as much of its version as tells
// releases apart.
func release(name, v string) string {
	parts := strings.Split(v, ".")
	n := len(parts)
	switch name {
	case "debian":
		n = 1
	case "alpine", "ubuntu":
		n = 2
	}
	return name + "-" + strings.Join(parts[:min(n, len(parts))], ".")
}
