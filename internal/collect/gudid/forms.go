package gudid

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/asepsis/asepsis/internal/collect/jsonsafe"
	"github.com/asepsis/asepsis/internal/collect/lines"
	"github.com/asepsis/asepsis/internal/collect/xmlsafe"
)

const (
	most  = 1000 // characters of a description that are kept
	parts = 100  // identifiers, terms or codes of one record
)

// clean puts a text that was wrapped into one line.
func clean(s string) string { return strings.Join(strings.Fields(s), " ") }

// xml reads AccessGUDID's XML.
func (r *reader) xml(src io.Reader) error {
	x := xmlsafe.New(src, r.in.Limits, xmlsafe.Options{})
	if err := x.Root(); err != nil {
		return err
	}
	switch x.Name() {
	case "gudid", "data", "devices":
	default:
		return x.Fault(fmt.Sprintf("the file begins with <%.40s>, not with <gudid>", x.Name()), "bring AccessGUDID's XML")
	}
	err := x.Children(func(name string) error {
		if name != "device" {
			return nil
		}
		line := x.Line()
		m := Model{}
		if err := x.Children(func(name string) error { return m.element(x, name) }); err != nil {
			return err
		}
		return r.give(&m, line)
	})
	if err != nil {
		return err
	}
	return x.Finish()
}

func (m *Model) element(x *xmlsafe.Reader, name string) error {
	text := func(to *string) error {
		s, err := x.Brief(most)
		*to = clean(s)
		return err
	}
	yes := func(to *Flag) error {
		s, err := x.Brief(20)
		*to = flag(s)
		return err
	}
	switch name {
	case "identifiers":
		return x.Children(func(string) error {
			var id, typ, by string
			err := x.Children(func(name string) (err error) {
				switch name {
				case "deviceId":
					id, err = x.Brief(60)
				case "deviceIdType":
					typ, err = x.Brief(60)
				case "deviceIdIssuingAgency":
					by, err = x.Brief(60)
				}
				return err
			})
			m.identifier(id, typ, by)
			return err
		})
	case "brandName":
		return text(&m.Brand)
	case "versionModelNumber":
		return text(&m.ModelNumber)
	case "catalogNumber":
		return text(&m.CatalogNumber)
	case "companyName":
		return text(&m.Company)
	case "deviceDescription":
		return text(&m.Description)
	case "MRISafetyStatus":
		return text(&m.MRI)
	case "deviceCommDistributionStatus":
		return text(&m.Status)
	case "devicePublishDate":
		s, err := x.Brief(20)
		m.Published = day(s)
		return err
	case "rx":
		return yes(&m.Rx)
	case "otc":
		return yes(&m.OTC)
	case "singleUse":
		return yes(&m.SingleUse)
	case "deviceKit":
		return yes(&m.Kit)
	case "serialNumber":
		return yes(&m.HasSerial)
	case "lotBatch":
		return yes(&m.HasLot)
	case "expirationDate":
		return yes(&m.HasExpiry)
	case "sterilization":
		return x.Children(func(name string) error {
			if name == "deviceSterile" {
				return yes(&m.Sterile)
			}
			return nil
		})
	case "gmdnTerms":
		return x.Children(func(string) error {
			return x.Children(func(name string) error {
				if name != "gmdnPTName" {
					return nil
				}
				s, err := x.Brief(most)
				m.term(s)
				return err
			})
		})
	case "productCodes":
		return x.Children(func(string) error {
			var c Code
			err := x.Children(func(name string) error {
				switch name {
				case "productCode":
					return text(&c.Code)
				case "productCodeName":
					return text(&c.Name)
				}
				return nil
			})
			m.code(c)
			return err
		})
	}
	return nil
}

func (m *Model) identifier(id, typ, by string) {
	switch id = strings.TrimSpace(id); {
	case id == "":
	case strings.EqualFold(strings.TrimSpace(typ), "Primary"):
		m.DI, m.Agency = id, agency(by)
	case len(m.Other) < parts:
		m.Other = append(m.Other, id)
	}
}

func (m *Model) term(s string) {
	if s = clean(s); s != "" && len(m.Terms) < parts {
		m.Terms = append(m.Terms, s)
	}
}

func (m *Model) code(c Code) {
	if c.Code != "" && len(m.Codes) < parts {
		m.Codes = append(m.Codes, c)
	}
}

// json reads openFDA's answers of device/udi, and its downloads.
func (r *reader) json(src io.Reader) error {
	j := jsonsafe.New(src, r.in.Limits)
	err := j.Object(func(key string) error {
		if key != "results" {
			return nil
		}
		return j.Array(func() error {
			line := j.Line()
			m := Model{}
			if err := j.Object(func(key string) error { return m.key(j, key) }); err != nil {
				return err
			}
			return r.give(&m, line)
		})
	})
	if err != nil {
		return err
	}
	return j.End()
}

func (m *Model) key(j *jsonsafe.Reader, key string) error {
	text := func(to *string) error {
		s, err := j.Brief(most)
		*to = clean(s)
		return err
	}
	yes := func(to *Flag) error {
		s, err := j.Brief(20)
		*to = flag(s)
		return err
	}
	switch key {
	case "identifiers":
		return j.Array(func() error {
			var id, typ, by string
			err := j.Object(func(key string) (err error) {
				switch key {
				case "id":
					id, err = j.Brief(60)
				case "type":
					typ, err = j.Brief(60)
				case "issuing_agency":
					by, err = j.Brief(60)
				}
				return err
			})
			m.identifier(id, typ, by)
			return err
		})
	case "brand_name":
		return text(&m.Brand)
	case "version_or_model_number":
		return text(&m.ModelNumber)
	case "catalog_number":
		return text(&m.CatalogNumber)
	case "company_name":
		return text(&m.Company)
	case "device_description":
		return text(&m.Description)
	case "mri_safety":
		return text(&m.MRI)
	case "commercial_distribution_status":
		return text(&m.Status)
	case "publish_date":
		s, err := j.Brief(20)
		m.Published = day(s)
		return err
	case "is_rx":
		return yes(&m.Rx)
	case "is_otc":
		return yes(&m.OTC)
	case "is_single_use":
		return yes(&m.SingleUse)
	case "is_kit":
		return yes(&m.Kit)
	case "has_serial_number":
		return yes(&m.HasSerial)
	case "has_lot_or_batch_number":
		return yes(&m.HasLot)
	case "has_expiration_date":
		return yes(&m.HasExpiry)
	case "sterilization":
		return j.Object(func(key string) error {
			if key == "is_sterile" {
				return yes(&m.Sterile)
			}
			return nil
		})
	case "gmdn_terms":
		return j.Array(func() error {
			return j.Object(func(key string) error {
				if key != "name" {
					return nil
				}
				s, err := j.Brief(most)
				m.term(s)
				return err
			})
		})
	case "product_codes":
		return j.Array(func() error {
			var c Code
			err := j.Object(func(key string) error {
				switch key {
				case "code":
					return text(&c.Code)
				case "name":
					return text(&c.Name)
				}
				return nil
			})
			m.code(c)
			return err
		})
	}
	return nil
}

// rows calls f with the cells of each line of a file of AccessGUDID's delimited
// text. Cells are never quoted, and a bar within one does not occur.
func (r *reader) rows(src io.Reader, names []string, f func(line int, cell func(i int) string) error) error {
	l := lines.New(src, 1<<20)
	var cols []int
	width := 0
	for {
		b, err := l.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if len(b) == 0 {
			continue
		}
		cells := strings.Split(string(b), "|")
		if cols == nil {
			cols, width = lines.Columns(cells, names...), len(cells)
			if cols[0] < 0 {
				return l.Fault("the first line does not hold the headers of the catalog", "download the catalog again")
			}
			continue
		}
		if len(cells) != width || !l.Ended() {
			return l.Fault(fmt.Sprintf("the line has not the %d cells of the headers", width), "download the catalog again; it may have been cut off")
		}
		if err := f(l.Line(), func(i int) string { return clean(lines.At(cells, cols[i])) }); err != nil {
			return err
		}
	}
}

func (r *reader) termFile(src io.Reader) error {
	r.terms = make(map[string][]string)
	return r.rows(src, []string{"PrimaryDI", "gmdnPTName"}, func(line int, cell func(int) string) error {
		if di := cell(0); r.wantsRaw(di) && len(r.terms[di]) < parts {
			if len(r.terms) >= r.in.Limits.Items {
				return r.tooMany(line)
			}
			r.terms[di] = append(r.terms[di], strings.Clone(cell(1)))
		}
		return nil
	})
}

func (r *reader) codeFile(src io.Reader) error {
	r.codes = make(map[string][]Code)
	return r.rows(src, []string{"PrimaryDI", "productCode", "productCodeName"}, func(line int, cell func(int) string) error {
		if di := cell(0); r.wantsRaw(di) && len(r.codes[di]) < parts {
			if len(r.codes) >= r.in.Limits.Items {
				return r.tooMany(line)
			}
			r.codes[di] = append(r.codes[di], Code{strings.Clone(cell(1)), strings.Clone(cell(2))})
		}
		return nil
	})
}

// delimited reads device.txt.
func (r *reader) delimited(src io.Reader) error {
	names := []string{
		"PrimaryDI", "brandName", "versionModelNumber", "catalogNumber", "companyName", "deviceDescription", "MRISafetyStatus", "deviceCommDistributionStatus", "devicePublishDate",
		"rx", "otc", "singleUse", "deviceSterile", "deviceKit", "serialNumber", "lotBatch", "expirationDate",
	}
	return r.rows(src, names, func(line int, cell func(int) string) error {
		m := Model{
			DI: cell(0), Brand: cell(1), ModelNumber: cell(2), CatalogNumber: cell(3), Company: cell(4), Description: cell(5), MRI: cell(6), Status: cell(7), Published: day(cell(8)),
			Rx: flag(cell(9)), OTC: flag(cell(10)), SingleUse: flag(cell(11)), Sterile: flag(cell(12)), Kit: flag(cell(13)), HasSerial: flag(cell(14)), HasLot: flag(cell(15)), HasExpiry: flag(cell(16)),
		}
		m.Terms, m.Codes = r.terms[m.DI], r.codes[m.DI]
		if len(m.Description) > most {
			m.Description = strings.ToValidUTF8(m.Description[:most], "")
		}
		return r.give(&m, line)
	})
}
