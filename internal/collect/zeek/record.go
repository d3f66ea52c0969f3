package zeek

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/collect/jsonsafe"
)

// record is one line: its fields by name. It is reused for every line.
type record struct {
	keys, vals []string
	head       *tsv // of a line of text, whose fields are found by their headers
}

// maxValue is how much of a value is kept. Names, banners and lists of addresses
// are shorter.
const maxValue = 1024

// list separates the values of a list.
const list = "\x1f"

func (r *record) get(key string) string {
	if r.head != nil {
		i, ok := r.head.at[key]
		if !ok || i >= len(r.vals) {
			return ""
		}
		return r.head.value(r.vals[i])
	}
	for i, k := range r.keys {
		if k == key {
			return r.vals[i]
		}
	}
	return ""
}

func (r *record) has(key string) bool {
	if r.head != nil {
		_, ok := r.head.at[key]
		return ok
	}
	for _, k := range r.keys {
		if k == key {
			return true
		}
	}
	return false
}

// all returns the values of a list.
func (r *record) all(key string) []string {
	if r.head != nil {
		i, ok := r.head.at[key]
		if !ok || i >= len(r.vals) || r.vals[i] == r.head.unset || r.vals[i] == r.head.empty {
			return nil
		}
		out := strings.Split(r.vals[i], r.head.set)
		for j := range out {
			out[j] = r.head.value(out[j])
		}
		return out[:min(len(out), 100)]
	}
	s := r.get(key)
	if s == "" {
		return nil
	}
	return strings.Split(s, list)
}

// json reads a line of JSON. Objects within it are flattened: {"id": {"orig_h":
// …}} is id.orig_h.
func (r *record) json(js *jsonsafe.Reader) error {
	r.keys, r.vals, r.head = r.keys[:0], r.vals[:0], nil
	if err := r.object(js, ""); err != nil {
		return err
	}
	return js.End()
}

func (r *record) object(js *jsonsafe.Reader, prefix string) error {
	return js.Object(func(key string) error {
		k, err := js.Kind()
		if err != nil {
			return err
		}
		if prefix != "" {
			key = prefix + key
		}
		if len(r.keys) >= 200 {
			return js.Skip()
		}
		v := ""
		switch {
		case k == jsonsafe.Object && prefix == "":
			return r.object(js, key+".")
		case k == jsonsafe.Array:
			n := 0
			err = js.Array(func() error {
				s, err := js.Brief(maxValue)
				if n++; n <= 100 && len(v) < 8*maxValue {
					if n > 1 {
						v += list
					}
					v += s
				}
				return err
			})
		default:
			v, err = js.Brief(maxValue)
		}
		r.keys, r.vals = append(r.keys, key), append(r.vals, v)
		return err
	})
}

// guess tells the log from the fields of a line, where neither the line nor the
// file's name says it. Only what no other log has counts.
func (r *record) guess() string {
	for _, g := range [...]struct{ log, fields string }{
		{"dhcp", "mac msg_types"},
		{"conn", "conn_state history"},
		{"conn", "conn_state orig_bytes"},
		{"ssl", "established cipher"},
		{"ssl", "established resumed"},
		{"x509", "fingerprint certificate.subject"},
		{"x509", "certificate.subject certificate.serial"},
		{"software", "software_type unparsed_version"},
		{"known_services", "host port_num port_proto"},
		{"known_certs", "host port_num issuer_subject"},
		{"ntlm", "uid server_nb_computer_name"},
		{"ntlm", "uid domainname hostname"},
		{"snmp", "uid get_requests"},
		{"rdp", "uid security_protocol"},
		{"ssh", "uid auth_attempts"},
		{"dns", "uid trans_id query"},
		{"modbus", "uid func"},
		{"known_devices", "ts mac dhcp_host_name"},
	} {
		all := true
		for f := range strings.FieldsSeq(g.fields) {
			all = all && r.has(f)
		}
		if all {
			return g.log
		}
	}
	return ""
}

// tsv is what the headers of a text log say.
type tsv struct {
	separator, set, empty, unset string
	path                         string
	fields                       []string
	at                           map[string]int
}

var errHeader = errors.New("the header cannot be read")

// header takes a line that begins with #. A file may hold several logs one behind
// the other, each with headers of its own.
func (t *tsv) header(s string) error {
	if v, ok := strings.CutPrefix(s, "#separator "); ok {
		sep := unescape(v)
		if len(sep) != 1 {
			return fmt.Errorf("%w: the separator is %.20q", errHeader, v)
		}
		*t = tsv{separator: sep, set: ",", empty: "(empty)", unset: "-"}
		return nil
	}
	if t.separator == "" {
		return nil
	}
	name, v, ok := strings.Cut(s, t.separator)
	if !ok {
		return nil
	}
	switch name {
	case "#set_separator":
		t.set = unescape(v)
	case "#empty_field":
		t.empty = v
	case "#unset_field":
		t.unset = v
	case "#path":
		t.path = v
	case "#fields":
		t.fields = strings.Split(v, t.separator)
		if len(t.fields) > 500 {
			return fmt.Errorf("%w: it names more than 500 fields", errHeader)
		}
		t.at = make(map[string]int, len(t.fields))
		for i, f := range t.fields {
			t.at[f] = i
		}
	}
	if t.set == "" {
		t.set = ","
	}
	return nil
}

// value undoes the marks of a value.
func (t *tsv) value(s string) string {
	if s == t.unset || s == t.empty {
		return ""
	}
	return unescape(s[:min(len(s), maxValue)])
}

// tsv reads a line of text.
func (r *record) tsv(t *tsv, s string) bool {
	r.head = t
	r.vals = r.vals[:0]
	for v := range strings.SplitSeq(s, t.separator) {
		r.vals = append(r.vals, v)
	}
	return len(r.vals) == len(t.fields)
}

// unescape reads \x09 as the byte it stands for.
func unescape(s string) string {
	if !strings.Contains(s, `\x`) {
		return s
	}
	var b []byte
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) && s[i+1] == 'x' {
			if n, err := strconv.ParseUint(s[i+2:i+4], 16, 8); err == nil {
				b = append(b, byte(n))
				i += 3
				continue
			}
		}
		b = append(b, s[i])
	}
	return string(b)
}

// stamp reads a time: seconds since 1970 with a fraction, or ISO 8601.
func stamp(s string) (time.Time, bool) {
	if len(s) > 10 && s[4] == '-' {
		t, err := time.Parse(time.RFC3339Nano, s)
		t = t.UTC()
		if y := t.Year(); err != nil || y < 1 || y > 9999 { // a zone can move it beyond what can be written
			return time.Time{}, false
		}
		return t, true
	}
	whole, frac, _ := strings.Cut(s, ".")
	sec, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || sec <= 0 || sec >= 1<<34 {
		return time.Time{}, false
	}
	nano := int64(0)
	if frac != "" {
		frac = (frac + "000000000")[:9]
		if nano, err = strconv.ParseInt(frac, 10, 64); err != nil || nano < 0 {
			return time.Time{}, false
		}
	}
	return time.Unix(sec, nano).UTC(), true
}
