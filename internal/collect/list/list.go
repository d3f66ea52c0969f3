// Package list names every collector and importer. A new one is a line here.
package list

import (
	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/cyclonedx"
	"github.com/asepsis/asepsis/internal/collect/host"
	"github.com/asepsis/asepsis/internal/collect/nessus"
	"github.com/asepsis/asepsis/internal/collect/nmap"
	"github.com/asepsis/asepsis/internal/collect/scuba"
	"github.com/asepsis/asepsis/internal/collect/table"
	"github.com/asepsis/asepsis/internal/collect/xccdf"
)

// Importers returns every importer of files.
func Importers() []collect.Importer {
	return append([]collect.Importer{
		cyclonedx.Importer{},
		nmap.Importer{},
		nessus.Importer{},
		xccdf.Importer{},
		scuba.Importer{},
	}, table.Importers()...)
}

// Host returns the collector of the machine it runs on.
func Host() collect.Collector { return host.New(host.Options{}) }
