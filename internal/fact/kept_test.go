package fact

import "testing"

func TestKept(t *testing.T) {
	for _, c := range []struct {
		k    Kept
		kind Kind
		key  string
		want bool
	}{
		{Kept{}, KindSetting, "x", true},
		{Kept{Kind: KindVulnerability}, KindSetting, "x", false},
		{Kept{Kind: KindVulnerability, Prefix: "nessus:local:"}, KindVulnerability, "nessus:local:1", true},
		{Kept{Kind: KindVulnerability, Prefix: "nessus:local:"}, KindVulnerability, "nessus:1", false},
		{Kept{Unless: []string{"t:443/tcp:", "443/tcp"}}, KindEndpoint, "443/tcp", false},
		{Kept{Unless: []string{"t:443/tcp:", "443/tcp"}}, KindVulnerability, "t:443/tcp:robot", false},
		{Kept{Unless: []string{"t:443/tcp:", "443/tcp"}}, KindVulnerability, "t:8443/tcp:robot", true},
	} {
		if got := c.k.Holds(c.kind, c.key); got != c.want {
			t.Errorf("%+v of %s %s: got %t, want %t", c.k, c.kind, c.key, got, c.want)
		}
	}
}
