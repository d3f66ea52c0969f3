import { Link } from "react-router";
import type { GoalTile } from "@/api/types";
import { stateWord } from "@/lib/words";
import { CoverageBar } from "./coverage";
import { Icon } from "./icons";
import "./goalgrid.css";

const tiers = [
  { tier: "essential", title: "Essential goals", note: "The ten safeguards every hospital starts with" },
  { tier: "enhanced", title: "Enhanced goals", note: "The ten that come after" },
] as const;

/** GoalGrid shows all twenty goals at a glance, by tier. */
export function GoalGrid({ goals }: { goals: GoalTile[] }) {
  return (
    <div className="stack" data-wide>
      {tiers.map(({ tier, title, note }) => {
        const some = goals.filter((goal) => goal.tier === tier);
        const met = some.filter((goal) => goal.state === "met").length;
        return (
          <section key={tier} aria-label={title}>
            <div className="grid-head">
              <h2>{title}</h2>
              <p className="muted small">
                {note}. <span className="num">{met}</span> of {some.length} met.
              </p>
            </div>
            <ul className="goal-grid">
              {some.map((goal) => (
                <li key={goal.id}>
                  <Link to={`/goals/${goal.id}`} className="goal-tile" data-tone={goal.state}>
                    <span className="goal-state">
                      <Icon name={goal.state} size={18} />
                      {stateWord[goal.state]}
                      <span className="goal-number num" aria-hidden="true">
                        {goal.number}
                      </span>
                    </span>
                    <span className="goal-title" title={goal.title.length > 60 ? goal.title : undefined}>
                      {goal.title}
                    </span>
                    <CoverageBar coverage={goal.coverage} one="result" nothing="Nothing to measure is known yet" />
                  </Link>
                </li>
              ))}
            </ul>
          </section>
        );
      })}
    </div>
  );
}
