package access

import (
	"context"
	"time"
)

// Store keeps users, sessions, tokens, links and the audit trail of all tenants.
//
// Finds return an error of kind errs.NotFound if there is none, puts one of kind
// errs.Conflict where the contract says so. Times are kept to the microsecond
// at least. accesstest.Suite checks an implementation.
type Store interface {
	// View runs f on one consistent state. Nothing may be changed.
	View(ctx context.Context, f func(Reader) error) error
	// Update runs f in one write transaction. Where f returns an error, nothing
	// of it stays; else all of it is durable when Update returns, events that were
	// recorded included (an implementation appends them to the ledger in the same
	// transaction). No two updates overlap: what f reads is still so when it
	// commits. f may be run again where the database asks for it.
	Update(ctx context.Context, f func(Tx) error) error
}

// Reader reads within a transaction.
type Reader interface {
	// User finds a user by id.
	User(id string) (User, error)
	// UserByEmail finds a user by mail address, lower-cased, over all tenants.
	UserByEmail(email string) (User, error)
	// Users lists those of a tenant by mail address.
	Users(tenant string) ([]User, error)
	// AnyUser reports whether there is a user of any tenant, in any state but Invited.
	AnyUser() (bool, error)

	Session(hash Hash) (Session, error)
	Token(id string) (Token, error)
	TokenByHash(hash Hash) (Token, error)
	// Tokens lists those of a tenant, newest first.
	Tokens(tenant string) ([]Token, error)
	Link(hash Hash) (Link, error)

	// Events lists a tenant's audit trail, newest first.
	Events(tenant string, q EventQuery) ([]Event, error)
}

// Tx reads and writes within a transaction. What it wrote, it reads.
type Tx interface {
	Reader

	// PutUser keeps a whole user, new or changed. It returns errs.Conflict where
	// another user has the mail address, or where a user with the id belongs to
	// another tenant.
	PutUser(u User) error

	PutSession(s Session) error
	// DeleteSession is done with nothing where there is none.
	DeleteSession(hash Hash) error
	// DeleteSessionsOf ends all sessions of a user but the one kept, whose hash
	// may be zero.
	DeleteSessionsOf(user string, keep Hash) error
	// DeleteStaleSessions ends those last seen before idle or begun before begun,
	// and links that expired before now. It returns how many sessions.
	DeleteStaleSessions(idle, begun, now time.Time) (int, error)

	PutToken(t Token) error
	DeleteToken(id string) error

	PutLink(l Link) error
	DeleteLink(hash Hash) error
	// DeleteLinksOf takes back all links of a user; those of the first run where
	// user is empty.
	DeleteLinksOf(user string) error

	// Record appends to the audit trail. The id is set.
	Record(e Event) error
}

// Hash is the SHA-256 of a random secret. Only the hash is ever stored.
type Hash [32]byte

// UserState is where a user stands.
type UserState string

// The states.
const (
	Invited  UserState = "invited"  // has a link, and no second factor yet
	Active   UserState = "active"   // can sign in
	Disabled UserState = "disabled" // cannot
)

// User is somebody who can sign in, or could.
type User struct {
	ID     string // id.User
	Tenant string
	Name   string
	Email  string // lower-cased
	Role   Role
	State  UserState

	Password string // argon2id in PHC form; empty before set-up
	// TOTP is the sealed secret of the second factor; nil before set-up.
	TOTP []byte
	// TOTPStep is the newest time step that was used: an older or equal one is a replay.
	TOTPStep int64
	Recovery []Hash // of the recovery codes that are left

	CreatedAt  time.Time
	LastSignIn time.Time // zero if never
}

// Session is a signed-in browser.
type Session struct {
	Hash    Hash // of the cookie's value
	User    string
	Tenant  string
	BegunAt time.Time
	SeenAt  time.Time // to the minute or so
	From    Address
}

// Token is an API token.
type Token struct {
	ID        string // id.Token
	Tenant    string
	Name      string
	Role      Role
	Prefix    string // first characters of the secret, to tell it by
	Hash      Hash
	CreatedBy string // mail address
	CreatedAt time.Time
	ExpiresAt time.Time
	LastUsed  time.Time // zero if never; to the minute or so
}

// Link lets somebody set a password and a second factor, once. What they chose
// waits here until the first code of the second factor confirms it; the user
// is as before until then.
type Link struct {
	Hash      Hash
	First     bool   // the first run: it sets up the organization and makes the user
	User      string // empty for the first run
	Tenant    string // of the user; for the first run, the tenant to create
	ExpiresAt time.Time

	Name     string
	Email    string
	Password string // argon2id in PHC form; empty until chosen
	TOTP     []byte // sealed; nil until chosen
}

// Event is a row of the audit trail: who did what, when, from where. It never
// holds a secret, a password or an address.
type Event struct {
	ID      string // id.Event; sorts by time
	Tenant  string // empty for what belongs to none, such as a sign-in under an unknown name
	At      time.Time
	Who     string // mail address or name
	WhoID   string // user or token id; empty if not known
	Action  string // "session.begin"
	Target  string // what it was done to: an id or a name
	Outcome string // "done", "refused"
	From    Address
	Detail  map[string]string
}

// The outcomes of an event.
const (
	Done    = "done"
	Refused = "refused"
)

// EventQuery filters the audit trail.
type EventQuery struct {
	Before string // only ids that sort before this one; "" for the newest
	Limit  int    // at least 1
	Q      string // in who, action or target, whatever the case
	Action string // begins with
}
