package software

import (
	"bytes"
	"context"
	"strings"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/collect/jsonsafe"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/fact"
)

func isProfiler(head []byte) bool {
	h := bytes.TrimSpace(head)
	if len(h) == 0 || h[0] != '{' {
		return false
	}
	keys := firstObject(h)
	if len(keys) == 0 {
		return false
	}
	return strings.HasPrefix(keys[0], "SP") && strings.HasSuffix(keys[0], "DataType")
}

// profiler reads system_profiler -json. Asked for SPHardwareDataType and
// SPSoftwareDataType besides SPApplicationsDataType, it names the machine itself.
func (p *parser) profiler(ctx context.Context) error {
	r, err := jsonsafe.Open(ctx, p.in)
	if err != nil {
		return err
	}
	h := p.host("")
	h.Set("os_family", "macos")
	err = r.Object(func(section string) error {
		switch section {
		case "SPApplicationsDataType", "SPHardwareDataType", "SPSoftwareDataType":
		default:
			return nil
		}
		return r.Array(func() error {
			line := r.Line()
			v := make(map[string]string)
			err := r.Object(func(key string) error {
				k, err := r.Kind()
				if err != nil || k == jsonsafe.Object || k == jsonsafe.Array {
					return err
				}
				s, err := r.Brief(300)
				if len(v) < 100 {
					v[key] = s
				}
				return err
			})
			if err != nil {
				return err
			}
			if err := p.row(line); err != nil {
				return err
			}
			p.profile(section, h, v)
			return nil
		})
	})
	if err != nil {
		return err
	}
	if err := r.End(); err != nil {
		return err
	}
	if h.Values["serial"] != nil {
		p.itself(h)
	}
	return nil
}

func (p *parser) profile(section string, h *reports.Host, v map[string]string) {
	switch section {
	case "SPApplicationsDataType":
		p.progs = true
		p.add(h, fact.Component{Ecosystem: "generic", Name: reports.Shorten(v["_name"], 300), Version: reports.Shorten(v["version"], 120)})
	case "SPHardwareDataType":
		if h.Key(asset.Serial, v["serial_number"]) {
			h.Set("serial", v["serial_number"])
		}
		h.Set("manufacturer", "Apple")
		h.Set("model", reports.Shorten(v["machine_model"], 100))
	case "SPSoftwareDataType":
		h.Set("os_name", reports.Shorten(v["os_version"], 200))
		if f := strings.Fields(v["os_version"]); len(f) >= 2 { // macOS 14.2.1 (23C71)
			h.Set("os_version", f[1])
			if len(f) > 2 {
				h.Set("os_build", strings.Trim(f[2], "()"))
			}
		}
		h.Name(v["local_host_name"])
	}
}

// itself names the machine by its serial number where nobody named it.
func (p *parser) itself(h *reports.Host) {
	if p.in.Options["asset"] == "" {
		h.Ref, _ = h.Values["serial"].(string)
	}
}
