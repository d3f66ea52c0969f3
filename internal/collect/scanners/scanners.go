// Package scanners names the importers of what vulnerability scanners write. A
// new one is a line here, a package below, and a sample in testdata.
package scanners

import (
	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/scanners/defender"
	"github.com/asepsis/asepsis/internal/collect/scanners/grype"
	"github.com/asepsis/asepsis/internal/collect/scanners/nexpose"
	"github.com/asepsis/asepsis/internal/collect/scanners/nuclei"
	"github.com/asepsis/asepsis/internal/collect/scanners/openvas"
	"github.com/asepsis/asepsis/internal/collect/scanners/osvscanner"
	"github.com/asepsis/asepsis/internal/collect/scanners/qualys"
	"github.com/asepsis/asepsis/internal/collect/scanners/tenable"
	"github.com/asepsis/asepsis/internal/collect/scanners/trivy"
	"github.com/asepsis/asepsis/internal/collect/scanners/wazuh"
	"github.com/asepsis/asepsis/internal/collect/scanners/zap"
)

// Importers returns every importer of scanner reports, in the order of their packages.
func Importers() []collect.Importer {
	return []collect.Importer{
		defender.Importer{},
		grype.Importer{},
		nexpose.Importer{},
		nuclei.Importer{},
		openvas.Importer{},
		osvscanner.Importer{},
		qualys.Importer{},
		tenable.Importer{},
		trivy.Importer{},
		wazuh.Importer{},
		zap.Importer{},
	}
}
