import type { Mapping } from "@/api/types";
import { plural } from "@/lib/format";

/** Crosswalk groups what a goal maps to by framework. */
export function Crosswalk({ mappings }: { mappings: Mapping[] }) {
  const groups = Map.groupBy(mappings, (mapping) => mapping.title);
  if (groups.size === 0) return <p className="muted">No mapping is known.</p>;
  return (
    <div className="crosswalk">
      {[...groups].map(([title, some]) => (
        <details key={title} className="disclosure">
          <summary>
            {title} <span className="muted">({plural(some.length, "requirement")})</span>
          </summary>
          <ul>
            {some.map((mapping) => (
              <li key={mapping.id}>
                <span className="mono">{mapping.id}</span>
                <span>
                  {mapping.text}{" "}
                  <span className="muted small">
                    {mapping.basis}, {mapping.confidence} confidence
                  </span>
                </span>
              </li>
            ))}
          </ul>
        </details>
      ))}
    </div>
  );
}
