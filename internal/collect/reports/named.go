package reports

import (
	"strings"

	"github.com/asepsis/asepsis/internal/asset"
)

// AssetKey reads how a person names the asset that a file is about: "serial:4711",
// another type of key before the colon, or a host name.
func AssetKey(s string) (asset.Key, bool) {
	if typ, v, ok := strings.Cut(s, ":"); ok {
		if t := asset.KeyType(strings.ToLower(strings.TrimSpace(typ))); t.Rank() <= asset.IP.Rank() {
			return asset.NewKey(t, v)
		}
	}
	if k, ok := asset.NewKey(asset.FQDN, s); ok {
		return k, true
	}
	return asset.NewKey(asset.Name, s)
}

// Named makes the host the asset that a person named, and reports whether the
// words name one. The name or address is stated as a value too.
func (h *Host) Named(s string) bool {
	k, ok := AssetKey(s)
	if !ok {
		return false
	}
	switch k.Type {
	case asset.FQDN, asset.Name:
		return h.Name(s)
	case asset.IP:
		return h.Address(k.Value)
	case asset.MAC:
		return h.MAC(k.Value)
	case asset.Serial:
		_, v, _ := strings.Cut(s, ":")
		h.Set("serial", strings.TrimSpace(v))
	case asset.Tag:
		_, v, _ := strings.Cut(s, ":")
		h.Set("tag", strings.TrimSpace(v))
	case asset.Machine, asset.UDI, asset.Cloud:
	}
	return h.Key(k.Type, k.Value)
}
