/** Kinds with a list of their own in the menu; the others share one page. */
const homes: Record<string, string> = { asset: "/assets", person: "/people", vendor: "/vendors", account: "/accounts" };

/** resourceHome is the list that a kind of resource belongs to. */
export function resourceHome(kind: string): string {
  return homes[kind] ?? `/resources/${kind}`;
}

/** resourceLink is the page of one resource. Ids may hold slashes and colons. */
export function resourceLink(kind: string, id: string): string {
  return `${resourceHome(kind)}/${encodeURIComponent(id)}`;
}
