import { Link, useParams } from "react-router";
import { sbomURL, useAssetSoftware } from "@/api/inventory";
import { useResource } from "@/api/queries";
import type { SoftwareRow } from "@/api/types";
import { useFilters } from "@/lib/filters";
import { count } from "@/lib/format";
import { resourceLink } from "@/lib/links";
import { capital, ecosystemWord } from "@/lib/words";
import { Select } from "@/ui/field";
import { Icon } from "@/ui/icons";
import { EmptyState, ErrorState, PageHead, Skeleton } from "@/ui/page";
import { SearchBox } from "@/ui/searchbox";
import { type Column, DataTable, Pager } from "@/ui/table";
import { Judged } from "../vulnerabilities/words";

const limit = 100;

const columns: Column<SoftwareRow>[] = [
  {
    id: "name",
    header: "Software",
    cell: (one) => (
      <span title={one.purl}>
        <strong>{one.name}</strong> <span className="muted small">{ecosystemWord(one.ecosystem)}</span>
      </span>
    ),
  },
  { id: "version", header: "Version", cell: (one) => <span className="num">{one.version || "–"}</span> },
  {
    id: "verdict",
    header: "By the advisories",
    wide: true,
    cell: (one) => (
      <>
        <Judged verdict={one.verdict} />
        {one.why && <p className="value-note">{capital(one.why)}.</p>}
        {one.ended && (
          <p className="value-note">
            <span className="badge" data-tone="not_met">
              No more updates
            </span>{" "}
            {one.support}
          </p>
        )}
      </>
    ),
  },
  {
    id: "flaws",
    header: "Flaws",
    cell: (one) =>
      one.flaw_count > 0 ? (
        <>
          {one.flaws.slice(0, 3).map((id, at) => (
            <span key={id}>
              {at > 0 && ", "}
              <Link to={`/vulnerabilities/${encodeURIComponent(id)}`}>{id}</Link>
            </span>
          ))}
          {one.flaw_count > 3 && <span className="muted"> and {count(one.flaw_count - 3)} more</span>}
        </>
      ) : (
        <span className="muted">–</span>
      ),
  },
  { id: "fixed", header: "Mended in", cell: (one) => (one.fixed ? <span className="num">{one.fixed}</span> : <span className="muted">–</span>) },
];

/** Software is what is installed on a device, with what the advisories say of each piece. */
export function Component() {
  const { id = "" } = useParams();
  const { filters, set } = useFilters("q", "verdict", "cursor");
  const asset = useResource("asset", id);
  const list = useAssetSoftware(id, { q: filters.q ?? "", verdict: filters.verdict ?? "", cursor: filters.cursor ?? "", limit });
  const label = asset.data?.label ?? "Device";
  return (
    <div className="page">
      <PageHead
        title={`Software of ${label}`}
        crumbs={[
          { to: "/assets", label: "Assets" },
          { to: resourceLink("asset", id), label },
        ]}
        actions={
          <>
            <a className="button" href={sbomURL(id, "cyclonedx")} download>
              <Icon name="download" size={16} />
              CycloneDX
            </a>
            <a className="button" href={sbomURL(id, "spdx")} download>
              <Icon name="download" size={16} />
              SPDX
            </a>
          </>
        }
      />
      {list.error && <ErrorState error={list.error} retry={() => void list.refetch()} />}
      <section className="panel" data-flush aria-label="Software">
        <div className="toolbar">
          <SearchBox label="Search software" />
          <Select label="By the advisories" value={filters.verdict ?? ""} onChange={(event) => set({ verdict: event.target.value || null, cursor: null })}>
            <option value="">All</option>
            <option value="affected">Affected</option>
            <option value="not_assessed">Not assessed</option>
            <option value="not_affected">Not affected</option>
          </Select>
        </div>
        {list.isPending && <Skeleton lines={10} />}
        {list.data && list.data.items.length > 0 && (
          <>
            <DataTable
              caption="Software"
              columns={columns}
              rows={list.data.items}
              rowKey={(one) => `${one.ecosystem} ${one.name} ${one.version} ${one.purl ?? ""}`}
              busy={list.isPlaceholderData}
            />
            <Pager next={list.data.next} total={list.data.total} shown={list.data.items.length} limit={limit} one="program" />
          </>
        )}
        {list.data && list.data.items.length === 0 && (
          <EmptyState title={filters.q || filters.verdict ? "Nothing fits" : "No source lists its software"}>
            <p>Run an assessment on the machine, or bring its list of packages or bill of materials.</p>
          </EmptyState>
        )}
      </section>
    </div>
  );
}
