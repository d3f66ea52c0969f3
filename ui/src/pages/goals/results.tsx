import { Link } from "react-router";
import { useResults } from "@/api/queries";
import type { ResultRow } from "@/api/types";
import type { Tally } from "@/lib/coverage";
import { useFilters } from "@/lib/filters";
import { count } from "@/lib/format";
import { inWords, kindWord, type Verdict, verdictTone, verdictWord } from "@/lib/words";
import { Icon } from "@/ui/icons";
import { EmptyState, ErrorState, Panel, Skeleton } from "@/ui/page";
import { SearchBox } from "@/ui/searchbox";
import { VerdictBadge } from "@/ui/state";
import { type Column, DataTable, Pager } from "@/ui/table";

const columns: Column<ResultRow>[] = [
  { id: "label", header: "Resource", cell: (row) => row.label },
  { id: "verdict", header: "Result", cell: (row) => <VerdictBadge verdict={row.verdict} /> },
  {
    id: "observed",
    header: "Observed",
    wide: true,
    cell: (row) => (
      <>
        {inWords(brief(row.observed))}
        {row.why && <p className="value-note">{inWords(row.why)}</p>}
      </>
    ),
  },
  {
    id: "asset",
    header: "Device",
    cell: (row) => (row.asset ? <Link to={`/assets/${encodeURIComponent(row.asset.id)}`}>{row.asset.label}</Link> : <span className="muted">–</span>),
  },
];

// What the condition reads comes first; the rest stands on the result's own page.
function brief(observed: string): string {
  const parts = observed.split(" · ");
  return parts.length > 3 ? `${parts.slice(0, 3).join(" · ")} …` : observed;
}

const limit = 50;
const verdicts: Verdict[] = ["fail", "not_measured", "error", "pass", "not_applicable"];

/** Results lists what a check says of each resource, failures first. */
export function Results({ check, goal, tally, kind }: { check: string; goal: string; tally: Tally; kind: string }) {
  const { filters, set } = useFilters("verdict", "q", "cursor");
  const results = useResults(check, { ...filters, limit });
  const rows = results.data?.items ?? [];
  // The label of a device repeats in the column beside it where the device is the resource.
  const shown = columns.filter((column) => column.id !== "asset" || rows.some((row) => row.asset));
  return (
    <Panel title="Results" flush>
      <div className="toolbar">
        <div className="segments" role="group" aria-label="Show results by value">
          <button type="button" aria-pressed={filters.verdict === ""} onClick={() => set({ verdict: null })}>
            All
          </button>
          {verdicts
            .filter((verdict) => tally[verdict] > 0 || filters.verdict === verdict)
            .map((verdict) => (
              <button key={verdict} type="button" aria-pressed={filters.verdict === verdict} onClick={() => set({ verdict })}>
                <Icon name={verdictTone[verdict]} size={14} />
                {verdictWord[verdict]} <span className="num">{count(tally[verdict])}</span>
              </button>
            ))}
        </div>
        <SearchBox label="Search results" />
      </div>
      {results.error && <ErrorState error={results.error} retry={() => void results.refetch()} />}
      {results.isPending && <Skeleton />}
      {results.data && rows.length === 0 && (
        <EmptyState title={filters.q || filters.verdict ? "No result fits" : "No result yet"}>
          <p>
            {filters.q || filters.verdict ? "Change the filter to see more." : `No ${kindWord(kind)} are known yet, so there is nothing to check.`}
          </p>
        </EmptyState>
      )}
      {rows.length > 0 && (
        <DataTable
          caption="Results"
          columns={shown}
          rows={rows}
          rowKey={(row) => row.resource}
          href={(row) => `/goals/${goal}/checks/${check}/results/${encodeURIComponent(row.resource)}`}
          busy={results.isPlaceholderData}
        />
      )}
      {results.data && <Pager next={results.data.next} total={results.data.total} shown={rows.length} limit={limit} one="result" />}
    </Panel>
  );
}
