import { useImports } from "@/api/queries";
import type { ImportSummary } from "@/api/types";
import { useFilters } from "@/lib/filters";
import { ago, bytes, count, moment } from "@/lib/format";
import { capital } from "@/lib/words";
import { EmptyState, ErrorState, Panel, Skeleton } from "@/ui/page";
import { type Column, DataTable, Pager } from "@/ui/table";
import { changesText } from "./words";

const columns: Column<ImportSummary>[] = [
  { id: "name", header: "File", cell: (one) => one.name },
  { id: "title", header: "Kind", cell: (one) => capital(one.title) },
  { id: "changes", header: "What it changed", cell: (one) => changesText(one.changes) },
  {
    id: "skipped",
    header: "Rows left out",
    end: true,
    cell: (one) => <span className="num">{one.skipped > 0 ? count(one.skipped) : "none"}</span>,
  },
  {
    id: "at",
    header: "When",
    cell: (one) => (
      <span className="nowrap" title={moment(one.at)}>
        {ago(one.at)}
      </span>
    ),
  },
  { id: "by", header: "By", cell: (one) => one.by },
  { id: "size", header: "Size", end: true, cell: (one) => <span className="num nowrap">{bytes(one.size)}</span> },
];

const limit = 25;

/** History lists what was brought before, newest first. */
export function History() {
  const { filters } = useFilters("cursor");
  const imports = useImports({ ...filters, limit });
  const data = imports.data;
  return (
    <Panel title="History" flush>
      {imports.error && <ErrorState error={imports.error} retry={() => void imports.refetch()} />}
      {imports.isPending && <Skeleton />}
      {data && data.items.length === 0 && (
        <EmptyState title="Nothing was brought yet">
          <p>Drop a file above. A staff roster and an export of accounts let the most goals be measured.</p>
        </EmptyState>
      )}
      {data && data.items.length > 0 && (
        <>
          <DataTable caption="History of imports" columns={columns} rows={data.items} rowKey={(one) => one.id} href={(one) => `/imports/${one.id}`} />
          <Pager next={data.next} total={data.total} shown={data.items.length} limit={limit} one="import" />
        </>
      )}
    </Panel>
  );
}
