package nessus_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/assess"
	"github.com/asepsis/asepsis/internal/collect/collecttest"
	"github.com/asepsis/asepsis/internal/collect/nessus"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/secret"
	"github.com/asepsis/asepsis/internal/store/sqlstore"
)

// weekly is a scan of one host on a day of November 2026.
func weekly(day int, signedIn string, plugins ...string) string {
	var items strings.Builder
	for _, p := range plugins {
		kind, id, _ := strings.Cut(p, " ")
		fmt.Fprintf(&items, `<ReportItem port="0" svc_name="general" protocol="tcp" severity="3" pluginID="%s" pluginName="%s" pluginFamily="x"><plugin_type>%s</plugin_type></ReportItem>`, id, id, kind)
	}
	end := time.Date(2026, 11, day, 3, 0, 0, 0, time.UTC).Unix()
	return fmt.Sprintf(`<NessusClientData_v2><Report name="Weekly"><ReportHost name="10.20.0.5"><HostProperties><tag name="HOST_END_TIMESTAMP">%d</tag>
<tag name="Credentialed_Scan">%s</tag><tag name="host-ip">10.20.0.5</tag><tag name="host-fqdn">ehr-db-01.example.org</tag></HostProperties>%s</ReportHost></Report></NessusClientData_v2>`, end, signedIn, items.String())
}

// TestRescan brings scans of one name week after week and looks at what is open.
func TestRescan(t *testing.T) {
	db, err := sqlstore.Open(t.Context(), filepath.Join(t.TempDir(), "asepsis.db"), func(string) (secret.Text, error) {
		return secret.New("0123456789abcdef0123456789abcdef"), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	start := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	profile := sqlstore.Profile{Organization: assess.Organization{ID: "tn_test", Name: "Test Hospital", Kind: "community", Beds: 85}, CreatedAt: start}
	if err := db.CreateTenant(t.Context(), profile, "test"); err != nil {
		t.Fatal(err)
	}
	tenant := db.Tenant("tn_test")
	for i, c := range []struct {
		what, scan string
		open       []string
	}{
		{"signed in", weekly(2, "true", "local 1", "remote 2", "combined 3"), []string{"1", "2", "3"}},
		{"not signed in: the remote finding is mended, the others nobody looked at", weekly(3, "false"), []string{"1", "3"}},
		{"again not signed in, and something new", weekly(4, "false", "remote 4"), []string{"1", "3", "4"}},
		{"still not: what was seen from outside is gone from outside", weekly(5, "false"), []string{"1", "3"}},
		{"signed in again: the update is there", weekly(6, "true", "combined 3"), []string{"3"}},
		{"the report does not say whether", weekly(7, "maybe"), []string{"3"}},
		{"signed in: clean", weekly(8, "true"), nil},
	} {
		in := collecttest.Input("weekly.nessus", []byte(c.scan))
		in.Now = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
		p, err := nessus.Importer{}.Parse(context.Background(), in)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tenant.Ingest(t.Context(), p.Batch, sqlstore.Delivery{Actor: "test", Now: start.Add(time.Duration(i+10) * 24 * time.Hour)}); err != nil {
			t.Fatal(err)
		}
		set, _, err := tenant.Load(t.Context(), start.Add(60*24*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		var open []string
		for _, v := range set.Resources[fact.KindVulnerability] {
			open = append(open, v.Text("scanner_id"))
		}
		slices.Sort(open)
		if d := cmp.Diff(c.open, open); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.what, d)
		}
	}
}

// TestCutShort: a scan whose end is not told leaves everything as it was.
func TestCutShort(t *testing.T) {
	data := strings.Replace(weekly(2, "true"), "HOST_END_TIMESTAMP", "HOST_START_TIMESTAMP", 1)
	b := parse(t, "cut.nessus", []byte(data)).Batch
	if d := cmp.Diff([]fact.Kept{{}}, b.Sightings[0].Keeps); d != "" {
		t.Error(d)
	}
	if !slices.ContainsFunc(b.Notes, func(n fact.Note) bool { return strings.Contains(n.What, "not complete") }) {
		t.Errorf("no note in %v", b.Notes)
	}
}
