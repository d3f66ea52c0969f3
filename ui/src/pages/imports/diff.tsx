import type { DiffRow } from "@/api/types";
import { count, value } from "@/lib/format";
import { attributeLabel, kindWord } from "@/lib/words";
import { Icon } from "@/ui/icons";

const words = { added: "Added", updated: "Updated", removed: "Removed" } as const;
const icons = { added: "plus", updated: "fix", removed: "gone" } as const;

/** Diff lists what an import changes, resource by resource. */
export function Diff({ rows }: { rows: DiffRow[] }) {
  return (
    <ul className="diff" tabIndex={0} aria-label="Changes">
      {rows.map((row, at) => (
        <li key={at}>
          <span className="diff-change">
            <Icon name={icons[row.change]} size={14} />
            {words[row.change]}
          </span>
          <div>
            <strong>{row.label}</strong> <span className="muted small">{kindWord(row.kind, 1)}</span>
            {row.change !== "removed" && (
              <ul className="diff-values">
                {row.values.map((one) => (
                  <li key={one.name}>
                    {attributeLabel(one.name)}: {row.change === "updated" && <del>{value(one.before)}</del>} <ins>{value(one.after)}</ins>
                  </li>
                ))}
              </ul>
            )}
          </div>
        </li>
      ))}
      {rows.length >= 200 && <li className="muted">Only the first {count(rows.length)} are shown.</li>}
    </ul>
  );
}
