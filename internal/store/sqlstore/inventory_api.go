package sqlstore

import (
	"time"

	"github.com/asepsis/asepsis/internal/asset"
)

// Act says who decides something about the inventory, why, and when.
type Act struct {
	Actor  string
	Reason string
	Now    time.Time
}

// AssetLink says by what one source's sightings are known to be of an asset.
type AssetLink struct {
	Home   string // the asset the sightings came to first; differs from the asset where it was merged
	Stream string // empty for what was known before streams were kept apart
	Title  string
	Keys   []LinkKey
	Why    string // in a sentence: "same serial 5cg1, seen by osquery on 3 Nov 2026 and by DHCP leases on 2 Nov 2026"
	Grade  string // certain, likely, person, first
	First  time.Time
	Last   time.Time
	Merge  string // the merge that brought it to the asset, or empty
}

// LinkKey is a key that a source saw, and when.
type LinkKey struct {
	asset.Key
	First, Last time.Time
}

// Merge is two assets that became one, or a part that was split off. The zero
// UndoneAt says that it stands.
type Merge struct {
	ID      string    `json:"-"`
	At      time.Time `json:"-"`
	Kept    string    `json:"-"` // the asset that goes on
	Other   string    `json:"-"` // the asset that became part of it; of a split, the new asset
	Did     string    `json:"did"`
	Seq     int64     `json:"seq"`
	Grade   string    `json:"grade"` // certain, likely, person
	Reason  string    `json:"reason"`
	For     []string  `json:"for"`
	Against []string  `json:"against"`
	Score   float64   `json:"score"`
	Actor   string    `json:"actor"`

	UndoneAt     time.Time `json:"-"`
	UndoneBy     string    `json:"undone_by"`
	UndoneReason string    `json:"undone_reason"`
	UndoneSeq    int64     `json:"undone_seq"`
}

// What a Merge did.
const (
	DidMerge = "merge"
	DidSplit = "split"
)

// Question is a doubt that a person has to decide.
type Question struct {
	ID    string    `json:"-"`
	At    time.Time `json:"-"`
	Kind  string    `json:"-"` // QuestionSame, QuestionDrop
	A     string    `json:"-"` // assets as they are called now; of QuestionDrop, A is the stream
	B     string    `json:"-"`
	State string    `json:"-"` // open, same, different, settled

	Score   float64  `json:"score"` // how likely they are one, 0 to 1
	For     []string `json:"for"`
	Against []string `json:"against"`

	Actor      string    `json:"actor"` // who answered
	Reason     string    `json:"reason"`
	AnsweredAt time.Time `json:"answered_at"`
}

// The kinds of question.
const (
	QuestionSame = "same" // are two assets one?
	QuestionDrop = "drop" // is what a source leaves out really gone?
)

// EditedAssets says what EditAssets did.
type EditedAssets struct {
	Assets  int // asked for
	Changed int // of which something changed
	Seq     int64
}

// AssetChange is something about an asset that changed.
type AssetChange struct {
	At            time.Time // when it was learnt
	ObservedAt    time.Time // when it was true
	Seq           int64
	Stream, Title string
	Actor         string
	Kind          string // fact kind, or "software"
	What          string // attribute, or "<key>" for what lives on the asset, or "software"
	Before, After any    // nil: not there; of software []string of names with versions, at most 20
}

// SplitOff names what does not belong to an asset: all that a stream says, or
// all that was seen with a key.
type SplitOff struct {
	Stream string
	Key    asset.Key
}

// AssetSeen says when an asset was seen, by source, newest first.
type AssetSeen struct {
	Stream, Title string
	First, Last   time.Time
	Times         []time.Time // of each sighting that changed something, newest first, at most 50
}
