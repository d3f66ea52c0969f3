package access

import "context"

// Caller is who asks. Only this package makes one, so code that holds a Caller
// can reach the records of that caller's tenant and of no other.
type Caller struct {
	tenant, id, name string
	role             Role
	from             Address
	how              How
}

// How says by what a caller was known.
type How string

// The ways.
const (
	BySession How = "session"
	ByToken   How = "token"
	ByCommand How = "command" // the command line on the server itself
	BySetUp   How = "set_up"  // a set-up link
)

// Command returns the caller for work that the server's own command line or
// scheduler does for a tenant. It may do everything.
func Command(tenant, name string) Caller {
	return Caller{tenant: tenant, id: "command", name: name, role: Administrator, from: LocalCommand, how: ByCommand}
}

// Tenant is the id of the organization whose records the caller may reach.
func (c Caller) Tenant() string { return c.tenant }

// ID is the user's or token's id; "command" for the command line.
func (c Caller) ID() string { return c.id }

// Name is what people call the caller: the mail address of a user, the name of
// a token.
func (c Caller) Name() string { return c.name }

// Role is the caller's role.
func (c Caller) Role() Role { return c.role }

// From is the class of the address that the caller came from.
func (c Caller) From() Address { return c.from }

// How says by what the caller was known.
func (c Caller) How() How { return c.how }

// Can reports whether the caller may do all of p.
func (c Caller) Can(p Permission) bool { return p != 0 && c.role.Permissions()&p == p }

// Known reports whether anybody is signed in.
func (c Caller) Known() bool { return c.tenant != "" }

type callerKey struct{}

// With returns a context that carries the caller.
func With(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// From returns the caller of a context; the zero Caller where there is none.
func From(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}
