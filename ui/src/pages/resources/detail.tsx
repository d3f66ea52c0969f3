import { useState } from "react";
import { Link, useParams } from "react-router";
import { useResource } from "@/api/queries";
import { may, useSession } from "@/api/session";
import type { Attribute, ResultOfCheck } from "@/api/types";
import { ago, count, day, moment, plural } from "@/lib/format";
import { resourceHome, resourceLink } from "@/lib/links";
import { assuranceWord, attributeLabel, attributeValue, capital, inWords, keyWord, kindWord } from "@/lib/words";
import { EmptyState, ErrorState, PageHead, Panel, Skeleton } from "@/ui/page";
import { Severity, VerdictBadge } from "@/ui/state";
import { type Column, DataTable } from "@/ui/table";
import { EditDialog } from "../assets/tools";
import { kindPage } from "./kinds";
import "../goals/goals.css";

const attributes: Column<Attribute>[] = [
  {
    id: "name",
    header: "What",
    cell: (one) => (
      <span title={one.doc}>
        <strong>{attributeLabel(one.name)}</strong>
        {/* What a source said explains itself; what was worked out does not. */}
        {one.derived && one.doc && <p className="value-note">{capital(one.doc)}</p>}
      </span>
    ),
  },
  {
    id: "value",
    header: "Value",
    cell: (one) => (
      <>
        {one.value === null || one.value === undefined ? (
          <>
            <span className="muted">Not measured</span>
            {one.missing && <p className="value-note">{one.missing}</p>}
          </>
        ) : (
          <span className="num">{attributeValue(one.name, one.value)}</span>
        )}
        {one.others.map((other, at) => (
          <p key={at} className="other">
            {capital(other.origin.title)} says {attributeValue(one.name, other.value)} ({ago(other.origin.observed_at)})
          </p>
        ))}
      </>
    ),
  },
  {
    id: "origin",
    header: "Where it came from",
    cell: (one) =>
      one.derived ? (
        <span className="muted">Computed from several facts</span>
      ) : one.origin ? (
        <>
          {capital(one.origin.title)}
          {one.origin.assurance && (
            <p className="value-note">
              {assuranceWord[one.origin.assurance]}, <span title={moment(one.origin.observed_at)}>{ago(one.origin.observed_at)}</span>
            </p>
          )}
        </>
      ) : (
        <span className="muted">–</span>
      ),
  },
];

/** What says most about a resource of each kind, after its name. */
const telling: Record<string, string[]> = {
  asset: ["class", "location", "os_name"],
  person: ["role", "department"],
  account: ["type", "directory"],
  vendor: ["service", "tier"],
};

function summary(kind: string, known: Attribute[]): string {
  const told = (telling[kind] ?? []).map((name) => known.find((one) => one.name === name)).filter((one) => one?.value != null);
  return told.length > 0 ? told.map((one) => attributeValue(one!.name, one!.value)).join(", ") : kindWord(kind, 1);
}

function Results({ results, resource }: { results: ResultOfCheck[]; resource: string }) {
  const bears = results.filter((one) => one.verdict !== "not_applicable");
  const others = results.filter((one) => one.verdict === "not_applicable");
  return (
    <>
      <Verdicts results={bears} resource={resource} />
      {others.length > 0 && (
        <details className="disclosure verdicts-others">
          <summary>{plural(others.length, "check does not apply", "checks do not apply")}</summary>
          <Verdicts results={others} resource={resource} />
        </details>
      )}
    </>
  );
}

function Verdicts({ results, resource }: { results: ResultOfCheck[]; resource: string }) {
  return (
    <ul className="verdicts">
      {results.map((one) => (
        <li key={one.check}>
          <Link className="row-link" to={`/goals/${one.goal}/checks/${one.check}/results/${encodeURIComponent(resource)}`}>
            {one.title}
          </Link>
          {one.why && <p className="value-note">{inWords(one.why)}</p>}
          <div>
            <VerdictBadge verdict={one.verdict} />
            <Severity severity={one.severity} />
          </div>
        </li>
      ))}
    </ul>
  );
}

/** Detail is everything known about one resource, with where each value came from. */
function Detail({ kind }: { kind: string }) {
  const { id = "" } = useParams();
  const resource = useResource(kind, id);
  const data = resource.data;
  const session = useSession();
  const [editing, setEditing] = useState(false);
  const home = kindPage(kind, capital(kindWord(kind)));
  const disputed = data?.attributes.filter((one) => one.others.length > 0).length ?? 0;
  return (
    <div className="page">
      <PageHead
        title={data?.label ?? capital(kindWord(kind, 1))}
        crumbs={[{ to: resourceHome(kind), label: home.title }]}
        lead={
          data && (
            <>
              {capital(summary(kind, data.attributes))}
              {data.asset && (
                <>
                  {" "}
                  on <Link to={resourceLink("asset", data.asset.id)}>{data.asset.label}</Link>
                </>
              )}
              {data.first_seen && <>, first seen {day(data.first_seen)}</>}
              {data.components > 0 && <>, {count(data.components)} installed programs known</>}.
            </>
          )
        }
        actions={
          kind === "asset" &&
          data && (
            <>
              {may(session, "manage_inventory") && (
                <button type="button" className="button" onClick={() => setEditing(true)}>
                  Edit
                </button>
              )}
              <Link className="button" to={`${resourceLink("asset", id)}/software`}>
                Software
              </Link>
              <Link className="button" to={`${resourceLink("asset", id)}/history`}>
                History
              </Link>
            </>
          )
        }
      />
      {resource.error && <ErrorState error={resource.error} retry={() => void resource.refetch()} />}
      {resource.isPending && <Skeleton lines={12} />}
      {data && (
        <div className="columns">
          <Panel title="What is known" note={disputed > 0 ? `Sources disagree on ${disputed}` : undefined} flush>
            {data.attributes.length > 0 ? (
              <DataTable caption="What is known" columns={attributes} rows={data.attributes} rowKey={(one) => one.name} />
            ) : (
              <EmptyState title="Nothing is known about it but its name" />
            )}
          </Panel>
          <div className="stack" data-wide>
            <Panel title="What the checks say" flush>
              {data.results.length > 0 ? <Results results={data.results} resource={data.id} /> : <EmptyState title="No check looks at it" />}
            </Panel>
            {data.related.map((group) => (
              <Panel key={group.kind} title={`${group.title} (${count(group.total)})`}>
                <ul className="related">
                  {group.items.map((one) => (
                    <li key={one.id}>
                      <Link to={resourceLink(one.kind, one.id)}>{one.label}</Link>
                    </li>
                  ))}
                </ul>
                {group.total > group.items.length && (
                  <p className="small">
                    <Link to={`${resourceHome(group.kind)}?asset=${encodeURIComponent(data.id)}`}>All {count(group.total)}</Link>
                  </p>
                )}
              </Panel>
            ))}
            {data.keys.length > 0 && (
              <Panel title="What identifies it">
                <ul className="keys">
                  {data.keys.map((key) => (
                    <li key={key}>
                      {keyWord(key).what} <span className="mono">{keyWord(key).value}</span>
                    </li>
                  ))}
                </ul>
              </Panel>
            )}
          </div>
        </div>
      )}
      {data && editing && <EditDialog assets={[data.id]} onClose={() => setEditing(false)} />}
    </div>
  );
}

export function Component() {
  const { kind = "" } = useParams();
  return <Detail kind={kind} />;
}

export const Asset = () => <Detail kind="asset" />;
export const Person = () => <Detail kind="person" />;
export const Vendor = () => <Detail kind="vendor" />;
export const Account = () => <Detail kind="account" />;
