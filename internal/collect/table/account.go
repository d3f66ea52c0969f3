package table

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/lazy"
)

// directoryOfAccounts reads the accounts of one directory, or of several.
type directoryOfAccounts struct {
	keyed
	b          *builder
	directory  string // of rows that name none
	adminCount bool   // Active Directory writes 1 for administrators and nothing for others
	used       map[string]bool
	inferred   map[string]int // types worked out from names
	registered bool           // second factors are those registered
	byGroup    bool           // administrator rights were told by groups
}

func newAccounts(b *builder) taker {
	d := &directoryOfAccounts{
		keyed: newKeyed("last_login_at"), b: b, used: make(map[string]bool), inferred: make(map[string]int),
		directory: directoryName(b.in.Options["directory"]),
	}
	if d.directory == "" {
		d.directory = directoryStyle(b.headers)
	}
	if c := b.column("privileged"); c >= 0 {
		d.adminCount = squeeze(fold(b.headers[c])) == "admincount"
	}
	for _, f := range [...]string{"mfa_enabled", "mfa_methods"} {
		if c := b.column(f); c >= 0 {
			h := squeeze(fold(b.headers[c]))
			d.registered = d.registered || strings.Contains(h, "registered") || strings.Contains(h, "enrolled") || strings.Contains(h, "capable") || strings.Contains(h, "factor")
		}
	}
	return d
}

var directoryNames = map[string]string{
	"activedirectory": "ad", "ad": "ad", "ldap": "ad", "azuread": "entra", "azureactivedirectory": "entra", "aad": "entra", "entraid": "entra",
	"entra": "entra", "microsoftentra": "entra", "microsoftentraid": "entra", "microsoft365": "entra", "m365": "entra", "office365": "entra", "o365": "entra",
	"okta": "okta", "google": "google", "googleworkspace": "google", "gsuite": "google", "duo": "duo", "ehr": "ehr", "local": "local",
}

func directoryName(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	if n, ok := directoryNames[squeeze(fold(s))]; ok {
		return n
	}
	return strings.Join(strings.Fields(s), " ")
}

// directoryStyle tells whose export it is by its headers.
func directoryStyle(headers []string) string {
	has := make(map[string]bool)
	for _, h := range headers {
		has[squeeze(fold(h))] = true
	}
	for _, style := range [...]struct {
		name  string
		marks []string
	}{
		{"google", []string{"2svenrolled", "2svenforced", "orgunitpath"}},
		{"ad", []string{"samaccountname", "distinguishedname", "passwordlastset", "pwdlastset", "admincount"}},
		{"entra", []string{"ismfaregistered", "methodsregistered", "accountenabled", "blockcredential", "userprincipalname", "multifactorauthcapable", "ismfacapable"}},
		{"duo", []string{"isenrolled", "realname", "bypasscodes"}},
		{"okta", []string{"mfafactor", "lastenrolled", "oktaid", "passwordchanged"}},
	} {
		if slices.ContainsFunc(style.marks, func(m string) bool { return has[m] }) {
			return style.name
		}
	}
	return "directory"
}

func (d *directoryOfAccounts) take(r *row) error {
	vals := r.values()
	upn := r.text("user_principal_name")
	mail := strings.ToLower(r.text("email"))
	name := cmp.Or(r.text("sign_in_name"), upn, mail)
	if name == "" {
		return r.fault("sign_in_name", "the account has no sign-in name", "give it, or delete the row")
	}
	vals["name"] = name
	for _, s := range [...]string{mail, upn, name} {
		if strings.Contains(s, "@") && !strings.ContainsAny(s, " \\") {
			vals["email"] = strings.ToLower(s)
			break
		}
	}
	dir := directoryName(r.text("directory"))
	if dir == "" {
		dir = d.directory
	}
	vals["directory"] = dir
	d.used[dir] = true
	if n := r.fullName("display_name"); n != "" {
		vals["display_name"] = n
	}
	if o := r.text("owner"); o != "" {
		vals["owner"] = number(o)
	}
	if err := d.signIn(r, vals); err != nil || r.bad {
		return err
	}
	d.rights(r, vals)
	d.factors(r, vals)
	key := dir + ":" + strings.ToLower(name)
	if _, ok := vals["type"]; !ok && r.missing["type"] == "" {
		t := typeOf(name, r.text("display_name"))
		vals["type"] = t
		if d.entries[key] == nil {
			d.inferred[t]++
		}
	}
	_, err := d.add(r, key, vals)
	return err
}

// signIn decides whether the account can sign in.
func (d *directoryOfAccounts) signIn(r *row, vals fact.Values) error {
	enabled, known := r.yes("enabled")
	if blocked, ok := r.yes("blocked"); ok {
		if known && enabled == blocked {
			return r.fault("blocked", "contradicts whether the account is enabled", "correct one of them")
		}
		enabled, known = !blocked, true
	}
	if s := r.text("status"); s != "" && !known {
		enabled, known = s != "disabled", true
	}
	_, when := vals["disabled_at"]
	switch {
	case known && enabled:
		delete(vals, "disabled_at") // enabled again since, or the date of another change
	case !known && when:
		enabled, known = false, true
	}
	if known {
		vals["enabled"] = enabled
		delete(r.missing, "enabled")
	}
	return nil
}

// adminGroups grant rights over a directory or a tenant.
var adminGroups = lazy.Regexp(`(?i)^(domain admins|enterprise admins|schema admins|administrators|account operators|backup operators|server operators|print operators|dnsadmins|group policy creator owners|key admins|enterprise key admins|.*\bglobal administrator|.*\bcompany administrator|super administrator|super admin|org(anization)? administrator|(privileged (role|authentication)|security|exchange|sharepoint|user|intune|application|cloud application|authentication|helpdesk|hybrid identity|conditional access|billing|password|teams|groups) administrator|.*_seed_admin_role|_.*_admin)$`)

// rights decides whether the account has administrator rights. A group that
// grants them outweighs a column that denies them.
func (d *directoryOfAccounts) rights(r *row, vals fact.Values) {
	groups, _ := vals["groups"].([]string)
	if slices.ContainsFunc(groups, adminGroups().MatchString) {
		vals["privileged"] = true
	}
	if _, ok := vals["privileged"]; ok {
		return
	}
	i := slices.IndexFunc(groups, adminLike().MatchString)
	switch {
	case d.adminCount:
		vals["privileged"] = false
	case i >= 0:
		r.miss("privileged", fmt.Sprintf("what rights the group %q grants is not known", shorten(groups[i], 40)))
		d.byGroup = true
	case len(groups) > 0:
		vals["privileged"] = false
		d.byGroup = true
	}
}

// adminLike are names of groups that may well grant administrator rights.
var adminLike = lazy.Regexp(`(?i)admin|operator|root|super ?user|privileg|tier ?-?0|wheel|sudo|power ?user`)

// factors reads the second factors.
func (d *directoryOfAccounts) factors(r *row, vals fact.Values) {
	if r.text("status") == "bypass" {
		vals["mfa_enabled"] = false
		delete(r.missing, "mfa_enabled")
		return
	}
	words, ok := r.vals["mfa_methods"].([]string)
	if !ok {
		return
	}
	vals["mfa_methods"] = factorsOf(words).methods
}

// judge decides by the second factors of all rows of an account whether it has
// one, and one that cannot be phished, where no column says so.
func judge(e *entry) {
	methods, ok := e.vals["mfa_methods"].([]string)
	if !ok {
		return
	}
	f := factorsOf(methods)
	for _, x := range [...]struct {
		attr string
		has  bool
	}{{"mfa_enabled", f.second}, {"mfa_phishing_resistant", f.resistant}} {
		if _, stated := e.vals[x.attr]; stated {
			continue
		}
		delete(e.missing, x.attr)
		if x.has || f.unknown == "" {
			e.vals[x.attr] = x.has
			continue
		}
		if e.missing == nil {
			e.missing = make(map[string]string)
		}
		e.missing[x.attr] = fmt.Sprintf("what kind of second factor %q is, is not known", shorten(f.unknown, 40))
	}
}

var (
	serviceName = lazy.Regexp(`(?i)^(svc|srv|sa|service|app|sql|task|bkp|backup|scan|ldap|sync|msol|aad|exchange|healthmailbox|smtp|relay|api)[-_.]|[-_.](svc|service)(@|$)|^(healthmailbox|msol_|sync_|sm_)`)
	sharedName  = lazy.Regexp(`(?i)^(shared|kiosk|room|conf|front-?desk|reception|nurse|ward|unit|er|icu|lab|pharmacy|registration|scheduling|info|billing|helpdesk|support|test|training|temp|student|float|triage)[-_.]?\d*(@|$)`)
	systemName  = lazy.Regexp(`(?i)^(krbtgt|guest|administrator|admin|root|defaultaccount|wdagutilityaccount|.*\$)(@|$)`)
)

// typeOf works out what sort of account it is from its name. Whatever gives no
// sign of being another is taken for a person's: that is the sort most is asked of.
func typeOf(name, display string) string {
	switch {
	case systemName().MatchString(name):
		return "system"
	case serviceName().MatchString(name) || strings.Contains(strings.ToLower(display), "service account"):
		return "service"
	case sharedName().MatchString(name) || strings.Contains(strings.ToLower(display), "shared"):
		return "shared"
	}
	return "person"
}

func (d *directoryOfAccounts) done() {
	b := d.b
	stream := d.directory
	if len(d.used) == 1 {
		for u := range d.used {
			stream = u
		}
	} else if len(d.used) > 1 {
		stream = "several"
	}
	b.batch.Stream.ID = "import/accounts/" + strings.ReplaceAll(stream, " ", "-")
	b.batch.Stream.Title = "accounts of " + stream
	// A directory's report on second factors goes beside its list of accounts:
	// in one stream, the later of the two would take back what the other said.
	switch {
	case b.any("enabled", "blocked", "status", "disabled_at"):
	case b.any("mfa_enabled", "mfa_methods", "mfa_phishing_resistant"):
		b.batch.Stream.ID += "/factors"
		b.batch.Stream.Title = "second factors of " + stream
	default:
		b.batch.Stream.ID += "/details"
		b.batch.Stream.Title = "details of accounts of " + stream
	}
	for _, e := range d.list {
		judge(e)
	}
	d.facts(b, fact.KindAccount)
	if n := d.inferred["person"] + d.inferred["service"] + d.inferred["shared"] + d.inferred["system"]; n > 0 {
		b.note("type of account", fmt.Sprintf("worked out from the names of %s: %d service, %d shared, %d system, the rest taken for people's. A column \"type\" would say it",
			count(n, "account"), d.inferred["service"], d.inferred["shared"], d.inferred["system"]))
	}
	if d.byGroup {
		b.note("administrator rights", "told by the names of the groups listed; groups within groups are not seen. A column such as isAdmin or AdminCount would say it")
	}
	if d.registered {
		b.note("second factors", "the file says who has registered one; that every sign-in asks for it is shown by the directory's own settings, such as a ScubaGear report")
	}
	if d.directory == "directory" && d.used["directory"] {
		b.note("directory", "the file does not show which directory it is of; choose it when importing, so that accounts of several directories stay apart")
	}
}
