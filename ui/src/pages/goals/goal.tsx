import { useParams } from "react-router";
import { useGoal } from "@/api/queries";
import { may, useSession } from "@/api/session";
import type { CheckRow } from "@/api/types";
import { coverageText } from "@/lib/coverage";
import { day } from "@/lib/format";
import { assuranceMeaning, assuranceWord, capital, kindWord, scoreWord } from "@/lib/words";
import { TallyLine } from "@/ui/coverage";
import { Icon } from "@/ui/icons";
import { EmptyState, ErrorState, FactRow, Facts, PageHead, Panel, Skeleton } from "@/ui/page";
import { Severity, StateBadge } from "@/ui/state";
import { type Column, DataTable } from "@/ui/table";
import { Crosswalk } from "./crosswalk";
import { Needs, Reasons } from "./reasons";
import "./goals.css";

function columns(goal: string): Column<CheckRow>[] {
  return [
    { id: "title", header: "Check", cell: (check) => check.title },
    { id: "state", header: "State", cell: (check) => <StateBadge state={check.state} /> },
    {
      id: "results",
      header: "Results",
      cell: (check) =>
        check.state === "not_measured" && check.needs ? <Needs needs={check.needs} goal={goal} /> : <TallyLine tally={check.tally} />,
    },
    {
      id: "role",
      header: "Role",
      cell: (check) => (
        <span title={check.role === "deciding" ? "The goal is met only if this check is." : "Can keep the goal from being met, never makes it so."}>
          {check.role === "deciding" ? "Decides" : "Supports"}
        </span>
      ),
    },
    { id: "severity", header: "Severity", cell: (check) => <Severity severity={check.severity} /> },
  ];
}

export function Component() {
  const { goal: id = "" } = useParams();
  const goal = useGoal(id);
  // Whoever sees summaries only is not led to pages that would refuse them.
  const detail = may(useSession(), "read_detail");
  const data = goal.data;
  return (
    <div className="page">
      <PageHead
        title={data?.title ?? "Goal"}
        crumbs={[{ to: "/goals", label: "Goals" }]}
        badge={data && <StateBadge state={data.state} />}
        lead={data?.outcome}
        actions={
          data && (
            <button type="button" className="button" onClick={() => window.print()}>
              <Icon name="print" size={16} />
              Print
            </button>
          )
        }
      />
      {goal.error && <ErrorState error={goal.error} retry={() => void goal.refetch()} />}
      {goal.isPending && <Skeleton lines={12} />}
      {data && (
        <>
          <div className="columns" data-stretch>
            <Panel title="Why it stands here">
              <Reasons reasons={data.why} empty="Every check of this goal is met." />
            </Panel>
            <Panel title="In figures">
              <Facts>
                <FactRow name="Coverage">{coverageText(data.coverage, "result")}</FactRow>
                <FactRow name="Score">
                  {capital(scoreWord(data.score))}
                  {data.score !== null && ", over what was measured"}
                </FactRow>
                <FactRow name="Rests on">
                  {data.assurance ? (
                    <>
                      {assuranceWord[data.assurance]} facts or better. <span className="muted">{assuranceMeaning[data.assurance]}</span>
                    </>
                  ) : (
                    "Nothing yet"
                  )}
                </FactRow>
                <FactRow name="Tier">
                  {data.tier === "essential" ? "Essential" : "Enhanced"}, goal {data.number} of 20
                </FactRow>
              </Facts>
            </Panel>
          </div>

          <Panel title="Checks" note={detail ? "Open one to see each result" : undefined} flush>
            {data.checks.length > 0 ? (
              <DataTable
                caption={`Checks of ${data.title}`}
                columns={columns(id)}
                rows={data.checks}
                rowKey={(check) => check.id}
                {...(detail ? { href: (check: CheckRow) => `/goals/${id}/checks/${check.id}` } : {})}
              />
            ) : (
              <EmptyState title="No check decides this goal yet">
                <p>Your organization may add its own checks for {kindWord("setting")} it can see.</p>
              </EmptyState>
            )}
          </Panel>

          <div className="columns">
            <Panel title="What it maps to">
              <Crosswalk mappings={data.mappings} />
            </Panel>
            <Panel title="History">
              {data.history.length > 0 ? (
                <ol className="timeline" tabIndex={0} aria-label="Changes of state, newest first">
                  {data.history.toReversed().map((point) => (
                    <li key={point.at}>
                      <span className="num muted">{day(point.at)}</span>
                      <StateBadge state={point.state} />
                    </li>
                  ))}
                </ol>
              ) : (
                <p className="muted">The history begins with the first assessment.</p>
              )}
            </Panel>
          </div>
        </>
      )}
    </div>
  );
}
