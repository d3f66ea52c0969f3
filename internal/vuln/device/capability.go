package device

import (
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/asepsis/asepsis/internal/errs"
)

// Edition is an edition of the maker's disclosure (MDS2).
type Edition string

// The editions that makers fill in.
const (
	Edition2013 Edition = "2013" // HIMSS/NEMA HN 1-2013
	Edition2019 Edition = "2019" // ANSI/NEMA HN 1-2019
)

// Reply is what a maker answers to one question.
type Reply uint8

// The replies. Only a plain yes or no settles anything.
const (
	NoReply       Reply = iota // left empty, or the question is not on the form
	SaysYes                    //
	SaysNo                     //
	NotApplicable              //
	SeeNote                    // a note in place of an answer
)

// Standing is how a device stands to a capability, by its maker's answers.
type Standing uint8

// The standings.
const (
	Unsaid   Standing = iota // the maker's answers leave it open
	Has                      //
	Lacks                    //
	NeedsNot                 // does not apply to the device
	NotAsked                 // the edition does not ask
)

// Capability is a security capability that a disclosure speaks of.
type Capability struct {
	ID    string
	Name  string // in words that follow "lacks"
	Means string
	// When, Questions and Bad hold question identifiers by edition. See [Capability.Judge].
	When       map[Edition]string
	Questions  map[Edition][]string
	Bad        map[Edition][]string
	Compensate []Measure
}

// Measure is something that holds in place of a capability.
type Measure struct {
	Control string // isolation, virtual_patch, monitoring, physical, accounts, …
	Do      string
	Sources []Source
}

// Source is where a measure comes from.
type Source struct{ ID, Title, URL string }

// Capabilities is the table of capabilities. It is not changed once loaded.
type Capabilities struct {
	list     []Capability
	byID     map[string]int
	controls map[string]string
}

type capabilitiesFile struct {
	AsOf    string `yaml:"as_of"`
	Sources map[string]struct {
		Title   string `yaml:"title"`
		URL     string `yaml:"url"`
		HowRead string `yaml:"how_read"`
	} `yaml:"sources"`
	Controls     map[string]string `yaml:"controls"`
	Capabilities []struct {
		ID         string               `yaml:"id"`
		Name       string               `yaml:"name"`
		Means      string               `yaml:"means"`
		When       map[Edition]string   `yaml:"when"`
		Questions  map[Edition][]string `yaml:"questions"`
		Bad        map[Edition][]string `yaml:"bad"`
		Compensate []struct {
			Control string   `yaml:"control"`
			Do      string   `yaml:"do"`
			Source  []string `yaml:"source"`
		} `yaml:"compensate"`
	} `yaml:"capabilities"`
}

var (
	question2019 = regexp.MustCompile(`^(DOC|MPII|ALOF|AUDT|AUTH|CSUP|DIDT|DTBK|EMRG|IGAU|MLDP|NAUT|CONN|PAUT|PLOK|RDMP|SBOM|SAHD|SGUD|STCF|TXCF|TXIG|RMOT|OTHR)-[0-9]{1,2}(\.[0-9]{1,2}){0,2}$`)
	question2013 = regexp.MustCompile(`^([0-9]{1,2}-[0-9]{1,2}(\.[0-9]{1,2})?|[A-F](\.[0-9]{1,2})?)$`)
)

// IsQuestion reports whether a text is the identifier of a question of the edition.
func IsQuestion(e Edition, id string) bool {
	if e == Edition2019 {
		return question2019.MatchString(id)
	}
	return e == Edition2013 && question2013.MatchString(id)
}

// LoadCapabilities reads capabilities.yaml, strictly, and reports every fault.
func LoadCapabilities(files fs.FS) (*Capabilities, error) {
	const name = "capabilities.yaml"
	b, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, errs.New(errs.Internal, "security capabilities: %w", err)
	}
	if len(b) > maxTable {
		return nil, errs.New(errs.Limited, "%s is larger than %d bytes", name, maxTable)
	}
	var f capabilitiesFile
	if err := yaml.UnmarshalWithOptions(b, &f, yaml.Strict()); err != nil {
		return nil, errs.New(errs.Invalid, "%s: %w", name, err)
	}
	c := &Capabilities{byID: make(map[string]int), controls: f.Controls}
	var faults []string
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	for _, id := range slices.Sorted(maps.Keys(f.Sources)) {
		if s := f.Sources[id]; s.Title == "" || s.HowRead == "" || id != "ours" && s.URL == "" {
			fault("source %s says too little", id)
		}
	}
	for i := range f.Capabilities {
		k := &f.Capabilities[i]
		if _, twice := c.byID[k.ID]; k.ID == "" || k.Name == "" || k.Means == "" || twice {
			fault("capability %q has no name or meaning, or comes twice", k.ID)
		}
		if len(k.Questions)+len(k.Bad) == 0 || len(k.Questions) > 0 && len(k.Bad) > 0 {
			fault("capability %s needs questions or bad, and not both", k.ID)
		}
		for _, asked := range []map[Edition][]string{k.Questions, k.Bad} {
			for e, ids := range asked {
				for _, id := range ids {
					if !IsQuestion(e, id) {
						fault("capability %s: %q is no question of the edition of %s", k.ID, id, e)
					}
				}
			}
		}
		for e, id := range k.When {
			if !IsQuestion(e, id) {
				fault("capability %s: %q is no question of the edition of %s", k.ID, id, e)
			}
		}
		capability := Capability{ID: k.ID, Name: k.Name, Means: k.Means, When: k.When, Questions: k.Questions, Bad: k.Bad}
		if len(k.Compensate) == 0 {
			fault("capability %s names nothing that holds in its place", k.ID)
		}
		for _, m := range k.Compensate {
			measure := Measure{Control: m.Control, Do: m.Do}
			if f.Controls[m.Control] == "" || m.Do == "" || len(m.Source) == 0 {
				fault("capability %s: a measure has no known control, no text or no source", k.ID)
			}
			for _, id := range m.Source {
				s, ok := f.Sources[id]
				if !ok {
					fault("capability %s cites %s, which is not listed", k.ID, id)
				}
				measure.Sources = append(measure.Sources, Source{id, s.Title, s.URL})
			}
			capability.Compensate = append(capability.Compensate, measure)
		}
		c.byID[k.ID] = len(c.list)
		c.list = append(c.list, capability)
	}
	if len(faults) > 0 {
		return nil, errs.New(errs.Invalid, "%s: %s", name, strings.Join(faults, "; "))
	}
	return c, nil
}

// All lists the capabilities in the order of the table.
func (c *Capabilities) All() []Capability { return slices.Clone(c.list) }

// Find returns a capability by its id.
func (c *Capabilities) Find(id string) (Capability, bool) {
	i, ok := c.byID[strings.ToUpper(strings.TrimSpace(id))]
	if !ok {
		return Capability{}, false
	}
	return c.list[i], true
}

// Control says in words what a kind of control is.
func (c *Capabilities) Control(id string) string { return c.controls[id] }

// Judge says how a device stands to the capability by the answers to the questions of
// an edition. Yes to any of Questions gives it; no to all of them, or yes to any of Bad,
// takes it. Where When is answered no it does not matter. What is not answered, or with a
// note alone, is never taken as a no.
func (k *Capability) Judge(e Edition, replies map[string]Reply) Standing {
	good, bad := k.Questions[e], k.Bad[e]
	if len(good)+len(bad) == 0 {
		return NotAsked
	}
	if gate := k.When[e]; gate != "" {
		if r := replies[gate]; r == SaysNo || r == NotApplicable {
			return NeedsNot
		}
	}
	yes, no, open := count(good, replies)
	if len(bad) > 0 {
		no, yes, open = count(bad, replies) // a yes counts against it
		if no > 0 {
			return Lacks
		}
	}
	switch {
	case yes > 0:
		return Has
	case open > 0:
		return Unsaid
	case no > 0:
		return Lacks
	}
	return NeedsNot // each of them does not apply
}

func count(ids []string, replies map[string]Reply) (yes, no, open int) {
	for _, id := range ids {
		switch replies[id] {
		case SaysYes:
			yes++
		case SaysNo:
			no++
		case NoReply, SeeNote:
			open++
		case NotApplicable:
		}
	}
	return yes, no, open
}

// Cites names the questions of both editions by which the capability is judged, for people.
func (k *Capability) Cites() string {
	var out []string
	for _, e := range []Edition{Edition2019, Edition2013} {
		if ids := append(slices.Clone(k.Questions[e]), k.Bad[e]...); len(ids) > 0 {
			out = append(out, "HN 1-"+string(e)+" "+strings.Join(ids, ", "))
		}
	}
	return strings.Join(out, "; ")
}
