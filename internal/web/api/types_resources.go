package api

import "time"

// ResourceRow is one resource as a list shows it.
type ResourceRow struct {
	Kind   string         `json:"kind"`
	ID     string         `json:"id"`
	Label  string         `json:"label"`
	Asset  *Ref           `json:"asset,omitempty" doc:"The asset it lives on"`
	Values map[string]any `json:"values" doc:"The attributes among columns that have a value"`
	// Missing has the attributes among columns that some source tried to read and could not.
	Missing map[string]string `json:"missing" doc:"Attribute to why it could not be read"`
	Tally   Tally             `json:"tally" doc:"Results about it in the newest assessment"`
}

// ResourcePage is one page of resources.
type ResourcePage struct {
	Page[ResourceRow]
	Columns []AttributeInfo `json:"columns" doc:"What the rows show"`
	Facets  []Facet         `json:"facets" doc:"Counts to filter by, under the search but not the filters"`
}

// AttributeInfo describes an attribute of a kind of resource.
type AttributeInfo struct {
	Name string `json:"name"`
	Type string `json:"type" enum:"bool,int,double,string,timestamp,list(string)"`
	Doc  string `json:"doc"`
}

// Facet counts the values of one attribute.
type Facet struct {
	Attribute string       `json:"attribute"`
	Values    []FacetValue `json:"values" doc:"Most frequent first"`
}

// FacetValue is one value with how many resources have it.
type FacetValue struct {
	Value string `json:"value" doc:"As a filter takes it; empty for resources without the attribute"`
	Count int    `json:"count"`
}

// ResourceDetail is everything known about one resource.
type ResourceDetail struct {
	Kind       string          `json:"kind"`
	ID         string          `json:"id"`
	Label      string          `json:"label"`
	Asset      *Ref            `json:"asset,omitempty"`
	Keys       []string        `json:"keys" doc:"What identifies it, assets only" example:"serial:5CG1234ABC"`
	Attributes []Attribute     `json:"attributes" doc:"In the order of the kind's schema; those nobody spoke of are left out"`
	Results    []ResultOfCheck `json:"results" doc:"What the newest assessment says about it, failures first"`
	Related    []RelatedGroup  `json:"related" doc:"What lives on it or belongs to it"`
	Components int             `json:"components" doc:"Installed software known, assets only"`
	FirstSeen  *time.Time      `json:"first_seen,omitempty"`
}

// Attribute is one attribute of a resource with its origin.
type Attribute struct {
	Name    string     `json:"name"`
	Type    string     `json:"type" enum:"bool,int,double,string,timestamp,list(string)"`
	Doc     string     `json:"doc"`
	Derived bool       `json:"derived" doc:"Computed from several facts"`
	Value   any        `json:"value" doc:"null where it could not be read"`
	Missing string     `json:"missing,omitempty" doc:"Why it could not be read"`
	Origin  *Origin    `json:"origin,omitempty"`
	Others  []Opinions `json:"others" doc:"What other sources say where they disagree"`
}

// Opinions is what another source says.
type Opinions struct {
	Value  any    `json:"value"`
	Origin Origin `json:"origin"`
}

// ResultOfCheck is the verdict of one check on the resource at hand.
type ResultOfCheck struct {
	Check    string `json:"check"`
	Title    string `json:"title"`
	Goal     string `json:"goal"`
	Severity string `json:"severity" enum:"critical,high,medium,low"`
	Verdict  string `json:"verdict" enum:"pass,fail,not_applicable,not_measured,error"`
	Why      string `json:"why,omitempty"`
}

// RelatedGroup lists resources of one kind that belong to the one at hand.
type RelatedGroup struct {
	Kind  string `json:"kind"`
	Title string `json:"title" example:"Accounts"`
	Total int    `json:"total"`
	Items []Ref  `json:"items" doc:"At most 20"`
}

// SearchHit is one hit of the global search.
type SearchHit struct {
	Kind  string `json:"kind" doc:"goal, check, page, model, or a kind of resource"`
	ID    string `json:"id"`
	Label string `json:"label"`
	Note  string `json:"note,omitempty" doc:"What tells it from its like" example:"workstation, Radiology"`
	Link  string `json:"link" doc:"Page of the browser interface, beginning with a slash"`
}

// SearchResult is what the search found.
type SearchResult struct {
	Query string      `json:"query"`
	Hits  []SearchHit `json:"hits" doc:"Best first, at most 30"`
}
