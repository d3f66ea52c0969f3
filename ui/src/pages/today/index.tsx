import { Link } from "react-router";
import { useToday, useAssess } from "@/api/queries";
import { may, useSession } from "@/api/session";
import { moment, plural } from "@/lib/format";
import { levelMeaning, levelWord } from "@/lib/words";
import { Icon } from "@/ui/icons";
import { EmptyState, ErrorState, PageHead, Panel, Skeleton } from "@/ui/page";
import { Trend } from "@/ui/trend";
import { Alerts, Changes, Gaps, NextSteps } from "./lists";
import { Ladder } from "./ladder";
import { Sources } from "./sources";
import { GoalGrid } from "@/ui/goalgrid";
import "./today.css";

export function Component() {
  const today = useToday();
  const session = useSession();
  const assess = useAssess();
  const data = today.data;

  return (
    <div className="page">
      <PageHead
        title="Today"
        lead={
          data?.last_assessment
            ? `Where ${data.organization.name} stands, as of ${moment(data.last_assessment.as_of)}.`
            : data && `Where ${data.organization.name} stands.`
        }
        actions={
          <>
            <Link className="button" to="/report">
              <Icon name="report" size={16} />
              Board report
            </Link>
            {may(session, "assess") && (
              <button
                type="button"
                className="button"
                data-primary
                disabled={assess.isPending || !!data?.running_job}
                onClick={() => assess.mutate()}
              >
                <Icon name="play" size={16} />
                Assess now
              </button>
            )}
          </>
        }
      />
      {today.error && <ErrorState error={today.error} retry={() => void today.refetch()} />}
      {today.isPending && <Skeleton lines={12} />}
      {data && (
        <>
          <Alerts alerts={data.alerts} />
          <div className="columns">
            <div className="stack" data-wide>
              <section className="panel level" aria-label="Readiness level">
                <p className="muted">Readiness level</p>
                <p className="level-word">{levelWord[data.level]}</p>
                <p className="level-meaning">{levelMeaning[data.level]}</p>
                <Ladder level={data.level} />
                <dl className="level-counts">
                  <div>
                    <dt>Goals met</dt>
                    <dd className="num">
                      {data.goals_met} <span>of 20</span>
                    </dd>
                  </div>
                  <div>
                    <dt>Goals measured</dt>
                    <dd className="num">
                      {data.goals_measured} <span>of 20</span>
                    </dd>
                  </div>
                  <div>
                    <dt>Score over measured goals</dt>
                    <dd className="num">
                      {data.score === null ? (
                        <span>not measured</span>
                      ) : (
                        <>
                          {Math.round(data.score)} <span>of 100, from {plural(data.goals_measured, "goal")}</span>
                        </>
                      )}
                    </dd>
                  </div>
                </dl>
              </section>
              <Panel title="Over time" note="Goals met and measured, of 20">
                {data.trend.length > 1 ? (
                  <Trend
                    title="Goals met and measured over time"
                    dates={data.trend.map((point) => point.at)}
                    max={20}
                    unit="goals"
                    series={[
                      { label: "Goals measured", kind: "area", values: data.trend.map((point) => point.goals_measured) },
                      { label: "Goals met", kind: "line", values: data.trend.map((point) => point.goals_met) },
                    ]}
                  />
                ) : (
                  <EmptyState title="Nothing to compare yet">
                    <p>The line begins with the second assessment.</p>
                  </EmptyState>
                )}
              </Panel>
            </div>
            <Panel title="What to do next">
              <NextSteps steps={data.next_steps} />
            </Panel>
          </div>

          <GoalGrid goals={data.goals} />

          <div className="columns">
            <Panel title="What changed" note={data.last_assessment ? "since the assessment before" : undefined}>
              <Changes changes={data.changes} first={data.trend.length < 2} />
            </Panel>
            <Panel title="The gaps that matter most">
              <Gaps gaps={data.gaps} />
            </Panel>
          </div>

          <Panel title="Sources and how fresh they are" flush>
            <Sources sources={data.sources} />
          </Panel>
        </>
      )}
    </div>
  );
}
