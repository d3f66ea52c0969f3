package api

import "time"

// AssetEdit sets what people know of assets.
type AssetEdit struct {
	Assets []string       `json:"assets" minItems:"1" maxItems:"2000"`
	Values map[string]any `json:"values" doc:"Attribute to value; null takes back what a person said. Attributes: owner, site, zone, location, criticality, class, status, fragile, internet_facing, handles_phi, tag, name"`
	Reason string         `json:"reason,omitempty" maxLength:"500"`
}

// Edited says what an edit did.
type Edited struct {
	Assets  int  `json:"assets"`
	Changed int  `json:"changed"`
	Job     *Job `json:"job,omitempty"`
}

// AssetHistory is what happened to an asset, newest first.
type AssetHistory struct {
	Identity []IdentityLink `json:"identity" doc:"What it was recognized by, and when"`
	Merges   []AssetMerge   `json:"merges"`
	Changes  []AssetChange  `json:"changes" doc:"Newest first, at most 200"`
	More     bool           `json:"more"`
}

// IdentityLink says by what a source's sighting was known to be this asset.
type IdentityLink struct {
	Key    string    `json:"key" example:"serial:5cg1234abc"`
	Stream string    `json:"stream"`
	Title  string    `json:"title"`
	Reason string    `json:"reason" doc:"In a sentence"`
	First  time.Time `json:"first"`
	Last   time.Time `json:"last"`
}

// AssetMerge joins two records of one device.
type AssetMerge struct {
	ID     string    `json:"id"`
	Other  Ref       `json:"other"`
	Reason string    `json:"reason"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
	Undone bool      `json:"undone"`
}

// AssetChange is one attribute that changed.
type AssetChange struct {
	At     time.Time `json:"at"`
	Title  string    `json:"title" doc:"Which source"`
	What   string    `json:"what" doc:"Attribute, or software"`
	Before any       `json:"before"`
	After  any       `json:"after"`
}

// MergeQuestion is a doubt that a person has to decide.
type MergeQuestion struct {
	ID      string    `json:"id"`
	A       Ref       `json:"a"`
	B       Ref       `json:"b"`
	Score   float64   `json:"score" doc:"How likely they are one, 0 to 1"`
	For     []string  `json:"for"`
	Against []string  `json:"against"`
	AskedAt time.Time `json:"asked_at"`
}

// MergeAnswer answers a question.
type MergeAnswer struct {
	Same   bool   `json:"same"`
	Reason string `json:"reason,omitempty" maxLength:"500"`
}

// MergeInput joins two assets by a person's word.
type MergeInput struct {
	Keep   string `json:"keep" maxLength:"100"`
	Other  string `json:"other" maxLength:"100"`
	Reason string `json:"reason" minLength:"3" maxLength:"500"`
}

// SoftwareRow is a piece of software on an asset.
type SoftwareRow struct {
	Ecosystem string   `json:"ecosystem"`
	Name      string   `json:"name"`
	Version   string   `json:"version"`
	PURL      string   `json:"purl,omitempty"`
	Verdict   string   `json:"verdict" enum:"affected,not_affected,not_assessed"`
	Why       string   `json:"why,omitempty"`
	Flaws     []string `json:"flaws" doc:"At most 20"`
	FlawCount int      `json:"flaw_count"`
	Fixed     string   `json:"fixed,omitempty" doc:"The version that mends all of them"`
	Support   string   `json:"support,omitempty" doc:"How long it gets security updates, in a sentence, where that is known"`
	Ended     bool     `json:"ended,omitempty" doc:"It gets no security updates any more"`
}

// DeviceModel is one model of device across the hospital.
type DeviceModel struct {
	ID            string          `json:"id"`
	Manufacturer  string          `json:"manufacturer"`
	Model         string          `json:"model"`
	Class         string          `json:"class"`
	Term          string          `json:"term,omitempty" doc:"What kind of device"`
	Assets        int             `json:"assets"`
	Versions      []string        `json:"versions"`
	Findings      int             `json:"findings" doc:"Open findings on them"`
	Severity      string          `json:"severity,omitempty"`
	Advisories    int             `json:"advisories" doc:"Advisories about it, certain, likely and to check"`
	ToCheck       int             `json:"to_check"`
	MDS2          bool            `json:"mds2" doc:"The maker's disclosure is on file"`
	Lacks         []string        `json:"lacks" doc:"Security capabilities it lacks"`
	SupportEnds   *time.Time      `json:"support_ends,omitempty"`
	Units         []ModelUnit     `json:"units,omitempty" doc:"On the page of one model"`
	Said          []ModelAdvisory `json:"said,omitempty" doc:"On the page of one model"`
	Compensations []Compensation  `json:"compensations,omitempty" doc:"What has to hold what the device lacks"`
}

// ModelUnit is one unit of a model.
type ModelUnit struct {
	Asset       Ref    `json:"asset"`
	Serial      string `json:"serial,omitempty"`
	Version     string `json:"version,omitempty"`
	Location    string `json:"location,omitempty"`
	Owner       string `json:"owner,omitempty"`
	Zone        string `json:"zone,omitempty"`
	Criticality string `json:"criticality,omitempty"`
	UDI         string `json:"udi,omitempty"`
	Findings    int    `json:"findings"`
}

// ModelAdvisory is an advisory about a model.
type ModelAdvisory struct {
	Advisory string   `json:"advisory"`
	Flaws    []string `json:"flaws"`
	Grade    string   `json:"grade" enum:"certain,likely,check_by_hand"`
	Product  string   `json:"product"`
	Versions string   `json:"versions,omitempty"`
	Reason   string   `json:"reason"`
	Assets   int      `json:"assets"`
}

// Compensation is what has to hold a capability that a device lacks.
type Compensation struct {
	Lacks string `json:"lacks"`
	Do    string `json:"do"`
}

// AssetView is a question to the inventory that people keep.
type AssetView struct {
	Name    string   `json:"name" minLength:"1" maxLength:"80"`
	Kind    string   `json:"kind" enum:"asset,vulnerability"`
	Q       string   `json:"q,omitempty" maxLength:"200"`
	Filters []string `json:"filters,omitempty" maxItems:"20"`
	Sort    string   `json:"sort,omitempty" maxLength:"60"`
	Columns []string `json:"columns,omitempty" maxItems:"24"`
	By      string   `json:"by,omitempty" readOnly:"true"`
}

// DiscoveryScope is a network that may be searched for devices.
type DiscoveryScope struct {
	Name     string   `json:"name" minLength:"1" maxLength:"60"`
	Networks []string `json:"networks" minItems:"1" maxItems:"200" doc:"CIDR"`
	Profile  string   `json:"profile" enum:"normal,cautious,never" doc:"cautious: connections only, one device at a time; never: not searched"`
	Zone     string   `json:"zone,omitempty" maxLength:"60" doc:"Zone that devices found here are in"`
	Rate     int      `json:"rate,omitempty" minimum:"0" maximum:"100000" doc:"Packets a second at most; 0 for the profile's own"`
	Ports    []int    `json:"ports,omitempty" maxItems:"2000" doc:"Empty for the ports that hospitals use"`
	Every    string   `json:"every,omitempty" maxLength:"20" doc:"How often: 24h, 168h; empty: only when asked"`
	From     string   `json:"from,omitempty" maxLength:"5" doc:"Not before this hour: 01:00"`
	To       string   `json:"to,omitempty" maxLength:"5" doc:"Not after this hour: 05:00"`
	Note     string   `json:"note,omitempty" maxLength:"500" doc:"Who permitted it"`
	Public   bool     `json:"public,omitempty" doc:"The organization owns these addresses of the internet"`
	Names    bool     `json:"names,omitempty" doc:"The server's own name server is asked for names of what is found"`
	// SNMP is how devices are read; left out, none is.
	SNMP *SNMPAccess `json:"snmp,omitempty"`
}

// DiscoveryRun is one search of a network.
type DiscoveryRun struct {
	ID      string         `json:"id"`
	Scope   string         `json:"scope"`
	State   string         `json:"state" enum:"running,done,failed,stopped"`
	BegunAt time.Time      `json:"begun_at"`
	EndedAt *time.Time     `json:"ended_at,omitempty"`
	Error   string         `json:"error,omitempty"`
	Looked  int            `json:"looked" doc:"Addresses tried"`
	Left    int            `json:"left" doc:"Addresses that must not be probed, left alone"`
	Found   int            `json:"found" doc:"Devices that answered"`
	Changes []DeviceChange `json:"changes" doc:"What is different from the search before, at most 500"`
	Notes   []Note         `json:"notes" doc:"What it could not do"`
	// LeftAlone names them, each with the reason.
	LeftAlone []Note `json:"left_alone,omitempty" doc:"Addresses left alone and why, at most 200"`
}

// DeviceChange is a difference between two searches.
type DeviceChange struct {
	Change string `json:"change" enum:"new,gone,moved,replaced,port_opened,port_closed"`
	Device string `json:"device"`
	Say    string `json:"say"`
}

// InventorySummary is the head of the Assets page.
type InventorySummary struct {
	Assets     int `json:"assets"`
	InUse      int `json:"in_use"`
	Unknown    int `json:"unknown" doc:"Seen on the network, in no list"`
	Questions  int `json:"questions" doc:"Doubtful merges to decide"`
	NoOwner    int `json:"no_owner"`
	NoSoftware int `json:"no_software" doc:"In use, and no source lists their software"`
	Medical    int `json:"medical"`
	Fragile    int `json:"fragile"`
}
