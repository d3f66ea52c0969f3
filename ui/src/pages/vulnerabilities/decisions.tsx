import { Link } from "react-router";
import { useDecisions, useEndDecision } from "@/api/inventory";
import { may, useSession } from "@/api/session";
import type { FlawDecision } from "@/api/types";
import { count, day } from "@/lib/format";
import { EmptyState, ErrorState, PageHead, Panel, Skeleton } from "@/ui/page";
import { flawWord } from "@/lib/words";
import { type Column, DataTable } from "@/ui/table";
import { notify } from "@/ui/toast";

const kindWord: Record<string, string> = { accept: "Accepted", dispute: "Disputed", compensate: "Compensated" };

/** Decisions lists what people decided about findings, by whom, and until when. */
export function Component() {
  const list = useDecisions();
  const end = useEndDecision();
  const session = useSession();
  const manages = may(session, "manage_inventory");
  const columns: Column<FlawDecision>[] = [
    { id: "flaw", header: "Flaw", cell: (one) => <Link to={`/vulnerabilities/${encodeURIComponent(one.flaw)}`}>{flawWord(one.flaw)}</Link> },
    {
      id: "kind",
      header: "Decision",
      cell: (one) => (
        <>
          {kindWord[one.kind] ?? one.kind}
          {one.control && <p className="value-note">Held by: {one.control}</p>}
        </>
      ),
    },
    { id: "of", header: "Of", cell: (one) => [one.software, one.version, one.group].filter(Boolean).join(" ") || "Every device" },
    {
      id: "why",
      header: "Why",
      wide: true,
      cell: (one) => (
        <>
          {one.reason}
          <p className="value-note">
            {one.by}, {day(one.at)}
          </p>
        </>
      ),
    },
    {
      id: "until",
      header: "Stands",
      cell: (one) =>
        one.live ? (
          <span className="nowrap">until {day(one.until)}</span>
        ) : one.ended_at ? (
          <span className="muted">
            Ended {day(one.ended_at)} by {one.ended_by}
          </span>
        ) : (
          <span className="muted nowrap">Ran out {day(one.until)}</span>
        ),
    },
    { id: "covers", header: "Findings", end: true, cell: (one) => <span className="num">{count(one.covers)}</span> },
    ...(manages
      ? [
          {
            id: "end",
            header: "End",
            cell: (one: FlawDecision) =>
              one.live ? (
                <button
                  type="button"
                  className="button"
                  disabled={end.isPending}
                  onClick={() => end.mutate(one.id, { onSuccess: () => notify(`The decision about ${one.flaw} has ended.`) })}
                >
                  End<span className="visually-hidden"> the decision about {one.flaw}</span>
                </button>
              ) : null,
          },
        ]
      : []),
  ];
  return (
    <div className="page">
      <PageHead
        title="Decisions about findings"
        crumbs={[{ to: "/vulnerabilities", label: "Vulnerabilities" }]}
        lead="What people accepted, disputed or compensated. Each has a name, a reason and a last day, and is in the record."
      />
      {list.error && <ErrorState error={list.error} retry={() => void list.refetch()} />}
      {end.error && <ErrorState error={end.error} />}
      {list.isPending && <Skeleton />}
      {list.data && (
        <Panel title="Decisions" flush>
          {list.data.length > 0 ? (
            <DataTable caption="Decisions" columns={columns} rows={list.data} rowKey={(one) => one.id} />
          ) : (
            <EmptyState title="Nothing was decided">
              <p>Open a flaw and choose Decide where it cannot be mended by its day.</p>
            </EmptyState>
          )}
        </Panel>
      )}
    </div>
  );
}
