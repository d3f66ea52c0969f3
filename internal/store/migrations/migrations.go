// Package migrations holds the schema of the stores, forward only.
package migrations

import "embed"

// SQLite holds the migrations of the embedded store.
//
//go:embed sqlite/*.sql
var SQLite embed.FS
