import { useState } from "react";
import { Link, useParams } from "react-router";
import { unknownValue, useResources } from "@/api/queries";
import type { Facet, ResourceRow } from "@/api/types";
import type { Tally } from "@/lib/coverage";
import { attributeFilters, useFilters } from "@/lib/filters";
import { count, day, value } from "@/lib/format";
import { resourceHome, resourceLink } from "@/lib/links";
import { attributeLabel, attributeValue, capital, kindWord, type Verdict, verdictWord } from "@/lib/words";
import { TallyLine } from "@/ui/coverage";
import { Select } from "@/ui/field";
import { EmptyState, ErrorState, PageHead, Skeleton } from "@/ui/page";
import { SearchBox } from "@/ui/searchbox";
import { type Column, DataTable, Pager } from "@/ui/table";
import { may, useSession } from "@/api/session";
import { EditDialog, Summary, Views } from "../assets/tools";
import { kindPage } from "./kinds";

const limit = 50;

/** List shows the resources of one kind. The server chooses the columns and facets. */
export function List({ kind }: { kind: string }) {
  const { filters, set, params } = useFilters("q", "sort", "cursor", "check", "verdict", "asset");
  const chosen = attributeFilters(params);
  const list = useResources(kind, { ...filters, filters: chosen, limit });
  const page = kindPage(kind, capital(kindWord(kind)));
  const data = list.data;
  const edits = may(useSession(), "manage_inventory") && kind === "asset";
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [editing, setEditing] = useState(false);
  const pick = (ids: string[], on: boolean) =>
    setSelected((now) => {
      const next = new Set(now);
      for (const id of ids) {
        if (on) next.add(id);
        else next.delete(id);
      }
      return next;
    });
  const shown = data?.items.map((row) => row.id) ?? [];
  const allShown = shown.length > 0 && shown.every((id) => selected.has(id));

  const columns: Column<ResourceRow>[] = [
    { id: "label", header: capital(kindWord(kind, 1)), sort: "label", cell: (row) => row.label },
    // A column that only repeats the label says nothing new.
    ...(data?.columns ?? [])
      .filter((attribute) => !data?.items.every((row) => row.values[attribute.name] === row.label))
      .map((attribute): Column<ResourceRow> => ({
        id: attribute.name,
        header: attributeLabel(attribute.name),
        sort: attribute.name,
        end: attribute.type === "int" || attribute.type === "double",
        cell: (row) => <Cell row={row} attribute={attribute.name} />,
      })),
    ...(data?.items.some((row) => row.asset)
      ? [
          {
            id: "on",
            header: "Device",
            cell: (row: ResourceRow) =>
              row.asset ? <Link to={resourceLink("asset", row.asset.id)}>{row.asset.label}</Link> : <span className="muted">–</span>,
          },
        ]
      : []),
    { id: "tally", header: "Check results", cell: (row) => <TallyLine tally={inScope(row.tally)} /> },
    ...(edits
      ? [
          {
            id: "select",
            header: "Select",
            cell: (row: ResourceRow) => (
              <input
                type="checkbox"
                className="row-check"
                aria-label={`Select ${row.label}`}
                checked={selected.has(row.id)}
                onChange={(event) => pick([row.id], event.target.checked)}
              />
            ),
          },
        ]
      : []),
  ];

  const narrowed = chosen.length > 0 || filters.q || filters.check || filters.asset;
  return (
    <div className="page">
      <PageHead title={page.title} lead={page.lead} />
      {kind === "asset" && <Summary />}
      {(kind === "asset" || kind === "vulnerability") && <Views kind={kind} />}
      {list.error && <ErrorState error={list.error} retry={() => void list.refetch()} />}
      <section className="panel" data-flush aria-label={page.title}>
        <div className="toolbar">
          <SearchBox label={`Search ${page.noun}`} {...(page.find ? { placeholder: page.find } : {})} />
          {data?.facets.map((facet) => (
            <FacetSelect key={facet.attribute} facet={facet} chosen={chosen.find((one) => one.attribute === facet.attribute)?.value} set={set} />
          ))}
          {narrowed && (
            <Link className="button" to={resourceHome(kind)}>
              Clear filters
            </Link>
          )}
        </div>
        {filters.check && (
          <p className="filter-note">
            Only those where the check <code>{filters.check}</code> says {verdictWord[filters.verdict as Verdict]?.toLowerCase() ?? "anything"}.
          </p>
        )}
        {list.isPending && <Skeleton lines={10} />}
        {data && data.items.length > 0 && (
          <>
            <DataTable
              caption={page.title}
              columns={columns}
              rows={data.items}
              rowKey={(row) => row.id}
              href={(row) => resourceLink(row.kind, row.id)}
              busy={list.isPlaceholderData}
            />
            {edits && (
              <div className="bulk">
                <label>
                  <input type="checkbox" className="row-check" checked={allShown} onChange={(event) => pick(shown, event.target.checked)} /> All on this page
                </label>
                <button type="button" className="button" disabled={selected.size === 0} onClick={() => setEditing(true)}>
                  {selected.size === 0 ? "Edit the selected" : `Edit ${count(selected.size)} selected`}
                </button>
                {selected.size > 0 && (
                  <button type="button" className="link-button" onClick={() => setSelected(new Set())}>
                    Select none
                  </button>
                )}
              </div>
            )}
            <Pager next={data.next} total={data.total} shown={data.items.length} limit={limit} one={kindWord(kind, 1)} many={kindWord(kind)} />
          </>
        )}
        {data && data.items.length === 0 && (
          <EmptyState
            title={narrowed ? `No ${page.noun} fit` : `No ${page.noun} yet`}
            action={
              narrowed ? (
                <Link to={resourceHome(kind)}>Clear filters</Link>
              ) : (
                <Link className="button" data-primary to="/imports">
                  Bring a file
                </Link>
              )
            }
          >
            <p>{narrowed ? "Change the search or a filter to see more." : page.empty}</p>
          </EmptyState>
        )}
      </section>
      {editing && (
        <EditDialog
          assets={[...selected]}
          onClose={() => {
            setEditing(false);
            setSelected(new Set());
          }}
        />
      )}
    </div>
  );
}

/** What does not apply to a device is most checks, and tells nothing in a list. */
function inScope(tally: Tally): Tally {
  const scope = tally.pass + tally.fail + tally.not_measured + tally.error;
  return scope > 0 ? { ...tally, not_applicable: 0 } : tally;
}

/** A value, or why there is none: what could not be read is never shown as a no. */
function Cell({ row, attribute }: { row: ResourceRow; attribute: string }) {
  const known = row.values[attribute];
  if (typeof known === "string" && attribute.endsWith("_at")) {
    return (
      <span className="num nowrap" title={value(known)}>
        {day(known)}
      </span>
    );
  }
  if (known !== undefined && known !== null) return <span className="num">{attributeValue(attribute, known)}</span>;
  const why = row.missing[attribute];
  return (
    <span className="muted" title={why}>
      {why ? "Not measured" : "–"}
    </span>
  );
}

function FacetSelect({
  facet,
  chosen = "",
  set,
}: {
  facet: Facet;
  chosen?: string | undefined;
  set: (change: Record<string, string | null>) => void;
}) {
  // The empty value filters for resources without the attribute; the address spells it as a tilde.
  return (
    <Select label={attributeLabel(facet.attribute)} value={chosen} onChange={(event) => set({ [`f.${facet.attribute}`]: event.target.value })}>
      <option value="">All</option>
      {facet.values.map((one) => (
        <option key={one.value} value={one.value || unknownValue}>
          {facetWord(one.value)} ({count(one.count)})
        </option>
      ))}
    </Select>
  );
}

function facetWord(text: string): string {
  if (text === "") return "Not known";
  if (text === "true") return "Yes";
  if (text === "false") return "No";
  return capital(attributeValue("class", text));
}

/** The list of any kind that has no place in the menu. */
export function Component() {
  const { kind = "" } = useParams();
  return <List key={kind} kind={kind} />;
}

export const Assets = () => <List kind="asset" />;
export const People = () => <List kind="person" />;
export const Vendors = () => <List kind="vendor" />;
export const Accounts = () => <List kind="account" />;
