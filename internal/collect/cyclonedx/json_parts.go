package cyclonedx

func (j *jsonReader) hash() error {
	line, alg, content := j.r.Line(), "", ""
	err := j.r.Object(func(key string) error {
		var err error
		switch key {
		case "alg":
			alg, err = j.r.Brief(brief)
		case "content":
			content, err = j.r.Brief(brief)
		}
		return err
	})
	if err != nil {
		return err
	}
	return j.checkHash(line, alg, content)
}

func (j *jsonReader) licenses() error {
	line, named, expressions := j.r.Line(), 0, 0
	err := j.r.Array(func() error {
		l, err := j.license()
		if l.expressions > 0 {
			expressions++
		} else {
			named++
		}
		return err
	})
	if err != nil {
		return err
	}
	return j.checkLicenses(line, named, expressions)
}

// license reads an element of a list of licenses: a license, or an expression.
func (j *jsonReader) license() (license, error) {
	line := j.r.Line()
	var l license
	err := j.r.Object(func(key string) error {
		switch key {
		case "expression":
			l.expressions++
		case "license":
			return j.r.Object(func(key string) error {
				switch key {
				case "id":
					l.ids++
				case "name":
					l.names++
				case "text":
					return j.attachment()
				case "properties":
					return j.properties(nil)
				}
				return nil
			})
		}
		return nil
	})
	if err != nil {
		return l, err
	}
	return l, j.checkLicense(line, l)
}

func (j *jsonReader) attachment() error {
	return j.r.Object(func(key string) error {
		if key != "encoding" {
			return nil
		}
		line := j.r.Line()
		s, err := j.r.Brief(brief)
		if err != nil {
			return err
		}
		return j.checkEncoding(line, s)
	})
}

func (j *jsonReader) swid() error {
	line, tag, name := j.r.Line(), "", ""
	err := j.r.Object(func(key string) error {
		var err error
		switch key {
		case "tagId":
			tag, err = j.r.Brief(brief)
		case "name":
			name, err = j.r.Brief(brief)
		case "text":
			err = j.attachment()
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := j.required(line, "tagId", tag); err != nil {
		return err
	}
	return j.required(line, "name", name)
}

func (j *jsonReader) pedigree(key string) error {
	switch key {
	case "ancestors", "descendants", "variants":
		return j.components(cited)
	case "patches":
		return j.r.Array(func() error {
			return j.typed("type", patches, func(key string) error {
				if key == "resolves" {
					return j.r.Array(j.issue)
				}
				return nil
			})
		})
	}
	return nil
}

func (j *jsonReader) notes(key string) error {
	if key == "resolves" {
		return j.r.Array(j.issue)
	}
	return nil
}

func (j *jsonReader) issue() error {
	return j.typed("type", issues, func(string) error { return nil })
}

// typed reads an object with a key that takes one of some names.
func (j *jsonReader) typed(name string, names []string, other func(key string) error) error {
	line, found := j.r.Line(), false
	err := j.r.Object(func(key string) error {
		if key != name {
			return other(key)
		}
		found = true
		at := j.r.Line()
		s, err := j.r.Brief(brief)
		if err != nil {
			return err
		}
		return j.oneOf(at, name, s, names)
	})
	if err == nil && !found {
		err = j.faults.Add(line, name, name+" is missing", mend)
	}
	return err
}

// properties reads name and value pairs. Names have been mandatory from the
// beginning of version 1.7 and are what tools write in every other.
func (j *jsonReader) properties(c *component) error {
	return j.r.Array(func() error {
		line, name, value, named := j.r.Line(), "", "", false
		err := j.r.Object(func(key string) error {
			var err error
			switch key {
			case "name":
				named = true
				name, err = j.r.Brief(brief)
			case "value":
				value, err = j.r.Brief(brief)
			}
			return err
		})
		if err != nil {
			return err
		}
		if !named {
			return j.faults.Add(line, "properties", "a property has no name", mend)
		}
		if c != nil {
			c.property(name, value)
		}
		return nil
	})
}

func (j *jsonReader) service() error {
	line, name := j.r.Line(), ""
	err := j.r.Object(func(key string) error {
		var err error
		switch key {
		case "name":
			name, err = j.r.Brief(brief)
		case "properties":
			err = j.properties(nil)
		case "licenses":
			err = j.licenses()
		case "services":
			err = j.r.Array(j.service)
		case "data":
			err = j.r.Array(func() error { return j.typed("flow", flows, func(string) error { return nil }) })
		}
		return err
	})
	if err != nil {
		return err
	}
	return j.required(line, "name", name)
}

func (j *jsonReader) dependency() error {
	line, ref := j.r.Line(), ""
	err := j.r.Object(func(key string) error {
		var err error
		if key == "ref" {
			ref, err = j.r.Brief(brief)
		}
		return err
	})
	if err != nil {
		return err
	}
	return j.required(line, "ref", ref)
}

func (j *jsonReader) citation() error {
	line := j.r.Line()
	var c citation
	err := j.r.Object(func(key string) error {
		switch key {
		case "pointers":
			c.pointers++
		case "expressions":
			c.expressions++
		case "attributedTo":
			c.attributed++
		case "process":
			c.process++
		}
		return nil
	})
	if err != nil {
		return err
	}
	return j.checkCitation(line, c)
}

// vulnerability reads how the maker judges a weakness of the product.
func (j *jsonReader) vulnerability() error {
	state := ""
	err := j.r.Object(func(key string) error {
		if key != "analysis" {
			return nil
		}
		return j.r.Object(func(key string) error {
			var err error
			if key == "state" {
				state, err = j.r.Brief(brief)
			}
			return err
		})
	})
	j.flaw(state)
	return err
}
