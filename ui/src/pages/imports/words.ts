import type { Changes } from "@/api/types";
import { count } from "@/lib/format";

/** changesText tells what an import changed: "12 added, 3 updated, 410 as before". */
export function changesText(changes: Changes): string {
  const parts: string[] = [];
  if (changes.added > 0) parts.push(`${count(changes.added)} added`);
  if (changes.updated > 0) parts.push(`${count(changes.updated)} updated`);
  if (changes.removed > 0) parts.push(`${count(changes.removed)} removed`);
  if (parts.length === 0) return changes.unchanged > 0 ? `Nothing new, ${count(changes.unchanged)} as before` : "Nothing";
  if (changes.unchanged > 0) parts.push(`${count(changes.unchanged)} as before`);
  return parts.join(", ");
}
