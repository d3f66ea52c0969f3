import type { RowFault } from "@/api/types";
import { count, plural } from "@/lib/format";

/** Faults tells row by row what is wrong in a file, and how to mend it. */
export function Faults({ faults, more }: { faults: RowFault[]; more: number }) {
  const total = faults.length + more;
  return (
    <div className="table-wrap faults">
      <table className="table" role="table">
        <caption>{plural(total, "row")} with faults</caption>
        <thead role="rowgroup">
          <tr role="row">
            <th scope="col" role="columnheader">
              Line
            </th>
            <th scope="col" role="columnheader">
              What is wrong
            </th>
            <th scope="col" role="columnheader">
              How to mend it
            </th>
          </tr>
        </thead>
        <tbody role="rowgroup">
          {faults.map((fault, at) => (
            <tr key={at} role="row">
              <td role="cell" data-label="Line" className="num">
                <div>{fault.line > 0 ? count(fault.line) : "–"}</div>
              </td>
              <td role="cell" data-label="What is wrong">
                <div>
                  {fault.column && <strong>{fault.column}: </strong>}
                  {fault.reason}
                </div>
              </td>
              <td role="cell" data-label="How to mend it" className="muted">
                <div>{fault.mend ?? "–"}</div>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {more > 0 && <p className="muted small">and {count(more)} more</p>}
    </div>
  );
}
