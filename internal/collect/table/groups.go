package table

import (
	"strings"

	"github.com/asepsis/asepsis/internal/collect/table/cell"
)

// groupNames reads a cell of groups. Active Directory writes each as a
// distinguished name with commas in it (CN=Nurses,OU=Groups,DC=x), of which the
// first part is the name.
func groupNames(s string) []string {
	if !strings.Contains(s, "CN=") || !strings.Contains(s, "DC=") {
		return cell.List(s)
	}
	var names []string
	begins := true // the next CN= begins a name: nothing, or the DC= that ends one, stands before it
	for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ',' || r == ';' || r == '|' || r == '\n' }) {
		part = strings.Trim(strings.TrimSpace(part), `"`)
		switch {
		case strings.HasPrefix(part, "DC="):
			begins = true
			// PowerShell joins an array with spaces: DC=local CN=Next.
			if _, next, ok := strings.Cut(part, " CN="); ok {
				names = append(names, next)
				begins = false
			}
		case strings.HasPrefix(part, "CN=") && begins:
			names = append(names, strings.TrimPrefix(part, "CN="))
			begins = false
		default:
			begins = false
		}
	}
	return names
}
