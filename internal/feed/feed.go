// Package feed makes, signs, checks, carries and opens the one file that holds what
// the world publishes about flaws.
//
// [Build] reads folders of public sources in whatever form they are published and
// compiles them. [Verify] holds every byte of a file against its signature.
// [Update] brings a file from a URL, a folder or a memory stick into the feed
// folder and makes it the one in force, or leaves the old one in force and says why.
// [Open] maps it into memory. [Feed.Status] says what it holds, how old that is, and
// what is missing.
//
// Nothing is dropped in silence: records read are records compiled, replaced by a newer
// one of the same name, or listed as refused, and files that are no feed are listed too.
package feed

import (
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/vuln"
)

// Sources says where a build reads: files and folders, packed or not. What a file
// is, is told by its content.
type Sources struct {
	Paths []string
}

// Options of a build. The zero value of each but Now does.
type Options struct {
	Now time.Time
	// Key signs the file. Without one it is not signed, and no update takes it.
	Key note.Signer
	// Providers holds the OpenPGP keys of those who sign what they publish, armored
	// or not. Where a document comes with a signature of one of them, it is checked.
	Providers []byte
	// Progress is called now and then, from one goroutine at a time.
	Progress func(Progress)
	// Workers is how many readers run at once; 0 for as many as there are cores.
	Workers int
}

// Progress says how far a build is.
type Progress struct {
	File    string // begun last
	Files   int    // begun
	Of      int
	Records int
	Refused int
}

// Built is a feed file that lies in memory.
type Built struct {
	Name   string // its file name, with its SHA-256
	Data   []byte
	Report Report
}

// Report says what became of what was read. Records in are Manifest.Records and
// Manifest.Refused; of one file, the first 5,000 refused are listed one by one.
type Report struct {
	Manifest Manifest
	Compiled vuln.Report
	Refused  []advisory.Refused
}

// Manifest is what a feed file says of itself.
type Manifest struct {
	Format  int       `json:"format"`
	Built   time.Time `json:"built"`
	Sources []Source  `json:"sources"`
	// Records were read, of all sources together; Refused were not.
	Records int `json:"records"`
	Refused int `json:"refused"`
	// Unused lists files that hold no records of a kind this program reads.
	Unused []Unused `json:"unused,omitempty"`
}

// Source is one source of a feed.
type Source struct {
	Name string `json:"name"`
	// Records speak of it. A record that names packages of two ecosystems is one of
	// both, so the sources together may have more than the manifest counts.
	Records int `json:"records"`
	Refused int `json:"refused,omitempty"`
	Files   int `json:"files"`
	// Snapshot is when the source was fetched, as a person or the document states
	// it, else the last change of a record.
	Snapshot time.Time `json:"snapshot,omitzero"`
	// Partial says that it does not hold all there is, so that what it does not name
	// may be affected all the same; PartialWhy says how that is known.
	Partial    bool   `json:"partial,omitempty"`
	PartialWhy string `json:"partial_why,omitempty"`
	// Limit is what "not affected" does not mean where the source is not partial, such
	// as that flaws nobody has mended are not in it. It is shown with what is covered.
	Limit string `json:"limit,omitempty"`
	// Hashed and Signed count documents whose published hash, or whose signature by a
	// known key, was checked. Unchecked had a signature of an unknown key.
	Hashed    int `json:"hashed,omitempty"`
	Signed    int `json:"signed,omitempty"`
	Unchecked int `json:"unchecked,omitempty"`
}

// Unused is a file that was not read, and why.
type Unused struct {
	File    string `json:"file"`
	Records int    `json:"records,omitempty"` // documents in it
	Why     string `json:"why"`
}
