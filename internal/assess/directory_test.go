package assess

import (
	"testing"

	"github.com/asepsis/asepsis/internal/fact"
)

func TestDirectoryAccountsAreCounted(t *testing.T) {
	local := fact.Values{"name": "root", "directory": "local", "enabled": true}
	for _, tc := range []struct {
		name     string
		accounts []fact.Values
		want     string
	}{
		{"none", nil, "missing: no accounts of a directory were imported"},
		{"local ones only", []fact.Values{local}, "missing: no accounts of a directory were imported"},
		{"two that can sign in", []fact.Values{
			local,
			{"name": "a", "directory": "ad", "enabled": true},
			{"name": "b", "directory": "entra", "enabled": true, "type": "person"},
			{"name": "c", "directory": "ad", "enabled": false},
			{"name": "d", "directory": "ad"},
			{"name": "svc", "directory": "ad", "enabled": true, "type": "service"},
		}, "2"},
		{"all disabled", []fact.Values{{"name": "c", "directory": "ad", "enabled": false}}, "0"},
	} {
		rs := make([]*fact.Resource, len(tc.accounts))
		for i, vs := range tc.accounts {
			rs[i] = account(vs["name"].(string), vs) //nolint:forcetypeassert // written above
		}
		expect(t, Derive(setOf(rs...), Organization{}, now), fact.KindOrganization, "organization", map[string]string{"directory_accounts": tc.want})
	}
}
