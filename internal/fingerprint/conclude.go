package fingerprint

import (
	"slices"
	"strconv"
	"strings"
)

// take notes what a rule says.
func (l *look) take(c *compiled, s *sig, groups []string, a *Answer) {
	var names []string
	source := "combined"
	if s != nil {
		if len(c.conds) == 1 {
			source = string(s.Source)
		}
		for i := range c.conds {
			if t := &c.conds[i]; t.re != nil && len(groups) == t.re.NumSubexp()+1 {
				names = t.re.SubexpNames()
				break
			}
		}
	}
	said := false
	top := Confidence(0)
	for _, cl := range c.claims {
		v := cl.text
		if cl.vars {
			v = fill(v, s, names, groups)
			if v == "" {
				continue
			}
		}
		l.found = append(l.found, finding{cl.prop, v, cl.sure, c.id, source})
		said, top = true, max(top, cl.sure)
	}
	if said {
		a.Evidence = append(a.Evidence, Evidence{c.id, l.sentence(c, s), top})
	}
}

// fill replaces {name} by what its group matched. It returns "" where a group
// matched nothing: half a model name is none.
func fill(text string, s *sig, names, groups []string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "{")
		b.WriteString(before)
		if !ok {
			break
		}
		name, after, _ := strings.Cut(rest, "}")
		v := ""
		if name == "value" && s != nil {
			v = s.Value
		} else if i := slices.Index(names, name); i >= 0 {
			v = groups[i]
		}
		if v = strings.TrimSpace(v); v == "" {
			return ""
		}
		b.WriteString(v)
		text = after
	}
	out := strings.Join(strings.Fields(b.String()), " ")
	return out[:min(len(out), maxClaim)]
}

// maxClaim bounds a model name or a version that a device made up.
const maxClaim = 120

// sentence tells a person what was seen and what it means.
func (l *look) sentence(c *compiled, s *sig) string {
	var parts []string
	for i := range c.conds {
		t := &c.conds[i]
		switch {
		case t.re != nil || len(t.equals) > 0:
			if s != nil && s.Source == t.Source {
				parts = append(parts, leads[t.Source]+" "+strconv.Quote(short(s.Value)))
			} else {
				parts = append(parts, leads[t.Source]+" something that fits")
			}
		case len(t.Ports)+len(t.AnyPort) > 0:
			var open []string
			for _, p := range slices.Concat(t.Ports, t.AnyPort) {
				if slices.Contains(l.d.TCP, p) {
					open = append(open, strconv.Itoa(int(p)))
				}
			}
			parts = append(parts, "open: "+strings.Join(open, ", "))
		case len(t.Maker) > 0:
			if l.maker != nil && slices.Contains(t.Maker, l.maker.Name) {
				parts = append(parts, "the network card is of "+l.maker.Name)
			} else {
				parts = append(parts, "the maker is "+strings.Join(t.Maker, " or "))
			}
		case len(t.kinds) > 0:
			parts = append(parts, l.kind.Why())
		}
	}
	return strings.Join(parts, ", ") + ": " + c.because
}

func short(s string) string {
	if len(s) <= 80 {
		return s
	}
	return strings.ToValidUTF8(s[:77], "") + "…"
}

// conclude weighs what was found, property by property. Kinds decide classes:
// a kind speaks for its class too, and the kind that is believed is one of the
// class that is.
func (l *look) conclude(a *Answer) {
	var by [properties][]finding
	for _, f := range l.found {
		by[f.prop] = append(by[f.prop], f)
		if f.prop == propKind {
			if k, ok := KindNamed(f.value); ok {
				f.prop, f.value = propClass, string(k.Class)
				by[propClass] = append(by[propClass], f)
			}
		}
	}
	a.Class = weigh(by[propClass], sameClass)
	by[propKind] = slices.DeleteFunc(by[propKind], func(f finding) bool {
		k, _ := KindNamed(f.value)
		return string(k.Class) != a.Class.Value
	})
	a.Kind = weigh(by[propKind], isKind)
	a.Manufacturer = weigh(by[propManufacturer], strings.EqualFold)
	// A model without its maker, or one of another maker, is no help to anybody.
	a.Model = weigh(by[propModel], strings.EqualFold)
	a.OSFamily = weigh(by[propOSFamily], strings.EqualFold)
	a.OSName = weigh(by[propOSName], longer)
	a.OSVersion = weigh(by[propOSVersion], longer)
	a.Product = weigh(by[propProduct], longer)
}

// weigh picks the value that the evidence speaks for. Evidence of different
// sources adds up for the choice, but the confidence that is stated is that of
// the strongest piece alone, and it sinks where other evidence contradicts.
//
// implies(a, b) says that whoever is a is b too: a CT scanner is an imaging
// device. Of values that are likely, the most particular one stands.
func weigh(fs []finding, implies func(a, b string) bool) Claim {
	if len(fs) == 0 {
		return Claim{}
	}
	var best candidate
	for i := range fs {
		c := candidate{value: fs[i].value}
		c.measure(fs, implies)
		if i == 0 || c.beats(&best, implies) {
			best = c
		}
	}
	out := Claim{Value: best.value, Confidence: best.sure}
	order := slices.Clone(fs)
	slices.SortStableFunc(order, func(x, y finding) int { return int(y.sure) - int(x.sure) })
	for _, f := range order {
		list := &out.Rules
		if !implies(f.value, best.value) && !implies(best.value, f.value) {
			list = &out.Against
		}
		if !slices.Contains(*list, f.rule) {
			*list = append(*list, f.rule)
		}
	}
	return out
}

// weightAgainst is how much a contradiction takes away: evidence as strong as
// "certain" against a claim takes a bit over a third of it, so that of two values
// that contradict each other at most one is likely.
const weightAgainst = 0.4

// candidate is a value that might be believed.
type candidate struct {
	value string
	sure  Confidence
	score float64 // grows with each source that says the same
}

func (c *candidate) measure(fs []finding, implies func(a, b string) bool) {
	var perSource [8]struct {
		source string
		sure   Confidence
	}
	n := 0
	against := Confidence(0)
	for _, f := range fs {
		if !implies(f.value, c.value) {
			if !implies(c.value, f.value) {
				against = max(against, f.sure)
			}
			continue
		}
		c.sure = max(c.sure, f.sure)
		at := 0
		for at < n && perSource[at].source != f.source {
			at++
		}
		// One banner read by three rules is one witness.
		if at < len(perSource) {
			n = max(n, at+1)
			perSource[at].source = f.source
			perSource[at].sure = max(perSource[at].sure, f.sure)
		}
	}
	doubt := 1.0
	for _, p := range perSource[:n] {
		doubt *= 1 - float64(p.sure)/100
	}
	c.score = 1 - doubt
	c.sure = Confidence(float64(c.sure) * (1 - weightAgainst*float64(against)/100))
}

func (c *candidate) beats(b *candidate, implies func(a, b string) bool) bool {
	if cl, bl := c.sure >= Likely, b.sure >= Likely; cl != bl {
		return cl
	} else if cl {
		return implies(c.value, b.value) && !implies(b.value, c.value)
	}
	if c.score != b.score {
		return c.score > b.score
	}
	return implies(c.value, b.value) && !implies(b.value, c.value)
}

func sameClass(a, b string) bool { return a == b }

// isKind reports whether a is b or a special case of it.
func isKind(a, b string) bool {
	for a != "" {
		if a == b {
			return true
		}
		a = parents[a]
	}
	return false
}

// longer reports whether a says all that b says and perhaps more, as "Windows
// 11" does of "Windows".
func longer(a, b string) bool {
	return len(a) >= len(b) && strings.EqualFold(a[:len(b)], b)
}

// parents says which kinds are special cases of which.
var parents = map[string]string{
	"ct_scanner": "imaging", "mri": "imaging", "xray": "imaging", "ultrasound": "imaging", "mammography": "imaging",
	"nuclear": "imaging", "angiography": "imaging", "endoscopy": "imaging", "imaging_workstation": "imaging",
	"imaging": "medical", "infusion_pump": "medical", "patient_monitor": "medical", "central_station": "medical",
	"telemetry": "medical", "ventilator": "medical", "anesthesia": "medical", "defibrillator": "medical", "ecg": "medical",
	"radiotherapy": "medical", "pacs": "medical", "lab_analyzer": "medical", "blood_gas": "lab_analyzer",
	"glucose_meter": "medical", "medication_cabinet": "medical", "dialysis": "medical", "hospital_bed": "medical",
	"nurse_call": "medical", "device_gateway": "medical",

	"hypervisor": "server", "storage": "server", "domain_controller": "server", "database": "server", "mail_server": "server",
	"interface_engine": "server", "server_management": "server", "virtual_machine": "server",
	"thin_client": "pc", "mac": "pc", "chromebook": "laptop",
	"switch": "network_device", "router": "network_device", "firewall": "network_device", "access_point": "network_device",
	"wireless_controller": "network_device", "load_balancer": "network_device", "vpn_gateway": "network_device",
	"console_server": "network_device", "serial_gateway": "network_device",
	"label_printer": "printer", "multifunction": "printer", "print_server": "printer",
	"desk_phone": "iot", "voice_gateway": "iot", "conference": "iot", "camera": "iot", "video_recorder": "iot",
	"badge_reader": "iot", "building_control": "iot", "ups": "iot", "plc": "iot", "sensor": "iot",
	"temperature_monitor": "sensor", "tv": "iot", "media_player": "iot", "clock": "iot", "scanner_rtls": "iot",
	"time_clock": "iot", "pneumatic_tube": "iot", "game_console": "iot",
}
