package demo

import (
	"time"

	"github.com/asepsis/asepsis/internal/advisory"
)

// Advisories are what the made-up world publishes about the software of the
// made-up hospital. Their names say that they are none of the real world.
func Advisories(now time.Time) []advisory.Advisory {
	score := func(vector string) []advisory.Score { return []advisory.Score{{Vector: vector, By: "demonstration"}} }
	const (
		remote = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
		denial = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"
		local  = "CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H"
		leak   = "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:L/I:N/A:N"
	)
	var out []advisory.Advisory
	for _, a := range []struct {
		id, title, name, fixed, vector string
		days                           int
	}{
		{"DEMO-2026-0101", "Web server: a request runs code", "nginx", "1.24.0-4", remote, 25},
		{"DEMO-2026-0102", "Cryptographic library: a certificate stops the service", "openssl", "3.0.13-2", denial, 60},
		{"DEMO-2026-0103", "Rights tool: a setting lets anybody become root", "sudo", "1.9.15p5-5", local, 200},
		{"DEMO-2026-0104", "Transfer tool: a password is sent to another server", "curl", "8.5.0-3", leak, 120},
		{"DEMO-2026-0105", "Database: a function runs with another's rights", "postgresql-16", "16.4-2", local, 40},
		{"DEMO-2025-0044", "Time service: a packet stops it", "chrony", "4.2-1", denial, 400},
	} {
		at := now.AddDate(0, 0, -a.days).UTC().Truncate(24 * time.Hour)
		out = append(out, advisory.Advisory{
			ID: a.id, Source: "demonstration", Title: a.title, Details: "Made up for the demonstration. No such flaw exists.",
			Published: at, Modified: at, Scores: score(a.vector),
			Products: []advisory.Product{{
				Package: &advisory.Package{Ecosystem: "Ubuntu:22.04", Name: a.name},
				Ranges:  []advisory.Range{{Introduced: "0", Fixed: a.fixed}},
			}},
		})
	}
	return out
}
