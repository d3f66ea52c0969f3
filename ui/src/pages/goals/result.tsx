import { Link, useParams } from "react-router";
import { useGoals, useResource, useResult } from "@/api/queries";
import type { Attribute, Observed } from "@/api/types";
import { ago, moment } from "@/lib/format";
import { assuranceMeaning, assuranceWord, attributeLabel, attributeValue, capital, inWords, kindWord, verdictTone } from "@/lib/words";
import { resourceLink } from "@/lib/links";
import { ErrorState, PageHead, Panel, Skeleton } from "@/ui/page";
import { Severity, VerdictBadge } from "@/ui/state";
import { type Column, DataTable } from "@/ui/table";
import "./goals.css";

/** columns tells each value with its source, and with what other sources say instead. */
function columns(known: Attribute[]): Column<Observed>[] {
  return [
    {
      id: "name",
      header: "Value",
      cell: (observed) => (
        <>
          <strong>{attributeLabel(observed.name)}</strong>
          <p className="value-note">{observed.doc}</p>
        </>
      ),
    },
    {
      id: "value",
      header: "Observed",
      cell: (observed) =>
        observed.value === null || observed.value === undefined ? (
          <>
            <span className="muted">Not measured</span>
            {observed.why && <p className="value-note">{observed.why}</p>}
          </>
        ) : (
          <>
            <strong className="num">{attributeValue(observed.name, observed.value)}</strong>
            {known
              .find((one) => one.name === observed.name)
              ?.others.map((other, at) => (
                <p key={at} className="other">
                  {capital(other.origin.title)} says {attributeValue(observed.name, other.value)} ({ago(other.origin.observed_at)})
                </p>
              ))}
          </>
        ),
    },
    {
      id: "source",
      header: "Where it came from",
      cell: (observed) =>
        observed.origin ? (
          <>
            {capital(observed.origin.title)}
            <p className="value-note" title={assuranceMeaning[observed.origin.assurance]}>
              {assuranceWord[observed.origin.assurance]}
            </p>
          </>
        ) : (
          <span className="muted">–</span>
        ),
    },
    {
      id: "when",
      header: "When",
      cell: (observed) =>
        observed.origin?.assurance ? (
          <>
            {ago(observed.origin.observed_at)}
            <p className="value-note num">{moment(observed.origin.observed_at)}</p>
          </>
        ) : (
          <span className="muted">–</span>
        ),
    },
  ];
}

export function Component() {
  const { goal = "", check = "", resource = "" } = useParams();
  const result = useResult(check, resource);
  const goals = useGoals();
  // Results know the value that decided; what other sources say stands with the resource.
  const resourceOf = useResource(result.data?.kind ?? "", result.data?.resource ?? "", result.data !== undefined);
  const data = result.data;
  // What the condition reads; what is shown beside it follows in the table.
  const decisive = (data?.values.filter((one) => data.pass.includes(`.${one.name}`)) ?? []).slice(0, 6);
  const of = goals.data?.find((one) => one.id === goal);
  return (
    <div className="page">
      <PageHead
        title={data?.label ?? "Result"}
        crumbs={[
          { to: "/goals", label: "Goals" },
          { to: `/goals/${goal}`, label: of ? `${of.number}. ${of.title}` : "Goal" },
          { to: `/goals/${goal}/checks/${check}`, label: data?.check_title ?? "Check" },
        ]}
        badge={data && <VerdictBadge verdict={data.verdict} />}
        lead={
          data && (
            <>
              {data.check_title}
              {data.asset && (
                <>
                  , on <Link to={resourceLink("asset", data.asset.id)}>{data.asset.label}</Link>
                </>
              )}
              . As of {moment(data.as_of)}.
            </>
          )
        }
        actions={
          data && (
            <Link className="button" to={resourceLink(data.kind, data.resource)}>
              All about this {kindWord(data.kind, 1)}
            </Link>
          )
        }
      />
      {result.error && <ErrorState error={result.error} retry={() => void result.refetch()} />}
      {result.isPending && <Skeleton lines={10} />}
      {data && (
        <>
          <div className="versus">
            <div data-tone={verdictTone[data.verdict]}>
              <h2>Observed</h2>
              {decisive.length > 0 ? (
                <ul>
                  {decisive.map((one) => (
                    <li key={one.name}>
                      {attributeLabel(one.name)}:{" "}
                      <strong>{one.value === null || one.value === undefined ? "not measured" : attributeValue(one.name, one.value)}</strong>
                    </li>
                  ))}
                </ul>
              ) : (
                <p>{inWords(data.observed) || "Nothing"}</p>
              )}
              {data.why && <p className="muted">{inWords(data.why)}</p>}
            </div>
            <div>
              <h2>Expected</h2>
              <p>{capital(data.expected)}</p>
              <p className="muted">
                <Severity severity={data.severity} /> if it fails
              </p>
            </div>
          </div>
          <Panel title="What the result rests on" flush>
            <DataTable
              caption="Values the result rests on"
              columns={columns(resourceOf.data?.attributes ?? [])}
              rows={data.values}
              rowKey={(observed) => observed.name}
            />
          </Panel>
          <div className="columns" data-even>
            {data.verdict !== "pass" && data.verdict !== "not_applicable" && (
              <Panel title="What to do">
                <p className="prose">{data.remediation}</p>
              </Panel>
            )}
            <Panel title="The exact condition">
              <pre tabIndex={0}>{data.pass}</pre>
            </Panel>
          </div>
        </>
      )}
    </div>
  );
}
