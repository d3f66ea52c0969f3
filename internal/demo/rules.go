package demo

// rule is a configuration rule with its life. The tenant's are like those that
// CISA's baselines for Microsoft 365 ask, those of machines like a baseline's;
// their wording is ours.
type rule struct {
	id, title, product, topic, severity string
	required                            bool
	kept                                int // days ago since when it is kept; 0 means it is not
	share                               int // of machines in a hundred that keep it, for rules of machines
}

func (w *world) makeRules() {
	for _, r := range tenantRules {
		r.kept = min(r.kept+w.c.IntN(10), 600)
		if r.kept < 10 {
			r.kept = 0
		}
		w.rules = append(w.rules, &r)
	}
}

// tenantRules are judged on the Microsoft 365 tenant.
var tenantRules = []rule{
	{"DEMO.AAD.1", "Old protocols cannot sign in", "entra", "mfa", "high", true, 400, 0},
	{"DEMO.AAD.2", "Everyone signs in with a second factor", "entra", "mfa", "high", true, 0, 0},
	{"DEMO.AAD.3", "Administrators sign in with a factor that cannot be phished", "entra", "mfa", "high", true, 0, 0},
	{"DEMO.AAD.4", "Risky sign-ins are blocked", "entra", "accounts", "high", true, 260, 0},
	{"DEMO.AAD.5", "Between two and eight people are global administrators", "entra", "accounts", "high", true, 390, 0},
	{"DEMO.AAD.6", "Only administrators register applications", "entra", "accounts", "medium", true, 200, 0},
	{"DEMO.AAD.7", "Sign-in logs are sent to the log collector", "entra", "logging", "medium", true, 310, 0},
	{"DEMO.AAD.8", "Passwords do not expire without cause", "entra", "accounts", "low", false, 400, 0},
	{"DEMO.EXO.1", "Mail is not forwarded outside by rules", "exchange_online", "email", "high", true, 350, 0},
	{"DEMO.EXO.2", "Each mail domain publishes who may send for it", "exchange_online", "email", "high", true, 500, 0},
	{"DEMO.EXO.3", "Mail is signed", "exchange_online", "email", "medium", true, 320, 0},
	{"DEMO.EXO.4", "Forged mail is rejected by policy", "exchange_online", "email", "high", true, 170, 0},
	{"DEMO.EXO.5", "Mail from outside is marked", "exchange_online", "email", "low", false, 300, 0},
	{"DEMO.EXO.6", "Mailbox auditing is on", "exchange_online", "logging", "medium", true, 310, 0},
	{"DEMO.EXO.7", "Calendars are not shared with everyone", "exchange_online", "sharing", "medium", true, 230, 0},
	{"DEMO.EXO.8", "Plain authentication for sending is off", "exchange_online", "email", "medium", true, 140, 0},
	{"DEMO.DEF.1", "The strict preset protects mail", "defender", "email", "high", true, 130, 0},
	{"DEMO.DEF.2", "Impersonation of the leadership is looked for", "defender", "email", "medium", true, 130, 0},
	{"DEMO.DEF.3", "Attachments are opened in a sandbox first", "defender", "email", "medium", true, 180, 0},
	{"DEMO.DEF.4", "Alerts are sent to the people who act on them", "defender", "logging", "medium", true, 240, 0},
	{"DEMO.DEF.5", "Patient identifiers in mail are found", "defender", "other", "medium", false, 0, 0},
	{"DEMO.DEF.6", "Links are checked when they are opened", "defender", "email", "medium", false, 180, 0},
	{"DEMO.SPO.1", "Files are shared with named people only", "sharepoint", "sharing", "high", true, 0, 0},
	{"DEMO.SPO.2", "Links to files expire", "sharepoint", "sharing", "medium", true, 150, 0},
	{"DEMO.TMS.1", "Strangers cannot start a chat", "teams", "sharing", "medium", true, 220, 0},
	{"DEMO.TMS.2", "Guests wait in the lobby", "teams", "sharing", "low", false, 220, 0},
}

// machineRules are judged on each machine.
var machineRules = []rule{
	{"demo-baseline-01", "Passwords have at least 14 characters", "os", "accounts", "medium", true, 0, 97},
	{"demo-baseline-02", "The account is locked after failed tries", "os", "accounts", "medium", true, 0, 97},
	{"demo-baseline-03", "The guest account is off", "os", "accounts", "high", true, 0, 99},
	{"demo-baseline-04", "Old file sharing is off", "os", "other", "high", true, 0, 97},
	{"demo-baseline-05", "The firewall is on", "os", "other", "high", true, 0, 98},
	{"demo-baseline-06", "The screen locks after ten minutes", "os", "other", "medium", true, 0, 96},
	{"demo-baseline-07", "Sign-ins are recorded", "os", "logging", "medium", true, 0, 98},
	{"demo-baseline-08", "Macros from outside do not run", "os", "other", "high", true, 0, 96},
	{"demo-baseline-09", "Removable media do not start by themselves", "os", "other", "medium", true, 0, 98},
	{"demo-baseline-10", "Credentials are kept apart in memory", "os", "accounts", "high", true, 0, 94},
	{"demo-baseline-11", "Scripts are recorded", "os", "logging", "medium", false, 0, 90},
	{"demo-baseline-12", "Updates install themselves", "os", "other", "high", true, 0, 98},
}
