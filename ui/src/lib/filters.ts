import { useCallback, useMemo } from "react";
import { useSearchParams } from "react-router";

/**
 * Filters live in the address, so that a view can be reloaded, bookmarked and
 * sent to a colleague. Empty values stay out of it, and any change of filter or
 * order goes back to the first page, because a cursor belongs to one query.
 */
export type Filters<K extends string> = Record<K, string>;

const paging = ["cursor", "page"];

/** readFilters takes the named filters from an address; absent ones are "". */
export function readFilters<K extends string>(params: URLSearchParams, names: readonly K[]): Filters<K> {
  return Object.fromEntries(names.map((name) => [name, params.get(name)?.trim() ?? ""])) as Filters<K>;
}

/** writeFilters returns the address with some filters changed and paging begun anew. */
export function writeFilters(params: URLSearchParams, change: Record<string, string | null>): URLSearchParams {
  const next = new URLSearchParams(params);
  for (const [name, value] of Object.entries(change)) {
    if (value) next.set(name, value);
    else next.delete(name);
  }
  if (Object.keys(change).some((name) => !paging.includes(name))) {
    for (const name of paging) if (!(name in change)) next.delete(name);
  }
  return next;
}

/** nextSort turns a column's order round: off → up → down → off. */
export function nextSort(current: string, column: string): string {
  if (current === column) return `-${column}`;
  if (current === `-${column}`) return "";
  return column;
}

/** attributeFilters reads the filters by attribute, written f.<attribute>=<value>. */
export function attributeFilters(params: URLSearchParams): { attribute: string; value: string }[] {
  return [...params.entries()].filter(([name]) => name.startsWith("f.")).map(([name, value]) => ({ attribute: name.slice(2), value }));
}

/** useFilters reads and changes the filters of the page's own address. */
export function useFilters<K extends string>(...names: K[]) {
  const [params, setParams] = useSearchParams();
  const key = names.join(" ");
  const filters = useMemo(() => readFilters(params, key.split(" ") as K[]), [params, key]);
  const set = useCallback(
    (change: Record<string, string | null>, how: { replace?: boolean } = {}) =>
      setParams((now) => writeFilters(now, change), { replace: how.replace ?? false, preventScrollReset: true }),
    [setParams],
  );
  return { filters, set, params };
}
