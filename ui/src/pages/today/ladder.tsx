import { Icon } from "@/ui/icons";
import type { Level } from "@/lib/words";

const rungs: { level: Level; word: string; note: string }[] = [
  { level: "partial", word: "On the way", note: "Some goals measured" },
  { level: "essential", word: "Essential", note: "First ten goals met" },
  { level: "enhanced", word: "Enhanced", note: "All twenty met" },
];

/** Ladder shows the levels with the one reached, and what comes next. */
export function Ladder({ level }: { level: Level }) {
  // Before anything is measured no rung is reached.
  const here = rungs.findIndex((rung) => rung.level === level);
  return (
    <ol className="ladder" aria-label="The levels">
      {rungs.map((rung, at) => (
        <li key={rung.level} data-reached={at <= here || undefined} aria-current={at === here ? "step" : undefined}>
          <span className="ladder-word">
            {at < here && <Icon name="check" size={14} />}
            {at === here && <span className="ladder-here" aria-hidden="true" />}
            {rung.word}
            {at === here && <span className="visually-hidden"> (you are here)</span>}
          </span>
          <span className="ladder-note">{rung.note}</span>
        </li>
      ))}
    </ol>
  );
}
