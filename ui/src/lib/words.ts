import { value } from "./format";

/**
 * The words for what the API answers with. One word per concept, the same on
 * every page; a state is never told by color alone.
 */
export type State = "met" | "partly_met" | "not_met" | "not_measured" | "not_applicable";
export type Verdict = "pass" | "fail" | "not_applicable" | "not_measured" | "error";
export type Level = "unmeasured" | "partial" | "essential" | "enhanced";
export type Role = "administrator" | "analyst" | "auditor" | "executive";

/** A tone picks color and icon; several words may share one. */
export type Tone = "met" | "partly_met" | "not_met" | "not_measured" | "not_applicable" | "error";

export const stateWord: Record<State, string> = {
  met: "Met",
  partly_met: "Partly met",
  not_met: "Not met",
  not_measured: "Not measured",
  not_applicable: "Does not apply",
};

export const verdictWord: Record<Verdict, string> = {
  pass: "Pass",
  fail: "Fail",
  not_applicable: "Does not apply",
  not_measured: "Not measured",
  error: "Error",
};

export const verdictTone: Record<Verdict, Tone> = {
  pass: "met",
  fail: "not_met",
  not_applicable: "not_applicable",
  not_measured: "not_measured",
  error: "error",
};

export const levelWord: Record<Level, string> = {
  unmeasured: "Not measured yet",
  partial: "On the way to essential",
  essential: "Essential",
  enhanced: "Enhanced",
};

/** What a level means, for someone who reads it for the first time. */
export const levelMeaning: Record<Level, string> = {
  unmeasured: "No goal has been measured yet. Bring a file or run an assessment to begin.",
  partial: "Some goals are measured, and not all ten essential goals are met yet.",
  essential: "All ten essential goals are met. The ten enhanced goals come next.",
  enhanced: "All twenty goals are met.",
};

export const roleWord: Record<Role, string> = {
  administrator: "Administrator",
  analyst: "Analyst",
  auditor: "Auditor",
  executive: "Executive",
};

export const roleMeaning: Record<Role, string> = {
  administrator: "May do everything, including users and settings.",
  analyst: "Brings files and runs assessments. Cannot change users or parameters.",
  auditor: "Reads everything and changes nothing.",
  executive: "Sees Today, Goals and the report.",
};

export const assuranceWord: Record<string, string> = {
  measured: "Measured",
  imported: "Imported",
  attested: "Attested",
};

export const assuranceMeaning: Record<string, string> = {
  measured: "Asepsis saw it itself.",
  imported: "Another tool's report says so.",
  attested: "A named person says so.",
};

export const organizationKind: Record<string, string> = {
  critical_access: "Critical access hospital",
  community: "Community hospital",
  clinic: "Clinic",
  health_system: "Health system",
};

const kinds: Record<string, [one: string, many: string]> = {
  organization: ["organization", "organizations"],
  asset: ["device", "devices"],
  volume: ["volume", "volumes"],
  endpoint: ["network service", "network services"],
  vulnerability: ["vulnerability", "vulnerabilities"],
  setting: ["setting", "settings"],
  account: ["account", "accounts"],
  person: ["person", "people"],
  vendor: ["vendor", "vendors"],
  activity: ["activity", "activities"],
  document: ["document", "documents"],
  model: ["device model", "device models"],
  domain: ["domain", "domains"],
};

/** kindWord names a kind of resource, in the singular for exactly one. */
export function kindWord(kind: string, count = 2): string {
  const words = kinds[kind];
  if (!words) return kind.replaceAll("_", " ");
  return count === 1 ? words[0] : words[1];
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/**
 * sentence makes one of what the server says: a capital in front, a period
 * behind. A name in front, of a file say, stays as it is.
 */
export function sentence(text: string): string {
  const begun = /^[a-z]+[ ,]/.test(text) ? capital(text) : text;
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

const attributeWords: Record<string, string> = {
  mfa: "MFA",
  email: "e-mail",
  os: "operating system",
  ip: "IP",
  ips: "IP addresses",
  macs: "MAC addresses",
  phi: "patient data",
  tls: "TLS",
  ssh: "SSH",
  rdp: "RDP",
  nla: "NLA",
  udi: "UDI",
  baa: "BAA",
  sbom: "SBOM",
  cves: "CVEs",
  cvss: "CVSS",
  dns: "DNS",
  spf: "SPF",
  dkim: "DKIM",
  dmarc: "DMARC",
  id: "ID",
};

const wholeLabels: Record<string, string> = {
  os_name: "Operating system",
  os_support_ends_at: "System support ends",
  last_login_at: "Last sign-in",
  software_assessed_at: "Software held against advisories on",
  software_assessed: "Programs assessed",
  software_not_assessed: "Programs not assessed",
  advisories_to_check: "Advisories to compare by hand",
  scan_credentialed: "Scan signed in",
  scanned_at: "Last vulnerability scan",
  network_seen_at: "Last seen on the network",
  inventory_listed: "On the asset list",
  known: "Known to the hospital",
  fqdn: "Full host name",
  serial: "Serial number",
  tag: "Asset tag",
  os_family: "System family",
  os_version: "System version",
  os_build: "System build",
  in_scope: "In use",
  open_critical: "Open critical findings",
  open_high: "Open high findings",
  fragile: "Not to be probed",
  known_exploited: "Exploited by attackers",
  known_exploited_due_at: "CISA's due date",
  epss: "Chance of exploitation (EPSS)",
  fix_by_at: "To be mended by",
  first_seen_at: "First found",
  last_seen_at: "Last seen",
  component: "Software",
  component_version: "Version",
  component_purl: "Package URL",
  fixed_version: "Mended in",
  cwes: "Kinds of weakness (CWE)",
  witnesses: "Who reports it",
  disposition: "Decided",
  disposition_until_at: "Decision holds until",
  disposition_at: "Decided on",
  decision: "How soon",
};

/** attributeLabel turns an attribute's name into words: mfa_enabled → MFA enabled. */
export function attributeLabel(name: string): string {
  const whole = wholeLabels[name];
  if (whole) return whole;
  const words = name
    .replace(/_at$/, "")
    .split("_")
    .map((word) => attributeWords[word] ?? word);
  return capital(words.join(" "));
}

// Attributes whose values are words of ours, written with underscores. Names that people gave stay as they are.
const worded = new Set([
  "class",
  "status",
  "type",
  "criticality",
  "tier",
  "severity",
  "product",
  "topic",
  "outcome",
  "zone",
  "directory",
  "encryption",
]);

/** attributeValue shows a value of an attribute: in_use → in use. */
export function attributeValue(name: string, v: unknown): string {
  if (typeof v === "string" && worded.has(name)) return v === "iot" ? "IoT" : v.replaceAll("_", " ");
  return value(v);
}

const keyWords: Record<string, string> = {
  mac: "MAC address",
  ip: "IP address",
  serial: "Serial number",
  name: "Name",
  fqdn: "Full host name",
  machine: "Machine ID",
  udi: "UDI",
  cloud: "Cloud ID",
  tag: "Asset tag",
  hostname: "Host name",
};

/** keyWord tells what identifies a device, "mac:02:00:5e:00:01:ad", in words. */
export function keyWord(key: string): { what: string; value: string } {
  const at = key.indexOf(":");
  const type = key.slice(0, Math.max(at, 0));
  return { what: keyWords[type] ?? attributeLabel(type || "key"), value: key.slice(at + 1) };
}

const ecosystems: Record<string, string> = {
  deb: "System package (deb)",
  rpm: "System package (rpm)",
  apk: "System package (apk)",
  npm: "npm",
  pypi: "Python",
  golang: "Go",
  go: "Go",
  maven: "Java",
  nuget: ".NET",
  gem: "Ruby",
  cargo: "Rust",
  composer: "PHP",
  generic: "Other",
  windows: "Windows program",
  macos: "macOS program",
  brew: "Homebrew",
};

/** ecosystemWord names a kind of software: "Ubuntu:22.04" → Ubuntu 22.04. */
export function ecosystemWord(name: string): string {
  const known = ecosystems[name]; // as packages write it; advisories write Windows
  if (known) return known;
  const red = /^Red Hat:(.+?)(?:::.*)?$/.exec(name);
  if (red) {
    const words = red[1]!.replace(/^enterprise_linux:?/, "Enterprise Linux ").replaceAll(/[:_]/g, " ");
    return `Red Hat ${words}`.trim();
  }
  // debian-12, as a list of packages calls it, and Debian:12, as advisories do.
  return /^[a-z]+-[\d.]+$/.test(name) ? capital(name.replace("-", " ")) : name.replaceAll(":", " ");
}

const tools: Record<string, string> = { nessus: "Nessus", openvas: "OpenVAS", qualys: "Qualys", nexpose: "Nexpose", defender: "Defender", nuclei: "Nuclei", zap: "ZAP" };

/** flawWord names a flaw: a CVE as it is, what only a scanner numbers by the scanner: "nessus:9990:0" → Nessus 9990. */
export function flawWord(id: string): string {
  const [, tool, number] = /^([a-z][a-z0-9_-]*):([^:/\s]+)(?::0)?$/.exec(id) ?? [];
  return tool && number ? `${tools[tool] ?? capital(tool)} ${number}` : id;
}

/** witnessWord names who reports a finding: "nessus 9990" → Nessus 9990. */
export function witnessWord(text: string): string {
  const [tool = ""] = text.split(" ", 1);
  return (tools[tool] ?? capital(tool)) + text.slice(tool.length);
}

/**
 * inWords tells what the server observed, "mfa enabled: no · mfa methods: sms",
 * in the words of the pages. What is not written so stays as it is.
 */
export function inWords(line: string): string {
  return line
    .split(" · ")
    .map((part) => {
      const found = /^([a-z][a-z0-9]*(?:[_ ][a-z0-9]+)*): (.+)$/s.exec(part);
      if (!found) return part;
      const [, name = "", told = ""] = found;
      const plain =
        told === "true" ? "yes" : told === "false" ? "no" : told.replace(/^\[(.*)\]$/, (_, list: string) => list.split(" ").join(", ") || "none");
      return `${attributeLabel(name.replaceAll(" ", "_"))}: ${plain}`;
    })
    .join(" · ");
}

/**
 * scoreWord tells a score, which never stands without what it counts, and never
 * as a zero: nothing that passes is said in words, and so is nothing measured.
 */
export function scoreWord(score: number | null): string {
  if (score === null) return "not measured";
  const rounded = Math.round(score);
  return rounded === 0 ? "nothing passes yet" : `${rounded} of 100`;
}
