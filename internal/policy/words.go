package policy

import (
	"fmt"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/fact"
)

// Noun names an attribute in the middle of a sentence: "disk encryption".
func Noun(k fact.Kind, attr string) string {
	if n, ok := kindNouns[string(k)+"."+attr]; ok {
		return n
	}
	if n, ok := nouns[attr]; ok {
		return n
	}
	if event, dated := strings.CutSuffix(attr, "_at"); dated {
		return "the date of: " + strings.ReplaceAll(event, "_", " ")
	}
	return strings.ReplaceAll(attr, "_", " ")
}

// Plural names the resources of a kind.
func Plural(k fact.Kind) string {
	switch k {
	case fact.KindOrganization:
		return "facts about the organization"
	case fact.KindVolume:
		return "storage volumes"
	case fact.KindEndpoint:
		return "network services"
	case fact.KindVulnerability:
		return "vulnerabilities"
	case fact.KindSetting:
		return "configuration rules"
	case fact.KindPerson:
		return "people"
	case fact.KindActivity:
		return "activities"
	default:
		return string(k) + "s"
	}
}

// Singular names one resource of a kind.
func Singular(k fact.Kind) string {
	switch k {
	case fact.KindVolume:
		return "storage volume"
	case fact.KindEndpoint:
		return "network service"
	case fact.KindSetting:
		return "configuration rule"
	default:
		return string(k)
	}
}

// clause joins an attribute and why it could not be read.
func clause(noun, why string) string {
	if strings.HasPrefix(why, "needs ") {
		return noun + " " + why
	}
	return noun + ": " + why
}

func spanWords(d time.Duration) string {
	h := int(d / time.Hour)
	if h%24 == 0 && h > 24 {
		return fmt.Sprintf("%d days", h/24)
	}
	return fmt.Sprintf("%d hours", h)
}

// kindNouns are names that hold for one kind only.
var kindNouns = map[string]string{
	"vendor.service":                "what the vendor supplies",
	"vulnerability.internet_facing": "reachability from the internet",
	"volume.encrypted":              "volume encryption",
	"volume.encryption":             "the kind of volume encryption",
	"vulnerability.status":          "whether the vulnerability is open",
	"vulnerability.severity":        "the severity",
	"asset.status":                  "the status of the asset",
	"asset.class":                   "the class of the asset",
	"account.type":                  "the type of account",
	"person.type":                   "the type of employment",
	"account.privileged":            "administrator rights",
	"person.privileged":             "administrator rights",
	"account.name":                  "the sign-in name",
	"person.role":                   "the job title",
	"asset.internet_facing":         "reachability from the internet",
	"endpoint.internet_facing":      "reachability from the internet",
	"vendor.tier":                   "the tier of the vendor",
	"vendor.network_access":         "network access of the vendor",
	"organization.people":           "the number of people",
	"organization.accounts":         "the number of accounts",
	"organization.assets":           "the number of assets",
	"organization.vendors":          "the number of vendors",
	"document.reviewed_at":          "the date of the last review",
}

// nouns are names of attributes whose own name does not read well.
var nouns = map[string]string{
	"fqdn": "the full host name", "udi": "the device identifier (UDI)", "mds2": "the MDS2 form", "owner": "the owner",
	"location": "the location", "zone": "the network zone", "criticality": "the criticality", "handles_phi": "whether it handles patient data",
	"ips": "the addresses", "macs": "the hardware addresses", "os_name": "the operating system", "os_family": "the operating system family",
	"os_version": "the operating system version", "os_build": "the operating system build", "os_support_ends_at": "the end of operating system support",
	"uptime_days": "the time since start-up", "packages": "the installed packages", "pending_updates": "pending updates",
	"pending_security_updates": "pending security updates", "updates_checked_at": "the last look for updates", "auto_updates": "automatic updates",
	"reboot_required": "whether a restart is due", "disk_encrypted": "disk encryption", "firewall_active": "the host firewall",
	"firewall_default_deny": "the default rule of the firewall", "firewall_kind": "the kind of firewall", "time_synced": "clock synchronization",
	"time_source": "the time source", "logs_forwarded": "log forwarding", "log_destinations": "the log destinations",
	"log_retention_days": "log retention", "last_log_at": "the newest log line", "audit_active": "operating system auditing",
	"endpoint_protection": "the endpoint protection product", "endpoint_protection_running": "the state of endpoint protection",
	"security_tools": "the security tools", "security_tools_running": "the running security tools",
	"security_tools_modified": "verification of the security tools' files", "password_min_length": "the minimum password length",
	"password_max_age_days": "the maximum password age", "password_lockout_attempts": "account lockout", "ssh_enabled": "the SSH server",
	"ssh_password_auth": "password sign-in over SSH", "ssh_root_login": "root sign-in over SSH", "ssh_empty_passwords": "empty passwords over SSH",
	"ssh_weak_algorithms": "the SSH algorithms", "rdp_enabled": "remote desktop", "rdp_nla": "network level authentication",
	"listening_services": "the open network services", "unneeded_services": "the unneeded services", "clear_text_services": "the clear-text services",
	"baseline": "the configuration baseline", "scanned_at": "the last vulnerability scan", "scan_credentialed": "whether the scan signed in",
	"backup_at": "the last backup", "backup_encrypted": "backup encryption", "inventory_listed": "the inventory listing",
	"network_seen_at": "the last sighting on the network", "last_seen_at": "the last sign of life", "in_scope": "whether it is in use",
	"known": "whether the inventory lists it", "open_critical": "open critical vulnerabilities", "open_high": "open high-severity vulnerabilities",
	"baseline_rules": "the baseline rules judged", "baseline_failed": "the baseline rules failed", "mount": "the mount point",
	"holds_data": "whether it holds data", "removable": "whether it can be carried away", "tls": "TLS", "tls_versions": "the TLS versions",
	"tls_oldest": "the oldest TLS version", "tls_newest": "the newest TLS version", "tls_cipher": "the cipher suite",
	"tls_weak_ciphers": "the weak cipher suites", "cert_not_after": "the expiry of the certificate", "cert_self_signed": "who issued the certificate",
	"cert_chain_valid": "the certificate chain", "cert_key_bits": "the key length", "clear_text": "whether it is in clear text",
	"exposed": "whether other machines reach it", "cves": "the CVE ids", "cvss": "the CVSS score", "known_exploited": "whether it is known to be exploited",
	"known_exploited_due_at": "the date to fix it by", "exploit_available": "whether an exploit exists", "first_seen_at": "when it was first seen",
	"published_at": "when it became public", "fix_available": "whether a fix exists", "required": "whether the baseline demands it",
	"compliant": "compliance with the rule", "enabled": "whether the account can sign in", "interactive": "whether it has a shell",
	"groups": "the groups", "created_at": "the date of creation", "disabled_at": "the date of disabling", "last_login_at": "the last sign-in",
	"password_set_at": "the last change of password", "password_never_expires": "password expiry", "password_empty": "whether the password is empty",
	"password_hash": "the password hash scheme", "sudo": "sudo rights", "sudo_without_password": "sudo without a password", "mailbox": "the mailbox",
	"remote_access": "remote access", "reaches_phi": "access to patient data", "mfa_enabled": "multifactor sign-in", "mfa_methods": "the second factors",
	"mfa_phishing_resistant": "phishing-resistant sign-in", "person_known": "the person behind the account", "person_id": "the person behind the account",
	"person_ended_at":             "when the person left",
	"person_has_everyday_account": "the person's everyday account", "name_generic": "whether the name is shared",
	"hours_to_disable": "the time to disabling", "started_at": "the first day", "ended_at": "the last day", "trained_at": "the last security training",
	"training_due_at": "when training is due", "phish_sent": "simulated phishing", "phish_clicked": "clicks on simulated phishing",
	"phish_reported": "reports of simulated phishing", "phish_last_at": "the newest simulated phishing", "active": "whether the person works here",
	"enabled_accounts": "the person's accounts", "baa_signed": "the business associate agreement", "baa_signed_at": "the date of the business associate agreement",
	"security_terms": "security terms in the contract", "notice_terms": "incident notice terms", "notice_hours": "the time to give notice",
	"verified_at": "the last verification of safeguards", "sbom_received_at": "the software bill of materials",
	"vulnerability_notice": "vulnerability notice terms", "drill_at": "the last notice drill", "drill_hours": "the answer to the notice drill",
	"contract_starts_at": "the start of the contract", "contract_ends_at": "the end of the contract", "contact": "the security contact",
	"performed_at": "when it was done", "contacts_listed": "the list of contacts", "spf": "SPF", "dkim": "DKIM", "dmarc_policy": "the DMARC policy",
	"dmarc_reporting": "DMARC reports", "security_txt_expires_at": "the expiry of security.txt",
	"last_internal_scan_at": "the last internal vulnerability scan", "last_external_scan_at": "the last external vulnerability scan",
	"last_penetration_test_at": "the last penetration test", "last_network_discovery_at": "the last scan of the network for devices",
	"forbidden_flows": "the connections between network zones", "flows_watched_at": "the watch over connections between network zones",
	"incident_plan_reviewed_at": "the last review of the incident plan", "central_plan_reviewed_at": "the last review of the organization-wide incident plan",
	"disclosure_policy_reviewed_at": "the last review of the disclosure policy", "last_exercise_at": "the last exercise",
	"last_joint_exercise_at": "the last joint exercise", "last_restore_test_at": "the last restore test",
	"test_findings_open": "open findings of tests", "exercise_actions_open": "open improvements after exercises",
	"directory_accounts": "the number of directory accounts", "beds": "the number of beds", "rural": "whether it is rural",
	"name": "the name", "kind": "the kind of organization", "ccn": "the CMS certification number", "state": "the state",
	"manufacturer": "the maker", "model": "the model", "serial": "the serial number", "tag": "the asset number", "virtual": "whether it is a virtual machine",
	"mac_vendor": "the maker of the network card", "version": "the version", "device": "the device", "filesystem": "the file system",
	"size_bytes": "the size", "options": "the mount options", "address": "the address", "port": "the port", "transport": "the transport protocol",
	"service": "the protocol", "product": "the product", "process": "the program", "cert_subject": "the name in the certificate",
	"cert_names": "the names in the certificate", "cert_issuer": "the issuer of the certificate", "cert_key_type": "the type of key",
	"cert_signature": "the signature of the certificate", "title": "the title", "scanner": "the scanner", "scanner_id": "the scanner's id",
	"solution": "the scanner's advice", "rule": "the rule", "benchmark": "the baseline", "profile": "the profile", "topic": "the topic",
	"severity": "the severity", "outcome": "the tool's verdict", "detail": "what the tool saw", "display_name": "the name shown",
	"email": "the mail address", "directory": "the directory", "employee_id": "the employee number", "department": "the department",
	"manager": "the manager", "training_course": "the course", "phish_opened": "opened simulated phishing",
	"phish_clicked_by_scanner": "scanners' clicks on simulated phishing", "type": "the type", "performer": "who did it", "scope": "the scope",
	"assets": "the assets reached", "findings": "the findings", "credentialed": "whether the tool signed in", "findings_open": "the open findings",
	"joint":           "whether it was a joint exercise",
	"network_devices": "the devices seen on the network", "network_devices_unknown": "the unknown devices on the network",
}
