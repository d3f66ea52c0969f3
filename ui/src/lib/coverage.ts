import { count, plural } from "./format";

export interface Tally {
  pass: number;
  fail: number;
  not_applicable: number;
  not_measured: number;
  error: number;
}

export interface Coverage {
  measured: number;
  in_scope: number;
}

/**
 * coverageText says how much of what is in scope was measured, always with what
 * it counts: "412 of 431 hosts, 19 not measured". Everything of nothing is not
 * everything, so an empty scope says that nothing is known of it.
 */
export function coverageText(c: Coverage, one = "resource", many = `${one}s`): string {
  if (c.in_scope === 0) return `No ${many} known yet`;
  if (c.measured >= c.in_scope) {
    return c.in_scope === 1 ? `1 ${one}, measured` : `All ${count(c.in_scope)} ${many} measured`;
  }
  const rest = c.in_scope - c.measured;
  if (c.measured === 0) return `None of ${plural(c.in_scope, one, many)} measured`;
  return `${count(c.measured)} of ${plural(c.in_scope, one, many)}, ${count(rest)} not measured`;
}

export interface Part {
  key: "pass" | "fail" | "not_measured" | "error";
  count: number;
  share: number; // of what is in scope, 0 to 1
}

/** tallyParts cuts what is in scope into the parts of a bar, empty ones left out. */
export function tallyParts(t: Tally): Part[] {
  const scope = t.pass + t.fail + t.not_measured + t.error;
  if (scope === 0) return [];
  return (["pass", "fail", "error", "not_measured"] as const)
    .map((key) => ({ key, count: t[key], share: t[key] / scope }))
    .filter((part) => part.count > 0);
}

/** tallyText tells the same parts in words, for those who do not see the bar. */
export function tallyText(t: Tally): string {
  const scope = t.pass + t.fail + t.not_measured + t.error;
  if (scope === 0) return t.not_applicable > 0 ? `${count(t.not_applicable)} out of scope` : "Nothing in scope yet";
  const words = { pass: "pass", fail: "fail", error: "could not be judged", not_measured: "not measured" };
  const told = tallyParts(t).map((part) => `${count(part.count)} ${words[part.key]}`);
  if (t.not_applicable > 0) told.push(`${count(t.not_applicable)} out of scope`);
  return told.join(", ");
}
