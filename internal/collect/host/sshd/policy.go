package sshd

import "strings"

// ParsePolicy reads the options that the system-wide crypto policy of RHEL 8
// and its kin hands to the server on its command line:
// CRYPTO_POLICY='-oCiphers=… -oMACs=…'. Later releases include a file of plain
// settings instead, for which it returns nil.
func ParsePolicy(b []byte) map[string]string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(b[:min(len(b), maxLine)])), "\n")
	options, ok := strings.CutPrefix(line, "CRYPTO_POLICY=")
	if !ok {
		return nil
	}
	m := map[string]string{}
	for word := range strings.FieldsSeq(strings.Trim(options, `'"`)) {
		key, value, ok := strings.Cut(strings.TrimPrefix(word, "-o"), "=")
		if !ok || !strings.HasPrefix(word, "-o") {
			continue
		}
		key = strings.ToLower(key)
		if alias := aliases[key]; alias != "" {
			key = alias
		}
		m[key] = value
	}
	return m
}
