// Package access says who may do what: users with roles, passwords and second
// factors, sessions, API tokens, set-up links, and the product's own audit trail.
//
// A [Service] decides; a [Store] keeps. Secrets that only need to be recognized
// (session ids, tokens, links, recovery codes) are kept as SHA-256 of 256 random
// bits or more; passwords as argon2id; the secret of a second factor, which must
// be read again, is sealed with a key that lives outside the database.
//
// A stranger can slow sign-in under somebody's name, but never stop it for good:
// a browser that signed in before has its own count of failures, and every wait
// ends within a quarter of an hour.
package access
