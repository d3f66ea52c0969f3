package assess

import "github.com/asepsis/asepsis/internal/fact"

// deriveDirectoryAccounts counts the personal accounts of directories that can
// sign in. Whether an export covers the workforce is judged by it: accounts
// that are local to a machine say nothing of that, and neither do those whose
// state nobody told.
func deriveDirectoryAccounts(r *fact.Resource, accounts []*fact.Resource) {
	var seen span
	n, found := int64(0), false
	for _, a := range accounts {
		d := a.Text("directory")
		if d == "" || d == "local" || !personal(a) {
			continue
		}
		found = true
		if enabled, known := a.Get("enabled").(bool); known && enabled {
			n++
		}
		seen.add(newest(a))
	}
	if !found {
		missing(r, "directory_accounts", "no accounts of a directory were imported")
		return
	}
	set(r, "directory_accounts", n, seen.origin("derived: counted"))
}
