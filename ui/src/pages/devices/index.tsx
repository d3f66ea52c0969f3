import { useModels } from "@/api/inventory";
import type { DeviceModel } from "@/api/types";
import { useFilters } from "@/lib/filters";
import { count, day, plural } from "@/lib/format";
import { attributeValue, capital } from "@/lib/words";
import { EmptyState, ErrorState, PageHead, Skeleton } from "@/ui/page";
import { SearchBox } from "@/ui/searchbox";
import { Severity } from "@/ui/state";
import { type Column, DataTable } from "@/ui/table";

export const modelName = (one: { manufacturer: string; model: string }) => `${one.manufacturer} ${one.model}`.trim();

/** Support tells until when the maker mends a model, and that it no longer does. */
function Support({ ends }: { ends: string | undefined }) {
  if (!ends) return <span className="muted">Not known</span>;
  if (new Date(ends) > new Date()) return <span className="nowrap num">{day(ends)}</span>;
  return (
    <>
      <span className="badge nowrap" data-tone="not_met">
        Ended
      </span>
      <p className="value-note nowrap num">{day(ends)}</p>
    </>
  );
}

const columns: Column<DeviceModel>[] = [
  { id: "model", header: "Model", cell: (one) => modelName(one) },
  { id: "term", header: "Kind", cell: (one) => one.term || capital(attributeValue("class", one.class)) },
  { id: "units", header: "Units", end: true, cell: (one) => <span className="num">{count(one.assets)}</span> },
  { id: "versions", header: "Versions", cell: (one) => (one.versions.length > 0 ? one.versions.slice(0, 4).join(", ") : <span className="muted">Not known</span>) },
  {
    id: "findings",
    header: "Open findings",
    cell: (one) =>
      one.findings > 0 ? (
        <>
          <span className="num">{count(one.findings)}</span> {one.severity && <Severity severity={one.severity} />}
        </>
      ) : (
        <span className="muted">None found</span>
      ),
  },
  {
    id: "advisories",
    header: "Advisories",
    cell: (one) =>
      one.advisories > 0 ? (
        <>
          {count(one.advisories)}
          {one.to_check > 0 && <p className="value-note">{count(one.to_check)} to compare by hand</p>}
        </>
      ) : (
        <span className="muted">None at hand</span>
      ),
  },
  {
    id: "mds2",
    header: "Maker's disclosure",
    cell: (one) =>
      one.mds2 ? (
        <>
          MDS2 on file{one.lacks.length > 0 && <p className="value-note">Lacks {plural(one.lacks.length, "capability", "capabilities")}</p>}
        </>
      ) : (
        <span className="muted">None on file</span>
      ),
  },
  {
    id: "support",
    header: "System support",
    cell: (one) => <Support ends={one.support_ends} />,
  },
];

/** Device models are what a biomedical engineer looks after: one row for each model, however many units. */
export function Component() {
  const { filters } = useFilters("q");
  const list = useModels(filters.q ?? "");
  return (
    <div className="page">
      <PageHead
        title="Device models"
        lead="Medical, network and building devices by their model: what is open on them, which advisories speak of them, and what their maker disclosed."
      />
      {list.error && <ErrorState error={list.error} retry={() => void list.refetch()} />}
      <section className="panel" data-flush aria-label="Device models">
        <div className="toolbar">
          <SearchBox label="Search models" />
        </div>
        {list.isPending && <Skeleton lines={8} />}
        {list.data && list.data.length > 0 && (
          <DataTable caption="Device models" columns={columns} rows={list.data} rowKey={(one) => one.id} href={(one) => `/devices/${encodeURIComponent(one.id)}`} busy={list.isPlaceholderData} />
        )}
        {list.data && list.data.length === 0 && (
          <EmptyState title={filters.q ? "No model fits" : "No model is known"}>
            <p>A model needs a maker and a model name: bring the biomedical inventory, a UDI list or a maker's MDS2.</p>
          </EmptyState>
        )}
      </section>
    </div>
  );
}
