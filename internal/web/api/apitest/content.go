package apitest

type goalSeed struct {
	id, title, outcome string
}

// goalSeeds are the twenty goals by number; the first ten are essential.
var goalSeeds = []goalSeed{
	{"mitigate-known-vulnerabilities", "Mitigate Known Vulnerabilities", "Known weaknesses are found and fixed, or accepted by name, before they are used."},
	{"email-security", "Email Security", "Forged and fraudulent mail rarely reaches anyone."},
	{"mfa", "Multifactor Authentication", "Nobody gets in from outside with a password alone."},
	{"basic-training", "Basic Cybersecurity Training", "Everyone knows what to watch for and does it."},
	{"strong-encryption", "Strong Encryption", "Patient data is unreadable to whoever takes a disk or listens on a wire."},
	{"revoke-credentials", "Revoke Credentials for Departing Workforce Members, Including Employees, Contractors, Affiliates, and Volunteers", "Whoever has left can no longer sign in."},
	{"incident-planning", "Basic Incident Planning and Preparedness", "When it happens, people know what to do and backups work."},
	{"unique-credentials", "Unique Credentials", "Every person and system has a sign-in of its own."},
	{"separate-user-privileged", "Separate User and Privileged Accounts", "Administrators read mail with another account than the one they administer with."},
	{"vendor-requirements", "Vendor/Supplier Cybersecurity Requirements", "Suppliers owe security by contract, and somebody checks."},
	{"asset-inventory", "Asset Inventory", "Everything on the network is known, and somebody answers for it."},
	{"third-party-vuln-disclosure", "Third Party Vulnerability Disclosure", "Weaknesses that others find reach the right person fast."},
	{"third-party-incident-reporting", "Third Party Incident Reporting", "A supplier's incident is known within hours."},
	{"testing", "Cybersecurity Testing", "Defenses are attacked on purpose, by people on our side."},
	{"mitigation", "Cybersecurity Mitigation", "What a test finds is fixed, and tested again."},
	{"detect-respond", "Detect and Respond to Relevant Threats and Tactics, Techniques, and Procedures", "An intruder is noticed and contained."},
	{"segmentation", "Network Segmentation", "One infected machine cannot reach them all."},
	{"log-collection", "Centralized Log Collection", "What happened can be read after the fact."},
	{"central-incident-planning", "Centralized Incident Planning and Preparedness", "The whole organization rehearses together."},
	{"configuration-management", "Configuration Management", "Machines are set up safely, alike, and stay so."},
}

type checkSeed struct {
	goal, id, title, kind, role, severity, expected, pass, needs string
	attrs                                                        []string
	share, measured                                              float64 // of what is in scope
}

// checkSeeds have made-up outcomes that look like those of a small hospital.
var checkSeeds = []checkSeed{
	{"mitigate-known-vulnerabilities", "mitigate-kev-past-due", "No known-exploited weakness is past its date", "vulnerability", "deciding", "critical", "fixed by CISA's date", `!vulnerability.known_exploited || now < vulnerability.known_exploited_due_at`, "vulnerability-scan", []string{"known_exploited", "known_exploited_due_at", "cves"}, 0.93, 1},
	{"mitigate-known-vulnerabilities", "mitigate-os-supported", "Operating systems still get security updates", "asset", "deciding", "high", "a date of support in the future", `asset.os_support_ends_at > now`, "host", []string{"os_name", "os_version", "os_support_ends_at"}, 0.88, 0.81},
	{"mitigate-known-vulnerabilities", "mitigate-pending-updates", "No security update waits to be installed", "asset", "supporting", "medium", "0 waiting security updates", `asset.pending_security_updates == 0`, "host", []string{"pending_security_updates", "updates_checked_at"}, 0.7, 0.4},
	{"email-security", "email-dmarc-enforced", "Forged mail is refused by policy", "domain", "deciding", "high", "quarantine or reject", `domain.dmarc_policy in ["quarantine", "reject"]`, "m365", []string{"dmarc_policy"}, 1, 1},
	{"email-security", "email-tenant-baseline", "The mail tenant follows CISA's baseline", "setting", "deciding", "high", "compliant", `setting.compliant`, "m365", []string{"rule", "compliant", "detail"}, 0.86, 1},
	{"mfa", "mfa-remote-accounts", "Accounts that reach in from outside use a second factor", "account", "deciding", "critical", "a second factor", `account.mfa_enabled`, "accounts", []string{"mfa_enabled", "mfa_methods", "remote_access"}, 0.94, 0.98},
	{"mfa", "mfa-privileged-phishing-resistant", "Administrators sign in with a factor that cannot be phished", "account", "deciding", "critical", "a FIDO2 key, passkey or certificate", `account.mfa_phishing_resistant`, "accounts", []string{"mfa_enabled", "mfa_methods", "mfa_phishing_resistant"}, 0.55, 1},
	{"mfa", "mfa-ssh-no-password", "Remote sign-in to servers needs more than a password", "asset", "supporting", "high", "no password sign-in over SSH", `!asset.ssh_password_auth`, "host", []string{"ssh_enabled", "ssh_password_auth"}, 0.8, 0.6},
	{"basic-training", "training-current", "Everyone was trained within 12 months", "person", "deciding", "medium", "trained within 365 days", `age(person.trained_at) <= days(365)`, "training", []string{"trained_at", "training_course", "role"}, 0.91, 1},
	{"basic-training", "training-new-starters", "New starters are trained within 30 days", "person", "deciding", "medium", "trained within 30 days of the first day", `person.trained_at - person.started_at <= days(30)`, "training", []string{"started_at", "trained_at"}, 0.8, 1},
	{"strong-encryption", "encryption-disk", "Laptops and servers have encrypted disks", "volume", "deciding", "high", "encrypted", `volume.encrypted`, "host", []string{"mount", "encrypted", "encryption"}, 0.76, 0.83},
	{"strong-encryption", "encryption-tls-modern", "Services speak TLS 1.2 or newer only", "endpoint", "deciding", "high", "oldest version 1.2", `endpoint.tls_oldest >= "1.2"`, "host", []string{"service", "tls_versions", "tls_oldest"}, 0.9, 0.95},
	{"strong-encryption", "encryption-clear-text", "Clinical traffic is not sent in clear", "endpoint", "supporting", "high", "encrypted", `!endpoint.clear_text`, "network-scan", []string{"service", "clear_text"}, 0.82, 0.95},
	{"revoke-credentials", "revoke-leavers", "Nobody who has left can sign in", "account", "deciding", "critical", "disabled", `!account.enabled || account.person_ended_at > now`, "people", []string{"enabled", "person_ended_at", "last_login_at"}, 0.98, 1},
	{"revoke-credentials", "revoke-speed", "Accounts are disabled within 24 hours of leaving", "account", "supporting", "high", "within 24 hours", `account.hours_to_disable <= 24`, "people", []string{"person_ended_at", "disabled_at", "hours_to_disable"}, 0.74, 0.9},
	{"incident-planning", "incident-plan-reviewed", "The incident plan was reviewed within 12 months", "document", "deciding", "medium", "reviewed within 365 days", `age(document.reviewed_at) <= days(365)`, "later", []string{"title", "reviewed_at"}, 1, 0},
	{"incident-planning", "incident-restore-proven", "A restore was proven within 6 months", "activity", "deciding", "high", "a restore test within 180 days", `age(activity.performed_at) <= days(180)`, "later", []string{"title", "performed_at"}, 1, 0},
	{"unique-credentials", "unique-no-shared", "No shared or default accounts can sign in", "account", "deciding", "high", "no shared or default name", `!account.name_generic`, "accounts", []string{"name_generic", "enabled", "owner"}, 0.96, 1},
	{"separate-user-privileged", "separate-everyday", "Administrators hold an everyday account as well", "account", "deciding", "high", "another account without administrator rights", `account.person_has_everyday_account`, "accounts", []string{"privileged", "person_has_everyday_account"}, 1, 1},
	{"separate-user-privileged", "separate-no-mailbox", "Administrator accounts receive no mail", "account", "supporting", "medium", "no mailbox", `!account.mailbox`, "accounts", []string{"privileged", "mailbox"}, 1, 1},
	{"vendor-requirements", "vendor-baa", "Every business associate has signed an agreement", "vendor", "deciding", "high", "a signed agreement", `vendor.baa_signed`, "vendors", []string{"reaches_phi", "baa_signed", "baa_signed_at"}, 0.9, 1},
	{"vendor-requirements", "vendor-notice-terms", "Contracts set a time for notice of incidents", "vendor", "deciding", "medium", "notice within 72 hours", `vendor.notice_terms && vendor.notice_hours <= 72`, "vendors", []string{"notice_terms", "notice_hours"}, 0.6, 0.88},
	{"asset-inventory", "asset-owner", "Somebody answers for each device", "asset", "deciding", "medium", "an owner", `asset.owner != ""`, "assets", []string{"owner", "location"}, 0.83, 1},
	{"asset-inventory", "asset-known", "Devices on the network are in the inventory", "asset", "deciding", "high", "listed", `asset.known`, "network-scan", []string{"known", "network_seen_at"}, 0.92, 1},
	{"third-party-vuln-disclosure", "third-security-txt", "Outsiders can report a weakness", "domain", "deciding", "low", "a security.txt that has not expired", `domain.security_txt_expires_at > now`, "later", []string{"security_txt_expires_at"}, 1, 0},
	{"third-party-incident-reporting", "third-notice-drill", "Vendors answer a test notice", "vendor", "deciding", "medium", "answered within 24 hours", `vendor.drill_hours <= 24`, "vendors", []string{"drill_at", "drill_hours"}, 0.4, 0.1},
	{"testing", "testing-penetration", "A penetration test within 12 months", "organization", "deciding", "high", "within 365 days", `age(organization.last_penetration_test_at) <= days(365)`, "later", []string{"last_penetration_test_at"}, 1, 0},
	{"mitigation", "mitigation-critical-age", "Critical findings are fixed within 15 days", "vulnerability", "deciding", "critical", "fixed within 15 days", `age(vulnerability.first_seen_at) <= days(15)`, "vulnerability-scan", []string{"severity", "first_seen_at", "status"}, 0.35, 1},
	{"detect-respond", "detect-protection-running", "Endpoint protection runs on each machine", "asset", "deciding", "critical", "running", `asset.endpoint_protection_running`, "host", []string{"endpoint_protection", "endpoint_protection_running"}, 0.95, 0.7},
	{"segmentation", "segmentation-device-zones", "Medical devices sit in a zone of their own", "asset", "deciding", "high", "a medical zone", `asset.zone.startsWith("med")`, "assets", []string{"class", "zone"}, 0.1, 0.9},
	{"log-collection", "log-forwarded", "Machines send their logs to another machine", "asset", "deciding", "medium", "forwarded", `asset.logs_forwarded`, "host", []string{"logs_forwarded", "log_destinations"}, 0.05, 0.62},
	{"central-incident-planning", "central-exercise", "The whole house exercised within 12 months", "activity", "deciding", "medium", "an exercise within 365 days", `age(activity.performed_at) <= days(365)`, "later", []string{"title", "performed_at"}, 1, 0},
	{"configuration-management", "configuration-baseline", "Machines follow their baseline", "asset", "deciding", "medium", "at most 5 % of rules failed", `asset.baseline_failed * 20 <= asset.baseline_rules`, "baseline", []string{"baseline", "baseline_rules", "baseline_failed"}, 0.64, 0.5},
	{"configuration-management", "configuration-unneeded-services", "No unneeded services run", "asset", "supporting", "low", "none", `asset.unneeded_services.size() == 0`, "host", []string{"unneeded_services"}, 0.9, 0.6},
}
