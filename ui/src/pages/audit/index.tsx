import { useAudit } from "@/api/queries";
import type { AuditEvent } from "@/api/types";
import { useFilters } from "@/lib/filters";
import { moment } from "@/lib/format";
import { capital } from "@/lib/words";
import { Select } from "@/ui/field";
import { Icon } from "@/ui/icons";
import { EmptyState, ErrorState, PageHead, Skeleton } from "@/ui/page";
import { SearchBox } from "@/ui/searchbox";
import { type Column, DataTable, Pager } from "@/ui/table";
import { actionWord, actionGroups, fromWord } from "./words";

const columns: Column<AuditEvent>[] = [
  { id: "at", header: "When", cell: (event) => <span className="num nowrap">{moment(event.at)}</span> },
  { id: "who", header: "Who", cell: (event) => event.who || <span className="muted">not known</span> },
  {
    id: "action",
    header: "What",
    cell: (event) => (
      <>
        {actionWord(event.action)}
        {event.target && <span className="muted"> {event.target}</span>}
        {Object.keys(event.detail).length > 0 && (
          <p className="value-note">
            {Object.entries(event.detail)
              .map(([name, text]) => `${capital(name.replaceAll("_", " "))}: ${text}`)
              .join(", ")}
          </p>
        )}
      </>
    ),
  },
  {
    id: "outcome",
    header: "Outcome",
    cell: (event) => (
      <span className="badge" data-tone={event.outcome === "done" ? "met" : "not_met"}>
        <Icon name={event.outcome === "done" ? "check" : "close"} size={14} />
        {event.outcome === "done" ? "Done" : "Refused"}
      </span>
    ),
  },
  { id: "from", header: "From", cell: (event) => fromWord(event.from) },
];

const limit = 50;

/** Audit is the product's own trail: who did what, when, and from where. */
export function Component() {
  const { filters, set } = useFilters("q", "action", "cursor");
  const events = useAudit({ ...filters, limit });
  const data = events.data;
  return (
    <div className="page">
      <PageHead
        title="Audit trail"
        lead="Who did what in Asepsis itself. Every line is also in the tamper-evident record, so none can be taken out unseen."
      />
      {events.error && <ErrorState error={events.error} retry={() => void events.refetch()} />}
      <section className="panel" data-flush aria-label="Audit trail">
        <div className="toolbar">
          <SearchBox label="Search the trail" placeholder="Name, action or target" />
          <Select label="Action" value={filters.action} onChange={(event) => set({ action: event.target.value })}>
            <option value="">All actions</option>
            {actionGroups.map(([prefix, word]) => (
              <option key={prefix} value={prefix}>
                {word}
              </option>
            ))}
          </Select>
        </div>
        {events.isPending && <Skeleton lines={10} />}
        {data && data.items.length === 0 && <EmptyState title="Nothing fits" />}
        {data && data.items.length > 0 && (
          <>
            <DataTable
              caption="Audit trail, newest first"
              columns={columns}
              rows={data.items}
              rowKey={(event) => event.id}
              busy={events.isPlaceholderData}
            />
            <Pager next={data.next} total={data.total} shown={data.items.length} limit={limit} one="event" />
          </>
        )}
      </section>
    </div>
  );
}
