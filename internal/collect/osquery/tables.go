package osquery

import "strings"

// tables lists the tables that are read, each with the columns that a row of it
// must have and those of which one shows it where the query's name does not.
var tables = map[string]*table{
	"system_info":               {need: "hostname", shows: "hardware_serial cpu_brand hardware_model"},
	"os_version":                {need: "name version", shows: "platform platform_like"},
	"kernel_info":               {need: "version", shows: "arguments"},
	"interface_details":         {need: "interface mac", shows: "mac"},
	"interface_addresses":       {need: "interface address", shows: "mask broadcast"},
	"uptime":                    {need: "days", shows: "total_seconds"},
	"chassis_info":              {need: "chassis_types", shows: "chassis_types"},
	"deb_packages":              {need: "name version", shows: "revision maintainer"},
	"rpm_packages":              {need: "name version release", shows: "epoch package_group sha1"},
	"programs":                  {need: "name version", shows: "identifying_number uninstall_string"},
	"apps":                      {need: "name", shows: "bundle_short_version bundle_identifier"},
	"homebrew_packages":         {need: "name version", shows: "prefix"},
	"python_packages":           {need: "name version"},
	"npm_packages":              {need: "name version"},
	"gem_packages":              {need: "name version"},
	"chrome_extensions":         {need: "name version", shows: "browser_type from_webstore"},
	"firefox_addons":            {need: "name version"},
	"vscode_extensions":         {need: "name version"},
	"chocolatey_packages":       {need: "name version"},
	"patches":                   {need: "hotfix_id", shows: "hotfix_id"},
	"windows_update_history":    {need: "title", shows: "result_code"},
	"users":                     {need: "username", shows: "uid_signed directory"},
	"shadow":                    {need: "username", shows: "password_status hash_alg"},
	"listening_ports":           {need: "port protocol", shows: "address"},
	"disk_encryption":           {need: "name encrypted", shows: "encryption_status encrypted"},
	"bitlocker_info":            {need: "drive_letter protection_status", shows: "protection_status"},
	"windows_security_products": {need: "type name state", shows: "signatures_up_to_date remediation_path"},
	"windows_security_center":   {need: "firewall antivirus", shows: "autoupdate"},
	"alf":                       {need: "global_state", shows: "global_state"},
}

type table struct{ need, shows string }

// columns are those that are kept of a row.
var columns = func() map[string]bool {
	m := map[string]bool{}
	for _, t := range tables {
		for f := range strings.FieldsSeq(t.need + " " + t.shows) {
			m[f] = true
		}
	}
	for f := range strings.FieldsSeq(`computer_name local_hostname uuid hardware_vendor hardware_model hardware_serial major minor patch build platform platform_like codename arch
		type friendly_name publisher source epoch release vendor status bundle_version identifier csname installed_on uid gid description shell directory is_hidden
		pid family path process_name uuid encryption_status filevault_status device_id conversion_status percentage_encrypted encryption_method
		last_change max host_uuid host_name firewall autoupdate antivirus smbios_tag serial manufacturer model`) {
		m[f] = true
	}
	return m
}()

// tableOf tells which table a row is of: by what the row says of its source, by
// the name of the query, by its columns.
func tableOf(query string, r row) string {
	if t := tables[r["source"]]; t != nil && t.fits(r) { // a union of tables names them
		return r["source"]
	}
	name := strings.ToLower(strings.NewReplacer("-", "_", " ", "_", "/", "_", ".", "_").Replace(query))
	best := ""
	for t, s := range tables {
		if len(t) > len(best) && strings.Contains(name, t) && s.fits(r) {
			best = t
		}
	}
	if best != "" {
		return best
	}
	for t, s := range tables {
		if s.shows == "" || !s.fits(r) {
			continue
		}
		for c := range strings.FieldsSeq(s.shows) {
			if _, ok := r[c]; ok && (best == "" || better(t, best)) {
				best = t
			}
		}
	}
	return best
}

// better prefers the table that needs more columns; equal ones go by their names,
// so that the same row is always of the same table.
func better(a, b string) bool {
	x, y := len(strings.Fields(tables[a].need)), len(strings.Fields(tables[b].need))
	return x > y || x == y && a < b
}

// fits reports whether the row has the columns that the table must have.
func (t *table) fits(r row) bool {
	for c := range strings.FieldsSeq(t.need) {
		if _, ok := r[c]; !ok {
			return false
		}
	}
	return true
}
