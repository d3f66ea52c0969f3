// Package inventory decides which asset a sighting is of, and says why.
//
// Sightings of one device carry different keys: an agent knows the machine id
// and the serial number, a DHCP server the hardware address and the name, a
// scan an address alone. What a shared key proves depends on the key and on
// what else is known: a serial number is a maker's own, a machine id is copied
// with an image, the address of a dock moves between laptops, an IP address
// belongs to somebody else tomorrow. The rules are in compare.go and relate.go,
// and in words in docs/inventory.md.
//
// Identity has two levels. A home is held together by keys that prove identity;
// records, one for each stream, live in it. Homes are linked to one asset:
// certainly where a later sighting has keys of both, likely where a name and
// the time suggest it, or by a person. A likely link ends by itself when keys
// that prove more contradict it. No link rewrites anything, so each can be undone.
package inventory

import (
	"context"

	"github.com/asepsis/asepsis/internal/asset"
)

// Sighting is what one source saw of one device. Times are microseconds since 1970.
type Sighting struct {
	Stream string
	Keys   []asset.Key
	At     int64
	Maker  string // manufacturer as stated, or empty
}

// Grade says how sure a link is.
type Grade string

// The grades.
const (
	First   Grade = "first"   // nothing known was like it: a new asset
	Certain Grade = "certain" // by keys that prove identity, nothing contradicting
	Likely  Grade = "likely"  // by name or address near in time, nothing contradicting
	Person  Grade = "person"  // somebody said so
)

// Held is a key and when it was seen.
type Held struct {
	Key         asset.Key
	First, Last int64
}

// Record is what one stream saw of one device.
type Record struct {
	At          string // the home its facts are kept under
	Stream      string
	Keys        []Held
	Maker       string
	Why         Why
	First, Last int64
}

// Link makes a home, or the record of one stream that is kept under it, part
// of another home's asset.
type Link struct {
	Home   string
	Stream string // empty: all records of the home
	Target string
	Merge  string // what the link is of; opaque here
	Grade  Grade
}

// Source is where a [World] reads what is kept. Methods are called by one
// goroutine at a time.
type Source interface {
	// Links returns all links that stand.
	Links(ctx context.Context) ([]Link, error)
	// Pairs returns the pairs of homes that a person said are apart, and those
	// that were asked about.
	Pairs(ctx context.Context) (apart, asked [][2]string, err error)
	// Holders returns the homes that records with one of the keys are kept under.
	Holders(ctx context.Context, keys []asset.Key) ([]string, error)
	// Records returns all records kept under the homes.
	Records(ctx context.Context, homes []string) ([]Record, error)
}

// Placed says where a sighting belongs.
type Placed struct {
	Home  string // where its facts are kept
	Asset string // the asset it is of, as things stand after it
	New   bool   // the asset is new
	Grade Grade
}

// Changes are what placing sightings changed, in the order they happened.
type Changes struct {
	Homes   []string     // that are new
	Records []*Record    // new, or seen again
	Keys    []HolderKey  // that a home holds from now on
	Dropped []HolderKey  // that it holds no more: too many newer ones of the type
	Links   []LinkChange // begun and ended
	Asked   []Doubt      // what only a person can decide
}

// HolderKey says that a home holds a key.
type HolderKey struct {
	Home string
	Key  asset.Key
}

// LinkChange is a link that begins or ends.
type LinkChange struct {
	Link
	Ended bool
	Evidence
}

// Doubt is a pair of homes of which nobody but a person can say whether they
// are one device.
type Doubt struct {
	A, B string
	Evidence
}

// Evidence is what speaks for and against two being one device, in sentences.
type Evidence struct {
	For, Against []string
	Score        float64 // how likely they are one, 0 to 1
}

// Why says by what a stream's first sighting came to a home.
type Why struct {
	Grade  Grade       `json:"grade"`
	Keys   []asset.Key `json:"keys,omitempty"`   // what both had, strongest first
	Stream string      `json:"stream,omitempty"` // whose sighting had the strongest
	Seen   int64       `json:"seen,omitempty"`   // when that one was seen last
	At     int64       `json:"at"`               // when the sighting was made
}
