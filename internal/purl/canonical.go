package purl

import (
	"slices"
	"strings"
)

// String returns the canonical form: parts encoded as the specification has it,
// qualifiers sorted, names in the case that the type gives them.
func (p P) String() string { return string(p.AppendTo(make([]byte, 0, 64+len(p.qualifiers)))) }

// AppendTo appends the canonical form.
func (p *P) AppendTo(dst []byte) []byte {
	namespace, name, version := p.canonical()
	dst = append(append(append(dst, "pkg:"...), p.Type...), '/')
	if namespace != "" {
		dst = append(appendPath(dst, namespace), '/')
	}
	dst = appendEncoded(dst, name)
	if version != "" {
		dst = appendEncoded(append(dst, '@'), version)
	}
	dst = p.appendQualifiers(dst)
	if p.Subpath != "" {
		dst = appendPath(append(dst, '#'), p.Subpath)
	}
	return dst
}

// canonical returns the parts in the case that the type gives them (the
// specification's definitions of types).
func (p *P) canonical() (namespace, name, version string) {
	namespace, name, version = p.Namespace, p.Name, p.Version
	switch p.Type {
	case "alpm", "apk", "bitbucket", "brew", "composer", "deb", "git", "github", "githubactions", "golang", "hex", "npm", "opam", "qpkg", "vscode-extension", "yocto":
		namespace, name = strings.ToLower(namespace), strings.ToLower(name)
	case "bitnami", "luarocks", "oci", "otp", "pub":
		name = strings.ToLower(name)
	case "rpm":
		namespace = strings.ToLower(namespace)
	case "cpan":
		namespace = strings.ToUpper(namespace)
	case "huggingface":
		version = strings.ToLower(version)
	case "mlflow":
		if strings.Contains(strings.ToLower(p.Qualifier("repository_url")), "databricks") {
			name = strings.ToLower(name)
		}
	case "pypi":
		name = normalPyPI(name)
	}
	switch p.Type {
	case "pub":
		name = strings.ReplaceAll(name, "-", "_")
	case "luarocks", "vscode-extension":
		version = strings.ToLower(version)
	}
	return namespace, name, version
}

// normalPyPI returns a name as Python's packaging specification normalizes it: in
// lower case, runs of - _ and . one hyphen.
func normalPyPI(name string) string {
	clean := true
	for i := range len(name) {
		c := name[i]
		if 'A' <= c && c <= 'Z' || c == '_' || c == '.' || c == '-' && i > 0 && name[i-1] == '-' {
			clean = false
			break
		}
	}
	if clean {
		return name
	}
	b := make([]byte, 0, len(name))
	for i := range len(name) {
		switch c := name[i]; {
		case c == '-' || c == '_' || c == '.':
			if len(b) == 0 || b[len(b)-1] != '-' {
				b = append(b, '-')
			}
		case 'A' <= c && c <= 'Z':
			b = append(b, c|0x20)
		default:
			b = append(b, c)
		}
	}
	return string(b)
}

func (p *P) appendQualifiers(dst []byte) []byte {
	if p.qualifiers == "" {
		return dst
	}
	var room [8][2]string
	list := room[:0]
	for k, v := range p.Qualifiers() {
		if !slices.ContainsFunc(list, func(q [2]string) bool { return q[0] == k }) {
			list = append(list, [2]string{k, v})
		}
	}
	slices.SortFunc(list, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	for i, q := range list {
		dst = append(dst, "?&"[min(i, 1)])
		dst = appendEncoded(append(append(dst, q[0]...), '='), q[1])
	}
	return dst
}

func appendPath(dst []byte, path string) []byte {
	for seg := range strings.SplitSeq(path, "/") {
		if n := len(dst); n > 0 && seg != path && dst[n-1] != '/' && dst[n-1] != '#' {
			dst = append(dst, '/')
		}
		dst = appendEncoded(dst, seg)
	}
	return dst
}

// appendEncoded encodes everything but letters, digits, . - _ ~ and the colon.
func appendEncoded(dst []byte, s string) []byte {
	const hex = "0123456789ABCDEF"
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c|0x20 && c|0x20 <= 'z', '0' <= c && c <= '9', c == '.', c == '-', c == '_', c == '~', c == ':':
			dst = append(dst, c)
		default:
			dst = append(dst, '%', hex[c>>4], hex[c&15])
		}
	}
	return dst
}
