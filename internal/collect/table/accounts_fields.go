package table

import "github.com/asepsis/asepsis/internal/fact"

// Headers are those of Microsoft Entra's and the Microsoft 365 admin center's
// user lists and registration details, Active Directory through PowerShell,
// Okta, Google Workspace and Duo.
var accounts = Kind{
	Name:  "accounts",
	Title: "Accounts with second factors",
	Gives: "who can sign in, with which second factor, with administrator rights or not, and when last",
	Key:   "the sign-in name within its directory",
	Useless: []string{
		"id", "object id", "user type", "isSsprRegistered", "isSsprEnabled", "isSsprCapable", "isPasswordlessCapable", "lastUpdatedDateTime",
		"isSystemPreferredAuthenticationMethodEnabled", "systemPreferredAuthenticationMethods", "userPreferredMethodForSecondaryAuthentication",
		"2sv enforced", "password hash function", "org unit path", "licenses", "usage location", "directorySynced", "creationType", "object guid", "sid",
		"distinguished name", "proxy addresses", "street address", "phones", "tokens", "last enrolled",
	},
	kind:  fact.KindAccount,
	build: newAccounts,
	Fields: []Field{
		{
			Name: "sign_in_name", Type: Text, Need: "sign-in name", Attr: "name", Tell: 0,
			Aliases: []string{"SamAccountName", "login", "username", "user name", "account name", "account", "user id", "logon name", "login id", "user"},
			Doc:     "Sign-in name.", Example: [2]string{"psample@hospital.example", "adm-lsample@hospital.example"},
		},
		{
			Name: "user_principal_name", Type: Text, Need: "sign-in name", Tell: 1,
			Aliases: []string{"UserPrincipalName", "upn"},
			Doc:     "Sign-in name in Microsoft's directories; taken where there is no sign_in_name.",
		},
		{
			Name: "directory", Type: Text, Attr: "directory", Tell: 2,
			Aliases: []string{"identity provider", "idp", "realm", "system", "application"},
			Doc:     "Where the account lives: ad, entra, okta, google, duo, ehr. May also be given when importing.", Example: [2]string{"entra", "entra"},
		},
		{
			Name: "display_name", Type: Text, Attr: "display_name", Tell: 0,
			Aliases: []string{"display name", "userDisplayName", "full name", "realname", "real name", "cn", "name"},
			Doc:     "Name shown.", Example: [2]string{"Pat Sample", "Lee Sample (admin)"},
		},
		{Name: "first_name", Type: Text, Tell: 0, Aliases: []string{"first name", "given name", "GivenName"}, Doc: "First name."},
		{Name: "last_name", Type: Text, Tell: 0, Aliases: []string{"last name", "surname", "sn"}, Doc: "Last name."},
		{
			Name: "email", Type: Text, Need: "sign-in name", Attr: "email", Tell: 0,
			Aliases: []string{"mail", "email address", "e-mail", "primary email", "EmailAddress", "primary smtp address"},
			Doc:     "Mail address; joins the account to the person.", Example: [2]string{"pat.sample@hospital.example", "lee.sample@hospital.example"},
		},
		{
			Name: "owner", Type: Text, Attr: "owner", Tell: 1,
			Aliases: []string{"employee id", "EmployeeID", "employee number", "account owner", "EmployeeNumber", "managed by"},
			Doc:     "Who answers for it: employee number or mail address.", Example: [2]string{"10023", "10587"},
		},
		{
			Name: "type", Type: Choice, Attr: "type", Tell: 1, Loose: true,
			Aliases: []string{"account type", "user account type", "identity type", "object class"},
			Doc:     "person, service, shared or system.", Example: [2]string{"person", "person"},
			Choices: []Option{
				{"person", []string{"person", "user", "member", "employee", "individual", "human", "guest", "regular", "named"}},
				{"service", []string{"service", "service account", "application", "app", "serviceprincipal", "service principal", "machine", "gmsa", "bot"}},
				{"shared", []string{"shared", "shared account", "shared mailbox", "generic", "room", "equipment", "resource", "kiosk"}},
				{"system", []string{"system", "built in", "builtin"}},
			},
		},
		{
			Name: "enabled", Type: Bool, Attr: "enabled", Tell: 2, Say: true,
			Aliases: []string{"accountEnabled", "account enabled", "is enabled", "active", "login enabled", "is active", "sign-in allowed"},
			Doc:     "Can sign in.", Example: [2]string{"yes", "yes"},
		},
		{
			Name: "blocked", Type: Bool, Tell: 2,
			Aliases: []string{"block credential", "sign-in blocked", "account disabled", "disabled", "suspended", "block sign in"},
			Doc:     "Cannot sign in: the opposite of enabled, for exports that say it so.",
		},
		{
			Name: "status", Type: Choice, Tell: 0, Loose: true,
			Aliases: []string{"account status", "user status", "status [read only]", "sign-in status"},
			Doc:     "The directory's own word for it: active, disabled, bypass.",
			Choices: []Option{
				{"active", []string{"active", "enabled", "allowed", "sign in allowed", "password expired", "recovery", "password reset", "locked out", "lockedout", "provisioned"}},
				{"disabled", []string{"disabled", "suspended", "deprovisioned", "deactivated", "inactive", "blocked", "sign in blocked", "archived", "deleted", "pending deletion", "staged", "pending activation"}},
				{"bypass", []string{"bypass"}},
			},
		},
		{
			Name: "privileged", Type: Bool, Attr: "privileged", Tell: 2,
			Aliases: []string{"isAdmin", "admin", "is admin", "is administrator", "administrator", "is super admin", "super admin", "AdminCount", "privileged user", "has admin role"},
			Doc:     "Has administrator rights.", Example: [2]string{"no", "yes"},
		},
		{
			Name: "groups", Type: List, Attr: "groups", Tell: 2, split: groupNames,
			Aliases: []string{"MemberOf", "member of", "group membership", "group memberships", "group names", "roles", "assigned roles"},
			Doc:     "Groups, separated by semicolons.", Example: [2]string{"Nurses;EHR users", "Domain Admins"},
		},
		{
			Name: "created", Type: Date, Attr: "created_at", Past: true, Tell: 1,
			Aliases: []string{"whenCreated", "createdDateTime", "creation date", "when created", "created date", "date created", "creation time", "created at"},
			Doc:     "When it was made.", Example: [2]string{"2019-04-01", "2024-09-16"},
		},
		{
			Name: "disabled_at", Type: Date, Attr: "disabled_at", Past: true, Tell: 2,
			Aliases: []string{"disabled date", "date disabled", "deactivated", "deprovisioned date", "deactivation date", "suspended at", "status changed"},
			Doc:     "When it was disabled.", Example: [2]string{"", ""},
		},
		{
			Name: "last_login", Type: Date, Attr: "last_login_at", Past: true, Tell: 2,
			Aliases: []string{"LastLogonDate", "last sign-in", "last sign in", "last sign in [read only]", "lastLogin", "last logon", "lastLogonTimestamp", "last login date", "last sign-in date", "lastSignInDateTime", "last interactive sign-in", "last activity", "last used"},
			Doc:     "Last sign-in.", Example: [2]string{"2026-10-30 07:02", "2026-10-29"},
		},
		{
			Name: "password_set", Type: Date, Attr: "password_set_at", Past: true, Tell: 2,
			Aliases: []string{"PasswordLastSet", "pwdLastSet", "passwordChanged", "last password change time stamp", "lastPasswordChangeDateTime", "password last changed", "password changed", "last password change"},
			Doc:     "When the password was last changed.", Example: [2]string{"2026-05-11", "2026-08-02"},
		},
		{
			Name: "password_never_expires", Type: Bool, Attr: "password_never_expires", Tell: 2,
			Aliases: []string{"PasswordNeverExpires", "password never expires", "pwd never expires"},
			Doc:     "Exempt from expiry.", Example: [2]string{"no", "no"},
		},
		{
			Name: "mailbox", Type: Bool, Attr: "mailbox", Tell: 2, Say: true,
			Aliases: []string{"has mailbox", "mail enabled", "mailbox enabled", "exchange license"},
			Doc:     "Receives mail.", Example: [2]string{"yes", "no"},
		},
		{
			Name: "remote_access", Type: Bool, Attr: "remote_access", Tell: 2, Say: true,
			Aliases: []string{"vpn", "vpn access", "remote", "external access", "vpn enabled", "remote user"},
			Doc:     "Can sign in from outside.", Example: [2]string{"yes", "yes"},
		},
		{
			Name: "reaches_phi", Type: Bool, Attr: "reaches_phi", Tell: 2,
			Aliases: []string{"phi access", "ephi access", "access to phi", "ehr access", "patient data access"},
			Doc:     "Can reach patient data.", Example: [2]string{"yes", "no"},
		},
		{
			Name: "mfa_enabled", Type: Bool, Attr: "mfa_enabled", Tell: 3, Say: true,
			Aliases: []string{"isMfaRegistered", "mfa", "mfa registered", "multi-factor auth registered", "multifactor authentication registered", "mfa enabled", "mfa enrolled", "2sv enrolled", "2fa", "2fa enabled", "two-factor", "two factor enabled", "is_enrolled", "enrolled", "isMfaCapable", "multi-factor auth capable", "multifactor authentication capable", "multi-factor auth status", "mfa status", "mfa state", "strong authentication"},
			Doc:     "Signs in with a second factor.", Example: [2]string{"yes", "yes"},
		},
		{
			Name: "mfa_methods", Type: List, Tell: 3,
			Aliases: []string{"methodsRegistered", "methods registered", "authentication methods", "authentication methods registered", "mfa methods", "mfa method", "mfa factor", "factors", "factor type", "enrolled factors", "authenticators", "authenticator type", "authMethods", "defaultMfaMethod", "default mfa method"},
			Doc:     "Second factors: fido2, passkey, authenticator, totp, push, sms, voice. Words of other exports are recognized.", Example: [2]string{"push", "fido2"},
		},
		{
			Name: "mfa_phishing_resistant", Type: Bool, Attr: "mfa_phishing_resistant", Tell: 3,
			Aliases: []string{"phishing resistant", "phishing resistant mfa", "phishing-resistant mfa registered", "fido2 registered", "fido registered"},
			Doc:     "Has a factor that cannot be phished; worked out from mfa_methods where that is given.", Example: [2]string{"", "yes"},
		},
	},
}
