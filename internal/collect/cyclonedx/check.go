package cyclonedx

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/collect/safe"
)

// The checks here are what the specification's schemas demand, for JSON and XML
// alike. Lists of names hold those of every version from 1.2 to 1.7: a name is
// not refused for coming too early.

const mend = "ask its maker for a correct one, or choose to leave out what is wrong"

var (
	types = []string{
		"application", "framework", "library", "container", "platform", "operating-system", "device", "device-driver", "firmware",
		"file", "machine-learning-model", "data", "cryptographic-asset",
	}
	scopes     = []string{"required", "optional", "excluded"}
	patches    = []string{"unofficial", "monkey", "backport", "cherry-pick"}
	issues     = []string{"defect", "enhancement", "security"}
	flows      = []string{"inbound", "outbound", "bi-directional", "unknown"}
	algorithms = []string{
		"MD5", "SHA-1", "SHA-256", "SHA-384", "SHA-512", "SHA3-256", "SHA3-384", "SHA3-512", "BLAKE2b-256", "BLAKE2b-384", "BLAKE2b-512",
		"BLAKE3", "Streebog-256", "Streebog-512",
	}
	serial = regexp.MustCompile(`^(urn:uuid:)?\{?[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\}?$`)
)

// versions are the versions that are read.
var versions = []string{"1.0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7"}

func (p *parser) checkVersion(v string, line int) error {
	p.version = v
	if slices.Contains(versions, v) {
		return nil
	}
	return &safe.Fault{
		Line: line, Reason: fmt.Sprintf("CycloneDX version %.20q is not read; 1.0 to 1.7 are", v), Mend: "ask for the bill of materials in version 1.6",
	}
}

func (p *parser) oneOf(line int, what, v string, names []string) error {
	if slices.Contains(names, v) {
		return nil
	}
	return p.faults.Add(line, what, fmt.Sprintf("%s is %.40q; it must be one of %s", what, v, strings.Join(names, ", ")), mend)
}

func (p *parser) checkSerial(line int, v string) error {
	if serial.MatchString(v) {
		return nil
	}
	return p.faults.Add(line, "serialNumber", fmt.Sprintf("the serial number %.60q is no UUID", v), mend)
}

func (p *parser) checkHash(line int, alg, content string) error {
	if err := p.oneOf(line, "alg", alg, algorithms); err != nil {
		return err
	}
	if isDigest(content) {
		return nil
	}
	return p.faults.Add(line, "hashes", fmt.Sprintf("the %.20s hash %.40q is no hash", alg, content), mend)
}

// isDigest reports whether these are as many hexadecimal digits as a hash has.
func isDigest(s string) bool {
	switch len(s) {
	case 32, 40, 64, 96, 128:
	default:
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
			return false
		}
	}
	return true
}

func (p *parser) checkEncoding(line int, v string) error {
	return p.oneOf(line, "encoding", v, []string{"base64"})
}

// checkRef checks the bom-ref of a component, which is not empty and stands
// once. The product itself may be listed among its parts again: makers do it.
func (p *parser) checkRef(line int, v string, as role) error {
	switch {
	case v == "":
		return p.faults.Add(line, "bom-ref", "a bom-ref is empty", mend)
	case p.refs[v]:
		return p.faults.Add(line, "bom-ref", fmt.Sprintf("the bom-ref %.60q is given twice", v), mend)
	}
	if as == whole {
		return nil
	}
	p.refs[v] = true // no more than components, which are counted
	return nil
}

func (p *parser) required(line int, what, v string) error {
	if v != "" {
		return nil
	}
	return p.faults.Add(line, what, what+" is missing", mend)
}

// license counts what a license says, to check that it says one thing once.
type license struct{ ids, names, expressions int }

func (p *parser) checkLicense(line int, l license) error {
	switch {
	case l.expressions > 0 && l.ids+l.names > 0:
		return p.faults.Add(line, "licenses", "a license is named and given as an expression at once", mend)
	case l.expressions == 0 && l.ids+l.names == 0:
		return p.faults.Add(line, "licenses", "a license has neither id nor name", mend)
	case l.ids+l.names > 1:
		return p.faults.Add(line, "licenses", "a license is named more than once", mend)
	}
	return nil
}

// checkLicenses checks a list: before version 1.7 it names licenses, or it is
// one expression.
func (p *parser) checkLicenses(line, named, expressions int) error {
	if p.version == "1.7" || p.version == "" || expressions == 0 || expressions == 1 && named == 0 {
		return nil
	}
	return p.faults.Add(line, "licenses", "licenses are named and given as an expression at once", mend)
}

// citation counts what a citation says.
type citation struct{ pointers, expressions, attributed, process int }

func (p *parser) checkCitation(line int, c citation) error {
	switch {
	case c.attributed > 1 || c.process > 1 || c.attributed+c.process == 0:
		return p.faults.Add(line, "citations", "a citation names nobody, or several", mend)
	case c.pointers > 0 == (c.expressions > 0):
		return p.faults.Add(line, "citations", "a citation must have either pointers or expressions", mend)
	}
	return nil
}

// timestamp reads metadata.timestamp. XML allows it without a zone.
func (p *parser) timestamp(line int, v string, layouts ...string) error {
	for _, l := range layouts {
		if t, err := time.Parse(l, v); err == nil {
			p.bill.Stamp = t.UTC()
			return nil
		}
	}
	return p.faults.Add(line, "timestamp", fmt.Sprintf("%.40q is no date with time", v), mend)
}

// finish checks a component that was read whole and keeps it if it is part of
// the product.
func (p *parser) finish(c *component, as role) error {
	complete := true
	bad := func(column, reason string) error {
		complete = false
		return p.faults.Add(c.line, column, reason, mend)
	}
	var err error
	switch {
	case c.name == "" && !c.typed:
		err = bad("name", "a component has neither name nor type")
	case c.name == "":
		err = bad("name", "a component has no name")
	case !c.typed:
		err = bad("type", fmt.Sprintf("component %.60q has no type", c.name))
	case !slices.Contains(types, c.typ):
		err = bad("type", fmt.Sprintf("component %.60q is of the unknown type %.40q", c.name, c.typ))
	}
	if err != nil {
		return err
	}
	switch {
	case c.vers != "" && c.versioned:
		if err := bad("versionRange", fmt.Sprintf("component %.60q has a version and a range of versions", c.name)); err != nil {
			return err
		}
	case c.vers != "" && !c.external:
		if err := bad("versionRange", fmt.Sprintf("component %.60q has a range of versions and is not external", c.name)); err != nil {
			return err
		}
	}
	if c.scope != "" {
		if err := p.oneOf(c.line, "scope", c.scope, scopes); err != nil {
			return err
		}
	}
	if complete && as == part {
		p.take(c)
	}
	return nil
}

func (p *parser) count(line int) error {
	if p.rows++; p.rows > p.in.Limits.Items {
		return &safe.Fault{Line: line, Reason: fmt.Sprintf("there are more than %d components", p.in.Limits.Items), Mend: "ask for a bill of materials per product"}
	}
	return nil
}
