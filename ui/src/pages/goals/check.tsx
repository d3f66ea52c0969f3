import { Link, useParams } from "react-router";
import { useCheck } from "@/api/queries";
import { coverageText } from "@/lib/coverage";
import { day, percent } from "@/lib/format";
import { durationWord } from "@/lib/parameter";
import { assuranceWord, capital, kindWord } from "@/lib/words";
import { TallyLine } from "@/ui/coverage";
import { ErrorState, FactRow, Facts, Notice, PageHead, Panel, Skeleton } from "@/ui/page";
import { Severity, StateBadge } from "@/ui/state";
import { Trend } from "@/ui/trend";
import { Needs, Reasons } from "./reasons";
import { Results } from "./results";
import { ParameterList } from "./parameters";
import "./goals.css";

export function Component() {
  const { goal = "", check: id = "" } = useParams();
  const check = useCheck(id);
  const data = check.data;
  return (
    <div className="page">
      <PageHead
        title={data?.title ?? "Check"}
        crumbs={[
          { to: "/goals", label: "Goals" },
          { to: `/goals/${goal}`, label: data ? `${data.goal_number}. ${data.goal_title}` : "Goal" },
        ]}
        badge={data && <StateBadge state={data.state} />}
        lead={data?.why_it_matters}
      />
      {check.error && <ErrorState error={check.error} retry={() => void check.refetch()} />}
      {check.isPending && <Skeleton lines={12} />}
      {data && (
        <>
          {data.state === "not_measured" && data.needs && (
            <Notice tone="warn">
              <p>
                <strong>Nothing could be measured yet.</strong> <Needs needs={data.needs} goal={goal} />
              </p>
            </Notice>
          )}
          <div className="columns">
            <div className="stack" data-wide>
              <Panel title="Where it stands">
                <div className="stack">
                  <TallyLine tally={data.tally} />
                  <Reasons reasons={data.why} empty="" />
                </div>
              </Panel>
              <Results check={id} goal={goal} tally={data.tally} kind={data.resource} />
              {data.history.length > 1 && (
                <Panel title="Over time" note={`Share of measured ${kindWord(data.resource)} that pass`}>
                  <Trend
                    title="Share that passes"
                    dates={data.history.map((point) => point.at)}
                    max={100}
                    unit="percent"
                    height={150}
                    series={[
                      {
                        label: "Pass, percent of measured",
                        kind: "line",
                        values: data.history.map(({ tally }) =>
                          tally.pass + tally.fail === 0 ? null : Math.round((100 * tally.pass) / (tally.pass + tally.fail)),
                        ),
                      },
                    ]}
                  />
                </Panel>
              )}
            </div>
            <div className="stack" data-wide>
              <Panel title="What to do">
                <p className="prose">{data.remediation}</p>
              </Panel>
              <Panel title="How it is decided">
                <Facts>
                  <FactRow name="Expected">{capital(data.expected)}</FactRow>
                  <FactRow name="Looks at">{capital(kindWord(data.resource))}</FactRow>
                  <FactRow name="Coverage">{coverageText(data.coverage, kindWord(data.resource, 1), kindWord(data.resource))}</FactRow>
                  <FactRow name="Met when">
                    {percent(data.pass_share, 1)} of what is measured passes, and {percent(data.min_coverage, 1)} of what is in scope is measured
                  </FactRow>
                  {data.fresh_within && <FactRow name="Fresh within">{durationWord(data.fresh_within)}</FactRow>}
                  {data.oldest_at && <FactRow name="Oldest fact">{day(data.oldest_at)}</FactRow>}
                  <FactRow name="Severity">
                    <Severity severity={data.severity} />
                  </FactRow>
                  <FactRow name="Role">{data.role === "deciding" ? "Decides the goal" : "Supports the goal"}</FactRow>
                  {data.assurance && <FactRow name="Rests on">{assuranceWord[data.assurance] ?? data.assurance} facts or better</FactRow>}
                  {data.hicp.length > 0 && <FactRow name="HICP 2023">{data.hicp.join(", ")}</FactRow>}
                  {data.threats.length > 0 && (
                    <FactRow name="Threats">{data.threats.map((threat) => threat.replaceAll("_", " ")).join(", ")}</FactRow>
                  )}
                  <FactRow name="Source">{data.own ? "Added by your organization" : "Shipped with Asepsis"}</FactRow>
                </Facts>
                <details className="disclosure">
                  <summary>Show the exact conditions</summary>
                  <div className="stack">
                    {data.applies && (
                      <div>
                        <h3>In scope</h3>
                        <pre tabIndex={0}>{data.applies}</pre>
                      </div>
                    )}
                    <div>
                      <h3>Passes</h3>
                      <pre tabIndex={0}>{data.pass}</pre>
                    </div>
                    <p className="muted small mono">{data.id}</p>
                  </div>
                </details>
              </Panel>
              {data.params.length > 0 && (
                <Panel title="Parameters" actions={<Link to={`/settings/parameters?q=${data.id}`}>Change</Link>}>
                  <ParameterList parameters={data.params} />
                </Panel>
              )}
            </div>
          </div>
        </>
      )}
    </div>
  );
}
