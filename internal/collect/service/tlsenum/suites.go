package tlsenum

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:embed suites.tsv
var suitesFile string

// Suite is a cipher suite by its IANA number.
type Suite uint16

type suiteTable struct {
	names map[Suite]string
	order []Suite // most common first
}

var table = sync.OnceValue(func() suiteTable {
	t := suiteTable{names: map[Suite]string{}}
	for line := range strings.Lines(suitesFile) {
		number, name, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		n, err := strconv.ParseUint(number, 16, 16)
		if err != nil {
			panic(fmt.Sprintf("tlsenum: suites.tsv: %q: %v", line, err)) // the table is part of the program, and a test reads it
		}
		t.names[Suite(n)] = name
		t.order = append(t.order, Suite(n))
	}
	slices.SortStableFunc(t.order, func(a, b Suite) int { return rank(t.names[a]) - rank(t.names[b]) })
	return t
})

// Name returns the suite's IANA name, or its number where it has none.
func (s Suite) Name() string {
	if n := table().names[s]; n != "" {
		return n
	}
	return fmt.Sprintf("0x%04X", uint16(s))
}

// rank puts what is offered to the front: today's servers first, then what old
// ones speak, then what only special ones do. A server that takes one of the
// first is not asked with the others first.
func rank(name string) int {
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(name, w) })
	}
	n := 0
	switch {
	case has("_PSK", "SRP", "_SM4_", "ARIA", "_CCM", "_DSS_", "_ECDH_RSA", "_ECDH_ECDSA", "_DH_RSA", "DES40"):
		n = 40
	case has("_anon_", "NULL", "EXPORT", "RC2", "IDEA", "_DES_", "SEED", "CAMELLIA"):
		n = 20
	case has("3DES", "RC4"):
		n = 10
	}
	switch {
	case has("TLS_ECDHE_"):
	case has("TLS_DHE_"):
		n += 2
	default:
		n += 4
	}
	if !has("_GCM_", "CHACHA20") {
		n++
	}
	return n
}

// Weak says why the suite no longer protects what passes through it; empty
// where it does.
//
//   - No encryption, RC4, keys below 112 bits: RFC 9325 section 4.1, MUST NOT.
//   - No authentication: SP 800-52 rev 2, section 3.3.1; anybody can stand between.
//   - 3DES, IDEA and RC2, with blocks of 64 bits: CVE-2016-2183, SP 800-131A rev 2.
//   - MD5 as MAC: SP 800-131A rev 2.
//   - RSA and fixed Diffie-Hellman key transport, without forward secrecy: RFC
//     9325 section 4.1; SP 800-52 rev 2 asks for ephemeral keys. The collector of
//     hosts counts it as weak too.
func (s Suite) Weak() string { return weakness(s.Name()) }

func weakness(name string) string {
	has := func(w string) bool { return strings.Contains(name, w) }
	switch {
	case has("_NULL_") || name == "TLS_SHA256_SHA256" || name == "TLS_SHA384_SHA384":
		return "no encryption"
	case has("_anon_"):
		return "no authentication"
	case has("EXPORT") || has("DES40"):
		return "export grade"
	case has("_RC4_"):
		return "RC4"
	case has("_RC2_"):
		return "RC2"
	case has("_DES_CBC"):
		return "DES"
	case has("_3DES_"):
		return "3DES"
	case has("_IDEA_"):
		return "IDEA"
	case strings.HasSuffix(name, "_MD5"):
		return "MD5"
	case strings.HasPrefix(name, "TLS_RSA_"), strings.HasPrefix(name, "TLS_DH_"), strings.HasPrefix(name, "TLS_ECDH_"):
		return "no forward secrecy"
	}
	return ""
}

// ephemeral reports whether the suite agrees on keys by Diffie-Hellman in a
// finite field, with a key made for the occasion.
func (s Suite) ephemeral() bool { return strings.HasPrefix(s.Name(), "TLS_DHE_") }

// fits reports whether a suite can be agreed on in a version.
func fits(s Suite, v Version) bool {
	name := s.Name()
	thirteen := !strings.Contains(name, "_WITH_")
	switch {
	case v == TLS13:
		return thirteen
	case thirteen:
		return false
	case v == TLS12:
		return true
	case strings.Contains(name, "GCM"), strings.Contains(name, "CCM"), strings.Contains(name, "POLY1305"), strings.HasSuffix(name, "_SHA256"), strings.HasSuffix(name, "_SHA384"):
		return false
	}
	return v != SSL3 || !strings.HasPrefix(name, "TLS_ECDH")
}

// suitesOf lists what can be offered in a version, most common first, of those
// that keep.
func suitesOf(v Version, keep func(Suite) bool) []Suite {
	var out []Suite
	for _, s := range table().order {
		if fits(s, v) && (keep == nil || keep(s)) {
			out = append(out, s)
		}
	}
	return out
}
