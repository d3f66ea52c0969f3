package scuba

import "regexp"

// families are the topics of the baselines' sections, by product and number of
// the section (CISA SCuBA baselines for Microsoft 365, version 1).
var families = map[string]string{
	"AAD.1": "mfa", "AAD.2": "accounts", "AAD.3": "mfa", "AAD.4": "logging", "AAD.5": "accounts", "AAD.6": "accounts", "AAD.7": "accounts", "AAD.8": "sharing",
	"DEFENDER.1": "email", "DEFENDER.2": "email", "DEFENDER.3": "email", "DEFENDER.4": "sharing", "DEFENDER.5": "logging", "DEFENDER.6": "logging",
	"EXO.1": "email", "EXO.2": "email", "EXO.3": "email", "EXO.4": "email", "EXO.5": "email", "EXO.6": "sharing", "EXO.7": "email", "EXO.8": "sharing",
	"EXO.9": "email", "EXO.10": "email", "EXO.11": "email", "EXO.12": "email", "EXO.13": "logging", "EXO.14": "email", "EXO.15": "email",
	"EXO.16": "logging", "EXO.17": "logging",
	"SHAREPOINT.1": "sharing", "SHAREPOINT.2": "sharing", "SHAREPOINT.3": "sharing", "SHAREPOINT.4": "other",
	"TEAMS.1": "sharing", "TEAMS.2": "sharing", "TEAMS.4": "email", "TEAMS.5": "other", "TEAMS.6": "sharing", "TEAMS.7": "other", "TEAMS.8": "other",
	"POWERPLATFORM.1": "other", "POWERPLATFORM.2": "sharing", "POWERPLATFORM.3": "sharing", "POWERPLATFORM.4": "other", "POWERPLATFORM.5": "other",
	"POWERPLATFORM.6": "sharing",
}

// exceptions are controls that are about something else than their section.
var exceptions = map[string]string{
	"MS.AAD.3.7v1": "accounts",                                                      // managed devices, not factors
	"MS.AAD.7.7v1": "logging", "MS.AAD.7.8v1": "logging", "MS.AAD.7.9v1": "logging", // alerts on the use of privileges
}

// words tell the topic of a section that is not known yet.
var words = []struct {
	topic string
	re    *regexp.Regexp
}{
	{"mfa", regexp.MustCompile(`(?i)\b(MFA|multi-?factor|phishing-resistant|legacy auth\w*|authentication)\b`)},
	{"logging", regexp.MustCompile(`(?i)\b(logs?|logging|audit\w*|alerts?)\b`)},
	{"email", regexp.MustCompile(`(?i)\b(e-?mails?|mail\w*|SPF|DKIM|DMARC|SMTP|phish\w*|spam|impersonation)\b`)},
	{"sharing", regexp.MustCompile(`(?i)\b(shar\w+|external|guests?|anonymous|DLP|data loss)\b`)},
	{"accounts", regexp.MustCompile(`(?i)\b(users?|roles?|privileged|administrators?|passwords?|accounts?)\b`)},
}

func topic(product, section, id, text string) string {
	if t, ok := exceptions[id]; ok {
		return t
	}
	if t, ok := families[product+"."+section]; ok {
		return t
	}
	for _, w := range words {
		if w.re.MatchString(text) {
			return w.topic
		}
	}
	return "other"
}
