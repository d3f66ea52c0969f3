import type { ColumnMapping } from "@/api/types";
import { type Choice, choose, matchWord, missingFields } from "@/lib/mapping";
import { attributeLabel, sentence } from "@/lib/words";
import { Select } from "@/ui/field";
import { Notice } from "@/ui/page";

/** Mapping asks what each column of a table is, with samples of what it holds. */
export function Mapping(props: { mapping: ColumnMapping; choice: Choice; asked: boolean; onChange: (choice: Choice) => void }) {
  const { mapping, choice, asked, onChange } = props;
  const missing = asked ? missingFields(choice, mapping.fields) : [];
  return (
    <div className="stack">
      {mapping.unsure && (
        <Notice tone="warn">
          <p>
            <strong>Please confirm the columns.</strong> {mapping.why ? sentence(mapping.why) : "Some headers were not recognized for certain."}
          </p>
        </Notice>
      )}
      <div className="table-wrap">
        <table className="table mapping" role="table">
          <caption className="visually-hidden">Columns of the file and what they are</caption>
          <thead role="rowgroup">
            <tr role="row">
              <th scope="col" role="columnheader">
                Column in the file
              </th>
              <th scope="col" role="columnheader">
                Holds, for example
              </th>
              <th scope="col" role="columnheader">
                Is
              </th>
            </tr>
          </thead>
          <tbody role="rowgroup">
            {mapping.columns.map((column) => (
              <tr key={column.header} role="row">
                <td role="cell" data-first data-label="Column in the file">
                  <strong>{column.header}</strong>
                </td>
                <td role="cell" data-label="Holds">
                  <span className="muted">{column.sample.join(" · ") || "nothing"}</span>
                </td>
                <td role="cell" data-label="Is">
                  <div>
                    <Select
                      label={`What ${column.header} is`}
                      hideLabel
                      value={choice[column.header] ?? ""}
                      onChange={(event) => onChange(choose(choice, column.header, event.target.value))}
                    >
                      <option value="">Leave out</option>
                      {mapping.fields.map((field) => (
                        <option key={field.name} value={field.name}>
                          {attributeLabel(field.name)}
                          {field.required ? " (needed)" : ""}
                        </option>
                      ))}
                    </Select>
                    <p className="hint">{matchWord(choice[column.header] === column.field ? column.match : "chosen")}</p>
                  </div>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {missing.length > 0 && (
        <p className="field-error" role="status">
          Still needed: {missing.map((field) => attributeLabel(field.name)).join(" or ")}. Choose the column that holds it.
        </p>
      )}
    </div>
  );
}
