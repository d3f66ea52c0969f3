// Package list names every collector and importer. A new one is a line here.
package list

import (
	"slices"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/arp"
	"github.com/asepsis/asepsis/internal/collect/cyclonedx"
	"github.com/asepsis/asepsis/internal/collect/dhcp"
	"github.com/asepsis/asepsis/internal/collect/dmarcreport"
	"github.com/asepsis/asepsis/internal/collect/gudid"
	"github.com/asepsis/asepsis/internal/collect/host"
	"github.com/asepsis/asepsis/internal/collect/mds2"
	"github.com/asepsis/asepsis/internal/collect/nessus"
	"github.com/asepsis/asepsis/internal/collect/nmap"
	"github.com/asepsis/asepsis/internal/collect/osquery"
	"github.com/asepsis/asepsis/internal/collect/scanners"
	"github.com/asepsis/asepsis/internal/collect/scuba"
	"github.com/asepsis/asepsis/internal/collect/software"
	"github.com/asepsis/asepsis/internal/collect/spdx"
	"github.com/asepsis/asepsis/internal/collect/syscollector"
	"github.com/asepsis/asepsis/internal/collect/systeminfo"
	"github.com/asepsis/asepsis/internal/collect/table"
	"github.com/asepsis/asepsis/internal/collect/xccdf"
	"github.com/asepsis/asepsis/internal/collect/zeek"
)

// Importers returns every importer of files.
func Importers() []collect.Importer {
	return slices.Concat([]collect.Importer{
		cyclonedx.Importer{},
		nmap.Importer{},
		nessus.Importer{},
		xccdf.Importer{},
		scuba.Importer{},
		dhcp.Importer{},
		gudid.Importer{},
		arp.Importer{},
		zeek.Importer{},
		osquery.Importer{},
		syscollector.Importer{},
		software.Importer{},
		spdx.Importer{},
		mds2.Importer{},
		systeminfo.Importer{},
		dmarcreport.Importer{},
	}, scanners.Importers(), table.Importers())
}

// Host returns the collector of the machine it runs on.
func Host() collect.Collector { return host.New(host.Options{}) }
