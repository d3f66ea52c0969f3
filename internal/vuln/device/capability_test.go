package device_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/asepsis/asepsis/content/devices"
	"github.com/asepsis/asepsis/internal/vuln/device"
)

func capabilities(t testing.TB) *device.Capabilities {
	t.Helper()
	c, err := device.LoadCapabilities(devices.FS)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestCapabilitiesAreWhole holds the shipped table to what it promises.
func TestCapabilitiesAreWhole(t *testing.T) {
	c := capabilities(t)
	for _, id := range strings.Fields("MPII ALOF AUDT AUTH CNFS CSUP DIDT DTBK EMRG IGAU MLDP NAUT CONN PAUT PLOK RDMP SBOM SAHD SGUD STCF TXCF TXIG RMOT") {
		k, ok := c.Find(id)
		if !ok {
			t.Errorf("section %s of the disclosure has no capability", id)
			continue
		}
		if strings.HasPrefix(k.Name, "no ") || strings.HasSuffix(k.Name, ".") {
			t.Errorf("%s: the name %q does not follow “lacks”", id, k.Name)
		}
		if len(k.Questions[device.Edition2019])+len(k.Bad[device.Edition2019]) == 0 {
			t.Errorf("%s has no question of the edition of 2019", id)
		}
		for _, m := range k.Compensate {
			if !strings.HasSuffix(m.Do, ".") || c.Control(m.Control) == "" || len(m.Sources) == 0 {
				t.Errorf("%s: %+v", id, m)
			}
		}
		if !strings.Contains(k.Cites(), "HN 1-2019") {
			t.Errorf("%s cites %q", id, k.Cites())
		}
	}
	seen := make(map[string]string)
	for _, k := range c.All() {
		for e, ids := range k.Questions {
			for _, id := range append(ids, k.Bad[e]...) {
				if other := seen[string(e)+id]; other != "" {
					t.Errorf("question %s of %s decides about %s and %s", id, e, other, k.ID)
				}
				seen[string(e)+id] = k.ID
			}
		}
	}
}

func TestCapabilityJudge(t *testing.T) {
	const yes, no, na, note = device.SaysYes, device.SaysNo, device.NotApplicable, device.SeeNote
	c := capabilities(t)
	for _, tt := range []struct {
		id      string
		edition device.Edition
		replies map[string]device.Reply
		want    device.Standing
	}{
		{"ALOF", device.Edition2019, map[string]device.Reply{"ALOF-1": yes}, device.Has},
		{"ALOF", device.Edition2019, map[string]device.Reply{"ALOF-1": no}, device.Lacks},
		{"ALOF", device.Edition2019, map[string]device.Reply{"ALOF-1": na}, device.NeedsNot},
		{"ALOF", device.Edition2019, map[string]device.Reply{"ALOF-1": note}, device.Unsaid},
		{"ALOF", device.Edition2019, map[string]device.Reply{"ALOF-2": no}, device.Unsaid},
		{"ALOF", device.Edition2013, map[string]device.Reply{"1-1": no}, device.Lacks},
		// Other compensating protection counts, and a device that hosts no software needs none.
		{"MLDP", device.Edition2019, map[string]device.Reply{"MLDP-1": yes, "MLDP-2": no, "MLDP-3": no, "MLDP-4": yes}, device.Has},
		{"MLDP", device.Edition2019, map[string]device.Reply{"MLDP-1": yes, "MLDP-2": no, "MLDP-3": na, "MLDP-4": no}, device.Lacks},
		{"MLDP", device.Edition2019, map[string]device.Reply{"MLDP-1": no, "MLDP-2": no, "MLDP-3": no, "MLDP-4": no}, device.NeedsNot},
		{"MLDP", device.Edition2019, map[string]device.Reply{"MLDP-2": no, "MLDP-3": no, "MLDP-4": no}, device.Lacks}, // the gate is not answered
		{"MLDP", device.Edition2019, map[string]device.Reply{"MLDP-2": no, "MLDP-4": no}, device.Unsaid},
		{"INSTALL", device.Edition2019, map[string]device.Reply{"SAHD-12": yes}, device.Lacks},
		{"INSTALL", device.Edition2019, map[string]device.Reply{"SAHD-12": no}, device.Has},
		{"INSTALL", device.Edition2019, map[string]device.Reply{"SAHD-12": na}, device.NeedsNot},
		{"INSTALL", device.Edition2019, nil, device.Unsaid},
		{"CONN", device.Edition2013, nil, device.NotAsked},
		{"RMOT", device.Edition2019, map[string]device.Reply{"RMOT-1": no}, device.NeedsNot},
	} {
		k, ok := c.Find(tt.id)
		if !ok {
			t.Fatalf("no %s", tt.id)
		}
		if got := k.Judge(tt.edition, tt.replies); got != tt.want {
			t.Errorf("%s of %s with %v: %d, want %d", tt.id, tt.edition, tt.replies, got, tt.want)
		}
	}
}

func TestCapabilitiesRefuse(t *testing.T) {
	const head = "sources: {s: {title: t, url: u, how_read: h}}\ncontrols: {isolation: x}\n"
	for name, tt := range map[string]struct{ text, want string }{
		"unknown field":   {"capabilites: []", "unknown field"},
		"no question":     {head + "capabilities: [{id: A, name: a, means: m, compensate: [{control: isolation, do: d., source: [s]}]}]", "needs questions"},
		"wrong question":  {head + "capabilities: [{id: A, name: a, means: m, questions: {\"2019\": [XXXX-1]}, compensate: [{control: isolation, do: d., source: [s]}]}]", "no question of the edition"},
		"unknown control": {head + "capabilities: [{id: A, name: a, means: m, questions: {\"2019\": [ALOF-1]}, compensate: [{control: magic, do: d., source: [s]}]}]", "no known control"},
		"unknown source":  {head + "capabilities: [{id: A, name: a, means: m, questions: {\"2019\": [ALOF-1]}, compensate: [{control: isolation, do: d., source: [zz]}]}]", "cites zz"},
		"nothing instead": {head + "capabilities: [{id: A, name: a, means: m, questions: {\"2019\": [ALOF-1]}}]", "names nothing"},
	} {
		_, err := device.LoadCapabilities(fstest.MapFS{"capabilities.yaml": {Data: []byte(tt.text)}})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
}
