import { useState } from "react";
import { Link } from "react-router";
import { may, useSession } from "@/api/session";
import type { Alert, Change, Gap, NextStep } from "@/api/types";
import { ago, count, plural } from "@/lib/format";
import { Icon, type IconName } from "@/ui/icons";
import { EmptyState } from "@/ui/page";
import { Severity } from "@/ui/state";

const stepIcon: Record<NextStep["kind"], IconName> = { import: "imports", fix: "fix", review: "search", run: "play" };

/** Alerts are what cannot wait; nothing is shown where nothing is urgent. */
export function Alerts({ alerts }: { alerts: Alert[] }) {
  const detail = may(useSession(), "read_detail");
  if (alerts.length === 0) return null;
  return (
    <section className="panel alerts" aria-label="Cannot wait">
      <ul>
        {alerts.map((one) => (
          <li key={one.id} data-tone={one.tone}>
            <Icon name="warn" />
            <span>
              {detail ? <Link to={one.link}>{one.text}</Link> : one.text}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** NextSteps lists what to do, most useful first. */
export function NextSteps({ steps }: { steps: NextStep[] }) {
  if (steps.length === 0) {
    return (
      <EmptyState title="Nothing is due">
        <p>Come back after the next assessment.</p>
      </EmptyState>
    );
  }
  return (
    <ol className="steps">
      {steps.map((step) => (
        <li key={step.id}>
          <Icon name={stepIcon[step.kind]} />
          <div>
            <p className="steps-title">
              <Link to={step.link}>{step.title}</Link>
            </p>
            <p className="muted small">
              {step.detail}
              {step.effort && <span className="nowrap"> About {step.effort}.</span>}
            </p>
          </div>
        </li>
      ))}
    </ol>
  );
}

// How many changes are shown before one asks for the rest.
const most = 7;

const changeWord: Record<Change["kind"], { word: string; tone: string }> = {
  better: { word: "Better", tone: "met" },
  worse: { word: "Worse", tone: "not_met" },
  new: { word: "New", tone: "not_measured" },
  gone: { word: "Gone", tone: "not_measured" },
};

/** Changes lists what differs from the assessment before, gravest first. */
export function Changes({ changes, first }: { changes: Change[]; first: boolean }) {
  const [all, setAll] = useState(false);
  const detail = may(useSession(), "read_detail");
  const shown = all || changes.length <= most + 2 ? changes : changes.slice(0, most);
  if (first) {
    return (
      <EmptyState title="Nothing to compare yet">
        <p>This is the first assessment.</p>
      </EmptyState>
    );
  }
  if (changes.length === 0) {
    return (
      <EmptyState title="No change">
        <p>Every check stands where it stood at the assessment before.</p>
      </EmptyState>
    );
  }
  return (
    <ul className="changes">
      {shown.map((change, at) => {
        const { word, tone } = changeWord[change.kind];
        const to = change.check && detail ? `/goals/${change.goal}/checks/${change.check}` : `/goals/${change.goal}`;
        return (
          <li key={at}>
            <span className="badge" data-tone={tone}>
              <Icon name={change.kind} size={14} />
              {word}
            </span>
            <div>
              <Link to={to} className="quiet-link">
                {change.text}
              </Link>
              <span className="muted small nowrap"> {ago(change.at)}</span>
            </div>
          </li>
        );
      })}
      {shown.length < changes.length && (
        <li>
          <button type="button" className="link-button" onClick={() => setAll(true)}>
            All {count(changes.length)}
          </button>
        </li>
      )}
    </ul>
  );
}

/** Gaps lists the gaps that matter most, in words a trustee understands. */
export function Gaps({ gaps }: { gaps: Gap[] }) {
  const detail = may(useSession(), "read_detail");
  if (gaps.length === 0) {
    return (
      <EmptyState title="No gap was found in what was measured">
        <p>Look at coverage before you report this: what was not measured may hide gaps.</p>
      </EmptyState>
    );
  }
  return (
    <ol className="gaps">
      {gaps.map((gap) => (
        <li key={gap.check}>
          <div className="gaps-head">
            <Link to={detail ? `/goals/${gap.goal}/checks/${gap.check}` : `/goals/${gap.goal}`} className="quiet-link">
              {gap.title}
            </Link>
            <Severity severity={gap.severity} />
          </div>
          <p className="muted small">
            <span className="num">
              {count(gap.fail)} of {plural(gap.in_scope, "resource")} in scope {gap.fail === 1 ? "fails" : "fail"}.
            </span>{" "}
            {gap.why}
          </p>
        </li>
      ))}
    </ol>
  );
}
