package app

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/store/sqlstore"
	"github.com/asepsis/asepsis/internal/web/api"
)

// smallHospital is a handful of devices and people, assessed once.
func smallHospital(t *testing.T) (*App, string) {
	t.Helper()
	a := openBench(t)
	now := time.Now().UTC().Truncate(time.Second)
	p, err := a.Default(t.Context(), "test")
	if err != nil {
		t.Fatal(err)
	}
	tid := p.ID
	day := func(n int) time.Time { return now.Add(-time.Duration(n) * 24 * time.Hour) }
	b := &fact.Batch{
		Stream: fact.Stream{ID: "import/assets", Title: "asset list"}, Assurance: fact.Imported, ObservedAt: now,
		Sightings: []fact.Sighting{
			sighting(t, "a", "name", "WS-10", fact.Values{"class": "workstation", "location": "Ward 2", "last_seen_at": day(1), "ips": []string{"10.0.0.10", "10.9.0.10"}}),
			sighting(t, "b", "name", "ws-9", fact.Values{"class": "workstation", "last_seen_at": day(3), "serial": "5CG1234XYZ"}),
			sighting(t, "c", "name", "pump-1", fact.Values{"class": "medical_device", "location": "ICU"}),
			sighting(t, "d", "name", "fs-1", fact.Values{"class": "server", "location": "ICU annex", "last_seen_at": day(2)}),
		},
		Facts: []fact.Fact{
			{Kind: fact.KindEndpoint, Asset: "d", Key: "443/tcp", Values: fact.Values{"port": int64(443), "transport": "tcp", "service": "https"}},
			{Kind: fact.KindPerson, Key: "e1", Values: fact.Values{"name": "Ann Lee", "department": "ICU", "email": "ann@h.example"}},
		},
	}
	if _, err := a.IngestBatch(t.Context(), tid, b, sqlstore.Delivery{Actor: "test", Now: now}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.AssessNow(t.Context(), tid, "test", "test"); err != nil {
		t.Fatal(err)
	}
	return a, tid
}

func sighting(t *testing.T, ref string, typ asset.KeyType, value string, vs fact.Values) fact.Sighting {
	t.Helper()
	k, ok := asset.NewKey(typ, value)
	if !ok {
		t.Fatalf("no key %s", value)
	}
	vs["name"] = value
	return fact.Sighting{Ref: ref, Keys: []asset.Key{k}, Values: vs}
}

func TestResourceLists(t *testing.T) {
	a, tid := smallHospital(t)
	r, who := reader{a}, access.Command(tid, "test")
	list := func(q api.ResourceQuery) (*api.ResourcePage, error) {
		if q.Kind == "" {
			q.Kind = "asset"
		}
		return r.Resources(t.Context(), who, q)
	}
	f := func(pairs ...string) (fs []api.Filter) {
		for i := 0; i < len(pairs); i += 2 {
			fs = append(fs, api.Filter{Attribute: pairs[i], Value: pairs[i+1]})
		}
		return fs
	}
	for _, tt := range []struct {
		name string
		q    api.ResourceQuery
		want string
	}{
		{"by name as people sort", api.ResourceQuery{}, "fs-1 pump-1 ws-9 WS-10"},
		{"the other way", api.ResourceQuery{Sort: "-label"}, "WS-10 ws-9 pump-1 fs-1"},
		{"by a date; what has none is last", api.ResourceQuery{Sort: "last_seen_at"}, "ws-9 fs-1 WS-10 pump-1"},
		{"newest first; what has none is still last", api.ResourceQuery{Sort: "-last_seen_at"}, "WS-10 fs-1 ws-9 pump-1"},
		{"a word of the name, whatever its case", api.ResourceQuery{Q: "ws"}, "ws-9 WS-10"},
		{"every word counts", api.ResourceQuery{Q: "icu annex"}, "fs-1"},
		{"by the second address", api.ResourceQuery{Q: "10.9.0"}, "WS-10"},
		{"by the middle of a serial number", api.ResourceQuery{Q: "1234"}, "ws-9"},
		{"nothing of that name", api.ResourceQuery{Q: "nowhere"}, ""},
		{"one value", api.ResourceQuery{Filters: f("class", "workstation")}, "ws-9 WS-10"},
		{"two values of one attribute are either", api.ResourceQuery{Filters: f("class", "server", "class", "medical_device")}, "fs-1 pump-1"},
		{"two attributes are both", api.ResourceQuery{Filters: f("class", "workstation", "location", "Ward 2")}, "WS-10"},
		{"the empty value finds what has none", api.ResourceQuery{Filters: f("location", "")}, "ws-9"},
		{"an element of a list", api.ResourceQuery{Filters: f("ips", "10.9.0.10")}, "WS-10"},
		{"filter and search", api.ResourceQuery{Q: "icu", Filters: f("class", "server")}, "fs-1"},
	} {
		page, err := list(tt.q)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		var got []string
		for _, i := range page.Items {
			got = append(got, i.Label)
		}
		if s := strings.Join(got, " "); s != tt.want || page.Total != len(got) {
			t.Errorf("%s: got %q of %d, want %q", tt.name, s, page.Total, tt.want)
		}
	}

	// What to narrow by is counted over what was searched for, not over what
	// the filter left: else the other choices would vanish.
	page, err := list(api.ResourceQuery{Filters: f("class", "server")})
	if err != nil {
		t.Fatal(err)
	}
	if got := page.Facets[0]; got.Attribute != "class" || len(got.Values) != 3 || got.Values[0] != (api.FacetValue{Value: "workstation", Count: 2}) {
		t.Errorf("facet of the class: %+v", got)
	}
	for _, tt := range []struct {
		name string
		q    api.ResourceQuery
		kind errs.Kind
	}{
		{"no such kind", api.ResourceQuery{Kind: "spaceship"}, errs.NotFound},
		{"no such column", api.ResourceQuery{Columns: []string{"color"}}, errs.Invalid},
		{"no such filter", api.ResourceQuery{Filters: f("color", "red")}, errs.Invalid},
		{"no such order", api.ResourceQuery{Sort: "-color"}, errs.Invalid},
		{"no such check", api.ResourceQuery{Check: "nope"}, errs.NotFound},
		{"a made-up cursor", api.ResourceQuery{PageQuery: api.PageQuery{Cursor: "-1"}}, errs.Invalid},
	} {
		if _, err := list(tt.q); errs.KindOf(err) != tt.kind {
			t.Errorf("%s: %v, want kind %v", tt.name, err, tt.kind)
		}
	}
}

// Paging shows each row once, whatever the size of the page.
func TestPaging(t *testing.T) {
	a, tid := smallHospital(t)
	for limit := 1; limit <= 5; limit++ {
		var got []string
		q := api.ResourceQuery{Kind: "asset", PageQuery: api.PageQuery{Limit: limit}}
		for range 10 {
			page, err := reader{a}.Resources(t.Context(), access.Command(tid, "test"), q)
			if err != nil {
				t.Fatal(err)
			}
			if page.Total != 4 || len(page.Items) > limit {
				t.Fatalf("limit %d: %d rows of %d", limit, len(page.Items), page.Total)
			}
			for _, i := range page.Items {
				got = append(got, i.Label)
			}
			if q.Cursor = page.Next; q.Cursor == "" {
				break
			}
		}
		if want := []string{"fs-1", "pump-1", "ws-9", "WS-10"}; !slices.Equal(got, want) {
			t.Errorf("limit %d: got %q, want %q", limit, got, want)
		}
	}
	if items, next, err := pageOf([]int{1, 2}, api.PageQuery{Cursor: "99"}); err != nil || len(items) != 0 || next != "" {
		t.Errorf("past the end: %v, next %q, %v", items, next, err)
	}
}

func TestSearch(t *testing.T) {
	a, tid := smallHospital(t)
	all := access.Command(tid, "test")
	search := func(ctx context.Context, q string) []string {
		t.Helper()
		hits, err := reader{a}.Search(ctx, all, q, 5)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, h := range hits {
			got = append(got, h.Kind+":"+h.Label)
		}
		return got
	}
	for _, tt := range []struct{ q, first string }{
		{"WS-9", "asset:ws-9"},
		{"10.9.0.10", "asset:WS-10"},
		{"34xyz", "asset:ws-9"}, // the end of a serial number, as read off a label
		{"ann lee", "person:Ann Lee"},
		{"lee ann", "person:Ann Lee"},
		{"ann@h.example", "person:Ann Lee"},
		{"multifactor", "goal:Multifactor Authentication"},
		{"audit", "page:Audit trail"},
	} {
		if got := search(t.Context(), tt.q); len(got) == 0 || got[0] != tt.first {
			t.Errorf("%q finds %q, want %q first", tt.q, got, tt.first)
		}
	}
	for _, q := range []string{"", "   ", "ann nowhere"} {
		if got := search(t.Context(), q); len(got) != 0 {
			t.Errorf("%q finds %q, want nothing", q, got)
		}
	}
}

func TestNaturalOrder(t *testing.T) {
	want := []string{"", "a", "A2", "a10", "b", "b-002", "b-3", "b-10a"}
	got := []string{"b-10a", "b", "a10", "A2", "b-3", "a", "b-002", ""}
	slices.SortFunc(got, natural)
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A report of a day that has not come would say what nobody knows.
func TestAsOfADayToCome(t *testing.T) {
	a, tid := smallHospital(t)
	if _, err := a.AsOf(t.Context(), tid, time.Now().AddDate(1, 0, 0)); !errs.Is(err, errs.Invalid) {
		t.Errorf("next year: %v, want it refused", err)
	}
	k, err := a.AsOf(t.Context(), tid, time.Now().Add(5*time.Hour)) // the end of today
	if err != nil {
		t.Fatal(err)
	}
	if k.Assessment.AsOf.After(time.Now()) {
		t.Errorf("as of the end of today is as of %v", k.Assessment.AsOf)
	}
}
