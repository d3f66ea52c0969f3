package access

import "fmt"

// Permission is something a caller may do. The zero value is no permission:
// a route that names none is refused at start-up.
type Permission uint32

// The permissions.
const (
	// Public needs no sign-in. Only what the sign-in and set-up pages need has it.
	Public Permission = 1 << iota
	// OwnSession is what everybody who is signed in may do: look at and end the
	// session, read what the API is.
	OwnSession
	ReadSummary      // Today, goals, reports
	ReadDetail       // checks, results, resources, assessments, imports, parameters, ledger
	ReadAudit        // the product's own audit trail
	ReadUsers        // who can sign in, and which API tokens exist
	Import           // bring files
	Assess           // run an assessment, check the ledger
	ManageParameters // thresholds, cadences, windows
	ManageUsers      // users, their roles, their tokens
	ManageOrganization
	ManageInventory // what people know of assets, merges, decisions about findings, searches, feeds
)

const everything = OwnSession | ReadSummary | ReadDetail | ReadAudit | ReadUsers |
	Import | Assess | ManageParameters | ManageUsers | ManageOrganization | ManageInventory

// Role is what somebody is to the product.
type Role string

// The roles.
const (
	Administrator Role = "administrator" // everything
	Analyst       Role = "analyst"       // imports and assesses
	Auditor       Role = "auditor"       // reads everything, changes nothing
	Executive     Role = "executive"     // Today, goals, report
)

// roles is the permission table.
var roles = [...]struct {
	role Role
	may  Permission
}{
	{Administrator, everything},
	{Analyst, OwnSession | ReadSummary | ReadDetail | Import | Assess | ManageInventory},
	{Auditor, OwnSession | ReadSummary | ReadDetail | ReadAudit | ReadUsers},
	{Executive, OwnSession | ReadSummary},
}

// Roles lists the roles, most powerful first.
func Roles() []Role {
	rs := make([]Role, len(roles))
	for i, r := range roles {
		rs[i] = r.role
	}
	return rs
}

// Permissions returns all that a role may do. An unknown role may nothing.
func (r Role) Permissions() Permission {
	for _, row := range roles {
		if row.role == r {
			return row.may
		}
	}
	return 0
}

// Valid reports whether r is one of the roles.
func (r Role) Valid() bool { return r.Permissions() != 0 }

// Within reports whether r may nothing that o may not.
func (r Role) Within(o Role) bool { return r.Permissions()&^o.Permissions() == 0 }

var permissionNames = [...]string{
	"public", "own_session", "read_summary", "read_detail", "read_audit", "read_users", "import", "assess",
	"manage_parameters", "manage_users", "manage_organization", "manage_inventory",
}

// Names lists the single permissions in p by the names the API uses.
func (p Permission) Names() []string {
	out := []string{}
	for i, n := range permissionNames {
		if p&(1<<i) != 0 {
			out = append(out, n)
		}
	}
	return out
}

func (p Permission) String() string {
	if ns := p.Names(); len(ns) == 1 {
		return ns[0]
	}
	return fmt.Sprint(p.Names())
}
