package api

import "time"

// Parameter is one threshold, cadence or window that an organization may set.
type Parameter struct {
	Check    string    `json:"check" doc:"Check id; empty for those of all checks"`
	Name     string    `json:"name"`
	Type     string    `json:"type" enum:"bool,int,double,string,list(string)"`
	Units    string    `json:"units,omitempty"`
	Doc      string    `json:"doc"`
	Citation string    `json:"citation,omitempty" doc:"Where the default comes from"`
	Default  any       `json:"default"`
	Value    any       `json:"value" doc:"In force"`
	Override *Override `json:"override,omitempty" doc:"Who set it, where it differs from the default"`
}

// Override says who set a parameter, and why.
type Override struct {
	By     string    `json:"by"`
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
}

// User is somebody who can sign in.
type User struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Email      string     `json:"email"`
	Role       string     `json:"role" enum:"administrator,analyst,auditor,executive"`
	State      string     `json:"state" enum:"invited,active,disabled"`
	CreatedAt  time.Time  `json:"created_at"`
	LastSignIn *time.Time `json:"last_sign_in,omitempty"`
	Recovery   int        `json:"recovery_codes_left"`
}

// Token is an API token without its secret.
type Token struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Role      string     `json:"role" enum:"administrator,analyst,auditor,executive"`
	Prefix    string     `json:"prefix" doc:"Its first characters, to tell it by"`
	CreatedBy string     `json:"created_by"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt time.Time  `json:"expires_at"`
	LastUsed  *time.Time `json:"last_used,omitempty"`
}

// AuditEvent is one row of the product's own audit trail.
type AuditEvent struct {
	ID      string            `json:"id"`
	At      time.Time         `json:"at"`
	Who     string            `json:"who" doc:"Name or mail address, or what acted" example:"d.osei@prairie.example"`
	Action  string            `json:"action" example:"session.begin"`
	Target  string            `json:"target,omitempty"`
	Outcome string            `json:"outcome" enum:"done,refused"`
	From    string            `json:"from" enum:"loopback,private,public,local_command,unknown" doc:"Class of the address"`
	Detail  map[string]string `json:"detail" doc:"Never a secret"`
}

// Preset is a kind of organization to start from.
type Preset struct {
	Kind  string `json:"kind" enum:"critical_access,community,clinic,health_system"`
	Title string `json:"title"`
	Doc   string `json:"doc"`
	Beds  int    `json:"beds" doc:"Typical"`
}

// Hospital is a real hospital to look up.
type Hospital struct {
	CCN   string `json:"ccn"`
	Name  string `json:"name"`
	State string `json:"state"`
	City  string `json:"city,omitempty"`
	Kind  string `json:"kind" enum:"critical_access,community,clinic,health_system"`
	Beds  int    `json:"beds,omitempty"`
}

// LedgerStatus says how the tamper-evident record stands.
type LedgerStatus struct {
	Size       int64        `json:"size" doc:"Entries"`
	RootHash   string       `json:"root_hash" doc:"Base64"`
	Checkpoint string       `json:"checkpoint" doc:"The newest signed note, as text"`
	At         *time.Time   `json:"at,omitempty" doc:"When it was signed"`
	KeyName    string       `json:"key_name"`
	LastCheck  *LedgerCheck `json:"last_check,omitempty"`
}

// LedgerCheck is what came of deriving the record anew.
type LedgerCheck struct {
	At      time.Time `json:"at"`
	Good    bool      `json:"good"`
	Entries int64     `json:"entries" doc:"Read and hashed anew"`
	TookMS  int64     `json:"took_ms"`
	Faults  []string  `json:"faults" doc:"What was changed, where"`
}
