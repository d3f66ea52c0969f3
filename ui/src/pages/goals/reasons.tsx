import { Link } from "react-router";
import type { Reason } from "@/api/types";
import { count } from "@/lib/format";

/** Reasons lists why results are as they are, most frequent first. */
export function Reasons({ reasons, empty }: { reasons: Reason[]; empty: string }) {
  if (reasons.length === 0) return <p className="muted">{empty}</p>;
  return (
    <ul className="reasons">
      {reasons.map((reason) => (
        <li key={reason.text}>
          {reason.count > 0 && <span className="reasons-count num">{count(reason.count)}</span>}
          <span>{reason.text}</span>
        </li>
      ))}
    </ul>
  );
}

// What a check needs, as something a person can go and get.
const bring: Record<string, string> = {
  host: "Run an assessment on a machine",
  accounts: "Bring an export of accounts",
  people: "Bring the staff roster",
  training: "Bring training completions",
  phishing: "Bring phishing results",
  assets: "Bring the device inventory",
  vendors: "Bring the vendor list",
  "network-scan": "Bring a network scan",
  "vulnerability-scan": "Bring a vulnerability scan",
  baseline: "Bring baseline results",
  m365: "Bring a Microsoft 365 report",
  sbom: "Bring a bill of materials",
  mail: "Run asepsis mail check with your domains",
};

export function Needs({ needs, goal }: { needs: string; goal?: string }) {
  if (needs === "later") return <span className="muted">A later version measures this</span>;
  const words = bring[needs] ?? `Bring ${needs}`;
  if (needs === "host" || needs === "mail") return <span className="muted">{words}</span>;
  return <Link to={goal ? `/imports?for=${goal}` : "/imports"}>{words}</Link>;
}
