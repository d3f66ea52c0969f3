package advisory

import (
	"slices"
	"testing"
)

func TestFlaws(t *testing.T) {
	for _, tt := range []struct {
		a    Advisory
		want []string
	}{
		{Advisory{ID: "CVE-2024-0001"}, []string{"CVE-2024-0001"}},
		{Advisory{ID: "DSA-5000-1", Covers: []string{"CVE-2023-2222", "CVE-2023-1111"}}, []string{"CVE-2023-1111", "CVE-2023-2222"}},
		{Advisory{ID: "GHSA-aaaa", Aliases: []string{"CVE-2020-12345", "PYSEC-2020-1"}, Covers: []string{"CVE-2020-12345"}}, []string{"CVE-2020-12345"}},
		{Advisory{ID: "RUSTSEC-2020-0001", Aliases: []string{"CVE-20-1", "CVE-2020-x"}}, []string{"RUSTSEC-2020-0001"}},
	} {
		if got := tt.a.Flaws(); !slices.Equal(got, tt.want) {
			t.Errorf("Flaws of %s = %v, want %v", tt.a.ID, got, tt.want)
		}
	}
}
