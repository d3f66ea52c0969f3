package vuln

// Verdict is one of the three answers.
type Verdict uint8

// The answers. The zero value is the one that claims nothing.
const (
	NotAssessed Verdict = iota
	NotAffected
	Affected
)

var verdictNames = [...]string{"not assessed", "not affected", "affected"}

func (v Verdict) String() string { return verdictNames[v] }

// MarshalText writes the name.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(verdictNames[v]), nil }

// Reason says why an answer is what it is, where versions alone do not.
type Reason uint8

// The reasons. Those from NoIdentity on are reasons for not assessed.
const (
	NoReason         Reason = iota
	Compared                // its version was held against every advisory about it
	NotNamed                // no advisory of the ecosystem names it
	Stated                  // somebody states that it is not affected
	NoIdentity              // neither package nor CPE: only words
	NoEcosystem             // no source in the feed speaks of the ecosystem
	PartOfEcosystem         // the feed holds a part of the ecosystem only
	ReleaseUnknown          // of which release of a distribution it is, is not known
	ReleaseNotInFeed        // the feed does not speak of that release
	NoVersion               // its version is not known
	VersionUnread           // its version is none that the ecosystem knows
	RangeUnread             // an advisory about it gives versions that cannot be compared
	Investigating           // its maker is still looking into it
	CPENotNamed             // no record bears its CPE name
	OtherMaker              // it is not the distribution's own, or of another branch
	SourceUnknown           // advisories speak of source packages, and its own is not known
	NameInPart              // a part of its name is not known
	MendedOnly              // its distribution speaks of what it mended, and not of this flaw; see [DB.Why]
	Stale                   // the advisories about it are older than they may be
)

var reasonNames = [...]string{
	"", "compared", "not_named", "stated", "no_identity", "no_ecosystem", "part_of_ecosystem", "release_unknown",
	"release_not_in_feed", "no_version", "version_unread", "range_unread", "under_investigation", "cpe_not_named",
	"other_maker", "source_unknown", "name_in_part", "mended_only", "stale",
}

func (r Reason) String() string { return reasonNames[r] }

// MarshalText writes the name.
func (r Reason) MarshalText() ([]byte, error) { return []byte(reasonNames[r]), nil }

// Say returns the reason as a sentence for people.
func (r Reason) Say() string { return reasonSays[r] }

var reasonSays = [...]string{
	"",
	"Its version was compared with every advisory about it.",
	"No advisory of its ecosystem names it.",
	"A statement says that it is not affected.",
	"It is known by words only. Give it a package URL or a CPE name.",
	"No source in the feed speaks of its ecosystem. Add one to the feed.",
	"The feed holds only a part of its ecosystem. Add the whole to the feed.",
	"The release of its distribution is not known. Use a list that names the distribution.",
	"The feed does not speak of this release of its distribution. Add it to the feed, or move to a release that is supported.",
	"Its version is not known. Use a list that states versions.",
	"Its version cannot be read. Correct it in the list.",
	"An advisory about it gives versions that no machine can compare. Read the advisory.",
	"Its maker is still looking into it. Look again later.",
	"No record bears its CPE name, which may be misspelled. Check the name, or give a package URL.",
	"It is not the distribution's own package, or of another branch, and the distribution's advisories do not speak of it. Ask who made it.",
	"The list does not say of which source package it was built, and the advisories speak of source packages. Use a list that does.",
	"Only a part of its name is known. Use a list that gives the whole: a Maven group, a Go module's path.",
	"Its distribution's advisories speak of flaws that it has mended, and none of them of this one: it may be left open there. Look the flaw up at the distribution.",
	"The advisories about it are older than they may be. Bring newer ones.",
}

// Answer is what the feed says of one component.
type Answer struct {
	Verdict   Verdict
	Reason    Reason
	Ecosystem string // in which it was looked up: "Debian:12"; "" where in none
	// BySource says that its source package and version were compared.
	BySource bool

	// Hits hold: the component is affected. They are by advisory.
	Hits []Hit
	// Cleared would hold, had not somebody stated otherwise: Hit.Statement says who.
	Cleared []Hit
	// Open could not be decided: Hit.Reason says why.
	Open []Hit

	room room
}

// Hit is an advisory that names the component. It is a handle: [DB.Match]
// tells what it stands for.
type Hit struct {
	Advisory  uint32 // number of the advisory
	Row       uint32
	Statement uint32 // row of the statement that overrules it, plus one; 0 for none
	Flaw      Flaw   // the flaw that was cleared or left open; 0 for all of the advisory
	Reason    Reason
	CPE       bool // found by CPE name, not by package
	// Likely is set where something the match rests on is not known: the module
	// stream of a package, or what it must run on.
	Likely bool
}

// Range says which of an advisory's ranges a version was held against, in the
// advisory's own words.
type Range struct {
	From      string `json:"from,omitempty"`
	FromAfter bool   `json:"from_after,omitempty"` // From itself is outside
	To        string `json:"to,omitempty"`
	ToWith    bool   `json:"to_with,omitempty"` // To itself is inside
	Listed    bool   `json:"listed,omitempty"`  // the version is in a list of versions, not in a range
}

// Match is a hit with everything it stands for, without the document.
type Match struct {
	Advisory  string   `json:"advisory"`
	Source    string   `json:"source"`
	Flaws     []string `json:"flaws"`
	Package   string   `json:"package"` // name that was looked up
	Ecosystem string   `json:"ecosystem"`
	Status    string   `json:"status"` // affected, or unsupported
	Range     Range    `json:"range"`
	Fixed     string   `json:"fixed,omitempty"` // first version that is mended
	Likely    bool     `json:"likely,omitempty"`
	Needs     string   `json:"needs,omitempty"` // what must be there too
	Remedy    string   `json:"remedy,omitempty"`
	Module    string   `json:"module,omitempty"`
	// Basis is set where the row does not come from the advisory's list of products.
	Basis string `json:"basis,omitempty"`
	// Unread is what the advisory says in words that were not understood.
	Unread    string     `json:"unread,omitempty"`
	Statement *Statement `json:"statement,omitempty"`
}

// Statement is what somebody says of a component and a flaw.
type Statement struct {
	Advisory      string `json:"advisory"`
	Source        string `json:"source"`
	Status        string `json:"status"` // not affected, fixed, under investigation, affected
	Justification string `json:"justification,omitempty"`
	Within        string `json:"within,omitempty"` // product in which it holds
	Range         Range  `json:"range"`
}
