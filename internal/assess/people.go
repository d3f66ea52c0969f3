package assess

import "slices"

import "github.com/asepsis/asepsis/internal/fact"

// joinPeople brings together what different exports say of one person.
//
// A roster names people by employee number; training and phishing platforms
// know them by mail address, and so make them somebody else. What such an
// export says of a mail address, or failing that a full name, that is one
// person's on the roster is that person's, and the double is left out. Names
// that two people share join nobody.
func joinPeople(s *fact.Set) {
	all := s.Resources[fact.KindPerson]
	listed := roster(all)
	if len(listed) == 0 || len(listed) == len(all) {
		return
	}
	index := indexPeople(listed)
	kept := make([]*fact.Resource, 0, len(all))
	for _, p := range all {
		if onRoster(p) {
			kept = append(kept, p)
			continue
		}
		into, how := index.byMail[plainKey(p.Text("email"))], "mail address"
		if into == nil {
			into, how = index.byName[nameKey(p.Text("name"))], "name"
		}
		if into == nil || differ(into, p, "employee_id") || how == "name" && differ(into, p, "email") {
			kept = append(kept, p)
			continue
		}
		take(into, p, how)
	}
	s.Resources[fact.KindPerson] = kept
}

// differ reports whether both state the attribute, and not the same.
func differ(a, b *fact.Resource, attr string) bool {
	x, y := plainKey(a.Text(attr)), plainKey(b.Text(attr))
	return x != "" && y != "" && x != y
}

// take adds what is said of the double to the person; of two values the newer
// observation stands, and the other stays visible.
func take(into, double *fact.Resource, how string) {
	for name, v := range double.Values {
		v.Origin.Title += ", matched by " + how
		have, ok := into.Values[name]
		switch {
		case !ok:
			delete(into.Missing, name)
		case fact.Equal(have.V, v.V):
			continue
		case v.Origin.ObservedAt.After(have.Origin.ObservedAt) && !identifies(name):
			v.Others = append(slices.Clip(v.Others), have)
		default:
			have.Others = append(slices.Clip(have.Others), v)
			v = have
		}
		into.Values[name] = v
	}
	for name, gap := range double.Missing {
		if _, known := into.Values[name]; known {
			continue
		}
		if _, known := into.Missing[name]; known {
			continue
		}
		if into.Missing == nil {
			into.Missing = make(map[string]fact.Gap)
		}
		into.Missing[name] = gap
	}
}

// identifies reports whether the roster has the last word on an attribute.
func identifies(name string) bool { return name == "employee_id" || name == "email" || name == "name" }
