// Package inventory decides which asset a sighting is of.
//
// A shared strong key (machine id, serial number, hardware address…) joins. A
// shared weak key (name, address) joins only where no key type that both sides
// have contradicts it: the same address with two different serial numbers is
// two devices, of which the newer now holds the address.
package inventory

import (
	"cmp"
	"context"
	"slices"

	"github.com/asepsis/asepsis/internal/asset"
)

// Index is what the inventory knows of identity keys, as the store keeps it.
type Index interface {
	// AssetOf returns the asset that holds the key now, or "" if none does.
	AssetOf(ctx context.Context, k asset.Key) (string, error)
	// KeysOf returns all keys of an asset.
	KeysOf(ctx context.Context, id string) ([]asset.Key, error)
}

// Match says which asset a sighting is of, and by which key.
type Match struct {
	Asset string // "" if it is a new one
	By    asset.Key
}

// Resolve finds the asset that a sighting with the keys is of. Keys are tried
// strongest first, so the outcome does not depend on their order.
func Resolve(ctx context.Context, ix Index, keys []asset.Key) (Match, error) {
	keys = slices.Clone(keys)
	slices.SortFunc(keys, func(a, b asset.Key) int {
		return cmp.Or(cmp.Compare(a.Type.Rank(), b.Type.Rank()), cmp.Compare(a.Value, b.Value))
	})
	for _, k := range keys {
		id, err := ix.AssetOf(ctx, k)
		if err != nil {
			return Match{}, err
		}
		if id == "" {
			continue
		}
		if k.Type.Strong() {
			return Match{Asset: id, By: k}, nil
		}
		theirs, err := ix.KeysOf(ctx, id)
		if err != nil {
			return Match{}, err
		}
		if !contradict(keys, theirs) {
			return Match{Asset: id, By: k}, nil
		}
	}
	return Match{}, nil
}

// exclusive lists the key types of which a device has one set of its own: two
// sightings that both have keys of the type and share none are two devices. A
// machine may have many addresses and many names, so those are judged by names
// alone: an address that moved to another name is another device.
var exclusive = []asset.KeyType{asset.Machine, asset.Serial, asset.UDI, asset.Cloud, asset.MAC, asset.Tag, asset.Name}

func contradict(a, b []asset.Key) bool {
	for _, t := range exclusive {
		var inA, inB, shared bool
		for _, k := range b {
			inB = inB || k.Type == t
		}
		for _, k := range a {
			if k.Type != t {
				continue
			}
			inA = true
			shared = shared || slices.Contains(b, k)
		}
		if inA && inB && !shared {
			return true
		}
	}
	return false
}
