package inventory

import (
	"context"
	"slices"
	"testing"

	"github.com/asepsis/asepsis/internal/asset"
)

// mapIndex is a working index over a map.
type mapIndex map[string][]asset.Key

func (m mapIndex) AssetOf(_ context.Context, k asset.Key) (string, error) {
	for id, ks := range m {
		if slices.Contains(ks, k) {
			return id, nil
		}
	}
	return "", nil
}

func (m mapIndex) KeysOf(_ context.Context, id string) ([]asset.Key, error) { return m[id], nil }

func keys(t *testing.T, pairs ...string) []asset.Key {
	t.Helper()
	var ks []asset.Key
	for i := 0; i < len(pairs); i += 2 {
		k, ok := asset.NewKey(asset.KeyType(pairs[i]), pairs[i+1])
		if !ok {
			t.Fatalf("no key %s %s", pairs[i], pairs[i+1])
		}
		ks = append(ks, k)
	}
	return ks
}

func TestResolve(t *testing.T) {
	ix := mapIndex{
		"as_pump":   keys(t, "serial", "B7-1001", "ip", "10.0.0.5"),
		"as_laptop": keys(t, "mac", "00:1b:44:11:3a:b7", "name", "nurse-07", "ip", "10.0.0.9"),
		"as_cmdb":   keys(t, "tag", "A-77", "name", "ehr-db-01"),
	}
	for _, tt := range []struct {
		name string
		keys []asset.Key
		want string
	}{
		{"a shared serial joins", keys(t, "serial", "b7-1001", "ip", "10.9.9.9"), "as_pump"},
		{"a shared hardware address joins whatever the name", keys(t, "mac", "001b44113ab7", "name", "renamed"), "as_laptop"},
		{"an address alone joins where nothing contradicts", keys(t, "ip", "10.0.0.5"), "as_pump"},
		{"an address with another serial is another device", keys(t, "ip", "10.0.0.5", "serial", "b7-2002"), ""},
		{"an address with another name is another device", keys(t, "ip", "10.0.0.9", "name", "guest-tablet"), ""},
		{"a name joins a record without addresses", keys(t, "name", "ehr-db-01", "mac", "00:00:5e:00:53:01", "ip", "10.0.0.7"), "as_cmdb"},
		{"nothing shared is new", keys(t, "name", "fresh"), ""},
	} {
		m, err := Resolve(t.Context(), ix, tt.keys)
		if err != nil {
			t.Fatal(err)
		}
		if m.Asset != tt.want {
			t.Errorf("%s: got %q by %s, want %q", tt.name, m.Asset, m.By, tt.want)
		}
	}
}
