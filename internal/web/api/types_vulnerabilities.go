package api

import "time"

// VulnerabilityOverview is what to do this week.
type VulnerabilityOverview struct {
	Feed *FeedBrief `json:"feed,omitempty" doc:"The advisories in force; absent where none were brought"`

	Open       int            `json:"open" doc:"Findings: one flaw on one asset, however many sources report it"`
	Flaws      int            `json:"flaws" doc:"Different flaws among them"`
	BySeverity map[string]int `json:"by_severity" doc:"Open findings by severity"`
	Exploited  int            `json:"exploited" doc:"Open findings that CISA knows to be exploited"`
	PastDue    int            `json:"past_due" doc:"Open findings past the day they were to be mended by"`
	DueSoon    int            `json:"due_soon" doc:"Open findings to be mended within seven days"`
	Decided    int            `json:"decided" doc:"Findings that a person accepted, disputed or compensated, not counted as open"`

	Assets      int `json:"assets" doc:"Assets in use"`
	AssetsOpen  int `json:"assets_open" doc:"Of these, with open findings"`
	Assessed    int `json:"assessed" doc:"Of these, whose software or scan lets us say something"`
	NotAssessed int `json:"not_assessed" doc:"Of these, of which nobody knows"`

	Components            int             `json:"components" doc:"Pieces of software held against the advisories, counted per asset"`
	ComponentsNotAssessed int             `json:"components_not_assessed" doc:"Pieces of software that no advisory in force can speak of"`
	Gaps                  []AssessmentGap `json:"gaps" doc:"What was not assessed, and why; most first"`
	Groups                []UpdateGroup   `json:"groups" doc:"Updates that mend the most, most urgent first"`
	GroupsTotal           int             `json:"groups_total"`
	Times                 []TimeToFix     `json:"times" doc:"How long findings took to be mended in the last 365 days, by severity"`
	Checks                int             `json:"checks" doc:"Advisories about devices that a person has to compare"`
}

// FeedBrief names the advisories in force.
type FeedBrief struct {
	ID      string    `json:"id" doc:"SHA-256 of the feed"`
	BuiltAt time.Time `json:"built_at"`
	Stale   bool      `json:"stale" doc:"Older than the organization allows"`

	KnowsExploited bool `json:"knows_exploited" doc:"Holds CISA's catalog: only then is what is not in it not known to be exploited"`
}

// AssessmentGap counts software that was not assessed.
type AssessmentGap struct {
	Ecosystem string   `json:"ecosystem"`
	Why       string   `json:"why"`
	Count     int      `json:"count" doc:"Pieces of software, counted per asset"`
	Assets    int      `json:"assets"`
	Sample    []string `json:"sample" doc:"A few of their names"`
}

// UpdateGroup is one thing to do, and what it mends.
type UpdateGroup struct {
	ID         string     `json:"id"`
	Title      string     `json:"title" example:"Update openssl to 3.0.15"`
	Software   string     `json:"software"`
	Fixed      string     `json:"fixed,omitempty" doc:"The version or update that mends all of it; empty where there is none"`
	Findings   int        `json:"findings"`
	Flaws      []string   `json:"flaws" doc:"At most 50, gravest first"`
	FlawCount  int        `json:"flaw_count"`
	Assets     []Ref      `json:"assets" doc:"At most 50"`
	AssetCount int        `json:"asset_count"`
	Severity   string     `json:"severity" doc:"The gravest among them"`
	Exploited  int        `json:"exploited"`
	EPSS       float64    `json:"epss" doc:"The highest among them; 0 where unknown"`
	Decision   string     `json:"decision" enum:"act,attend,track_closely,track"`
	FixBy      *time.Time `json:"fix_by,omitempty" doc:"The earliest day among them"`
	Owners     []string   `json:"owners" doc:"Who answers for the assets"`
	Why        []string   `json:"why" doc:"Why it stands where it stands"`
}

// TimeToFix says how long findings take to be mended.
type TimeToFix struct {
	Severity   string   `json:"severity"`
	Fixed      int      `json:"fixed" doc:"Findings mended in the period"`
	MedianDays *float64 `json:"median_days,omitempty"`
	P90Days    *float64 `json:"p90_days,omitempty"`
	Open       int      `json:"open" doc:"Findings still open; they count as no time to mend"`
	OldestDays *float64 `json:"oldest_days,omitempty" doc:"Age of the oldest open one"`
}

// FlawDetail answers: are we affected?
type FlawDetail struct {
	ID      string   `json:"id"`
	Asked   string   `json:"asked" doc:"What was asked for, where it is another name"`
	Aliases []string `json:"aliases"`
	Title   string   `json:"title"`
	Details string   `json:"details,omitempty"`
	Answer  string   `json:"answer" enum:"affected,not_affected,not_assessed,unknown" doc:"unknown: no advisory in force knows the id"`
	Say     string   `json:"say" doc:"The answer in a sentence, with what it counts"`

	Severity   string     `json:"severity,omitempty"`
	CVSS       float64    `json:"cvss,omitempty"`
	Vector     string     `json:"vector,omitempty"`
	Published  *time.Time `json:"published,omitempty"`
	Exploited  *Exploited `json:"exploited,omitempty"`
	EPSS       *float64   `json:"epss,omitempty"`
	Points     *Points    `json:"points,omitempty"`
	References []string   `json:"references"`
	Advisories []Advisory `json:"advisories" doc:"What each source says"`

	Affected          []AffectedAsset `json:"affected" doc:"At most 500"`
	AffectedAll       int             `json:"affected_all"`
	ToCheck           []AssetToCheck  `json:"to_check" doc:"Devices that a person has to compare"`
	Gaps              []AssessmentGap `json:"gaps" doc:"Software of which nobody can say"`
	Looked            int             `json:"looked" doc:"Assets whose software was held against the advisories"`
	Pieces            int             `json:"pieces" doc:"Pieces of software on the assets that were looked at"`
	PiecesNotAssessed int             `json:"pieces_not_assessed" doc:"Of these, of which no advisory in force can speak"`
	NotLooked         int             `json:"not_looked" doc:"Assets in use of which no source lists the software"`
	Decisions         []FlawDecision  `json:"decisions"`
	Feed              *FeedBrief      `json:"feed,omitempty"`
}

// Exploited is what CISA says of a flaw that is exploited.
type Exploited struct {
	Added      *time.Time `json:"added,omitempty"`
	Due        *time.Time `json:"due,omitempty"`
	Ransomware bool       `json:"ransomware"`
	Action     string     `json:"action,omitempty"`
}

// Points are CISA's SSVC decision points.
type Points struct {
	Exploitation    string `json:"exploitation"`
	Automatable     bool   `json:"automatable"`
	TechnicalImpact string `json:"technical_impact"`
}

// Advisory is what one source says of a flaw.
type Advisory struct {
	ID        string     `json:"id"`
	Source    string     `json:"source"`
	Title     string     `json:"title"`
	Modified  *time.Time `json:"modified,omitempty"`
	Withdrawn *time.Time `json:"withdrawn,omitempty"`
	Products  []string   `json:"products" doc:"Products and versions in words, at most 20"`
}

// AffectedAsset is an asset that has the flaw.
type AffectedAsset struct {
	Asset       Ref        `json:"asset"`
	Finding     string     `json:"finding" doc:"Id of the vulnerability"`
	Owner       string     `json:"owner,omitempty"`
	Location    string     `json:"location,omitempty"`
	Criticality string     `json:"criticality,omitempty"`
	Software    string     `json:"software,omitempty"`
	Version     string     `json:"version,omitempty"`
	Fixed       string     `json:"fixed,omitempty"`
	Witnesses   []string   `json:"witnesses"`
	Since       *time.Time `json:"since,omitempty"`
	FixBy       *time.Time `json:"fix_by,omitempty"`
	Decision    string     `json:"decision,omitempty"`
	Disposition string     `json:"disposition,omitempty"`
}

// AssetToCheck is a device that an advisory may be about.
type AssetToCheck struct {
	Asset    Ref    `json:"asset"`
	Advisory string `json:"advisory"`
	Product  string `json:"product"`
	Versions string `json:"versions,omitempty"`
	Reason   string `json:"reason"`
}

// FlawWhy explains what the advisories say of an asset's software about a flaw.
type FlawWhy struct {
	Flaw  string        `json:"flaw"`
	Asset *Ref          `json:"asset,omitempty"`
	Lines []Explanation `json:"lines"`
}

// Explanation says how one piece of software was judged.
type Explanation struct {
	Software  string `json:"software"`
	Version   string `json:"version"`
	Ecosystem string `json:"ecosystem"`
	Verdict   string `json:"verdict" enum:"affected,not_affected,not_assessed"`
	Advisory  string `json:"advisory,omitempty"`
	Source    string `json:"source,omitempty"`
	Range     string `json:"range,omitempty" doc:"The range of versions it was compared with"`
	Fixed     string `json:"fixed,omitempty"`
	Say       string `json:"say" doc:"In a sentence"`
}

// FlawDecision is what a person decided about findings.
type FlawDecision struct {
	ID       string     `json:"id"`
	Kind     string     `json:"kind" enum:"accept,dispute,compensate"`
	Flaw     string     `json:"flaw"`
	Software string     `json:"software,omitempty"`
	Version  string     `json:"version,omitempty"`
	Group    string     `json:"group,omitempty" doc:"An asset's id, or attribute=value"`
	Reason   string     `json:"reason"`
	Control  string     `json:"control,omitempty"`
	By       string     `json:"by"`
	At       time.Time  `json:"at"`
	Until    time.Time  `json:"until"`
	EndedBy  string     `json:"ended_by,omitempty"`
	EndedAt  *time.Time `json:"ended_at,omitempty"`
	Live     bool       `json:"live"`
	Covers   int        `json:"covers" doc:"Findings it covers now"`
}

// DecisionInput is what a person decides.
type DecisionInput struct {
	Kind     string    `json:"kind" enum:"accept,dispute,compensate"`
	Flaw     string    `json:"flaw" minLength:"3" maxLength:"100"`
	Software string    `json:"software,omitempty" maxLength:"200" doc:"Name, * allowed; empty for any"`
	Version  string    `json:"version,omitempty" maxLength:"200"`
	Group    string    `json:"group,omitempty" maxLength:"200" doc:"An asset's id, or attribute=value; empty for every asset"`
	Reason   string    `json:"reason" minLength:"10" maxLength:"2000"`
	Control  string    `json:"control,omitempty" maxLength:"500" doc:"What holds the flaw, for a compensation"`
	Until    time.Time `json:"until"`
}

// FeedStatus is the state of the advisories.
type FeedStatus struct {
	InForce  *FeedDetail  `json:"in_force,omitempty"`
	Earlier  []FeedBrief  `json:"earlier" doc:"Feeds kept beside it"`
	Keys     []TrustedKey `json:"keys" doc:"Who may sign feeds"`
	Cadences []Cadence    `json:"cadences" doc:"How old each kind of source may be"`
}

// FeedDetail is one feed.
type FeedDetail struct {
	FeedBrief
	Size       int64           `json:"size"`
	SignedBy   string          `json:"signed_by"`
	Sources    []FeedSource    `json:"sources"`
	Ecosystems []FeedEcosystem `json:"ecosystems"`
	Refused    int             `json:"refused" doc:"Records that could not be read"`
	RefusedOf  []FeedRefused   `json:"refused_of" doc:"A few of them, at most 200"`
	Landed     *FeedLanded     `json:"landed,omitempty" doc:"What changed here when it came in force; absent where nothing was held against it yet"`
}

// FeedLanded says what a feed changed when the inventory was first held against it.
type FeedLanded struct {
	At     time.Time `json:"at"`
	Assets int       `json:"assets" doc:"Assets whose findings changed"`
	Opened int       `json:"opened" doc:"Findings that came"`
	Closed int       `json:"closed" doc:"Findings that went"`
}

// FeedSource is one source of a feed.
type FeedSource struct {
	ID      string     `json:"id"`
	Title   string     `json:"title"`
	Records int        `json:"records"`
	Refused int        `json:"refused"`
	Newest  *time.Time `json:"newest,omitempty" doc:"Newest change among its records"`
	Stale   bool       `json:"stale"`
	Why     string     `json:"why,omitempty"`
}

// FeedEcosystem says how far a feed speaks of one kind of software.
type FeedEcosystem struct {
	Name      string     `json:"name" example:"Debian:12"`
	Records   int        `json:"records"`
	Newest    *time.Time `json:"newest,omitempty"`
	Installed int        `json:"installed" doc:"Pieces of software of it that the inventory holds"`
	Stale     bool       `json:"stale"`
}

// FeedRefused is a record that could not be read.
type FeedRefused struct {
	Source string `json:"source"`
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Record string `json:"record,omitempty"`
	Why    string `json:"why"`
}

// TrustedKey is a key that feeds may be signed with.
type TrustedKey struct {
	Name string `json:"name"`
	Key  string `json:"key"`
}

// Cadence says how old a kind of source may be.
type Cadence struct {
	Source string `json:"source"`
	Days   int    `json:"days"`
}
