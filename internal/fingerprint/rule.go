package fingerprint

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/asset"
)

// file is one file of rules.
type file struct {
	Source    Source   `yaml:"source"`    // what its rules look at, where a rule names nothing else
	Knowledge []string `yaml:"knowledge"` // where the knowledge is from
	Rules     []rule   `yaml:"rules"`
}

// rule is one piece of knowledge as it is written down.
type rule struct {
	ID string `yaml:"id"`
	// One condition may stand in the rule itself; several are listed under when
	// and must all hold.
	Condition condition `yaml:",inline"`
	// In names several sources that say the same words: the rule stands once for
	// each of them.
	In      []Source    `yaml:"in"`
	When    []condition `yaml:"when"`
	Says    says        `yaml:"says"`
	Because string      `yaml:"because"` // what the evidence means, for people
	Sure    int         `yaml:"sure"`    // percent
	// SureOf names other confidences for single claims: {manufacturer: 95}.
	SureOf map[string]int `yaml:"sure_of"`
}

// each returns the rule once for every source it is written for.
func (r rule) each() []rule {
	if len(r.In) == 0 {
		return []rule{r}
	}
	out := make([]rule, 0, len(r.In))
	for _, s := range r.In {
		one := r
		one.In, one.Condition.Source = nil, s
		if len(r.In) > 1 {
			one.ID += "@" + string(s)
		}
		out = append(out, one)
	}
	return out
}

// condition is one thing that must be seen.
type condition struct {
	Source  Source   `yaml:"source"`
	Match   string   `yaml:"match"`  // a regular expression, upper and lower case alike
	Equals  []string `yaml:"equals"` // one of these, upper and lower case alike
	Maker   []string `yaml:"maker"`  // names of makers.yaml, of the card or of the device
	Ports   []uint16 `yaml:"ports"`  // all of these TCP ports are open
	AnyPort []uint16 `yaml:"any_port"`
	NoPort  []uint16 `yaml:"no_port"` // none of these is open, and they were looked at
	MAC     []string `yaml:"mac"`     // kinds of hardware address
}

func (c *condition) empty() bool {
	return c.Match == "" && len(c.Equals) == 0 && len(c.Maker) == 0 && len(c.Ports) == 0 && len(c.AnyPort) == 0 && len(c.NoPort) == 0 && len(c.MAC) == 0
}

// says are the claims of a rule. A text may hold {name} of a group in match.
type says struct {
	Class        string `yaml:"class"`
	Kind         string `yaml:"kind"`
	Manufacturer string `yaml:"manufacturer"`
	Model        string `yaml:"model"`
	OSFamily     string `yaml:"os_family"`
	OSName       string `yaml:"os"`
	OSVersion    string `yaml:"os_version"`
	Product      string `yaml:"product"`
}

// property numbers the claims.
type property uint8

const (
	propClass property = iota
	propKind
	propManufacturer
	propModel
	propOSFamily
	propOSName
	propOSVersion
	propProduct
	properties
)

var propertyNames = [properties]string{"class", "kind", "manufacturer", "model", "os_family", "os", "os_version", "product"}

func (s *says) all() [properties]string {
	return [properties]string{s.Class, s.Kind, s.Manufacturer, s.Model, s.OSFamily, s.OSName, s.OSVersion, s.Product}
}

// compiled is a rule ready to be asked.
type compiled struct {
	id      string
	because string
	claims  []claim
	conds   []test
	stage   int // 1 where a condition asks for the maker, which other rules find
}

type claim struct {
	prop property
	text string
	vars bool // text holds {name}
	sure Confidence
}

// test is a condition ready to be asked.
type test struct {
	*condition
	re     *regexp.Regexp
	needs  []string // re matches only where one of these is, lower case
	equals []string // lower case
	kinds  []MACKind
}

var osFamilies = []string{"linux", "windows", "macos", "other"}

// maxMatch bounds the text of an expression; RE2 runs in time linear in the
// value for each of them.
const maxMatch = 500

// compile checks a rule and prepares it. It returns every fault.
func (r *rule) compile(source Source, makers *makers) (*compiled, []error) {
	var faults []error
	bad := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("rule %q: %w", r.ID, fmt.Errorf(format, args...)))
	}
	if r.ID == "" {
		bad("it has no id")
	}
	if r.Because == "" {
		bad("because is missing: say what the evidence means")
	}
	if r.Sure < 1 || r.Sure > 99 {
		bad("sure: %d: want 1 to 99 percent", r.Sure)
	}
	conds := r.When
	if !r.Condition.empty() {
		conds = append([]condition{r.Condition}, conds...)
	}
	if len(conds) == 0 {
		bad("it has no condition")
	}
	c := &compiled{id: r.ID, because: r.Because}
	groups := map[string]bool{"value": true}
	for i := range conds {
		t, err := conds[i].compile(source, makers)
		if err != nil {
			bad("%w", err)
			continue
		}
		if len(t.Maker) > 0 {
			c.stage = 1
		}
		if t.re != nil {
			for _, n := range t.re.SubexpNames() {
				groups[n] = true
			}
		}
		c.conds = append(c.conds, t)
	}
	// What is cheap and often false is asked first.
	slices.SortStableFunc(c.conds, func(a, b test) int { return a.cost() - b.cost() })
	for p, text := range r.Says.all() {
		if text == "" {
			continue
		}
		sure := r.Sure
		if s, ok := r.SureOf[propertyNames[p]]; ok {
			sure = s
		}
		if err := checkClaim(property(p), text, groups); err != nil {
			bad("%w", err)
		}
		c.claims = append(c.claims, claim{property(p), text, strings.Contains(text, "{"), Confidence(min(max(sure, 0), 99))})
	}
	if len(c.claims) == 0 {
		bad("it says nothing")
	}
	for name, sure := range r.SureOf {
		p := slices.Index(propertyNames[:], name)
		if p < 0 || r.Says.all()[p] == "" || sure < 1 || sure > 99 {
			bad("sure_of %s: %d: want a claim of the rule and 1 to 99 percent", name, sure)
		}
	}
	return c, faults
}

func checkClaim(p property, text string, groups map[string]bool) error {
	for rest := text; ; {
		_, after, ok := strings.Cut(rest, "{")
		if !ok {
			break
		}
		name, tail, ok := strings.Cut(after, "}")
		if !ok || !groups[name] {
			return fmt.Errorf("%s: %q: no group {%s} in match", propertyNames[p], text, name)
		}
		rest = tail
	}
	switch p {
	case propClass:
		if !slices.Contains(asset.Classes, asset.Class(text)) {
			return fmt.Errorf("class %q is none of ours", text)
		}
	case propKind:
		if _, ok := KindNamed(text); !ok {
			return fmt.Errorf("kind %q is none of ours", text)
		}
	case propOSFamily:
		if !slices.Contains(osFamilies, text) {
			return fmt.Errorf("os_family %q: want linux, windows, macos or other", text)
		}
	default:
	}
	return nil
}

func (c *condition) compile(source Source, makers *makers) (test, error) {
	t := test{condition: c}
	if c.Match != "" || len(c.Equals) > 0 {
		if c.Source == "" {
			c.Source = source
		}
		if !slices.Contains(sources, c.Source) {
			return t, fmt.Errorf("source %q is none of ours", c.Source)
		}
	}
	if c.Match != "" {
		if len(c.Match) > maxMatch {
			return t, fmt.Errorf("match is longer than %d characters", maxMatch)
		}
		re, err := regexp.Compile("(?i)" + c.Match)
		if err != nil {
			return t, fmt.Errorf("match: %w", err)
		}
		t.re, t.needs = re, literals(c.Match)
	}
	for _, e := range c.Equals {
		t.equals = append(t.equals, strings.ToLower(e))
	}
	for _, m := range c.Maker {
		if !makers.has(m) {
			return t, fmt.Errorf("maker %q is not in makers.yaml", m)
		}
	}
	for _, k := range c.MAC {
		i := slices.Index(macKindNames[:], k)
		if i < 0 {
			return t, fmt.Errorf("mac %q: want one of %s", k, strings.Join(macKindNames[:], ", "))
		}
		t.kinds = append(t.kinds, MACKind(i))
	}
	if c.empty() {
		return t, fmt.Errorf("a condition asks for nothing")
	}
	return t, nil
}

// cost orders conditions: what is cheap to ask comes first.
func (t *test) cost() int {
	switch {
	case len(t.Ports)+len(t.AnyPort)+len(t.kinds) > 0:
		return 0
	case len(t.Maker) > 0:
		return 1
	case len(t.equals) > 0:
		return 2
	}
	return 3
}

var sources = slices.Sorted(maps.Keys(leads))

// leads begin the sentence of a piece of evidence.
var leads = map[Source]string{
	DHCPVendor:    "DHCP vendor class says",
	DHCPOptions:   "DHCP asks for options",
	Hostname:      "its name is",
	SSH:           "SSH greets with",
	HTTPServer:    "the web server calls itself",
	HTTPAuth:      "the web server asks to sign in to",
	HTTPTitle:     "the title of its web page is",
	FTP:           "FTP greets with",
	Telnet:        "telnet greets with",
	SMTP:          "SMTP greets with",
	SMBOS:         "file sharing names the system",
	SNMPDescr:     "SNMP describes it as",
	SNMPObject:    "SNMP numbers it",
	MDNSService:   "it announces by mDNS",
	MDNSInfo:      "mDNS describes it as",
	SSDP:          "it announces by SSDP",
	SIP:           "SIP names the software",
	RTSP:          "the video server calls itself",
	TLSSubject:    "its certificate is made out to",
	DICOMClass:    "DICOM names the implementation",
	DICOMVersion:  "DICOM names the version",
	DICOMTitle:    "its DICOM title is",
	HL7App:        "HL7 names the application",
	UserAgent:     "its requests name the software",
	Product:       "the software that answers is",
	MakerText:     "the maker is given as",
	ModelText:     "the model is given as",
	OperatingText: "the operating system is given as",
}
