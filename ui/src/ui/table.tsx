import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { Link, useLocation, useNavigate } from "react-router";
import { count, plural } from "@/lib/format";
import { nextSort, useFilters } from "@/lib/filters";
import { Icon } from "./icons";

export interface Column<T> {
  id: string;
  header: string;
  cell: (row: T) => ReactNode;
  /** The key the server sorts by; columns without one keep the server's order. */
  sort?: string;
  end?: boolean;
  /** It holds sentences and needs the room for them. */
  wide?: boolean;
}

interface Props<T> {
  caption: string;
  columns: Column<T>[];
  rows: T[];
  rowKey: (row: T) => string;
  /** Where a row leads; the first column becomes the link. */
  href?: (row: T) => string;
  busy?: boolean;
}

/** useScrolls tells whether an element is too narrow for what it holds. */
function useScrolls() {
  const ref = useRef<HTMLDivElement>(null);
  const [scrolls, setScrolls] = useState(false);
  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setScrolls(element.scrollWidth > element.clientWidth));
    observer.observe(element);
    if (element.firstElementChild) observer.observe(element.firstElementChild);
    return () => observer.disconnect();
  }, []);
  return [ref, scrolls] as const;
}

/**
 * DataTable is a table that the keyboard walks: up and down move between rows,
 * Home and End to the ends, Enter opens. On a narrow screen every row becomes a
 * card. The order lives in the address as sort=column or sort=-column.
 */
export function DataTable<T>({ caption, columns, rows, rowKey, href, busy }: Props<T>) {
  const { filters, set } = useFilters("sort");
  const body = useRef<HTMLTableSectionElement>(null);
  const [wrap, scrolls] = useScrolls();

  function walk(event: KeyboardEvent) {
    const links = [...(body.current?.querySelectorAll<HTMLElement>("[data-row-link]") ?? [])];
    const at = links.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: links.length - 1 }[event.key];
    if (at < 0 || to === undefined || !links[to]) return;
    event.preventDefault();
    links[to].focus();
  }

  return (
    <div
      ref={wrap}
      className="table-wrap"
      aria-busy={busy || undefined}
      // The keyboard can scroll it where it does not fit, and does not stop at it where it does.
      {...(scrolls ? { role: "region", "aria-label": `${caption}, scrolls`, tabIndex: 0 } : {})}
    >
      {/* Roles are spelled out because the cards of narrow screens take the table's display away. */}
      <table className="table" role="table">
        <caption className="visually-hidden">{caption}</caption>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map((column) => (
              <th
                key={column.id}
                role="columnheader"
                scope="col"
                data-end={column.end || undefined}
                data-wide={column.wide || undefined}
                aria-sort={
                  column.sort && filters.sort === column.sort
                    ? "ascending"
                    : column.sort && filters.sort === `-${column.sort}`
                      ? "descending"
                      : undefined
                }
              >
                {column.sort ? (
                  <button type="button" className="sort" onClick={() => set({ sort: nextSort(filters.sort, column.sort!) })}>
                    {column.header}
                    <Icon name={filters.sort === column.sort ? "up" : filters.sort === `-${column.sort}` ? "down" : "sort"} size={14} />
                  </button>
                ) : (
                  column.header
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup" ref={body} onKeyDown={walk}>
          {rows.map((row) => (
            <tr key={rowKey(row)} role="row" data-link={href ? true : undefined}>
              {columns.map((column, at) => (
                <td key={column.id} role="cell" data-label={column.header} data-end={column.end || undefined} data-first={at === 0 || undefined}>
                  <div>{at === 0 && href ? <RowLink to={href(row)}>{column.cell(row)}</RowLink> : column.cell(row)}</div>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

// A short name stays on one line: host names must not break at their hyphens.
function RowLink({ to, children }: { to: string; children: ReactNode }) {
  const short = typeof children === "string" && children.length <= 28;
  return (
    <Link to={to} className="row-link" data-short={short || undefined} data-row-link>
      {typeof children === "string" ? breakable(children) : children}
    </Link>
  );
}

// A mail address breaks before its @ rather than anywhere.
function breakable(text: string): ReactNode {
  const at = text.indexOf("@");
  if (at <= 0) return text;
  return (
    <>
      {text.slice(0, at)}
      <wbr />
      {text.slice(at)}
    </>
  );
}

const step = 100;

/** More shows the first hundred of a list that is at hand, and the next when they are asked for. */
export function More<T>({ rows, one, children }: { rows: T[]; one: string; children: (rows: T[]) => ReactNode }) {
  const [shown, setShown] = useState(step);
  const left = rows.length - shown;
  return (
    <>
      {children(left > 0 ? rows.slice(0, shown) : rows)}
      {left > 0 && (
        <div className="pager">
          <p className="num muted" role="status">
            {count(shown)} of {plural(rows.length, one)}
          </p>
          <div className="actions">
            <button type="button" className="button" onClick={() => setShown(shown + step)}>
              Show {count(Math.min(step, left))} more
            </button>
          </div>
        </div>
      )}
    </>
  );
}

/**
 * Pager moves through a list by the server's cursors. The page number in the
 * address is for people only; the cursor decides.
 */
export function Pager(props: { next: string; total: number; shown: number; limit: number; one: string; many?: string }) {
  const { next, total, shown, limit, one, many = `${one}s` } = props;
  const { filters, set } = useFilters("cursor", "page");
  const navigate = useNavigate();
  const location = useLocation();
  const page = Number(filters.page) || 1;
  const from = (page - 1) * limit + 1;
  const stepped = (location.state as { stepped?: boolean } | null)?.stepped ?? false;
  if (shown === 0) return null;
  return (
    <nav className="pager" aria-label={`Pages of ${many}`}>
      <p className="num muted" role="status">
        {total >= 0
          ? total === shown && page === 1
            ? plural(total, one, many)
            : `${count(from)} to ${count(from + shown - 1)} of ${plural(total, one, many)}`
          : `${plural(shown, one, many)} on this page`}
      </p>
      {(page > 1 || next) && (
        <div className="actions">
          <button
            type="button"
            className="button"
            disabled={page === 1}
            onClick={() => (stepped ? void navigate(-1) : set({ cursor: null, page: null }))}
          >
            <Icon name="back" size={16} />
            {stepped || page === 1 ? "Back" : "First page"}
          </button>
          <button
            type="button"
            className="button"
            disabled={!next}
            onClick={() => {
              const params = new URLSearchParams(location.search);
              params.set("cursor", next);
              params.set("page", String(page + 1));
              void navigate({ search: `?${params}` }, { state: { stepped: true } });
            }}
          >
            Next
            <Icon name="next" size={16} />
          </button>
        </div>
      )}
    </nav>
  );
}
