// Package api is the one JSON API of Asepsis: the pages, the command line's
// --server flag and API tokens all use it, and nothing else serves data.
//
// Every route declares the permission it needs when it is registered; one that
// does not is refused at start-up. Handlers read through [Reader] and change
// things through [Actions], which the application implements and apitest fakes.
// Both take an [access.Caller], which only package access can make, so no
// handler can name a tenant other than the caller's own.
package api
