import { Icon } from "@/ui/icons";

const words: Record<string, { word: string; tone: string; meaning: string }> = {
  act: { word: "Now", tone: "not_met", meaning: "Act: mend it at once, and tell whoever leads" },
  attend: { word: "Soon", tone: "partly_met", meaning: "Attend: sooner than the usual updates" },
  track_closely: { word: "Next updates", tone: "not_measured", meaning: "Track closely: with the usual updates, and look out for change" },
  track: { word: "Usual updates", tone: "not_applicable", meaning: "Track: with the usual updates" },
};

/** Decision tells how soon, by CISA's SSVC words in plain ones. */
export function Decision({ decision, by }: { decision: string | undefined; by?: string | undefined }) {
  // What is past its day is late, whatever anybody thought of its urgency.
  if (by && new Date(by) < new Date()) {
    return (
      <span className="badge nowrap" data-tone="not_met" title="It was to be mended by the day that is past">
        <Icon name="warn" size={14} />
        Past due
      </span>
    );
  }
  const one = decision ? words[decision] : undefined;
  if (!one) return <span className="muted">–</span>;
  return (
    <span className="badge nowrap" data-tone={one.tone} title={one.meaning}>
      <Icon name={decision === "act" ? "warn" : decision === "attend" ? "clock" : "info"} size={14} />
      {one.word}
    </span>
  );
}

const answers: Record<string, { word: string; tone: "bad" | "good" | "warn" | "info" }> = {
  affected: { word: "Affected", tone: "bad" },
  not_affected: { word: "Not affected", tone: "good" },
  not_assessed: { word: "Not assessed", tone: "warn" },
  unknown: { word: "Not known here", tone: "info" },
};

export function answerOf(answer: string) {
  return answers[answer] ?? { word: answer, tone: "info" as const };
}

const verdicts: Record<string, { word: string; tone: string; icon: "not_met" | "met" | "not_measured" }> = {
  affected: { word: "Affected", tone: "not_met", icon: "not_met" },
  not_affected: { word: "Not affected", tone: "met", icon: "met" },
  not_assessed: { word: "Not assessed", tone: "not_measured", icon: "not_measured" },
};

/** Judged tells how a piece of software stands to the advisories. */
export function Judged({ verdict }: { verdict: string }) {
  const one = verdicts[verdict];
  if (!one) return <>{verdict}</>;
  return (
    <span className="badge nowrap" data-tone={one.tone}>
      <Icon name={one.icon} size={14} />
      {one.word}
    </span>
  );
}
