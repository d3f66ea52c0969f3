package pkgdb

import "strings"

// ParseAptConf reads apt.conf(5) and returns its settings by full name in
// lower case: "apt::periodic::unattended-upgrade" → "1". Later ones win.
func ParseAptConf(b []byte) map[string]string {
	m := map[string]string{}
	var scope, words []string
	name := func(extra string) string {
		parts := make([]string, 0, len(scope)+1)
		for _, s := range append(scope, extra) {
			if s != "" {
				parts = append(parts, s)
			}
		}
		return strings.ToLower(strings.Join(parts, "::"))
	}
	for _, tok := range aptTokens(string(b)) {
		switch tok {
		case "{":
			key := ""
			if len(words) > 0 {
				key = words[0]
			}
			if len(scope) < 32 {
				scope = append(scope, key)
			}
			words = nil
		case "}":
			if len(scope) > 0 {
				scope = scope[:len(scope)-1]
			}
			words = nil
		case ";":
			if len(words) == 2 {
				m[name(words[0])] = strings.Trim(words[1], `"`)
			}
			words = nil
		default:
			words = append(words, tok)
		}
	}
	return m
}

func aptTokens(s string) []string {
	var toks []string
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case strings.HasPrefix(s[i:], "//") || c == '#':
			end := strings.IndexByte(s[i:], '\n')
			if end < 0 {
				return toks
			}
			i += end
		case strings.HasPrefix(s[i:], "/*"):
			end := strings.Index(s[i:], "*/")
			if end < 0 {
				return toks
			}
			i += end + 2
		case c == '{' || c == '}' || c == ';':
			toks = append(toks, string(c))
			i++
		case c == '"':
			end := strings.IndexByte(s[i+1:], '"')
			if end < 0 {
				return toks
			}
			toks = append(toks, s[i:i+end+2])
			i += end + 2
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		default:
			end := strings.IndexAny(s[i:], " \t\r\n{};\"")
			if end < 0 {
				end = len(s) - i
			}
			toks = append(toks, s[i:i+max(end, 1)])
			i += max(end, 1)
		}
	}
	return toks
}
