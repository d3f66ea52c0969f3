import { Icon } from "./icons";
import { type State, stateWord, type Tone, type Verdict, verdictTone, verdictWord } from "@/lib/words";

function Badge({ tone, word }: { tone: Tone; word: string }) {
  return (
    <span className="badge" data-tone={tone}>
      <Icon name={tone} size={16} />
      {word}
    </span>
  );
}

/** StateBadge tells where a check or goal stands, by icon, word and color. */
export function StateBadge({ state }: { state: State }) {
  return <Badge tone={state} word={stateWord[state]} />;
}

/** VerdictBadge tells what a check says of one resource. */
export function VerdictBadge({ verdict }: { verdict: Verdict }) {
  return <Badge tone={verdictTone[verdict]} word={verdictWord[verdict]} />;
}

const severityWord: Record<string, string> = { critical: "Critical", high: "High", medium: "Medium", low: "Low", info: "Info" };

/** Severity tells how grave a failure is: bars for the eye, a word for everyone. */
export function Severity({ severity }: { severity: string }) {
  if (!severity) return <span className="muted">Not scored</span>;
  const bars = { critical: 4, high: 3, medium: 2, low: 1 }[severity] ?? 0;
  return (
    <span className="severity" data-severity={severity}>
      <svg className="severity-bars" width="16" height="12" viewBox="0 0 16 12" aria-hidden="true">
        {[0, 1, 2, 3].map((at) => (
          <rect key={at} x={at * 4} y={9 - at * 3} width="3" height={3 + at * 3} rx="0.5" className={at < bars ? "on" : "off"} />
        ))}
      </svg>
      {severityWord[severity] ?? severity}
    </span>
  );
}
