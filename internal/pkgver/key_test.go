package pkgver

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestSchemeOf(t *testing.T) {
	for name, want := range map[string]Scheme{
		"Debian:12": Deb, "Debian": Deb, "Ubuntu:22.04:LTS": Deb, "deb": Deb, "AlmaLinux:9": RPM, "Rocky Linux:8": RPM, "Red Hat:enterprise_linux:9": RPM,
		"SUSE:Linux Enterprise Server 15 SP5": RPM, "openSUSE:Leap 15.5": RPM, "rpm": RPM, "Alpine:v3.20": APK, "Wolfi": APK, "Chainguard": APK, "apk": APK,
		"npm": SemVer, "crates.io": SemVer, "cargo": SemVer, "Hex": SemVer, "SwiftURL": SemVer, "Go": Go, "golang": Go, "PyPI": PEP440, "pypi": PEP440,
		"Maven": Maven, "Maven:https://repo.example.org/": Maven, "nuget": NuGet, "RubyGems": Gem, "gem": Gem, "Packagist": Composer, "Packagist:https://example.org": Composer,
		"Hackage": Hackage, "CRAN": CRAN, "Julia": Julia, "Bitnami": Bitnami, "windows": Windows, "generic": Generic,
		"OSS-Fuzz": None, "Android": None, "alpm": None, "": None, "debian": None,
	} {
		got, ok := SchemeOf(name)
		if got != want || ok != (want != None) {
			t.Errorf("SchemeOf(%q) = %v, %v, want %v", name, got, ok, want)
		}
	}
}

// TestWhy checks that a refusal says why.
func TestWhy(t *testing.T) {
	for _, tt := range []struct {
		s    Scheme
		v    string
		want Why
	}{
		{Deb, "", Empty},
		{Deb, "  ", Empty},
		{PEP440, strings.Repeat("1.", 600), TooLong},
		{None, "1", NoOrder},
		{PEP440, "trunk", Word},
		{PEP440, "0.9-horsea", Form},
		{SemVer, "latest", Word},
		{SemVer, "^1.2.3", Form},
		{SemVer, ">=1.2.3", Range},
		{Maven, "[1.0,2.0)", Range},
		{Go, "(devel)", Word},
		{Go, "daa7c04131f5", Commit},
		{Composer, "dev-main", Word},
		{NuGet, "2147483648.0", TooLarge},
		{Deb, "9999999999:1", TooLarge},
		{Generic, "*", Range},
		{Generic, "B.06.18\x00", Character},
		{RPM, "1.0 2", Character},
		{RPM, "versión", Character},
	} {
		_, err := AppendKey(nil, tt.s, tt.v)
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Why != tt.want {
			t.Errorf("%s %q: got %v, want: it %s", tt.s, tt.v, err, tt.want)
		}
	}
}

// TestKeysAllocateNothing holds the promise that the feed's compiler and the
// matcher rely on.
func TestKeysAllocateNothing(t *testing.T) {
	dst := make([]byte, 0, 4*MaxLen)
	for name, s := range vectorFiles {
		var list []string
		vectors(t, name, func(_ int, a, op, b string) {
			if op != "!" {
				list = append(list, a)
			}
		})
		if n := testing.AllocsPerRun(10, func() {
			for _, v := range list {
				if _, err := AppendKey(dst, s, v); err != nil {
					t.Fatal(err)
				}
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations for %d keys", s, n, len(list))
		}
	}
}

// TestKeysSort sorts all versions of the vectors by key and checks each two: the
// order of keys has no cycle, so one that the vectors contradict would show.
func TestKeysSort(t *testing.T) {
	for name, s := range vectorFiles {
		keys := map[string][]byte{}
		var list []string
		vectors(t, name, func(_ int, a, _, b string) {
			for _, v := range []string{a, b} {
				if key, err := AppendKey(nil, s, v); err == nil && keys[v] == nil {
					keys[v] = key
					list = append(list, v)
				}
			}
		})
		slices.SortFunc(list, func(a, b string) int { return bytes.Compare(keys[a], keys[b]) })
		for i, a := range list {
			for _, b := range list[i:] {
				if c, err := Compare(s, a, b); err != nil || c > 0 {
					t.Fatalf("%s: %q is sorted before %q, but compares as %d, %v", s, a, b, c, err)
				}
			}
		}
	}
}

// FuzzKeys tries any bytes as versions of every scheme.
func FuzzKeys(f *testing.F) {
	for name, s := range vectorFiles {
		vectors(f, name, func(_ int, a, _, b string) { f.Add(uint8(s), a, b) })
	}
	f.Add(uint8(Maven), strings.Repeat("-", MaxLen), strings.Repeat("ga", MaxLen/2))
	f.Add(uint8(Composer), strings.Repeat("20", 500), strings.Repeat("1.", 500))
	f.Fuzz(func(t *testing.T, n uint8, a, b string) {
		s := Scheme(n % uint8(count+1))
		for _, v := range []string{a, b} {
			key, err := AppendKey([]byte("ab"), s, v)
			if !bytes.HasPrefix(key, []byte("ab")) || err != nil && len(key) != 2 || len(key) > 3*len(v)+18 {
				t.Fatalf("%s %q: key %x, %v", s, v, key, err)
			}
			if e, ok := errors.AsType[*Error](err); err != nil && (!ok || e.Why == 0 || int(e.Why) >= len(whyTexts)) {
				t.Fatalf("%s %q: %v says no reason", s, v, err)
			}
			if c, err2 := Compare(s, v, v); err == nil && (c != 0 || err2 != nil) {
				t.Fatalf("%s %q is not itself: %d, %v", s, v, c, err2)
			}
		}
		ab, err := Compare(s, a, b)
		ba, err2 := Compare(s, b, a)
		if (err == nil) != (err2 == nil) || ab != -ba {
			t.Fatalf("%s %q and %q: %d and %d, %v, %v", s, a, b, ab, ba, err, err2)
		}
	})
}

// FuzzReferences holds any bytes against other people's comparators.
func FuzzReferences(f *testing.F) {
	for i, r := range references {
		for name, s := range vectorFiles {
			if s == r.scheme {
				vectors(f, name, func(_ int, a, _, b string) { f.Add(uint8(i), a, b) })
			}
		}
	}
	f.Fuzz(func(t *testing.T, n uint8, a, b string) {
		r := references[int(n)%len(references)]
		if len(a)+len(b) > 200 || !isASCII(a+b) || strings.ContainsFunc(a+b, func(c rune) bool { return c <= ' ' }) || r.skip != nil && r.skip(a, b) {
			return
		}
		got, err := Compare(r.scheme, a, b)
		want, err2 := r.compare(a, b)
		if err == nil && err2 == nil && got != sign(want) {
			t.Fatalf("%s: %q and %q: got %d, want %d", r.name, a, b, got, want)
		}
	})
}

var sink int

func BenchmarkAppendKey(b *testing.B) {
	for _, bb := range []struct {
		s Scheme
		v string
	}{
		{Deb, "1:9.2p1-2+deb12u3"},
		{RPM, "1:3.0.7-27.el9_4"},
		{APK, "1.36.1_p2-r29"},
		{SemVer, "17.0.2-rc.1"},
		{Go, "v0.0.0-20191109021931-daa7c04131f5"},
		{PEP440, "2.32.0rc1"},
		{Maven, "5.3.0-alpha-1"},
		{NuGet, "6.0.1-preview.3"},
		{Gem, "7.0.4.rc1"},
		{Composer, "v5.4.31-beta2"},
		{Windows, "10.0.17763.4974"},
		{Generic, "12.4(24)T1"},
	} {
		b.Run(bb.s.String(), func(b *testing.B) {
			var buf [128]byte
			b.ReportAllocs()
			for b.Loop() {
				key, err := AppendKey(buf[:0], bb.s, bb.v)
				if err != nil {
					b.Fatal(err)
				}
				sink += len(key)
			}
		})
	}
}

func BenchmarkCompare(b *testing.B) {
	for _, bb := range []struct {
		s    Scheme
		x, y string
	}{
		{Deb, "1:9.2p1-2+deb12u3", "1:9.2p1-2+deb12u2"},
		{SemVer, "17.0.2", "17.0.10"},
		{PEP440, "2.32.0", "2.32.0rc1"},
		{Maven, "2.17.1", "2.17.0-rc1"},
	} {
		b.Run(bb.s.String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c, err := Compare(bb.s, bb.x, bb.y)
				if err != nil {
					b.Fatal(err)
				}
				sink += c
			}
		})
	}
}
