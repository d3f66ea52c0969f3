package dmarcreport

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/collect/safe"
	"github.com/asepsis/asepsis/internal/collect/xmlsafe"
	"github.com/asepsis/asepsis/internal/lazy"
	"github.com/asepsis/asepsis/internal/mail"
	"github.com/asepsis/asepsis/internal/mail/dmarc"
)

const (
	maxRows     = 100_000       // of one report; the largest seen have some 20,000
	maxChecked  = 40            // results of one row
	maxMessages = 1_000_000_000 // of one row
	maxText     = 300
)

const again = "ask the receiver for the report again, or leave it out"

var encoding = lazy.Regexp(`^\s*<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']`)

// document reads one report.
func (p *parser) document(b *bufio.Reader) error {
	head, err := b.Peek(1024)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	text, err := safe.Text(b, head, declared(encoding(), safe.Head(head)))
	if err != nil {
		return err
	}
	x := xmlsafe.New(text, p.in.Limits, xmlsafe.Options{})
	if err := x.Root(); err != nil {
		return err
	}
	if x.Name() != "feedback" {
		return x.Fault(fmt.Sprintf("this is no DMARC report: its first element is <%.40s>, not <feedback>", x.Name()), "bring the attachment of the message from the receiver, as it came")
	}
	r := &dmarc.Report{Published: dmarc.Published{Percent: 100}}
	line := x.Line()
	err = x.Children(func(name string) error {
		switch name {
		case "report_metadata":
			return p.metadata(x, r)
		case "policy_published":
			return p.published(x, r)
		case "record":
			return p.record(x, r)
		}
		return nil
	})
	if err == nil {
		err = x.Finish()
	}
	if err != nil {
		return err
	}
	fault := func(reason string) error { return &safe.Fault{Line: line, Reason: reason, Mend: again} }
	switch {
	case r.Published.Domain == "":
		return fault("the report does not say which domain it is about")
	case r.Begin.IsZero() || r.End.IsZero():
		return fault("the report does not say of which time it is")
	case r.End.Before(r.Begin):
		return fault("the report ends before it begins")
	}
	r.Reporter = cmp.Or(r.Reporter, "a receiver without a name")
	if !p.file.Tally.Add(r) {
		p.file.Twice++
		return nil
	}
	if !p.receivers[r.Reporter] {
		p.receivers[r.Reporter] = true
		p.file.Receivers = append(p.file.Receivers, r.Reporter)
	}
	return nil
}

func declared(re *regexp.Regexp, head []byte) string {
	if m := re.FindSubmatch(head); m != nil {
		return string(m[1])
	}
	return ""
}

// value reads the text of the element, lower case and without blanks around it.
func value(x *xmlsafe.Reader) (string, error) {
	s, err := x.Brief(maxText)
	return strings.ToLower(s), err
}

func (p *parser) metadata(x *xmlsafe.Reader, r *dmarc.Report) error {
	return x.Children(func(name string) error {
		var err error
		switch name {
		case "org_name":
			if r.Reporter, err = x.Brief(maxText); err == nil {
				r.Reporter = reports.Shorten(r.Reporter, 100)
			}
		case "report_id":
			r.ID, err = x.Brief(maxText)
		case "date_range":
			err = x.Children(func(name string) error {
				var err error
				switch name {
				case "begin":
					r.Begin, err = moment(x)
				case "end":
					r.End, err = moment(x)
				}
				return err
			})
		}
		return err
	})
}

// moment reads seconds since 1970.
func moment(x *xmlsafe.Reader) (time.Time, error) {
	line := x.Line()
	s, err := x.Brief(40)
	if err != nil {
		return time.Time{}, err
	}
	whole, _, _ := strings.Cut(s, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || n <= 0 || n > math.MaxUint32 {
		return time.Time{}, &safe.Fault{Line: line, Reason: fmt.Sprintf("%.40q is no time in seconds since 1970", s), Mend: again}
	}
	return time.Unix(n, 0).UTC(), nil
}

func (p *parser) published(x *xmlsafe.Reader, r *dmarc.Report) error {
	line := x.Line()
	return x.Children(func(name string) error {
		s, err := value(x)
		if err != nil {
			return err
		}
		switch name {
		case "domain":
			d, err := mail.Domain(s)
			if err != nil {
				return &safe.Fault{Line: line, Reason: fmt.Sprintf("the report is about %.60q, which is no mail domain", s), Mend: again}
			}
			r.Published.Domain = d
		case "p":
			r.Published.P = s
		case "sp":
			r.Published.SP = s
		case "adkim":
			r.Published.StrictDKIM = s == "s"
		case "aspf":
			r.Published.StrictSPF = s == "s"
		case "testing":
			r.Published.Testing = s == "y"
		case "pct":
			if n, err := strconv.Atoi(s); err == nil && n >= 0 && n <= 100 {
				r.Published.Percent = n
			}
		}
		return nil
	})
}

// record reads one row. A row that cannot be right is a fault of its own.
func (p *parser) record(x *xmlsafe.Reader, r *dmarc.Report) error {
	line := x.Line()
	if p.file.Rows++; p.file.Rows > p.in.Limits.Items || len(r.Rows) >= maxRows {
		return x.Fault("there are too many rows", "bring the reports of a shorter period at a time")
	}
	row := dmarc.Row{Count: -1}
	address := ""
	err := x.Children(func(name string) error {
		switch name {
		case "row":
			return p.row(x, &row, &address)
		case "identifiers":
			return x.Children(func(name string) error {
				if name != "header_from" {
					return nil
				}
				s, err := value(x)
				if d, bad := mail.Domain(s); bad == nil {
					row.HeaderFrom = d
				}
				return err
			})
		case "auth_results":
			return p.results(x, &row)
		}
		return nil
	})
	if err != nil {
		return err
	}
	a, err := netip.ParseAddr(address)
	switch {
	case err != nil:
		return p.faults.Add(line, "source_ip", fmt.Sprintf("%.60q is no address", address), again)
	case row.Count < 0:
		return p.faults.Add(line, "count", "the row does not say of how many messages it is", again)
	}
	row.Source = a.Unmap().WithZone("")
	r.Rows = append(r.Rows, row)
	return nil
}

func (p *parser) row(x *xmlsafe.Reader, row *dmarc.Row, address *string) error {
	return x.Children(func(name string) error {
		var err error
		switch name {
		case "source_ip":
			*address, err = x.Brief(maxText)
		case "count":
			var s string
			s, err = x.Brief(40)
			if n, bad := strconv.ParseInt(s, 10, 64); bad == nil && n >= 0 && n <= maxMessages {
				row.Count = n
			}
		case "policy_evaluated":
			err = evaluated(x, row)
		}
		return err
	})
}

func evaluated(x *xmlsafe.Reader, row *dmarc.Row) error {
	return x.Children(func(name string) error {
		if name == "reason" {
			return x.Children(func(name string) error {
				if name != "type" || len(row.Overrides) >= maxChecked {
					return nil
				}
				s, err := value(x)
				row.Overrides = append(row.Overrides, s)
				return err
			})
		}
		s, err := value(x)
		switch name {
		case "disposition":
			row.Disposition = s
		case "dkim":
			row.DKIM = s == "pass"
		case "spf":
			row.SPF = s == "pass"
		}
		return err
	})
}

func (p *parser) results(x *xmlsafe.Reader, row *dmarc.Row) error {
	return x.Children(func(method string) error {
		if method != "dkim" && method != "spf" || len(row.Checked) >= maxChecked {
			return nil
		}
		c := dmarc.Checked{Method: method}
		err := x.Children(func(name string) error {
			s, err := value(x)
			switch name {
			case "domain":
				// Some write the empty sender of a bounce as <>; it is no domain.
				if d, bad := mail.Domain(s); bad == nil {
					c.Domain = d
				}
			case "selector":
				c.Selector = s
			case "result":
				c.Result = s
			}
			return err
		})
		row.Checked = append(row.Checked, c)
		return err
	})
}
